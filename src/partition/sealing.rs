//! The sealed partition: `docs/partition-format.md` is its specification.

use aes_gcm::{Aes256Gcm, KeyInit, Nonce, aead::AeadInOut, aead::consts::U12};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Etag, Namespace, PartitionName, Stored, canonical, keys::Keys, whose::Secret};
use crate::{DataKey, Error, ErrorKind, Result, SecretBytes, random, secret::wipe_stack};

const MAGIC: [u8; 4] = *b"\x89SP\n";
const VERSION: u8 = 1;
/// HKDF-SHA256 and AES-256-GCM.
const ALGORITHM: u8 = 1;
const WITH_SECRET: u8 = 1;
const TAG: usize = 16;
/// How long the id of a key is.
const KEY_ID: std::ops::RangeInclusive<usize> = 1..=32;
/// All of the header but the id of the key.
const FIXED: usize = 8 + 16 + 8 + 4 + 8;
const INFO_KEY: &[u8] = b"sealed-cache partition v1 key";

/// A partition from its creation to its removal: who signs in anew has another one.
pub(super) type Lineage = [u8; 16];

/// What is known of a partition without its key. Authentic only after it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) key_id: String,
    pub(super) lineage: Lineage,
    /// When it ends at the latest, in Unix seconds.
    pub(super) ends: u64,
    /// How long it lives from each use, in seconds; 0 if uses do not count.
    pub(super) window: u32,
    /// When it was written, in Unix seconds.
    pub(super) written: u64,
    pub(super) has_secret: bool,
}

/// Why a stored partition does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    NotSealed,
    LaterVersion,
    UnknownKey,
    Altered,
    /// It opened, and is no token cache.
    Contents,
}

impl Unopened {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NotSealed => "not sealed",
            Self::LaterVersion => "later version",
            Self::UnknownKey => "unknown key",
            Self::Altered => "altered",
            Self::Contents => "contents",
        }
    }
}

/// Where a partition is, which it is bound to.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) namespace: &'a Namespace,
    pub(super) name: &'a PartitionName,
    pub(super) secret: Option<&'a Secret>,
}

pub(super) fn new_lineage() -> Result<Lineage> {
    random::array()
}

/// Seal the contents under the primary key and a new etag.
pub(super) fn seal(
    mut contents: SecretBytes,
    facts: &Facts,
    place: Place<'_>,
    keys: &Keys,
) -> Result<Stored> {
    let (id, key) = keys.primary();
    let etag = Etag::generate()?;
    let header =
        encode(&Facts { key_id: id.to_owned(), has_secret: place.secret.is_some(), ..facts.clone() });
    let data = associated_data(&header, place, etag);
    let tag = cipher(key, place, etag)
        .encrypt_inout_detached(&nonce(), &data, contents.as_mut_vec().as_mut_slice().into())
        .map_err(|_| Error::new(ErrorKind::TooLarge, "the partition is too large for AES-GCM"))?;
    wipe_stack();
    let mut sealed = header;
    sealed.reserve_exact(contents.len() + TAG);
    sealed.extend_from_slice(&contents);
    sealed.extend_from_slice(&tag);
    Ok(Stored { etag, sealed })
}

/// Check and decrypt.
pub(super) fn open(stored: &Stored, place: Place<'_>, keys: &Keys) -> Result<(Facts, SecretBytes), Unopened> {
    let (facts, length) = decode(&stored.sealed)?;
    let key = keys.get(&facts.key_id).ok_or(Unopened::UnknownKey)?;
    if facts.has_secret != place.secret.is_some() {
        return Err(Unopened::Altered);
    }
    let (header, rest) = stored.sealed.split_at(length);
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(Unopened::NotSealed)?;
    let mut contents = SecretBytes::from(body);
    let data = associated_data(header, place, stored.etag);
    cipher(key, place, stored.etag)
        .decrypt_inout_detached(&nonce(), &data, contents.as_mut_vec().as_mut_slice().into(), &(*tag).into())
        .map_err(|_| Unopened::Altered)?;
    wipe_stack();
    Ok((facts, contents))
}

/// What the header says, and its length. There is a tag behind it.
pub(super) fn decode(sealed: &[u8]) -> Result<(Facts, usize), Unopened> {
    let [m0, m1, m2, m3, version, algorithm, flags, id_length, rest @ ..] = sealed else {
        return Err(Unopened::NotSealed);
    };
    if [*m0, *m1, *m2, *m3] != MAGIC {
        return Err(Unopened::NotSealed);
    }
    if *version != VERSION || *algorithm != ALGORITHM || *flags > WITH_SECRET {
        return Err(Unopened::LaterVersion);
    }
    let (id, rest) = rest.split_at_checked(usize::from(*id_length)).ok_or(Unopened::NotSealed)?;
    let id = str::from_utf8(id).ok().filter(|id| KEY_ID.contains(&id.len()) && id.is_ascii());
    let id = id.ok_or(Unopened::NotSealed)?;
    let (lineage, rest) = rest.split_first_chunk().ok_or(Unopened::NotSealed)?;
    let (ends, rest) = rest.split_first_chunk().ok_or(Unopened::NotSealed)?;
    let (window, rest) = rest.split_first_chunk().ok_or(Unopened::NotSealed)?;
    let (written, rest) = rest.split_first_chunk().ok_or(Unopened::NotSealed)?;
    if rest.len() < TAG {
        return Err(Unopened::NotSealed);
    }
    let facts = Facts {
        key_id: id.to_owned(),
        lineage: *lineage,
        ends: u64::from_be_bytes(*ends),
        window: u32::from_be_bytes(*window),
        written: u64::from_be_bytes(*written),
        has_secret: *flags == WITH_SECRET,
    };
    Ok((facts, FIXED + id.len()))
}

fn encode(facts: &Facts) -> Vec<u8> {
    let mut header = Vec::with_capacity(FIXED + facts.key_id.len());
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&[VERSION, ALGORITHM, if facts.has_secret { WITH_SECRET } else { 0 }]);
    header.push(u8::try_from(facts.key_id.len()).expect("ids of keys were checked to be short"));
    header.extend_from_slice(facts.key_id.as_bytes());
    header.extend_from_slice(&facts.lineage);
    header.extend_from_slice(&facts.ends.to_be_bytes());
    header.extend_from_slice(&facts.window.to_be_bytes());
    header.extend_from_slice(&facts.written.to_be_bytes());
    header
}

/// What it is bound to: moved to another namespace, name or etag, or with another header, it does not open.
fn associated_data(header: &[u8], place: Place<'_>, etag: Etag) -> Vec<u8> {
    let [prefix, environment, client_id] = place.namespace.fields();
    canonical::of(&[header, prefix, environment, client_id, place.name.as_str().as_bytes(), etag.as_bytes()])
}

/// A key for this one write: the etag is never used again.
fn cipher(key: &DataKey, place: Place<'_>, etag: Etag) -> Aes256Gcm {
    let mut material = Zeroizing::new([0; 64]);
    material[..32].copy_from_slice(key.expose_bytes());
    let length = place.secret.map_or(32, |secret| {
        material[32..].copy_from_slice(&***secret);
        64
    });
    let info = canonical::of(&[INFO_KEY, place.name.as_str().as_bytes()]);
    let mut derived = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(etag.as_bytes()), &material[..length])
        .expand(&info, &mut *derived)
        .expect("32 bytes are few for HKDF");
    Aes256Gcm::new((&*derived).into())
}

fn nonce() -> Nonce<U12> {
    [0; 12].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key_id: &str, tag: usize) -> Vec<u8> {
        let (lineage, key_id) = ([0; 16], key_id.to_owned());
        let facts = Facts { key_id, lineage, ends: 2, window: 0, written: 1, has_secret: false };
        [encode(&facts), vec![0; tag]].concat()
    }

    /// The order of `docs/partition-format.md`: nobody has this key, and that is not the reason.
    #[test]
    fn what_is_not_whole_is_not_sealed_whatever_its_key() {
        let id = "k".repeat(32);
        let (facts, length) = decode(&sealed(&id, TAG)).unwrap();
        assert_eq!((facts.key_id, length), (id, 44 + 32));
        for tag in 0..TAG {
            assert_eq!(decode(&sealed("nobody's", tag)), Err(Unopened::NotSealed), "{tag} bytes of a tag");
        }
        for id in ["", "ä", &"k".repeat(33)] {
            assert_eq!(decode(&sealed(id, TAG)), Err(Unopened::NotSealed), "{id}");
        }
    }
}
