//! Typed views of the entries of a token cache. They look into the cache's own text and copy nothing.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use zeroize::{Zeroize, Zeroizing};

use super::{
    fields::Identity,
    text::{self, Members, identifier, scalar, seconds},
};

/// A secret inside a cache, as text: a token. It dereferences to `str`, and lives in the buffer of the cache, which is
/// wiped when the cache is dropped.
///
/// # Security
///
/// `Debug` does not show it. To keep it longer than the cache is borrowed, use [`to_zeroizing`](Self::to_zeroizing), which
/// wipes itself, and not `to_string`.
pub struct SecretText<'a>(pub(super) Cow<'a, str>);

impl SecretText<'_> {
    /// A copy that wipes itself when it is dropped.
    #[must_use]
    pub fn to_zeroizing(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.clone().into_owned())
    }
}

impl Deref for SecretText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for SecretText<'_> {
    fn drop(&mut self) {
        // A token that was written with escapes had to be copied.
        if let Cow::Owned(copy) = &mut self.0 {
            copy.zeroize();
        }
    }
}

impl fmt::Debug for SecretText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// The key and the value of an entry, both as JSON text.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

impl<'a> Raw<'a> {
    /// Not so for what somebody put into a section that is no entry.
    pub(super) fn is_object(self) -> bool {
        self.value.starts_with('{')
    }

    /// A field that says what the entry is.
    fn text(self, name: &str) -> Cow<'a, str> {
        self.json(name).map(identifier).unwrap_or_default()
    }

    /// A field as it is written. Of several with one name the last one counts, as for every reader of JSON.
    fn json(self, name: &str) -> Option<&'a str> {
        let fields = Members::of(self.value, 0).texts().filter(|(key, _)| text::name(key) == name);
        fields.last().map(|(_, value)| value)
    }

    /// A time in seconds since 1970.
    pub(super) fn seconds(self, name: &str) -> Option<u64> {
        self.json(name).and_then(seconds)
    }

    /// When an access token ends, in one pass.
    pub(super) fn ends(self) -> Ends {
        let mut ends = Ends::default();
        for (key, value) in Members::of(self.value, 0).texts() {
            match &*text::name(key) {
                "expires_on" => ends.expires_on = seconds(value),
                "extended_expires_on" => ends.extended_expires_on = seconds(value),
                "ext_expires_on" => ends.ext_expires_on = seconds(value),
                "refresh_on" => ends.refresh_on = seconds(value),
                _ => {}
            }
        }
        ends
    }

    fn time(self, name: &str) -> Option<SystemTime> {
        self.seconds(name).and_then(time)
    }

    fn secret(self) -> SecretText<'a> {
        SecretText(self.json("secret").and_then(scalar).unwrap_or_default())
    }

    pub(super) fn identity(self) -> Identity<'a> {
        Identity::of(self.value)
    }
}

/// The times of an access token, in seconds since 1970, as far as its entry tells them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) expires_on: Option<u64>,
    /// If the issuer is out of order.
    pub(super) extended_expires_on: Option<u64>,
    /// The same, as .NET spells it too.
    pub(super) ext_expires_on: Option<u64>,
    pub(super) refresh_on: Option<u64>,
}

fn time(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds.min(LAST_SECOND)))
}

/// Of the year 9999: every platform has a `SystemTime` for it.
const LAST_SECOND: u64 = 253_402_300_799;

macro_rules! view {
    ($(#[$doc:meta])* $name:ident: $($(#[$field_doc:meta])* $field:ident),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a>(pub(super) Raw<'a>);

        impl<'a> $name<'a> {
            /// The key of the entry, as it was found.
            #[must_use]
            pub fn key(&self) -> Cow<'a, str> {
                text::name(self.0.key)
            }

            /// Any member of the entry as JSON text, for what has no method here. It may be a secret.
            #[must_use]
            pub fn member(&self, name: &str) -> Option<&'a str> {
                self.0.json(name)
            }

            $(
                $(#[$field_doc])*
                /// Empty if the entry does not say.
                #[must_use]
                pub fn $field(&self) -> Cow<'a, str> {
                    self.0.text(stringify!($field))
                }
            )+
        }
    };
}

view! {
    /// An access token.
    AccessToken:
    /// `uid.utid` of the account; empty for a token of the application itself.
    home_account_id,
    /// The host name of the cloud.
    environment,
    /// The application.
    client_id,
    /// The tenant.
    realm,
    /// The scopes, with spaces between them.
    target,
    /// `Bearer` or `pop`.
    token_type
}

view! {
    /// A refresh token.
    RefreshToken:
    /// `uid.utid` of the account.
    home_account_id,
    /// The host name of the cloud.
    environment,
    /// The application that got it.
    client_id,
    /// The scopes it was got with, with spaces between them, for entries that other SDKs wrote. It serves others as well.
    target,
    /// The family of applications that may share it: `1`, or none.
    family_id
}

view! {
    /// An id token.
    IdToken:
    /// `uid.utid` of the account.
    home_account_id,
    /// The host name of the cloud.
    environment,
    /// The application.
    client_id,
    /// The tenant.
    realm
}

view! {
    /// An account that somebody signed in with.
    Account:
    /// `uid.utid`: who it is, in all tenants.
    home_account_id,
    /// The host name of the cloud.
    environment,
    /// The tenant.
    realm,
    /// Who it is in that tenant.
    local_account_id,
    /// What the person knows it by: an e-mail address.
    username,
    /// `MSSTS` or `ADFS`.
    authority_type,
    /// The grant that it came from.
    account_source
}

view! {
    /// What is known of an application.
    AppMetadata:
    /// The application.
    client_id,
    /// The host name of the cloud.
    environment,
    /// The family of applications whose refresh tokens it shares: `1`, or none.
    family_id
}

impl<'a> AccessToken<'a> {
    /// The token.
    #[must_use]
    pub fn secret(&self) -> SecretText<'a> {
        self.0.secret()
    }

    /// When it expires, to the second: `None` if the entry does not say, and it is then taken for expired. What is beyond
    /// the year 9999 is the end of it, here and in all times below.
    #[must_use]
    pub fn expires_on(&self) -> Option<SystemTime> {
        self.0.time("expires_on")
    }

    /// When it expires if the issuer is out of order, in whichever spelling.
    #[must_use]
    pub fn extended_expires_on(&self) -> Option<SystemTime> {
        self.0.time("extended_expires_on").or_else(|| self.0.time("ext_expires_on"))
    }

    /// From when it should be refreshed although it is still good.
    #[must_use]
    pub fn refresh_on(&self) -> Option<SystemTime> {
        self.0.time("refresh_on")
    }

    /// When it was got.
    #[must_use]
    pub fn cached_at(&self) -> Option<SystemTime> {
        self.0.time("cached_at")
    }
}

impl<'a> RefreshToken<'a> {
    /// The token.
    #[must_use]
    pub fn secret(&self) -> SecretText<'a> {
        self.0.secret()
    }

    /// When it was got or last replaced.
    #[must_use]
    pub fn last_modification_time(&self) -> Option<SystemTime> {
        self.0.time("last_modification_time")
    }
}

impl<'a> IdToken<'a> {
    /// The token.
    #[must_use]
    pub fn secret(&self) -> SecretText<'a> {
        self.0.secret()
    }
}

impl Account<'_> {
    /// The [username](Self::username) as `a..@contoso.test`: enough to tell one's own accounts apart, too little to be
    /// somebody's name in a log.
    ///
    /// ```
    /// use sealed_cache::{SecretBytes, SerializableCache, token_cache::TokenCache};
    /// let text = br#"{"Account":{"a":{"username":"alex@contoso.test"}}}"#;
    /// let cache = TokenCache::deserialize(SecretBytes::from(&text[..]))?;
    /// assert_eq!(cache.accounts().next().unwrap().masked_username(), "a..@contoso.test");
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    #[must_use]
    pub fn masked_username(&self) -> String {
        masked(&self.username())
    }
}

impl fmt::Debug for AccessToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes = self.target().split_ascii_whitespace().count();
        let expires_on = self.0.seconds("expires_on");
        f.debug_struct("AccessToken")
            .field("scopes", &scopes)
            .field("expires_on", &expires_on)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RefreshToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.seconds("last_modification_time");
        f.debug_struct("RefreshToken").field("last_modification_time", &since).finish_non_exhaustive()
    }
}

impl fmt::Debug for IdToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdToken").finish_non_exhaustive()
    }
}

impl fmt::Debug for Account<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("username", &self.masked_username()).finish_non_exhaustive()
    }
}

impl fmt::Debug for AppMetadata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppMetadata").field("family_id", &self.family_id()).finish_non_exhaustive()
    }
}

fn masked(username: &str) -> String {
    let (person, domain) = username.split_once('@').unwrap_or((username, ""));
    let first: String = person.chars().take(1).collect();
    if domain.is_empty() { format!("{first}..") } else { format!("{first}..@{domain}") }
}
