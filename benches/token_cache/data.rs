//! The cache that is measured, as text: people with an account, an id token, a refresh token and some access tokens each.

use std::{
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sealed_cache::{
    SecretBytes, SerializableCache,
    token_cache::{AccountId, TokenCache},
};

pub(crate) const HOST: &str = "login.microsoftonline.com";
pub(crate) const CLIENT: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const REALM: &str = "tenant";
/// All tokens are good then.
pub(crate) const NOW: u64 = 1_800_000_000;

/// How long tokens are, where the size of the text matters: about what the service sends.
pub(crate) const LONG: usize = 1400;
pub(crate) const SHORT: usize = 40;

/// At most so many access tokens for each person.
const EACH: usize = 5;

/// So many access tokens, of a fifth as many people.
pub(crate) struct Data {
    pub(crate) tokens: usize,
    secret: String,
}

impl Data {
    pub(crate) fn new(tokens: usize, secret_length: usize) -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let letter = |place: usize| char::from(ALPHABET[(place * 31 + place * place) % 64]);
        Self { tokens, secret: (0..secret_length).map(letter).collect() }
    }

    /// As many as make this many bytes of JSON.
    pub(crate) fn of_size(bytes: usize) -> Self {
        let five = Self::new(EACH, LONG).json().len();
        Self::new((bytes * EACH / five).max(1), LONG)
    }

    pub(crate) fn home(&self, person: usize) -> String {
        format!("{person:08x}-0000-4000-8000-000000000000.contoso")
    }

    /// Somebody in the middle.
    pub(crate) fn wanted(&self) -> String {
        self.home(self.people() / 2)
    }

    fn people(&self) -> usize {
        self.tokens.div_ceil(EACH)
    }

    /// The scopes of the first token of each person.
    pub(crate) const fn scopes() -> [&'static str; 3] {
        ["Mail.Read.0", "User.Read.0", "openid"]
    }

    /// Compact, the keys as Python and .NET spell them.
    pub(crate) fn json(&self) -> String {
        let Self { tokens, secret } = self;
        let mut sections =
            ["AccessToken", "RefreshToken", "IdToken", "Account"].map(|name| format!("\"{name}\":{{"));
        for person in 0..self.people() {
            let home = self.home(person);
            let of = format!(r#""home_account_id":"{home}","environment":"{HOST}","client_id":"{CLIENT}""#);
            let [access, refresh, id, account] = &mut sections;
            for number in 0..EACH.min(tokens - person * EACH) {
                let target = format!("Mail.Read.{number} User.Read.{number} openid");
                let key = format!("{home}-{HOST}-accesstoken-{CLIENT}-{REALM}-{target}").to_lowercase();
                let _ = write!(
                    access,
                    r#""{key}":{{"credential_type":"AccessToken","secret":"{secret}",{of},"target":"{target}","realm":"{REALM}","token_type":"Bearer","cached_at":"{NOW}","expires_on":"{}","extended_expires_on":"{}"}},"#,
                    NOW + 86_400,
                    NOW + 172_800,
                );
            }
            let _ = write!(
                refresh,
                r#""{home}-{HOST}-refreshtoken-{CLIENT}--":{{"credential_type":"RefreshToken","secret":"{secret}",{of},"last_modification_time":"{NOW}"}},"#
            );
            let _ = write!(
                id,
                r#""{home}-{HOST}-idtoken-{CLIENT}-{REALM}-":{{"credential_type":"IdToken","secret":"{secret}",{of},"realm":"{REALM}"}},"#
            );
            let _ = write!(
                account,
                r#""{home}-{HOST}-{REALM}":{{"home_account_id":"{home}","environment":"{HOST}","realm":"{REALM}","local_account_id":"{person}","username":"{person}@contoso.test","authority_type":"MSSTS"}},"#
            );
        }
        let sections = sections.map(|section| section.trim_end_matches(',').to_owned() + "}");
        let metadata = format!(
            r#""AppMetadata":{{"appmetadata-{HOST}-{CLIENT}":{{"client_id":"{CLIENT}","environment":"{HOST}"}}}}"#
        );
        format!("{{{},{metadata}}}", sections.join(","))
    }
}

pub(crate) fn loaded(text: &str) -> TokenCache {
    TokenCache::deserialize(SecretBytes::from(text.as_bytes())).expect("it is a token cache")
}

pub(crate) fn account(home: &str) -> AccountId<'_> {
    AccountId::new(home, HOST)
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}
