//! [`Ticket`]: a secret that only a browser has.

use std::{fmt, future::Future, sync::Arc};

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::super::{Partition, whose::Secret};
use crate::{Error, ErrorKind, Result, random};

tokio::task_local! {
    /// Of the request that this task works on.
    static TICKET: Ticket;
}

/// A secret of 32 bytes that only a browser has, in a cookie: sessions in [`Ticket`](super::SessionMode::Ticket) mode, and
/// their tokens, are sealed with it.
///
/// A middleware around the session layer takes it from its cookie, or makes one, and runs the rest within
/// [`scope`](Self::scope). Set the cookie `HttpOnly`, `Secure` and `SameSite=Lax`, and make a new one when somebody signs
/// in, as the session gets another id then.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::Ticket;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let cookie: Option<&str> = None; // of the request
/// let ticket = match cookie.and_then(Ticket::from_cookie) {
///     Some(ticket) => ticket,
///     None => Ticket::generate()?,
/// };
/// let to_set = ticket.to_cookie(); // in the response
/// let response = ticket.scope(async { /* next.run(request).await */ }).await;
/// # assert_eq!(to_set.len(), 43);
/// # assert!(Ticket::from_cookie(&to_set).is_some() && Ticket::from_cookie("too short").is_none());
/// # Ok::<(), sealed_cache::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Ticket(Secret);

impl Ticket {
    /// A new one.
    ///
    /// # Errors
    ///
    /// [`Io`](ErrorKind::Io) if the system has no randomness.
    pub fn generate() -> Result<Self> {
        Ok(Self(Arc::new(Zeroizing::new(random::array()?))))
    }

    /// The one in the value of a cookie; `None` if that is anything else.
    #[must_use]
    pub fn from_cookie(value: &str) -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        let decoded = Base64UrlUnpadded::decode(value, &mut *secret).ok()?.len();
        (decoded == secret.len()).then(|| Self(Arc::new(secret)))
    }

    /// As the value of a cookie: 43 characters of base64url.
    #[must_use]
    pub fn to_cookie(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64UrlUnpadded::encode_string(&**self.0))
    }

    /// Do this, a request, with this ticket. What it spawns does not have it.
    pub async fn scope<F: Future>(self, request: F) -> F::Output {
        TICKET.scope(self, request).await
    }

    pub(super) fn current() -> Result<Self> {
        TICKET.try_with(Clone::clone).map_err(|_| {
            Error::new(ErrorKind::Configuration, "a session is to be opened with a ticket, and there is none")
                .with_remedy("run the session layer and the handlers within `Ticket::scope`")
        })
    }

    pub(super) fn seal(&self, partition: Partition) -> Partition {
        partition.with_secret(&self.0)
    }

    pub(super) const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}
