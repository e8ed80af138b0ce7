//! [`CacheId`]: which cache is meant: an application and a name.

use std::fmt;

use crate::{Error, ErrorKind, Result};

/// Which cache is meant: the application that it belongs to, and its name within the application.
///
/// Both become names of folders, files and keychain items, and both are bound into the sealed file, so that a file
/// copied over another cache does not open.
///
/// Each is 1 to 100 bytes of ASCII letters, digits, `.`, `-` and `_`, and does not begin with a dot. The application
/// is by convention a reversed domain name: `com.contoso.todo`.
///
/// # Examples
///
/// ```
/// use sealed_cache::{CacheId, ErrorKind};
///
/// let id = CacheId::new("com.contoso.todo", "tokens")?;
/// assert_eq!(id.to_string(), "`tokens` of `com.contoso.todo`");
///
/// let error = CacheId::new("com.contoso.todo", "../elsewhere").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Configuration);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheId {
    application: String,
    name: String,
}

impl CacheId {
    /// The cache of this name that belongs to this application.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if either could not be a file name on every system.
    pub fn new(application: impl Into<String>, name: impl Into<String>) -> Result<Self> {
        let id = Self { application: application.into(), name: name.into() };
        check("an application id", &id.application)?;
        check("a cache name", &id.name)?;
        Ok(id)
    }

    /// The application: a reversed domain name by convention.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The name of the cache within the application.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for CacheId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of `{}`", self.name, self.application)
    }
}

fn check(what: &str, text: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if (1..=100).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('.') {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration, format!("`{}` cannot be {what}", text.escape_debug()))
        .with_remedy("use 1 to 100 ASCII letters, digits, `.`, `-` and `_`, and no dot at the beginning"))
}
