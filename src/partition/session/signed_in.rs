//! [`SignedIn`]: what a session remembers of who signed in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::super::HomeAccountId;

/// What a session remembers of who signed in: where the tokens are, and none of them. Made by
/// [`SealedSessions::signed_in`](super::SealedSessions::signed_in); put it into the session.
///
/// # Security
///
/// It is personal data, as the id in it: `Debug` does not show it. Take it from nowhere but a sealed session: whoever could
/// write one would say who they are.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    person: HomeAccountId,
    /// Which tokens, if the session has its own.
    own: Option<String>,
}

impl SignedIn {
    pub(super) const fn new(person: HomeAccountId, own: Option<String>) -> Self {
        Self { person, own }
    }

    /// Who it is.
    #[must_use]
    pub const fn person(&self) -> &HomeAccountId {
        &self.person
    }

    pub(super) fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }
}

impl Serialize for SignedIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.person.as_str(), &self.own).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (person, own) = <(String, Option<String>)>::deserialize(deserializer)?;
        let person =
            HomeAccountId::remembered(person).ok_or_else(|| de::Error::custom("not a home account id"))?;
        Ok(Self { person, own })
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedIn(..)")
    }
}
