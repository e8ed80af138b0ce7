//! All the kinds of an error: `ErrorKind` may grow, and has no list of its own.

use sealed_cache::ErrorKind;

pub(crate) const EVERY_KIND: [ErrorKind; 25] = [
    ErrorKind::AccessDenied,
    ErrorKind::Cancelled,
    ErrorKind::Configuration,
    ErrorKind::Conflict,
    ErrorKind::Damaged,
    ErrorKind::EngineFull,
    ErrorKind::EngineTimeout,
    ErrorKind::EngineUnavailable,
    ErrorKind::ForeignEntry,
    ErrorKind::InvalidContents,
    ErrorKind::Io,
    ErrorKind::IssuerRefused,
    ErrorKind::IssuerUnavailable,
    ErrorKind::KeyMissing,
    ErrorKind::KeychainLocked,
    ErrorKind::KeychainTimeout,
    ErrorKind::KeychainUnavailable,
    ErrorKind::LockTimeout,
    ErrorKind::NotFound,
    ErrorKind::OtherOwner,
    ErrorKind::RolledBack,
    ErrorKind::SignedOut,
    ErrorKind::TooLarge,
    ErrorKind::UnsupportedVersion,
    ErrorKind::WrongKey,
];
