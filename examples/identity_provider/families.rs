//! [`Families`]: which tokens are good. One family for each sign-in: the refresh token that was issued last, and the
//! access token that came with it.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::people::Person;

/// All that has to outlive the provider. It holds digests only: who reads it gets no token.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Families(BTreeMap<String, Family>);

#[derive(Serialize, Deserialize)]
struct Family {
    person: String,
    refresh_digest: String,
    access_digest: String,
    access_ends: u64,
}

/// A fresh pair of tokens, and whose they are.
pub(super) struct Issued {
    pub(super) person: &'static Person,
    pub(super) access_token: String,
    pub(super) refresh_token: String,
}

/// Why there are no fresh tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Unknown,
    Reused,
}

impl Families {
    /// Somebody signed in.
    pub(super) fn begin(&mut self, person: &'static Person, expires_in: u64) -> Issued {
        self.issue(person, &random(), expires_in)
    }

    /// Fresh tokens for the refresh token that was issued last. For any earlier one, the family ends.
    pub(super) fn rotate(&mut self, refresh_token: &str, expires_in: u64) -> Result<Issued, Refused> {
        let name = family_of(refresh_token);
        let family = self.0.get(name).ok_or(Refused::Unknown)?;
        let person = Person::of_id(&family.person).ok_or(Refused::Unknown)?;
        if family.refresh_digest == digest(refresh_token) {
            return Ok(self.issue(person, name, expires_in));
        }
        self.0.remove(name);
        Err(Refused::Reused)
    }

    /// Everybody has to sign in again.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Somebody signed out.
    pub(super) fn end(&mut self, token: &str) {
        self.0.remove(family_of(token));
    }

    /// Whose access token it is, if it is good.
    pub(super) fn person_of(&self, access_token: &str) -> Option<&'static Person> {
        let family = self.0.get(family_of(access_token))?;
        let is_good = family.access_digest == digest(access_token) && now() < family.access_ends;
        Person::of_id(&family.person).filter(|_| is_good)
    }

    fn issue(&mut self, person: &'static Person, name: &str, expires_in: u64) -> Issued {
        let issued = Issued {
            person,
            access_token: format!("demo-access-token.{name}.{}", random()),
            refresh_token: format!("demo-refresh-token.{name}.{}", random()),
        };
        let family = Family {
            person: person.id.to_owned(),
            refresh_digest: digest(&issued.refresh_token),
            access_digest: digest(&issued.access_token),
            access_ends: now() + expires_in,
        };
        self.0.insert(name.to_owned(), family);
        issued
    }
}

/// A token is `KIND.FAMILY.RANDOM`.
fn family_of(token: &str) -> &str {
    token.split('.').nth(1).unwrap_or_default()
}

pub(super) fn digest(token: &str) -> String {
    hex(&Sha256::digest(token))
}

/// 128 random bits.
pub(super) fn random() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
