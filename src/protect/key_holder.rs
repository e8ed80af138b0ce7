//! [`KeyHolder`]: which protector a cache uses, and the key in memory while a handle is open.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{BoundedCalls, KeyLifetime, KeyRequest, NewKey, Prompt, Protector};
use crate::{CacheId, Deadline, Error, ErrorKind, Result, seal::DataKey};

/// A key that opens nothing any more is not worth a longer wait.
const FORGET_WITHIN: Duration = Duration::from_secs(5);

/// The protectors that a program offers for one cache, in order, and the key once it was fetched.
///
/// The choice among them is made once, when the cache is created. After that the header of the sealed file names the
/// protector, and no other is asked (promise P3).
#[derive(Debug)]
pub(crate) struct KeyHolder {
    cache: Kept,
    protectors: Mutex<Vec<Arc<dyn Protector>>>,
    timeout: Duration,
    prompt: Prompt,
    calls: BoundedCalls,
    held: Mutex<Option<HeldKey>>,
}

/// The cache whose key is held: what a request says of it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: CacheId,
    /// The name under which a keychain that stores items keeps the key.
    pub(crate) item: String,
    /// The folder in which the cache lies.
    pub(crate) folder: PathBuf,
}

/// A key in memory, with the header it belongs to.
#[derive(Clone, Debug)]
struct HeldKey {
    protector: &'static str,
    data: Vec<u8>,
    key: DataKey,
}

/// What a header says of the key: which protector keeps it, and that protector's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyReference<'a> {
    pub(crate) protector: &'a str,
    pub(crate) data: &'a [u8],
}

/// A protector, and why it cannot be used here and now if it cannot.
#[derive(Debug)]
pub(crate) struct Considered {
    pub(crate) protector: Arc<dyn Protector>,
    pub(crate) problem: Option<Error>,
}

impl KeyHolder {
    pub(crate) fn new(
        cache: Kept,
        protectors: Vec<Arc<dyn Protector>>,
        timeout: Duration,
        prompt: Prompt,
    ) -> Self {
        Self {
            cache,
            protectors: Mutex::new(protectors),
            timeout,
            prompt,
            calls: BoundedCalls::default(),
            held: Mutex::new(None),
        }
    }

    /// The same protectors for another cache.
    pub(crate) fn for_cache(&self, id: CacheId) -> Self {
        let cache = Kept { item: id.name().to_owned(), id, folder: self.cache.folder.clone() };
        Self::new(cache, self.protectors().clone(), self.timeout, self.prompt)
    }

    /// The key that opens what this header belongs to: from memory, else from its protector, asked once.
    pub(crate) fn key_for(
        &self,
        reference: KeyReference<'_>,
        opens: impl Fn(&DataKey) -> bool,
    ) -> Result<DataKey> {
        if let Some(held) = &*self.held()
            && held.protector == reference.protector
            && held.data == reference.data
            && opens(&held.key)
        {
            return Ok(held.key.clone());
        }
        let protector = self.named(reference.protector)?;
        let data = reference.data.to_vec();
        let candidates = self.call(&protector, move |protector, request| protector.fetch(request, &data))?;
        let Some(key) = candidates.into_iter().find(|key| opens(key)) else {
            return Err(self.wrong_key(&*protector));
        };
        self.hold(&*protector, reference.data.to_vec(), &key);
        Ok(key)
    }

    /// Whether a key is in memory, so that nobody has to be asked.
    pub(crate) fn has_key(&self) -> bool {
        self.held().is_some()
    }

    /// The first of the protectors that can be used here; those after it are not asked.
    pub(crate) fn choose(&self) -> Result<Arc<dyn Protector>> {
        self.choose_among(self.consider())
    }

    /// The first that can be used: only "there is no such keychain" leads to the next one.
    pub(crate) fn choose_among(
        &self,
        considered: impl IntoIterator<Item = Considered>,
    ) -> Result<Arc<dyn Protector>> {
        let mut unavailable = Vec::new();
        for Considered { protector, problem } in considered {
            match problem {
                None => return Ok(protector),
                Some(error) if error.kind() == ErrorKind::KeychainUnavailable => unavailable.push(error),
                Some(error) => return Err(error),
            }
        }
        Err(self.no_choice(unavailable))
    }

    /// Each protector, in order, is asked whether it can be used here when the iterator comes to it.
    pub(crate) fn consider(&self) -> impl Iterator<Item = Considered> {
        let protectors = self.protectors().clone();
        protectors.into_iter().map(|protector| {
            let problem = self.call(&protector, |protector, request| protector.probe(request)).err();
            Considered { protector, problem }
        })
    }

    /// Make the key of a new cache.
    pub(crate) fn create(&self, protector: &Arc<dyn Protector>) -> Result<NewKey> {
        let new = self.call(protector, |protector, request| protector.create(request))?;
        self.hold(&**protector, new.data.clone(), &new.key);
        Ok(new)
    }

    /// Make a new key beside the current one.
    pub(crate) fn rotate(
        &self,
        protector: &Arc<dyn Protector>,
        data: &[u8],
        current: &DataKey,
    ) -> Result<NewKey> {
        let (data, current) = (data.to_vec(), current.clone());
        self.call(protector, move |protector, request| protector.rotate(request, &data, &current))
    }

    /// The cache is sealed with the new key: hold it, and let the protector forget the one before.
    pub(crate) fn settle(&self, protector: &Arc<dyn Protector>, new: &NewKey) -> Result<()> {
        self.hold(&**protector, new.data.clone(), &new.key);
        let (data, key) = (new.data.clone(), new.key.clone());
        self.call(protector, move |protector, request| protector.settle(request, &data, &key))
    }

    /// Let the protector that a header names forget the key that it keeps, if it can without asking a person: the
    /// lock of the cache is held.
    pub(crate) fn forget(&self, reference: KeyReference<'_>) -> Result<()> {
        self.forget_by(&self.request_to_forget(), reference)
    }

    fn forget_by(&self, request: &KeyRequest, reference: KeyReference<'_>) -> Result<()> {
        let protector = self.named(reference.protector)?;
        let data = reference.data.to_vec();
        self.call_for(request.clone(), &protector, move |protector, request| protector.forget(request, &data))
    }

    fn request_to_forget(&self) -> KeyRequest {
        self.request(self.timeout.min(FORGET_WITHIN), Prompt::Never)
    }

    /// Let every protector forget the key of this cache: for a file that does not tell which one has it.
    pub(crate) fn forget_everywhere(&self) {
        self.forget_where(|_| true);
    }

    /// Let every protector but the one of this name forget the key of this cache.
    pub(crate) fn forget_except(&self, name: &str) {
        self.forget_where(|protector| protector.name() != name);
    }

    fn forget_where(&self, is_meant: impl Fn(&dyn Protector) -> bool) {
        // A copy, made before: the lock would be held all the time that the loop takes.
        let protectors = self.protectors().clone();
        let request = self.request_to_forget();
        for protector in protectors.into_iter().filter(|protector| is_meant(&**protector)) {
            let reference = KeyReference { protector: protector.name(), data: self.cache.item.as_bytes() };
            let _ = self.forget_by(&request, reference);
        }
    }

    /// Forget the key in memory.
    pub(crate) fn release(&self) {
        *self.held() = None;
    }

    /// Whether this very protector is one of those that the program offers.
    pub(crate) fn offers(&self, protector: &Arc<dyn Protector>) -> bool {
        self.protectors().iter().any(|other| Arc::ptr_eq(other, protector))
    }

    /// Use this protector from now on, before all others.
    pub(crate) fn prefer(&self, protector: &Arc<dyn Protector>) {
        let mut protectors = self.protectors();
        protectors.retain(|other| other.name() != protector.name());
        protectors.insert(0, Arc::clone(protector));
    }

    /// The protector of this name, if the program offers it.
    pub(crate) fn named(&self, name: &str) -> Result<Arc<dyn Protector>> {
        let protectors = self.protectors();
        let found = protectors.iter().find(|protector| protector.name() == name);
        found.cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                format!("cache {} is sealed by `{name}`, which this program does not offer", self.cache.id),
            )
            .with_remedy(format!(
                "add that protector with `.protector(..)` or `.fallback(..)`, or {MOVE_AWAY}"
            ))
        })
    }

    /// Whether a key that this protector no longer has means that the cache has expired, as it was meant to.
    pub(crate) fn is_volatile(&self, protector: &str) -> bool {
        self.named(protector).is_ok_and(|protector| protector.lifetime() == KeyLifetime::UntilRestart)
    }

    fn call<R: Send + 'static>(
        &self,
        protector: &Arc<dyn Protector>,
        call: impl FnOnce(&dyn Protector, &KeyRequest) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.call_for(self.request(self.timeout, self.prompt), protector, call)
    }

    fn request(&self, timeout: Duration, prompt: Prompt) -> KeyRequest {
        let Kept { id, item, folder } = self.cache.clone();
        KeyRequest::new(id, item, folder, Deadline::after(timeout), prompt)
    }

    fn call_for<R: Send + 'static>(
        &self,
        request: KeyRequest,
        protector: &Arc<dyn Protector>,
        call: impl FnOnce(&dyn Protector, &KeyRequest) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (deadline, whom) = (request.deadline.clone(), format!("the protector `{}`", protector.name()));
        let protector = Arc::clone(protector);
        self.calls.call(&whom, &deadline, move || call(&*protector, &request))
    }

    fn hold(&self, protector: &dyn Protector, data: Vec<u8>, key: &DataKey) {
        *self.held() = Some(HeldKey { protector: protector.name(), data, key: key.clone() });
    }

    fn held(&self) -> MutexGuard<'_, Option<HeldKey>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn protectors(&self) -> MutexGuard<'_, Vec<Arc<dyn Protector>>> {
        self.protectors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrong_key(&self, protector: &dyn Protector) -> Error {
        let remedy = match protector.name() {
            "passphrase" => "try again with the passphrase that the cache was made with".to_owned(),
            "caller-key" => "let the program bring the key that the cache was sealed with".to_owned(),
            _ => {
                format!("it is another key than the cache was sealed with: restore that one, or {MOVE_AWAY}")
            }
        };
        Error::new(
            ErrorKind::WrongKey,
            format!("the {} does not open cache {}", protector.summary(), self.cache.id),
        )
        .with_remedy(remedy)
    }

    fn no_choice(&self, mut considered: Vec<Error>) -> Error {
        let why: Vec<_> = considered.iter().map(|error| error.what().to_owned()).collect();
        let error = Error::new(
            ErrorKind::KeychainUnavailable,
            format!("nothing here can keep the key of cache {}: {}", self.cache.id, why.join("; ")),
        )
        .with_remedy(CHOICES);
        match considered.pop() {
            Some(last) => error.with_source(last),
            None => error,
        }
    }
}

const MOVE_AWAY: &str = "move the file away to start over";

const CHOICES: &str = "start a keyring, or let the program name what to use on a machine without one: \
    `.fallback(KernelKeyring::new())` (until the machine restarts), \
    `.fallback(SystemdCredential::new(..))`, `.fallback(Passphrase::new(..))`, \
    `.fallback(KeyFile::in_state_dir())` (protects copies and backups only)";
