//! [`SealedSessions`]: web sessions on the engine of the server half, for `tower-sessions`.

mod record;
mod signed_in;
mod slot;
mod ticket;

use async_trait::async_trait;
pub use signed_in::SignedIn;
use slot::Slot;
pub use ticket::Ticket;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{self, Error as SessionError},
};

use super::{HomeAccountId, Partition, PartitionedCaches};
use crate::{Error, ErrorKind, Result, random};

/// So many ids are tried for a new session. One is enough, with 128 random bits.
const IDS: usize = 5;

/// Web sessions of [`tower-sessions`](https://docs.rs/tower-sessions/0.15), sealed, on the engine of a
/// [`PartitionedCaches`] and with its keys.
///
/// * **No session is `Ok(None)`; an engine that does not answer is an error**, of the variant `Backend`. It says nothing of
///   who is signed in: answer 503, not a sign-in page. The other variants are mistakes of the application, which no waiting
///   repairs: `Encode` for a session that is too large or has no form in JSON, `Decode` where the [`Ticket`] is missing.
/// * **Requests of one session do not lose each other's data.** What a request changed since it loaded the session, key by
///   key, is put into what is stored then, by compare-and-set. The limit: of two requests that change the *same* key, the
///   later one wins, since the trait has no closure that could run again. A request that calls `Session::clear` and goes
///   on replaces all.
/// * **A session that was deleted stays so**: a request that is still running then does not bring it back, whatever it
///   saves. Only `create` makes one, and never over another.
/// * A session lives until its record says, by the engine's clock. One that does not open, since it was altered or its key
///   is not there, is as good as none; [statistics](PartitionedCaches::statistics) count it.
///
/// To know what a request changed, `load` adds a value to the session, with digests of the others:
/// [`SealedSessions::SEEN`]. It is not stored.
///
/// # Where the tokens are
///
/// Not in the session: it has a [`SignedIn`], which says where. See [`SessionMode`].
///
/// # Security
///
/// The engine sees neither who a session belongs to, nor its id: the name is a keyed hash of it. Values of a session are in
/// ordinary memory while a request runs, since that is how `tower-sessions` keeps them: another reason to keep tokens
/// elsewhere.
///
/// # Examples
///
/// ```
/// use sealed_cache::{DataKey, partition::*};
/// use tower_sessions::{Session, SessionManagerLayer};
/// use std::sync::Arc;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let key = DataKey::generate()?;
/// # let namespace = Namespace::new("shop", "login.microsoftonline.com", "client-id")?;
/// # let keys = KeyRing::new(key.clone(), "2026-11", key);
/// # let caches = PartitionedCaches::builder(namespace, MemoryStore::new(64 << 20), keys).open().await?;
/// let sessions = SealedSessions::new(caches.clone());
/// let layer = SessionManagerLayer::new(sessions.clone()); // for a router of axum
/// # drop(layer);
///
/// // After a sign-in; `client_info` is of the token response.
/// # let (client_info, session) = ("eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9", Session::new(None, Arc::new(sessions.clone()), None));
/// let signed_in = sessions.signed_in(HomeAccountId::from_client_info(client_info)?)?;
/// session.insert("signed in", &signed_in).await.unwrap();
/// # session.save().await.unwrap();
///
/// // At each request: an error here is a 503, `None` is somebody who has to sign in.
/// let signed_in: SignedIn = session.get("signed in").await.unwrap().expect("somebody signed in");
/// let tokens = caches.read(&sessions.partition(&signed_in)?, |cache| cache.access_tokens().count()).await?;
/// # assert_eq!(tokens, None);
/// # Ok::<(), sealed_cache::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct SealedSessions {
    caches: PartitionedCaches,
    mode: SessionMode,
}

/// Where the tokens of a session are, and with what it is sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionMode {
    /// The session has a reference to the partition of the account. All sessions of a person share the tokens: one refresh
    /// is enough for all, and who signs out of one is out of all.
    #[default]
    Reference,
    /// Each session has tokens of its own, and both are sealed with a secret as well that only the browser has: the
    /// [`Ticket`], in a cookie of its own. Whoever has the engine and the keys of the server cannot open them. What is in
    /// use can still be had from the memory of the server.
    ///
    /// It takes away what several sessions share, and [`rewrap`](PartitionedCaches::rewrap): keep an old key readable until
    /// the sessions that were sealed with it have ended.
    Ticket,
}

impl SealedSessions {
    /// Under this key of a session is what `load` adds.
    pub const SEEN: &'static str = record::SEEN;

    /// Sessions in [`Reference`](SessionMode::Reference) mode on the engine, and with the keys, namespace and time-outs, of
    /// these caches.
    #[must_use]
    pub const fn new(caches: PartitionedCaches) -> Self {
        Self { caches, mode: SessionMode::Reference }
    }

    /// The same in another mode. Sessions of one do not open in the other.
    #[must_use]
    pub const fn mode(mut self, mode: SessionMode) -> Self {
        self.mode = mode;
        self
    }

    /// What a session has to remember of the person who signed in with it.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::ErrorKind::Io) if the system has no randomness.
    pub fn signed_in(&self, person: HomeAccountId) -> Result<SignedIn> {
        let own = match self.mode {
            SessionMode::Reference => None,
            SessionMode::Ticket => Some(format!("{:032x}", u128::from_be_bytes(random::array()?))),
        };
        Ok(SignedIn::new(person, own))
    }

    /// Where the tokens of the person are who signed in with this session.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) in [`Ticket`](SessionMode::Ticket) mode outside of
    /// [`Ticket::scope`].
    pub fn partition(&self, signed_in: &SignedIn) -> Result<Partition> {
        match signed_in.own() {
            None => Ok(Partition::account(signed_in.person().clone())),
            Some(own) => Ok(Ticket::current()?.seal(Partition::web_session(own))),
        }
    }

    fn slot(&self, id: &Id) -> Result<Slot<'_>> {
        let ticket = match self.mode {
            SessionMode::Reference => None,
            SessionMode::Ticket => Some(Ticket::current()?),
        };
        Ok(Slot::new(&self.caches.0, id, ticket))
    }

    async fn make(&self, record: &mut Record) -> Result<()> {
        for _ in 0..IDS {
            if self.slot(&record.id)?.create(record).await? {
                record::note_seen(record);
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::new(ErrorKind::Conflict, "the ids of new sessions are taken")
            .with_remedy("look whether the random numbers of this machine are random"))
    }
}

#[async_trait]
impl SessionStore for SealedSessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        self.make(record).await.map_err(failed)
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let slot = self.slot(&record.id).map_err(failed)?;
        slot.save(record).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let slot = self.slot(id).map_err(failed)?;
        let mut found = slot.load().await.map_err(failed)?;
        found.iter_mut().for_each(record::note_seen);
        Ok(found)
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let slot = self.slot(id).map_err(failed)?;
        slot.delete().await.map_err(failed)
    }
}

/// The error of `tower-sessions` has no kinds: its variant tells whose fault it is.
fn failed(error: Error) -> SessionError {
    let said = error.to_string();
    match error.kind() {
        ErrorKind::TooLarge | ErrorKind::InvalidContents => SessionError::Encode(said),
        ErrorKind::Configuration => SessionError::Decode(said),
        _ => SessionError::Backend(said),
    }
}
