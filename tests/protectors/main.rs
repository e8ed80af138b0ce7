//! Who keeps the key: each protector by its own rules, through the public API.

mod caller_key;
mod credential;
mod folders;
#[path = "../common/invented_keychain.rs"]
mod invented_keychain;
mod kernel_keyring;
#[cfg(unix)]
mod key_file;
#[cfg(feature = "keyring")]
mod keyring_entry;
mod own;
mod passphrase;
#[path = "../common/place.rs"]
mod place;

use std::path::Path;

use place::{Cache, names, unprotected};
use sealed_cache::{Error, ErrorKind, Result, protect::Protector};

fn open(folder: &Path, protector: impl Protector) -> Cache {
    unprotected(folder).protector(protector).open().unwrap()
}

fn add(cache: &Cache, number: u32) -> Result<()> {
    cache.update(|numbers| numbers.push(number))
}

fn numbers(cache: &Cache) -> Vec<u32> {
    cache.read(|numbers| numbers.to_vec()).unwrap()
}

/// What a first save gives, which must leave no file behind.
fn refused(folder: &Path, protector: impl Protector) -> Error {
    let error = add(&open(folder, protector), 1).unwrap_err();
    assert!(!folder.join("tokens.sealed").exists(), "{error}");
    assert!(!error.remedy().is_empty(), "{error}");
    error
}

/// The bytes of the protector's part of the header: the last field before the checksum.
fn protector_data(file: &[u8]) -> &[u8] {
    let header = usize::from(u16::from_be_bytes([file[10], file[11]]));
    let mut fields = &file[108..header - 8];
    for _ in 0..3 {
        fields = &fields[1 + usize::from(fields[0])..];
    }
    &fields[2..]
}

fn kind<R: std::fmt::Debug>(result: Result<R>) -> ErrorKind {
    result.unwrap_err().kind()
}
