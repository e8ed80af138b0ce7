//! The record of a session as bytes, and what a request changed in it.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tower_sessions_core::session::Record;

use crate::{Error, ErrorKind, Result, SecretBytes};

/// The key of a session under which the digests of the others are while a request runs.
pub(super) const SEEN: &str = "sealed-cache/seen";

/// As JSON, in the form of `tower-sessions-core`, without the digests.
pub(super) fn encode(record: &Record) -> Result<SecretBytes> {
    let mut record = record.clone();
    record.data.remove(SEEN);
    let bytes = serde_json::to_vec(&record).map_err(|_| {
        Error::new(ErrorKind::InvalidContents, "a session could not be written as JSON")
            .with_remedy("put only what has a form in JSON into it")
    })?;
    Ok(bytes.into())
}

pub(super) fn decode(bytes: &SecretBytes) -> Option<Record> {
    serde_json::from_slice(bytes).ok()
}

/// Remember in the record what is in it now.
pub(super) fn note_seen(record: &mut Record) {
    record.data.remove(SEEN);
    let digests: Map<_, _> =
        record.data.iter().map(|(key, value)| (key.clone(), Value::String(digest(value)))).collect();
    record.data.insert(SEEN.to_owned(), Value::Object(digests));
}

/// What is to be stored: theirs, with what a request changed since it loaded the session. All of ours, if that is not known.
pub(super) fn merge(ours: &Record, theirs: &Record) -> Record {
    let Some(Value::Object(seen)) = ours.data.get(SEEN) else { return ours.clone() };
    let mut merged = Record { expiry_date: ours.expiry_date, ..theirs.clone() };
    for key in seen.keys().filter(|key| !ours.data.contains_key(*key)) {
        merged.data.remove(key);
    }
    for (key, value) in ours.data.iter().filter(|(key, _)| *key != SEEN) {
        if seen.get(key).and_then(Value::as_str) != Some(&digest(value)) {
            merged.data.insert(key.clone(), value.clone());
        }
    }
    merged
}

fn digest(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(value.to_string())[..16])
}
