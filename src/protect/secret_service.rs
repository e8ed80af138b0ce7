//! [`SecretService`]: the key is an item of the desktop's keyring (GNOME Keyring, KWallet, KeePassXC).

use sealed_cache_platform::{
    KeychainError,
    secret_service::{self, Call, Item},
};

use super::{KeyItem, KeyLifetime, KeyRequest, Prompt, keychain_error};
use crate::{Deadline, Result, SecretBytes};

/// The schema name under which the items are stored.
const SCHEMA: &str = "org.sealed_cache.DataKey";

/// Keeps the data key in the [Secret Service](https://specifications.freedesktop.org/secret-service/), the keyring
/// of a Linux desktop. The default there.
///
/// libsecret is opened at run time: where it is not installed, the Secret Service is
/// [unavailable](crate::ErrorKind::KeychainUnavailable), which a fallback answers.
///
/// The item lies in the default collection, under schema `org.sealed_cache.DataKey` with the attributes
/// `application` and `cache`; `secret-tool search application com.contoso.todo` shows it.
///
/// # Security
///
/// The keyring is encrypted with the log-in password. Once it is unlocked, every program of the same user can read
/// every item.
#[derive(Clone, Debug, Default)]
pub struct SecretService(());

impl SecretService {
    /// The Secret Service of this session.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl KeyItem for SecretService {
    fn name(&self) -> &'static str {
        "secret-service"
    }

    fn summary(&self) -> String {
        "key in the Secret Service".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, request: &KeyRequest) -> Result<()> {
        with_item(request, |item| secret_service::probe(item, &call(request))).map_err(error)
    }

    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>> {
        let found = with_item(request, |item| secret_service::lookup(item, &call(request))).map_err(error)?;
        Ok(found.map(|found| SecretBytes::from(&found.secret[..])))
    }

    fn write(&self, request: &KeyRequest, text: &str) -> Result<()> {
        with_item(request, |item| secret_service::store(item, text, &call(request))).map_err(error)
    }

    fn remove(&self, request: &KeyRequest) -> Result<()> {
        with_item(request, |item| secret_service::remove(item, &call(request))).map(drop).map_err(error)
    }
}

fn with_item<R>(request: &KeyRequest, work: impl FnOnce(&Item<'_>) -> R) -> R {
    let label = format!("Key of cache {}", request.id);
    let attributes = [("application", request.id.application()), ("cache", request.item.as_str())];
    work(&Item::new(SCHEMA, &attributes, &label))
}

fn call(request: &KeyRequest) -> Call {
    call_until(&request.deadline, request.prompt)
}

/// A call to the service.
pub(crate) fn call_until(deadline: &Deadline, prompt: Prompt) -> Call {
    let deadline = std::time::Instant::now() + deadline.remaining();
    Call { deadline, prompt: prompt.for_platform() }
}

/// What the service said, as an error of ours.
pub(crate) fn error(error: KeychainError) -> crate::Error {
    keychain_error("the Secret Service", error, remedy)
}

/// For whoever has something there. Where a new one has no choice at all, `KeyHolder` lists the choices.
const fn remedy(error: &KeychainError) -> &'static str {
    match error {
        KeychainError::Unavailable(_) => {
            "log in to the desktop, or start its keyring (GNOME Keyring, KWallet, KeePassXC), and try again"
        }
        KeychainError::Locked(_) => {
            "unlock the keyring (logging in to the desktop usually does) and try again"
        }
        KeychainError::Denied(_) => "run the program as the user who is logged in, not with sudo",
        KeychainError::Dismissed(_) => "try again, and answer the question",
        KeychainError::TimedOut(_) => {
            "look for a question that waits for an answer; if there is none, the keyring hangs: restart it"
        }
        _ => "look into the log of the keyring: journalctl --user",
    }
}
