//! One opaque [`Error`] with a small [`ErrorKind`]: what a caller can decide on, and what a person can act on.

use std::{borrow::Cow, error::Error as StdError, fmt, io, path::Path, path::PathBuf};

/// What went wrong, for a program to decide on.
///
/// The kinds are as distinct as the remedies are. In particular, "it cannot be read" is never reported as "there is
/// nothing" (promise P4): see [`is_unreadable`](Self::is_unreadable).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system or the keychain refused access: wrong permissions, a denied prompt, a policy.
    AccessDenied,
    /// The waiting caller gave up, for example because the future that waited was dropped.
    Cancelled,
    /// The program asked for something that cannot be: a bad name, two protectors of one kind, a symbolic
    /// link in the place of the file.
    Configuration,
    /// The engine of the server half is full: no memory or no disk left for writes.
    EngineFull,
    /// The engine of the server half did not answer before the deadline. It says nothing of who is signed in.
    EngineTimeout,
    /// The engine of the server half cannot be reached. It says nothing of who is signed in: answer 503, not a sign-in page.
    EngineUnavailable,
    /// Too many nodes changed the same partition at the same time, and the attempts to come in between were used up.
    Conflict,
    /// Something that belongs to another account was to be stored in a partition. Nothing was.
    ForeignEntry,
    /// The issuer refused to give a token: the person has to sign in again.
    IssuerRefused,
    /// The issuer did not answer, or asked to come back later. It says nothing of who is signed in.
    IssuerUnavailable,
    /// The account was signed out, perhaps meanwhile: there is nothing to refresh, and nothing was stored.
    SignedOut,
    /// The contents are larger than what may be stored.
    TooLarge,
    /// The sealed bytes were altered, cut short, or are not a sealed cache at all.
    Damaged,
    /// The bytes were opened, but are not what the cache type expects; or the cache could not be serialized.
    InvalidContents,
    /// A file system or engine operation failed: full disk, read-only folder, a file system without locks.
    Io,
    /// The keychain answered that it does not have the key of this cache (any more).
    KeyMissing,
    /// The keychain is there but locked, and nobody was (or could be) asked to unlock it.
    KeychainLocked,
    /// The keychain did not answer before its deadline.
    KeychainTimeout,
    /// There is no such keychain here: no library, no bus, a kernel without the call, a container that forbids it.
    KeychainUnavailable,
    /// The lock was held by somebody else until the deadline. The message names the holder.
    LockTimeout,
    /// There is no cache, and the program asked for one that exists.
    NotFound,
    /// The cache belongs to another application, another cache name or another user of this machine.
    OtherOwner,
    /// The stored cache is older than one that this handle has already seen: somebody put an old file back.
    RolledBack,
    /// The cache was written in a later format version than this program knows.
    UnsupportedVersion,
    /// A key was found, but it is not the key that this cache was sealed with.
    WrongKey,
}

impl ErrorKind {
    /// Whether the stored cache itself is the obstacle: it is there, whole or not, and will not become readable by
    /// waiting or by unlocking something. These are the kinds that
    /// [`OnUnreadable::StartEmpty`](crate::OnUnreadable::StartEmpty) answers by keeping the file aside.
    ///
    /// ```
    /// use sealed_cache::ErrorKind;
    /// assert!(ErrorKind::Damaged.is_unreadable());
    /// assert!(!ErrorKind::KeychainLocked.is_unreadable()); // unlock it, and the cache is there again
    /// ```
    #[must_use]
    pub const fn is_unreadable(self) -> bool {
        matches!(
            self,
            Self::Damaged
                | Self::InvalidContents
                | Self::KeyMissing
                | Self::UnsupportedVersion
                | Self::WrongKey
        )
    }

    /// Whether the same call may succeed later without anybody changing the program or the cache: a lock that was
    /// held, a keychain that was locked, slow or not there yet.
    ///
    /// ```
    /// use sealed_cache::ErrorKind;
    /// assert!(ErrorKind::LockTimeout.is_temporary());
    /// assert!(!ErrorKind::WrongKey.is_temporary());
    /// ```
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::Cancelled
                | Self::Conflict
                | Self::EngineFull
                | Self::EngineTimeout
                | Self::EngineUnavailable
                | Self::IssuerUnavailable
                | Self::KeychainLocked
                | Self::KeychainTimeout
                | Self::KeychainUnavailable
                | Self::LockTimeout
        )
    }
}

/// Why an operation failed: a [kind](Self::kind) to decide on and a message that names the thing, the place and the
/// remedy.
///
/// The message is complete: it already tells what the operating system said, so that printing `{error}` is enough.
/// The underlying error is still there as [`source`](StdError::source) for a program that wants to look at it.
///
/// # Security
///
/// Neither the message nor the debug text nor the source ever holds a secret, a part of one or a user name.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::KeychainLocked, "the keychain is locked")
///     .with_path("/home/a/tokens.sealed")
///     .with_remedy("unlock it and try again");
/// assert_eq!(error.kind(), ErrorKind::KeychainLocked);
/// assert_eq!(
///     error.to_string(),
///     "the keychain is locked (/home/a/tokens.sealed): unlock it and try again"
/// );
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    what: Cow<'static, str>,
    path: Option<PathBuf>,
    remedy: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind, with a short description of the thing that failed (no final full stop, no secret).
    ///
    /// Public so that your own [`Persistence`](crate::persistence::Persistence) or
    /// [`Protector`](crate::protect::Protector) can report as ours do.
    pub fn new(kind: ErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, what: what.into(), path: None, remedy: Cow::Borrowed(""), source: None }))
    }

    /// An [`ErrorKind::Io`] error (or [`AccessDenied`](ErrorKind::AccessDenied) where the system says so) with the
    /// system's words behind ours, and a remedy for the common causes.
    ///
    /// ```
    /// use sealed_cache::{Error, ErrorKind};
    /// let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    /// let error = Error::io("cannot write the cache", full);
    /// assert_eq!(error.kind(), ErrorKind::Io);
    /// assert!(error.to_string().contains("free some space"));
    /// ```
    pub fn io(what: impl fmt::Display, source: io::Error) -> Self {
        let (kind, remedy) = match source.kind() {
            io::ErrorKind::PermissionDenied => {
                (ErrorKind::AccessDenied, "check the owner and the rights of the file and of its folder")
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                (ErrorKind::Io, "the file system is mounted read-only; name another folder")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                (ErrorKind::Io, "free some space and try again; the previous cache is unharmed")
            }
            io::ErrorKind::IsADirectory => {
                (ErrorKind::Io, "a folder is in the place of the file; move it away")
            }
            io::ErrorKind::NotADirectory => {
                (ErrorKind::Io, "a file is in the place of a folder; move it away")
            }
            io::ErrorKind::NotFound => {
                (ErrorKind::Io, "the folder may have been removed meanwhile: start the program again")
            }
            _ => (ErrorKind::Io, "look into the log of the system, and check the disk"),
        };
        Self::new(kind, format!("{what}: {source}")).with_remedy(remedy).with_source(source)
    }

    /// The same error, at this path.
    #[must_use]
    pub fn with_path(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// The same error, at this path unless it already names one.
    #[must_use]
    pub(crate) fn or_path(self, path: &Path) -> Self {
        if self.0.path.is_some() { self } else { self.with_path(path) }
    }

    /// The same error, with what a person can do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = remedy.into();
        self
    }

    /// The same error, with the error below it. It must not carry a secret in its `Debug` text.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong, for a program to decide on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file or folder that it is about, if it is about one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// What a person can do about it: a sentence without full stop, or empty where nothing general can be said.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.0.remedy
    }

    /// The message without the path and the remedy.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)?;
        if let Some(path) = &self.0.path {
            write!(f, " ({})", path.display())?;
        }
        if !self.0.remedy.is_empty() {
            write!(f, ": {}", self.0.remedy)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("message", &self.to_string()).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
