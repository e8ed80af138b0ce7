//! All the kinds of an error: `ErrorKind` may grow, and has no list of its own.

use sealed_cache::ErrorKind;

pub(crate) const EVERY_KIND: [ErrorKind; 16] = [
    ErrorKind::AccessDenied,
    ErrorKind::Cancelled,
    ErrorKind::Configuration,
    ErrorKind::Damaged,
    ErrorKind::InvalidContents,
    ErrorKind::Io,
    ErrorKind::KeyMissing,
    ErrorKind::KeychainLocked,
    ErrorKind::KeychainTimeout,
    ErrorKind::KeychainUnavailable,
    ErrorKind::LockTimeout,
    ErrorKind::NotFound,
    ErrorKind::OtherOwner,
    ErrorKind::RolledBack,
    ErrorKind::UnsupportedVersion,
    ErrorKind::WrongKey,
];
