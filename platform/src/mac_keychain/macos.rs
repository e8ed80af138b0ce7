//! The Keychain itself, through `apple-native-keyring-store`.

use std::{
    error::Error as StdError,
    sync::{Arc, Mutex, PoisonError},
};

use apple_native_keyring_store::keychain::Store;
use security_framework::{
    base::Error,
    os::macos::keychain::{KeychainUserInteractionLock, SecKeychain},
};
use zeroize::Zeroizing;

use super::{Item, status, store::Kept};
use crate::{KeychainError, Prompt};

/// The Keychain wants its calls one after the other, and whether it may show a dialog is a setting of the process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub(super) fn read(item: &Item<'_>, prompt: Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    alone(prompt, |kept| kept.read(item))
}

pub(super) fn write(item: &Item<'_>, text: &[u8], prompt: Prompt) -> Result<(), KeychainError> {
    alone(prompt, |kept| kept.write(item, text))
}

pub(super) fn remove(item: &Item<'_>, prompt: Prompt) -> Result<bool, KeychainError> {
    alone(prompt, |kept| kept.remove(item))
}

fn alone<R>(
    prompt: Prompt,
    work: impl FnOnce(&Kept<'_>) -> Result<R, KeychainError>,
) -> Result<R, KeychainError> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let _quiet = if prompt == Prompt::Never { quiet()? } else { None };
    let store: Arc<Store> = Store::new().map_err(|error| KeychainError::Failed(error.to_string()))?;
    work(&Kept { store: &*store, status_of })
}

/// No dialogs until this is dropped. Where the program has forbidden them itself, that stays as it is.
fn quiet() -> Result<Option<KeychainUserInteractionLock>, KeychainError> {
    let allowed = SecKeychain::user_interaction_allowed().map_err(explain)?;
    allowed.then(SecKeychain::disable_user_interaction).transpose().map_err(explain)
}

fn status_of(error: &(dyn StdError + 'static)) -> Option<i32> {
    error.downcast_ref::<Error>().map(|error| error.code())
}

fn explain(error: Error) -> KeychainError {
    let said = error.to_string();
    status::explain(error.code(), &said).unwrap_or(KeychainError::Failed(said))
}
