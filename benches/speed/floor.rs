//! The floor: the system calls and the cryptography that no correct implementation can do without, and nothing else.
//! No check of owners, no key derivation, no header, no report of who holds the lock, no deadline.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{AeadInOut, Nonce},
};

use crate::tokens::{Tokens, json};

const NONCE: usize = 12;
const TAG: usize = 16;

/// A cache file: nonce, encrypted bytes, tag. The key is a file, too.
pub(crate) struct Floor {
    folder: PathBuf,
    cipher: Aes256Gcm,
}

impl Floor {
    /// In this folder, which has to be there.
    pub(crate) fn create(folder: &Path) -> Self {
        fs::write(folder.join("floor.key"), [7; 32]).expect("the folder can be written");
        Self::open(folder)
    }

    pub(crate) fn open(folder: &Path) -> Self {
        let key = fs::read(folder.join("floor.key")).expect("it was created");
        let cipher = Aes256Gcm::new_from_slice(&key).expect("32 bytes");
        Self { folder: folder.to_path_buf(), cipher }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("floor.bin")
    }

    pub(crate) fn lock_file(&self) -> File {
        let path = self.folder.join("floor.lock");
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .expect("the folder can be written")
    }

    /// Write the file, make it durable, put it in its place, make that durable.
    pub(crate) fn write(&self, parts: &[&[u8]]) {
        let (path, temporary) = (self.path(), self.folder.join("floor.tmp"));
        let mut file = File::create(&temporary).expect("the folder can be written");
        parts.iter().for_each(|part| file.write_all(part).expect("there is room"));
        file.sync_all().expect("the file can be synced");
        fs::rename(&temporary, &path).expect("the file can be renamed");
        File::open(&self.folder).and_then(|folder| folder.sync_all()).expect("the folder can be synced");
    }

    /// Encrypt the bytes in place and write them.
    pub(crate) fn save(&self, mut bytes: Vec<u8>) {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).expect("random bytes");
        let nonce_ref: &Nonce<Aes256Gcm> = (&nonce).into();
        let sealed = self.cipher.encrypt_inout_detached(nonce_ref, b"", bytes.as_mut_slice().into());
        let tag = sealed.expect("not too long");
        self.write(&[&nonce, &bytes, &tag]);
    }

    /// Read the file and decrypt it in place.
    pub(crate) fn load(&self) -> Vec<u8> {
        let mut bytes = fs::read(self.path()).expect("it was written");
        let tag: [u8; TAG] = *bytes.last_chunk().expect("there is a tag");
        bytes.truncate(bytes.len() - TAG);
        let nonce: [u8; NONCE] = *bytes.first_chunk().expect("there is a nonce");
        let nonce: &Nonce<Aes256Gcm> = &nonce.into();
        let opened =
            self.cipher.decrypt_inout_detached(nonce, b"", (&mut bytes[NONCE..]).into(), &tag.into());
        opened.expect("it is as it was written");
        bytes.drain(..NONCE);
        bytes
    }

    pub(crate) fn load_tokens(&self) -> Tokens {
        serde_json::from_slice(&self.load()).expect("it was written as JSON")
    }

    /// Read, change and write it under the bare lock, waiting as long as it takes.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Tokens)) {
        let lock = self.lock_file();
        lock.lock().expect("the file system has locks");
        let mut tokens = self.load_tokens();
        change(&mut tokens);
        self.save(json(&tokens));
        lock.unlock().expect("it is locked");
    }
}

/// One pass over the bytes, as fast as the processor can.
pub(crate) fn pass(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'"').count()
}
