//! A sealed file taken apart by the table in `docs/format.md`, changed in one place, and put together again.
//!
//! Nothing of the code under test is used here.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};

/// The parts of a header that have a fixed length, and their lengths.
const FIXED: [(&str, usize); 8] = [
    ("magic", 8),
    ("version", 2),
    ("header_length", 2),
    ("generation", 8),
    ("lineage", 16),
    ("salt", 32),
    ("commitment", 32),
    ("body_length", 8),
];
/// The parts that are preceded by their length, and the number of bytes of that.
const VARIABLE: [(&str, &str, usize); 4] = [
    ("application_length", "application", 1),
    ("name_length", "name", 1),
    ("protector_length", "protector", 1),
    ("protector_data_length", "protector_data", 2),
];

/// The parts of a sealed file, by their names in the table, in their order.
#[derive(Clone)]
pub(super) struct Anatomy(Vec<(&'static str, Vec<u8>)>);

impl Anatomy {
    /// The parts of a good file.
    pub(super) fn of(mut file: &[u8]) -> Self {
        let mut parts = Vec::new();
        let mut take = |name: &'static str, length: usize| {
            let (part, rest) = file.split_at(length);
            file = rest;
            parts.push((name, part.to_vec()));
            part.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
        };
        let mut body = 0;
        for (name, length) in FIXED {
            body = take(name, length);
        }
        for (length, name, bytes) in VARIABLE {
            let length = take(length, bytes);
            take(name, length);
        }
        take("checksum", 8);
        take("body", body);
        take("tag", 16);
        assert!(file.is_empty(), "a good file ends with its tag");
        Self(parts)
    }

    /// The name of each part that is not empty, where it begins, and how long it is.
    pub(super) fn places(&self) -> Vec<(&'static str, usize, usize)> {
        let mut start = 0;
        let mut places = Vec::new();
        for (name, part) in self.0.iter().filter(|(_, part)| !part.is_empty()) {
            places.push((*name, start, part.len()));
            start += part.len();
        }
        places
    }

    pub(super) fn get(&self, name: &str) -> &[u8] {
        &self.0.iter().find(|(part, _)| *part == name).expect("there is such a part").1
    }

    /// The same with another value of one part. Neither a length nor the checksum follows.
    pub(super) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let part = self.0.iter_mut().find(|(part, _)| *part == name).expect("there is such a part");
        part.1 = value.as_ref().to_vec();
        self
    }

    /// The same with another value of one of the parts that have a length before them, which follows.
    pub(super) fn with_sized(self, name: &str, value: &[u8]) -> Self {
        let (length, _, bytes) = VARIABLE.into_iter().find(|(_, part, _)| *part == name).unwrap();
        let number = value.len().to_be_bytes();
        self.with(length, &number[number.len() - bytes..]).with(name, value).with_header_length()
    }

    /// The same with the length of the header that it really has.
    pub(super) fn with_header_length(self) -> Self {
        let length = u16::try_from(self.header().len()).unwrap();
        self.with("header_length", length.to_be_bytes())
    }

    /// The same with the checksum that belongs to it: what somebody who knows the format, and no key, can do.
    pub(super) fn forged(self) -> Self {
        let header = self.header();
        let checksum = Sha256::digest(&header[..header.len() - 8]);
        self.with("checksum", &checksum[..8])
    }

    /// The same, sealed anew: what a writer can do that has the key and breaks a rule.
    pub(super) fn sealed_again(self, contents: &str, key: &[u8; 32]) -> Self {
        let this = self.forged();
        let mut own = [0; 32];
        let derived = Hkdf::<Sha256>::new(Some(this.get("salt")), key);
        derived.expand(b"sealed-cache v1 key", &mut own).unwrap();
        let payload = Payload { msg: contents.as_bytes(), aad: &this.header() };
        let sealed = Aes256Gcm::new(&own.into()).encrypt(&Nonce::from([0; 12]), payload).unwrap();
        let (body, tag) = sealed.split_at(contents.len());
        this.with("body", body).with("tag", tag)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(_, part)| part).copied().collect()
    }

    fn header(&self) -> Vec<u8> {
        let header = self.0.iter().filter(|(name, _)| !matches!(*name, "body" | "tag"));
        header.flat_map(|(_, part)| part).copied().collect()
    }
}
