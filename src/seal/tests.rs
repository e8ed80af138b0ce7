//! Unit tests of the sealed format: what is written is read again, and whatever else there is, is an error.

mod anatomy;
mod fixtures;

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use self::anatomy::Anatomy;
use super::{
    DataKey, Facts, Header, Lineage, Sealed,
    header::{LARGEST_BODY, TAG},
};
use crate::{CacheId, Error, ErrorKind, Result, SecretBytes};

/// The data key of most tests: 00 01 02 .. 1f.
const KEY: [u8; 32] = {
    let mut key = [0; 32];
    let mut byte = 0;
    while byte < 32 {
        key[byte] = byte as u8;
        byte += 1;
    }
    key
};

fn facts(protector: &str, data: &[u8]) -> Facts {
    Facts {
        id: CacheId::new("com.contoso.todo", "tokens").unwrap(),
        lineage: Lineage::from_bytes(*b"lineage of tests"),
        generation: 7,
        protector: protector.to_owned(),
        protector_data: data.to_vec(),
    }
}

/// A sealed file whose salt is 32 times this byte.
fn sealed(contents: &str, key: &[u8; 32], facts: Facts, salt: u8) -> Vec<u8> {
    let key = DataKey::from_bytes(key);
    let header = Header::with_salt(facts, &key, contents.len() as u64, [salt; 32]).unwrap();
    Sealed::under(header, SecretBytes::from(contents.as_bytes()), &key).unwrap().parts().concat()
}

fn small() -> Vec<u8> {
    sealed(r#"{"alice":"a refresh token"}"#, &KEY, facts("key-file", b"tokens"), 1)
}

/// As a reader does it: header, owner, key, contents.
fn open(bytes: &[u8]) -> Result<SecretBytes> {
    let sealed = Sealed::read(bytes, bytes.len() as u64)?;
    sealed.header().check_owner(&facts("", b"").id)?;
    let key = DataKey::from_bytes(&KEY);
    if !sealed.header().matches(&key) {
        return Err(Error::new(ErrorKind::WrongKey, "another key"));
    }
    sealed.open(&key)
}

fn kind(bytes: &[u8]) -> Option<ErrorKind> {
    open(bytes).err().map(|error| error.kind())
}

fn checksum(header: &[u8]) -> [u8; 8] {
    Sha256::digest(header)[..8].try_into().unwrap()
}

/// xorshift64*: the same numbers in every run, and no dependency.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 11) as usize % limit
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 32) as u8).collect()
    }

    fn text(&mut self, alphabet: &[u8], longest: usize) -> String {
        let length = 1 + self.below(longest);
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    fn facts(&mut self) -> Facts {
        let name = b"abcXYZ019-_";
        let data = self.below(4097);
        Facts {
            id: CacheId::new(self.text(name, 100), self.text(name, 100)).unwrap(),
            lineage: Lineage::from_bytes(self.bytes(16).try_into().unwrap()),
            generation: 1 + self.next() % (i64::MAX as u64),
            protector: self.text(b"az09-._", 64),
            protector_data: self.bytes(data),
        }
    }
}

#[test]
fn what_was_sealed_opens() {
    assert_eq!(&open(&small()).unwrap()[..], br#"{"alice":"a refresh token"}"#);
}

/// So that a careless file is wrong in the one place that it is made for.
#[test]
fn the_tests_seal_as_the_library_does() {
    assert_eq!(Anatomy::of(&small()).sealed_again(r#"{"alice":"a refresh token"}"#, &KEY).bytes(), small());
}

#[test]
fn every_header_is_read_as_it_was_written() {
    let mut numbers = Numbers(1);
    for _ in 0..2000 {
        let (facts, contents) = (numbers.facts(), numbers.below(2000));
        let contents = numbers.bytes(contents);
        let key = DataKey::from_bytes(&numbers.bytes(32).try_into().unwrap());
        let written = Sealed::seal(SecretBytes::from(&contents[..]), &key, facts.clone()).unwrap();
        let bytes = written.parts().concat();
        let read = Sealed::read(&bytes[..], bytes.len() as u64).unwrap();
        assert_eq!(*read.header().facts(), facts);
        assert_eq!(read.header().bytes(), written.header().bytes());
        assert!(read.header().matches(&key));
        assert_eq!(read.open(&key).unwrap()[..], contents);
    }
}

#[test]
fn no_two_writes_share_a_salt_and_so_a_key() {
    let key = DataKey::from_bytes(&KEY);
    let seal = || Sealed::seal(SecretBytes::from(&b"the same"[..]), &key, facts("caller-key", b"")).unwrap();
    let (one, other) = (seal(), seal());
    assert_ne!(one.header().salt(), other.header().salt());
    assert_ne!(one.parts()[1], other.parts()[1]);
}

#[test]
fn nothing_of_the_contents_or_the_key_is_in_the_file() {
    let contents = "a refresh token that is long enough to be recognized".repeat(4);
    let bytes = sealed(&contents, &KEY, facts("caller-key", b""), 9);
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(!has(b"refresh") && !has(&KEY[..8]));
}

#[test]
fn every_flipped_bit_is_an_error() {
    let good = small();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(kind(&bytes), Some(ErrorKind::Damaged), "bit {} of byte {}", bit % 8, bit / 8);
    }
}

/// By somebody who mends the checksum afterwards.
#[test]
fn every_flipped_bit_of_a_forged_header_is_an_error() {
    let good = small();
    let end = good.len() - Anatomy::of(&good).get("body").len() - TAG;
    for bit in 0..(end - 8) * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let sum = checksum(&bytes[..end - 8]);
        bytes[end - 8..end].copy_from_slice(&sum);
        assert!(open(&bytes).is_err(), "bit {} of byte {}", bit % 8, bit / 8);
    }
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let good = small();
    for length in 0..good.len() {
        assert_eq!(kind(&good[..length]), Some(ErrorKind::Damaged), "{length} bytes");
    }
}

/// The same when the file shrinks while it is read: its length promised more.
#[test]
fn a_file_that_ends_early_is_damaged() {
    let good = small();
    for length in 0..good.len() {
        let error = Sealed::read(&good[..length], good.len() as u64).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{length} bytes");
    }
}

#[test]
fn a_file_with_anything_behind_it_is_damaged() {
    let good = small();
    for more in [1, 2, 16, 1000] {
        assert_eq!(kind(&[&good[..], &vec![0; more]].concat()), Some(ErrorKind::Damaged));
    }
    assert_eq!(kind(&[&good[..], &good].concat()), Some(ErrorKind::Damaged));
}

#[test]
fn garbage_is_damaged() {
    let mut numbers = Numbers(2);
    for _ in 0..20_000 {
        let length = numbers.below(600);
        assert_eq!(kind(&numbers.bytes(length)), Some(ErrorKind::Damaged));
    }
}

/// Garbage that gets past the magic, the length and the checksum.
#[test]
fn garbage_in_a_well_made_frame_is_an_error() {
    let mut numbers = Numbers(3);
    for _ in 0..20_000 {
        let length = 20 + numbers.below(500);
        let mut bytes = [b"\x89SEALED\n\0\x01", &(length as u16).to_be_bytes()[..]].concat();
        bytes.extend(numbers.bytes(length - 20));
        bytes.extend(checksum(&bytes));
        assert_eq!(kind(&bytes), Some(ErrorKind::Damaged));
    }
}

/// Good files with several parts replaced, so that the deeper checks are reached as well.
#[test]
fn a_forger_without_the_key_gets_nothing_opened() {
    let mut numbers = Numbers(4);
    let good = Anatomy::of(&small());
    for _ in 0..20_000 {
        let mut forged = good.clone();
        for _ in 0..=numbers.below(3) {
            let parts = ["generation", "lineage", "salt", "commitment", "body", "tag"];
            let part = parts[numbers.below(parts.len())];
            let value = numbers.bytes(good.get(part).len());
            forged = forged.with(part, value);
        }
        if numbers.below(2) == 0 {
            let data = numbers.below(100);
            forged = forged.with_sized("protector_data", &numbers.bytes(data));
        }
        assert!(open(&forged.forged().bytes()).is_err());
    }
}

#[test]
fn a_huge_length_is_refused_before_anything_is_allocated_for_it() {
    let good = Anatomy::of(&small());
    for body in [LARGEST_BODY + 1, u64::MAX - 16, u64::MAX] {
        let bytes = good.clone().with("body_length", body.to_be_bytes()).forged().bytes();
        let error = Sealed::read(&bytes[..], u64::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
    }
}

#[test]
fn a_header_is_only_written_if_it_can_be_read() {
    let write = |facts: Facts| Header::new(facts, &DataKey::from_bytes(&KEY), 0).map(drop);
    let refused = |facts: Facts| write(facts).unwrap_err().kind();
    for name in ["", "Key", "key file", "key\n", "schlüssel", &"a".repeat(65)] {
        assert_eq!(refused(facts(name, b"")), ErrorKind::Configuration, "{name}");
    }
    assert_eq!(refused(facts("vault", &[0; 4097])), ErrorKind::Configuration);
    for generation in [0, 1 << 63, u64::MAX] {
        let facts = Facts { generation, ..facts("vault", b"") };
        assert_eq!(refused(facts), ErrorKind::Damaged, "generation {generation}");
    }
    let last = Facts { generation: i64::MAX as u64, ..facts(&"a".repeat(64), &[0; 4096]) };
    write(last).unwrap();
}

#[test]
fn a_protector_is_never_shown_as_it_was_forged() {
    let forged = Anatomy::of(&small()).with_sized("protector", b"\x1b]0;rm\x07").forged().bytes();
    assert!(!open(&forged).unwrap_err().to_string().contains('\x1b'));
    let error = Header::new(facts("\x1b[2J", b""), &DataKey::from_bytes(&KEY), 0).unwrap_err();
    assert!(!error.to_string().contains('\x1b'));
}

/// Gives one byte at a time, and then fails.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((first, rest)) = self.0.split_first() else {
            return Err(io::Error::other("the disk is gone"));
        };
        buffer[0] = *first;
        self.0 = rest;
        Ok(1)
    }
}

#[test]
fn a_slow_reader_is_read_to_the_end_and_not_further() {
    let good = small();
    let read = Sealed::read(Slow(&good), good.len() as u64).unwrap();
    assert_eq!(read.parts().concat(), good);
}

#[test]
fn a_disk_that_fails_is_not_a_damaged_file() {
    let good = small();
    for length in 0..good.len() {
        let error = Sealed::read(Slow(&good[..length]), good.len() as u64).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "after {length} bytes");
    }
}
