//! The frozen files of `tests/fixtures/azidentity`, which an independent writer has made. With a real key of the kernel:
//! `tests/msal_azidentity.rs`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sealed_cache_platform::{KEYCHAIN, Keychain};

use super::{Jwe, open};
use crate::{ErrorKind, Result, SecretBytes};

const CONTENTS: &str = r#"{"RefreshToken":{"key":{"secret":"a refresh token"}}}"#;
const WRITER: &str = "tests/interop/write_azidentity.py";
const FOLDER: &str = "tests/fixtures/azidentity";

use ErrorKind::{Damaged, UnsupportedVersion, WrongKey};

/// Each file but the good ones, and what is said about it.
const WRONG: [(&str, ErrorKind, &str); 32] = [
    ("empty", Damaged, "five parts"),
    ("plain_json", Damaged, "five parts"),
    ("one_part", Damaged, "five parts"),
    ("four_parts", Damaged, "five parts"),
    ("six_parts", Damaged, "five parts"),
    ("key_part_not_empty", Damaged, "empty second one"),
    ("header_not_base64url", Damaged, "header is not base64url"),
    ("header_not_json", Damaged, "header is not JSON"),
    ("header_is_a_list", UnsupportedVersion, "A128CBC-HS256"),
    ("header_without_alg", UnsupportedVersion, "A128CBC-HS256"),
    ("header_without_enc", UnsupportedVersion, "A128CBC-HS256"),
    ("header_other_alg", UnsupportedVersion, "A128CBC-HS256"),
    ("header_other_enc", UnsupportedVersion, "A128CBC-HS256"),
    ("vector_too_short", Damaged, "initialization vector does not have 16 bytes"),
    ("vector_too_long", Damaged, "initialization vector does not have 16 bytes"),
    ("vector_altered", WrongKey, "another key"),
    ("contents_padded_base64", Damaged, "contents is not base64url"),
    ("contents_standard_base64", Damaged, "contents is not base64url"),
    ("contents_empty", Damaged, "whole blocks"),
    ("contents_not_whole_blocks", Damaged, "whole blocks"),
    ("contents_a_block_less", WrongKey, "another key"),
    ("contents_altered", WrongKey, "another key"),
    ("tag_too_short", Damaged, "tag does not have 16 bytes"),
    ("tag_too_long", Damaged, "tag does not have 16 bytes"),
    ("tag_altered", WrongKey, "another key"),
    ("padding_zero", Damaged, "padding"),
    ("padding_too_long", Damaged, "padding"),
    ("padding_uneven", Damaged, "padding"),
    ("other_key", WrongKey, "another key"),
    ("halves_of_key_exchanged", WrongKey, "another key"),
    ("header_authenticated", WrongKey, "another key"),
    ("line_end_added", Damaged, "tag is not base64url"),
];

const GOOD: [(&str, &str); 4] = [
    ("good", CONTENTS),
    ("good_other_members_in_header", CONTENTS),
    ("good_without_contents", ""),
    ("good_whole_blocks", r#"{"RefreshToken":{"key":{"secret":"a refresh token"}}}           "#),
];

fn in_the_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(in_the_project(FOLDER).join(format!("{name}.jwe"))).unwrap()
}

/// As the kernel has it: with a NUL at its end.
fn key() -> Vec<u8> {
    (0..32).chain([0]).collect()
}

fn opened(file: &[u8]) -> Result<SecretBytes> {
    Jwe::parse(file)?.open(&key())
}

#[test]
fn what_the_independent_writer_wrote_is_opened() {
    for (name, contents) in GOOD {
        assert_eq!(&opened(&read(name)).unwrap()[..], contents.as_bytes(), "{name}");
    }
}

#[test]
fn each_way_of_being_wrong_has_its_error() {
    for (name, kind, says) in WRONG {
        let error = opened(&read(name)).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(says), "{name}: {error}");
        assert!(!error.remedy().is_empty(), "{name}");
    }
}

#[test]
fn every_file_is_in_one_of_the_tables() {
    let tables = GOOD.map(|(name, _)| name).into_iter().chain(WRONG.map(|(name, ..)| name));
    let tables: BTreeSet<_> = tables.map(|name| format!("{name}.jwe")).collect();
    let files = fs::read_dir(in_the_project(FOLDER)).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files.into_iter().filter(|name| name != ".gitattributes").collect::<BTreeSet<_>>(), tables);
}

#[test]
fn a_key_of_another_form_is_none_of_azidentity() {
    let whole = key();
    let mut unterminated = whole.clone();
    unterminated[32] = 1;
    for key in [&whole[..32], &whole[1..], &[], &[0], &[0; 34], &unterminated] {
        let error = Jwe::parse(&read("good")).unwrap().open(key).unwrap_err();
        assert_eq!(error.kind(), WrongKey);
        assert!(error.to_string().contains("none of azidentity"), "{error}");
    }
}

/// Whatever becomes of the file, it is opened to what it was or to nothing, and never a panic.
#[test]
fn no_damage_is_taken_for_contents() {
    let whole = read("good");
    for end in 0..whole.len() {
        opened(&whole[..end]).unwrap_err();
    }
    for at in 0..whole.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut altered = whole.clone();
            altered[at] ^= change;
            // Of the header, only what says how it was encrypted is looked at.
            if let Ok(contents) = opened(&altered) {
                assert_eq!(&contents[..], CONTENTS.as_bytes(), "byte {at}");
            }
        }
    }
}

#[test]
#[ignore = "needs the Python module `cryptography`: cargo xtask test keychain"]
fn the_frozen_files_are_what_the_writer_writes() {
    let folder = tempfile::tempdir().unwrap();
    let script = in_the_project(WRITER);
    let status = Command::new("python3").arg(script).arg("all").arg(folder.path()).status().unwrap();
    assert!(status.success());
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let frozen = in_the_project(FOLDER).join(path.file_name().unwrap());
        assert_eq!(fs::read(&path).unwrap(), fs::read(frozen).unwrap(), "{}", path.display());
        files += 1;
    }
    assert_eq!(files, GOOD.len() + WRONG.len());
}

/// A file that is no such file needs no key to be told so.
#[test]
fn the_form_is_judged_before_the_key_is_asked_for() {
    assert_eq!(open(&read("four_parts"), "no such key").unwrap_err().kind(), Damaged);
    if KEYCHAIN != Keychain::SecretService {
        let error = open(&read("good"), "no such key").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeychainUnavailable, "{error}");
    }
}
