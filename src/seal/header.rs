//! The header of a sealed file: everything that is known without the key. `docs/format.md`, "Header".

use std::io::Read;

use sha2::{Digest, Sha256};

use super::{
    DataKey, damaged,
    derive::{COMMITMENT, Derived, SALT},
};
use crate::{CacheId, Error, ErrorKind, Result, random};

/// Like PNG's: the high bit shows a seven-bit transfer, the line feed a change of line ends.
const MAGIC: [u8; 8] = *b"\x89SEALED\n";
const VERSION: u16 = 1;
/// Magic, version, length of the header: the same in every version.
const START: usize = 12;
/// The first bytes of SHA-256 over the header before them: tells an altered header from a wrong key. The last field
/// in every version, so that an altered version is not taken for a later one.
const CHECKSUM: usize = 8;
/// The fixed part and the checksum, without any name.
const FIXED: usize = START + 8 + 16 + SALT + COMMITMENT + 8 + 1 + 1 + 1 + 2 + CHECKSUM;
/// The authentication tag of AES-GCM, which follows the body at the end of the file.
pub(super) const TAG: usize = 16;
/// Far more than a token cache has, and less than what would exhaust a machine.
pub(super) const LARGEST_BODY: u64 = 1 << 30;
const LONGEST_PROTECTOR: usize = 64;
const LONGEST_PROTECTOR_DATA: usize = 4096;
/// More saves than there can be, and one less than what a language without unsigned numbers can count.
const LAST_GENERATION: u64 = i64::MAX as u64;

/// One cache from its creation to its removal, whatever its keys in between: 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lineage([u8; 16]);

impl Lineage {
    pub(crate) fn generate() -> Result<Self> {
        random::array().map(Self)
    }

    #[cfg(test)]
    pub(super) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// What the writer of a sealed file states about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) id: CacheId,
    pub(crate) lineage: Lineage,
    /// How often this cache was saved, from 1; at most `i64::MAX`.
    pub(crate) generation: u64,
    pub(crate) protector: String,
    /// The protector's own part: a salt, a wrapped key, a name.
    pub(crate) protector_data: Vec<u8>,
}

impl Facts {
    /// What we write, we must be able to read.
    fn check_written(&self) -> Result<()> {
        if !is_protector(&self.protector) || self.protector_data.len() > LONGEST_PROTECTOR_DATA {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("the protector `{}` does not fit into the header", self.protector.escape_debug()),
            )
            .with_remedy(
                "its name may have 64 lower-case ASCII letters, digits, `-`, `.` and `_`, its data 4,096 bytes: \
                 this is a bug of the protector",
            ));
        }
        if !is_generation(self.generation) {
            return Err(damaged("it cannot be saved once more: its count of saves makes no sense"));
        }
        Ok(())
    }
}

/// A header, with the bytes that it was read from or will be written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    facts: Facts,
    salt: [u8; SALT],
    commitment: [u8; COMMITMENT],
    body: u64,
    bytes: Vec<u8>,
}

impl Header {
    /// The header of a new sealed file whose body has so many bytes, with a fresh salt.
    pub(super) fn new(facts: Facts, key: &DataKey, body: u64) -> Result<Self> {
        Self::with_salt(facts, key, body, random::array()?)
    }

    pub(super) fn with_salt(facts: Facts, key: &DataKey, body: u64, salt: [u8; SALT]) -> Result<Self> {
        facts.check_written()?;
        let commitment = Derived::new(key, &salt).commitment();
        let mut header = Self { facts, salt, commitment, body, bytes: Vec::new() };
        header.bytes = header.encode();
        Ok(header)
    }

    /// Read a header from the beginning of a file of this length.
    pub(crate) fn read(mut reader: impl Read, file_length: u64) -> Result<Self> {
        if file_length == 0 {
            return Err(damaged("it is empty (0 bytes)"));
        }
        let mut bytes = vec![0; START];
        fill(&mut reader, &mut bytes)?;
        let (version, length) = start(&bytes)?;
        bytes.resize(length, 0);
        fill(&mut reader, &mut bytes[START..])?;
        check_unaltered(&bytes)?;
        check_version(version)?;
        let header = Self::decode(bytes)?;
        let expected = length as u64 + header.body + TAG as u64;
        if file_length < expected {
            return Err(damaged(format_args!("it was cut short, at {file_length} of {expected} bytes")));
        }
        if file_length > expected {
            return Err(damaged(format_args!("it has {} bytes too many", file_length - expected)));
        }
        Ok(header)
    }

    /// Refuse the file of another cache.
    pub(crate) fn check_owner(&self, id: &CacheId) -> Result<()> {
        if self.facts.id == *id {
            return Ok(());
        }
        Err(Error::new(ErrorKind::OtherOwner, format!("the file is the cache {}, not {id}", self.facts.id))
            .with_remedy("it was copied or renamed: put it back where it belongs"))
    }

    /// Whether the file was sealed with this key.
    pub(crate) fn matches(&self, key: &DataKey) -> bool {
        Derived::new(key, &self.salt).commitment() == self.commitment
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) const fn salt(&self) -> &[u8; SALT] {
        &self.salt
    }

    /// The number of bytes of the body, without its tag.
    pub(super) const fn body(&self) -> u64 {
        self.body
    }

    /// All of it as it is in the file, which is what the body is bound to.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn encode(&self) -> Vec<u8> {
        let facts = &self.facts;
        let names = [facts.id.application(), facts.id.name(), &facts.protector];
        let named: usize = names.iter().map(|name| name.len()).sum();
        let length = FIXED + named + facts.protector_data.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&short(length).to_be_bytes());
        bytes.extend_from_slice(&facts.generation.to_be_bytes());
        bytes.extend_from_slice(&facts.lineage.0);
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&self.commitment);
        bytes.extend_from_slice(&self.body.to_be_bytes());
        for name in names {
            bytes.push(u8::try_from(name.len()).expect("names were checked to be short"));
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes.extend_from_slice(&short(facts.protector_data.len()).to_be_bytes());
        bytes.extend_from_slice(&facts.protector_data);
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    fn decode(bytes: Vec<u8>) -> Result<Self> {
        let mut fields = Fields(&bytes[START..bytes.len() - CHECKSUM]);
        let generation = u64::from_be_bytes(fields.array()?);
        let lineage = Lineage(fields.array()?);
        let salt = fields.array()?;
        let commitment = fields.array()?;
        let body = u64::from_be_bytes(fields.array()?);
        let application = fields.name()?;
        let name = fields.name()?;
        let protector = fields.name()?;
        let protector_data = fields.data()?;
        let fits = body <= LARGEST_BODY && protector_data.len() <= LONGEST_PROTECTOR_DATA;
        if !fields.0.is_empty() || !fits || !is_generation(generation) || !is_protector(&protector) {
            return Err(nonsense());
        }
        let id = CacheId::new(application, name).map_err(|_| nonsense())?;
        let facts = Facts { id, lineage, generation, protector, protector_data };
        Ok(Self { facts, salt, commitment, body, bytes })
    }
}

/// The fields that are left to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(nonsense)?;
        self.0 = rest;
        Ok(*array)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(nonsense)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn name(&mut self) -> Result<String> {
        let [length] = self.array()?;
        let name = std::str::from_utf8(self.bytes(length.into())?).map_err(|_| nonsense())?;
        Ok(name.to_owned())
    }

    fn data(&mut self) -> Result<Vec<u8>> {
        let length = u16::from_be_bytes(self.array()?);
        Ok(self.bytes(length.into())?.to_vec())
    }
}

/// Check the magic; the version, and the length of the whole header.
fn start(start: &[u8]) -> Result<(u16, usize)> {
    let mut fields = Fields(start);
    if fields.array()? != MAGIC {
        return Err(damaged("it does not begin as a sealed cache does"));
    }
    let version = u16::from_be_bytes(fields.array()?);
    let length = usize::from(u16::from_be_bytes(fields.array()?));
    if length < START + CHECKSUM {
        return Err(nonsense());
    }
    Ok((version, length))
}

fn check_unaltered(header: &[u8]) -> Result<()> {
    let (content, stated) = header.split_at(header.len() - CHECKSUM);
    if checksum(content) == *stated { Ok(()) } else { Err(damaged("its header was altered")) }
}

fn check_version(version: u16) -> Result<()> {
    match version {
        VERSION => Ok(()),
        0 => Err(nonsense()),
        later => Err(Error::new(
            ErrorKind::UnsupportedVersion,
            format!("the file is in format version {later}, and this program knows version {VERSION}"),
        )
        .with_remedy("update this program: a later version of it, or another program, wrote the file")),
    }
}

/// A name from a file that anybody may have written is shown to people: no control characters.
fn is_protector(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    (1..=LONGEST_PROTECTOR).contains(&name.len()) && name.bytes().all(allowed)
}

const fn is_generation(generation: u64) -> bool {
    generation >= 1 && generation <= LAST_GENERATION
}

fn nonsense() -> Error {
    damaged("its header makes no sense")
}

fn checksum(header: &[u8]) -> [u8; CHECKSUM] {
    let digest = Sha256::digest(header);
    *digest.first_chunk().expect("SHA-256 is longer than that")
}

fn short(length: usize) -> u16 {
    u16::try_from(length).expect("the parts of a header were checked to be short")
}

/// Fill the buffer from the file; a file that ends before is cut short.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<()> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => damaged("it was cut short"),
        _ => Error::io("cannot read the cache file", error),
    })
}
