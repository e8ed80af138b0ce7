//! What an answer of Redis means.
//!
//! Neither a message nor a source holds what Redis said in full: it names users.

use std::{error::Error as _, io, sync::Arc};

use redis::{ErrorKind, RedisError};

use super::super::{StoreError, StoreErrorKind, tls};

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Redis answered, and did nothing.
    Refused(StoreError),
    /// Redis has no such script (any more).
    NoScript,
    /// The connection broke before Redis answered: it may have done it.
    Lost(StoreError),
}

impl Failure {
    pub(super) fn of(error: &RedisError) -> Self {
        match (error.code(), error.kind()) {
            (Some("NOSCRIPT"), _) => Self::NoScript,
            (Some(code), _) => Self::Refused(refusal(code, error.detail().unwrap_or_default())),
            (None, ErrorKind::Io | ErrorKind::Client) => Self::Lost(unreachable(error)).ambiguous(),
            (None, ErrorKind::Parse) => Self::Lost(not_redis()).ambiguous(),
            (None, _) => Self::Refused(connecting(error)),
        }
    }

    /// The same, where something may have been done before it.
    pub(super) fn ambiguous(self) -> Self {
        match self {
            Self::Refused(error) => Self::Refused(error.ambiguous()),
            Self::Lost(error) => Self::Lost(error.ambiguous()),
            Self::NoScript => Self::NoScript,
        }
    }
}

/// Why there is no connection.
pub(super) fn connecting(error: &RedisError) -> StoreError {
    match (error.code(), error.kind()) {
        (Some(code), _) => refusal(code, error.detail().unwrap_or_default()),
        (None, ErrorKind::AuthenticationFailed) => denied("Redis did not accept the user or the password"),
        (None, ErrorKind::RESP3NotSupported) => denied("this Redis is older than 6.0"),
        (None, ErrorKind::Parse) => not_redis(),
        (None, ErrorKind::Io) => unreachable(error),
        (None, kind) => {
            StoreError::new(StoreErrorKind::Unavailable, format!("no connection to Redis: {kind:?}"))
        }
    }
}

/// What one of the error codes of Redis means, with the text behind it where the code alone says too little.
fn refusal(code: &str, detail: &str) -> StoreError {
    use StoreErrorKind::{Corrupt, Full, Unavailable};
    match code {
        "OOM" => StoreError::new(Full, "Redis has reached its maxmemory"),
        "MISCONF" => {
            StoreError::new(Full, "Redis cannot write to its disk, and therefore takes no writes (MISCONF)")
        }
        "WRONGTYPE" => StoreError::new(Corrupt, "the key holds something that is not a string"),
        "WRONGPASS" => denied("Redis did not accept the user or the password (WRONGPASS)"),
        "NOAUTH" => denied("Redis asks for a password (NOAUTH)"),
        "NOPERM" => denied("the user of Redis lacks a right for this command, key or channel (NOPERM)"),
        "MOVED" | "ASK" | "CROSSSLOT" => denied(
            "this Redis is a part of a cluster, and other parts have other keys: give the address of one Redis, or of a proxy in front of the cluster",
        ),
        "ERR" => unnamed(detail),
        "LOADING" => StoreError::new(Unavailable, "Redis is loading its data (LOADING)"),
        "READONLY" => StoreError::new(Unavailable, "this Redis is a replica now (READONLY)"),
        _ => StoreError::new(Unavailable, format!("Redis cannot do it now ({code})")),
    }
}

/// `ERR` is the code of everything that has none of its own.
fn unnamed(detail: &str) -> StoreError {
    let is = |start: &str| detail.starts_with(start);
    // Redis 6 puts the error of a command in a script behind its own.
    let inner = ["OOM ", "WRONGTYPE ", "READONLY ", "MISCONF ", "NOREPLICAS "];
    if is("Error running script")
        && let Some(code) = inner.into_iter().find(|code| detail.contains(code))
    {
        return refusal(code.trim_end(), "");
    }
    if detail.contains("The user executing the script can't") {
        denied("the user of Redis lacks a right that a script needs")
    } else if detail.contains("has no permissions") {
        // The driver leaves the code of SELECT out.
        denied("the user of Redis lacks the right `+select`, which a database by its number needs")
    } else if is("max number of clients") {
        StoreError::new(StoreErrorKind::Unavailable, "Redis has as many clients as it takes")
    } else if is("unknown command") || detail.contains("Unknown Redis command") {
        denied("Redis does not know this command: it was renamed, or this is not Redis 6.0 or later")
    } else if is("AUTH") || is("Client sent AUTH") {
        denied("a password was given, and Redis has none")
    } else if is("DB index") || is("invalid DB index") {
        denied("Redis has no such database number")
    } else {
        StoreError::new(StoreErrorKind::Unavailable, "Redis answered with an error of its own (ERR)")
    }
}

fn denied(message: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Denied, message)
}

fn not_redis() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "what answers there does not speak as Redis does")
}

fn unreachable(error: &RedisError) -> StoreError {
    let why = match io_kind(error) {
        // Its kind says less than nothing.
        _ if error.to_string().starts_with("failed to lookup address") => "its host name is not found".into(),
        // Not its text: where TLS fails, that names the host.
        Some(kind) => tls_failed(error).map_or_else(|| kind.to_string(), str::to_owned),
        None => format!("{:?}", error.kind()),
    };
    StoreError::new(StoreErrorKind::Unavailable, format!("no connection to Redis: {why}"))
}

fn tls_failed(error: &RedisError) -> Option<&'static str> {
    tls::why(shared(error)?)
}

fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    Some(shared(error)?.downcast_ref::<io::Error>()?.kind())
}

/// What the driver keeps of the error that made its own.
fn shared(error: &RedisError) -> Option<&(dyn std::error::Error + 'static)> {
    let shared = error.source()?.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>()?;
    Some(shared.as_ref())
}

/// The connection ended while an answer was waited for.
pub(super) fn broken() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the connection to Redis broke")
}

/// Redis gave what the script or command cannot give.
pub(super) fn unexpected() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "Redis gave an answer that this command does not have")
}

/// What is under the name is too short to be ours.
pub(super) fn too_short() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "the key holds a string that is not a partition")
}

pub(super) fn timeout(message: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Timeout, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_kind() {
        let kinds = [
            ("OOM", "", StoreErrorKind::Full),
            ("MISCONF", "", StoreErrorKind::Full),
            ("WRONGTYPE", "", StoreErrorKind::Corrupt),
            ("WRONGPASS", "", StoreErrorKind::Denied),
            ("NOAUTH", "", StoreErrorKind::Denied),
            ("NOPERM", "User alice has no permissions", StoreErrorKind::Denied),
            ("LOADING", "", StoreErrorKind::Unavailable),
            ("READONLY", "", StoreErrorKind::Unavailable),
            ("MASTERDOWN", "", StoreErrorKind::Unavailable),
            ("CLUSTERDOWN", "", StoreErrorKind::Unavailable),
            ("MOVED", "3999 127.0.0.1:6381", StoreErrorKind::Denied),
            ("ASK", "3999 127.0.0.1:6381", StoreErrorKind::Denied),
            ("CROSSSLOT", "Keys in request don't hash to the same slot", StoreErrorKind::Denied),
            ("TRYAGAIN", "", StoreErrorKind::Unavailable),
            ("NOREPLICAS", "", StoreErrorKind::Unavailable),
            ("BUSY", "", StoreErrorKind::Unavailable),
            ("ERR", "max number of clients reached", StoreErrorKind::Unavailable),
            ("ERR", "unknown command 'EVALSHA'", StoreErrorKind::Denied),
            ("ERR", "DB index is out of range", StoreErrorKind::Denied),
            ("ERR", "User alice has no permissions to run the 'select' command", StoreErrorKind::Denied),
            ("ERR", "The user executing the script can't run this command", StoreErrorKind::Denied),
            (
                "ERR",
                "Error running script (call to f_1): @user_script:1: -OOM command not",
                StoreErrorKind::Full,
            ),
            ("ERR", "Error running script (call to f_1): WRONGTYPE Operation", StoreErrorKind::Corrupt),
            ("ERR", "something else", StoreErrorKind::Unavailable),
        ];
        for (code, detail, kind) in kinds {
            let error = refusal(code, detail);
            assert_eq!(error.kind(), kind, "{code} {detail}");
            assert!(!error.is_ambiguous(), "Redis did nothing: {code}");
            assert!(!error.to_string().contains("alice"), "{error}");
            assert!(!error.to_string().contains("6381"), "{error}");
        }
    }

    /// `rustls` and the system say which host they mean.
    #[test]
    fn what_a_connection_failed_of_names_no_host() {
        let tls =
            io::Error::new(io::ErrorKind::InvalidData, "certificate not valid for name \"redis.example\"");
        let error = unreachable(&RedisError::from(tls));
        let said = format!("{error} {error:?}");
        assert!(said.contains("invalid data") && !said.contains("redis.example"), "{said}");
    }
}
