//! [`Partition`]: whose tokens.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::HomeAccountId;

/// Whose tokens: which cache of all those on the engine.
///
/// # Security
///
/// Neither its `Debug` nor its name on the engine shows whose it is. Assertions, session keys and session ids are kept as
/// their SHA-256 only.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::{ApplicationPartition, HomeAccountId, Partition};
///
/// let person = HomeAccountId::from_client_info("eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9")?;
/// let account = Partition::account(person);
/// let own = Partition::application(ApplicationPartition::new("contoso").resource("https://vault.azure.net"));
/// let delegated = Partition::on_behalf_of("the access token that came in");
/// assert_eq!(format!("{account:?} {own:?} {delegated:?}"), "Partition(account) Partition(application) Partition(on-behalf-of)");
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct Partition {
    whose: Whose,
    secret: Option<Secret>,
}

pub(super) type Secret = std::sync::Arc<Zeroizing<[u8; 32]>>;

#[derive(Clone, PartialEq, Eq)]
enum Whose {
    Account(HomeAccountId),
    Application(ApplicationPartition),
    OnBehalfOf([u8; 32]),
    LongRunning([u8; 32]),
    WebSession([u8; 32]),
}

/// What kind of partition it is: the lifetimes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Account,
    Application,
    OnBehalfOf,
    LongRunning,
    WebSession,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Application => "application",
            Self::OnBehalfOf => "on-behalf-of",
            Self::LongRunning => "long-running",
            Self::WebSession => "web-session",
        }
    }

    /// Whether getting a token may create it: nobody signs in to these.
    pub(super) const fn begins_by_itself(self) -> bool {
        matches!(self, Self::Application | Self::OnBehalfOf)
    }
}

impl Partition {
    /// The tokens of a person who signed in.
    #[must_use]
    pub const fn account(id: HomeAccountId) -> Self {
        Self::of(Whose::Account(id))
    }

    /// The tokens of the application itself.
    #[must_use]
    pub const fn application(application: ApplicationPartition) -> Self {
        Self::of(Whose::Application(application))
    }

    /// What a service gets on behalf of whoever sent it this access token.
    #[must_use]
    pub fn on_behalf_of(assertion: &str) -> Self {
        Self::of(Whose::OnBehalfOf(Sha256::digest(assertion).into()))
    }

    /// What a service gets on behalf of somebody for longer than one request: under a session key of the application's
    /// choice, unique for the person and the session.
    #[must_use]
    pub fn long_running(session_key: &str) -> Self {
        Self::of(Whose::LongRunning(Sha256::digest(session_key).into()))
    }

    /// The tokens of a web session, by its secret id.
    #[must_use]
    pub fn web_session(id: &str) -> Self {
        Self::of(Whose::WebSession(Sha256::digest(id).into()))
    }

    /// The same, sealed with a secret as well that only the caller has, for example in a cookie: the engine and the key
    /// ring together are not enough to read it. [`rewrap`](super::PartitionedCaches::rewrap) passes it over.
    #[must_use]
    pub fn with_secret(mut self, secret: &[u8; 32]) -> Self {
        self.secret = Some(Secret::new(Zeroizing::new(*secret)));
        self
    }

    const fn of(whose: Whose) -> Self {
        Self { whose, secret: None }
    }

    pub(super) const fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    pub(super) const fn kind(&self) -> Kind {
        match &self.whose {
            Whose::Account(_) => Kind::Account,
            Whose::Application(_) => Kind::Application,
            Whose::OnBehalfOf(_) => Kind::OnBehalfOf,
            Whose::LongRunning(_) => Kind::LongRunning,
            Whose::WebSession(_) => Kind::WebSession,
        }
    }

    /// Whose account it is, if that is known.
    pub(super) const fn home_account_id(&self) -> Option<&HomeAccountId> {
        match &self.whose {
            Whose::Account(id) => Some(id),
            _ => None,
        }
    }

    /// What identifies it within its kind.
    pub(super) fn fields(&self) -> Vec<&[u8]> {
        match &self.whose {
            Whose::Account(id) => vec![id.as_str().as_bytes()],
            Whose::Application(application) => application.fields(),
            Whose::OnBehalfOf(hash) | Whose::LongRunning(hash) | Whose::WebSession(hash) => vec![hash],
        }
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Partition({})", self.kind().name())
    }
}

/// Which tokens of the application itself.
///
/// Without a resource all tokens of a tenant are in one partition; a service with thousands of resources gives each its own.
///
/// ```
/// use sealed_cache::partition::ApplicationPartition;
/// let one = ApplicationPartition::new("contoso").resource("https://vault.azure.net").key_id("proof-key");
/// assert_ne!(one, ApplicationPartition::new("contoso").extra_parameters([("fmi_path", "a/b")]));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationPartition {
    tenant: String,
    resource: Option<String>,
    key_id: Option<String>,
    extra: Vec<(String, String)>,
}

impl ApplicationPartition {
    /// In this tenant.
    pub fn new(tenant: impl Into<String>) -> Self {
        Self { tenant: tenant.into(), resource: None, key_id: None, extra: Vec::new() }
    }

    /// For this resource only.
    #[must_use]
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Bound to this key.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Asked for with these extra parameters, in whatever order.
    #[must_use]
    pub fn extra_parameters<'p>(mut self, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        self.extra =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.extra.sort_unstable();
        self
    }

    fn fields(&self) -> Vec<&[u8]> {
        let mut fields = vec![self.tenant.as_bytes()];
        for field in [&self.resource, &self.key_id] {
            // None is not the same as an empty one.
            fields.push(if field.is_some() { b"+" } else { b"-" });
            fields.push(field.as_deref().unwrap_or_default().as_bytes());
        }
        fields.extend(self.extra.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
        fields
    }
}

impl fmt::Debug for ApplicationPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicationPartition").finish_non_exhaustive()
    }
}
