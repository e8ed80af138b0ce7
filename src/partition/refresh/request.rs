//! [`Request`]: what is wanted, and the names under which it is known.

use zeroize::Zeroizing;

use super::{
    super::{Partition, PartitionName, caches::Shared, canonical, whose::Kind},
    flights::FlightKey,
    run::Mode,
};
use crate::cache::token_cache::AccessTokenQuery;

/// What is wanted.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) partition: &'a Partition,
    pub(super) wanted: &'a AccessTokenQuery,
    pub(super) claims: Option<&'a str>,
    pub(super) mode: Mode,
}

impl Request<'_> {
    /// A keyed hash of the partition and of all that is asked for: not of the refresh token alone, which serves several
    /// tokens. Who has another secret than the partition is sealed with must not get what its owner got.
    pub(super) fn key(&self, shared: &Shared) -> String {
        let name = shared.name(self.partition);
        let secret = self.partition.secret().map(|secret| {
            let fields = Zeroizing::new(canonical::of(&[b"secret", secret.as_slice()]));
            shared.keys.hash(&fields)
        });
        let own = [name.as_str(), secret.as_deref().unwrap_or_default(), self.claims.unwrap_or_default()];
        let parts = [&own[..], &self.wanted.parts()[..]].concat();
        let bytes: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        shared.keys.hash(&canonical::of(&bytes))
    }

    pub(super) fn claims_hash(&self, shared: &Shared) -> Option<String> {
        self.claims.map(|claims| shared.keys.hash(&canonical::of(&[b"claims", claims.as_bytes()])))
    }

    /// Who needs a token does not wait for an early refresh, which may give up.
    pub(super) fn flight_key(&self, shared: &Shared) -> FlightKey {
        FlightKey { what: self.key(shared), is_early: self.mode == Mode::IfNobodyElse }
    }

    /// Under which name the lease is. The tokens of a person wait for each other, those of the application itself do not.
    pub(super) fn lease_name(&self, shared: &Shared) -> PartitionName {
        match self.partition.kind() {
            Kind::Application => {
                PartitionName::new(shared.namespace.prefix(), "application", &self.key(shared))
            }
            _ => shared.name(self.partition),
        }
    }
}
