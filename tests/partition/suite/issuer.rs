//! [`Issuer`]: an issuer that rotates refresh tokens, and ends the whole session when an old one is presented.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sealed_cache::{TokenCache, partition::RefreshFailure, token_cache::TokenResponse};

use super::{answer, count};

#[derive(Default)]
pub(crate) struct Issuer {
    /// The refresh token that is good, by person; none after a reuse.
    good: Mutex<HashMap<String, String>>,
    pub(crate) requests: AtomicU64,
    pub(crate) refusals: AtomicU64,
    /// How long it thinks.
    pub(crate) takes: Duration,
}

impl Issuer {
    pub(crate) fn that_takes(takes: Duration) -> Arc<Self> {
        Arc::new(Self { takes, ..Self::default() })
    }

    /// A sign-in, with an access token that has expired by now.
    pub(crate) fn begin(&self, user: &str) -> TokenResponse {
        let refresh = format!("{user}-refresh-0");
        self.good.lock().unwrap().insert(user.to_owned(), refresh.clone());
        let hours_ago = std::time::SystemTime::now() - Duration::from_secs(2 * 3600);
        answer(user, "User.Read", "expired", Some(&refresh)).received_at(hours_ago)
    }

    pub(crate) async fn refresh(
        self: Arc<Self>,
        cache: TokenCache,
        user: &'static str,
        scope: &'static str,
    ) -> Result<TokenResponse, RefreshFailure> {
        let presented = cache.all_refresh_tokens().next().expect("a refresh token").secret().to_string();
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(self.takes).await;
        let mut good = self.good.lock().unwrap();
        if good.get(user) != Some(&presented) {
            good.remove(user);
            self.refusals.fetch_add(1, Ordering::SeqCst);
            return Err(RefreshFailure::invalid_grant());
        }
        let refresh = format!("{user}-refresh-{number}");
        good.insert(user.to_owned(), refresh.clone());
        Ok(answer(user, scope, &format!("access-{number}"), Some(&refresh)))
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (count(&self.requests), count(&self.refusals))
    }
}
