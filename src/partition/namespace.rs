//! [`Namespace`]: which application in which cloud the partitions of an engine belong to.

use crate::{Error, ErrorKind, Result, cache::token_cache::canonical_environment};

/// Which application in which cloud partitions belong to, and what their names on the engine begin with.
///
/// The same person in two clouds, or with two applications, has two partitions. All of it is part of what a partition is
/// sealed with: what was sealed for one namespace does not open in another.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::Namespace;
///
/// let namespace = Namespace::new("shop", "login.microsoftonline.com", "11111111-2222-3333-4444-555555555555")?;
/// assert_eq!(namespace.prefix(), "shop");
/// // An alias of the cloud is the same cloud.
/// assert_eq!(namespace, Namespace::new("shop", "login.windows.net", namespace.client_id())?);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace {
    prefix: String,
    environment: String,
    client_id: String,
}

impl Namespace {
    /// The longest prefix, in bytes.
    pub const LONGEST_PREFIX: usize = 64;

    /// The partitions of this application: a prefix for their names, unique on the engine; the host name of the cloud; the
    /// client id.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if the prefix is not 1 to 64 ASCII letters, digits, `-`, `_` and `.`, or
    /// the environment or the client id is empty or has more than 255 bytes.
    pub fn new(
        prefix: impl Into<String>,
        environment: impl AsRef<str>,
        client_id: impl Into<String>,
    ) -> Result<Self> {
        let environment = canonical_environment(environment.as_ref()).into_owned();
        let namespace = Self { prefix: prefix.into(), environment, client_id: client_id.into() };
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_prefix = (1..=Self::LONGEST_PREFIX).contains(&namespace.prefix.len())
            && namespace.prefix.bytes().all(is_letter);
        if !is_prefix {
            return Err(mistake(
                "the prefix of partitions is not 1 to 64 ASCII letters, digits, `-`, `_`, `.`",
            ));
        }
        if [&namespace.environment, &namespace.client_id].iter().any(|text| !(1..=255).contains(&text.len()))
        {
            return Err(mistake("the cloud or the client id of partitions is empty or too long"));
        }
        Ok(namespace)
    }

    /// What the names of its partitions begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The host name of the cloud, the same for all its aliases.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The application.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn fields(&self) -> [&[u8]; 3] {
        [self.prefix.as_bytes(), self.environment.as_bytes(), self.client_id.as_bytes()]
    }
}

fn mistake(what: &'static str) -> Error {
    Error::new(ErrorKind::Configuration, what).with_remedy(
        "give `Namespace::new` a prefix of your own, the host of the authority and the client id",
    )
}
