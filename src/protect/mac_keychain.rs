//! [`MacKeychain`]: the key is an item of the Keychain of macOS.

use sealed_cache_platform::{
    KeychainError,
    mac_keychain::{self, Item},
};

use super::{KeyItem, KeyLifetime, KeyRequest, keychain_error};
use crate::{Error, Result, SecretBytes};

/// Keeps the data key in the Keychain of macOS. The default there.
///
/// The item is a generic password in the user's default keychain, which is usually the login keychain: its service is
/// the application, its account the name of the cache; `security find-generic-password -s com.contoso.todo` shows it.
/// It is updated in place, so that what a person has allowed stays allowed.
///
/// With [`Prompt::Never`](super::Prompt::Never), what cannot be done without a dialog is [`KeychainLocked`](crate::ErrorKind::KeychainLocked)
/// at once; so it is in a session over SSH, where there can be none. For that moment no other part of the program gets
/// a dialog of the Keychain either.
///
/// # Security
///
/// The Keychain is encrypted with the log-in password, and hands the item to the program that made it; any other has to
/// ask the person. macOS knows a program by its code signature: one without a signature of its own asks again after
/// each update.
#[derive(Clone, Debug, Default)]
pub struct MacKeychain(());

impl MacKeychain {
    /// The default keychain of this user.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl KeyItem for MacKeychain {
    fn name(&self) -> &'static str {
        "mac-keychain"
    }

    fn summary(&self) -> String {
        "key in the macOS Keychain".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, request: &KeyRequest) -> Result<()> {
        mac_keychain::probe(&item(request), request.prompt.for_platform()).map_err(error)
    }

    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>> {
        let text = mac_keychain::read(&item(request), request.prompt.for_platform()).map_err(error)?;
        Ok(text.map(|text| SecretBytes::from(&text[..])))
    }

    fn write(&self, request: &KeyRequest, text: &str) -> Result<()> {
        mac_keychain::write(&item(request), text.as_bytes(), request.prompt.for_platform()).map_err(error)
    }

    fn remove(&self, request: &KeyRequest) -> Result<()> {
        mac_keychain::remove(&item(request), request.prompt.for_platform()).map(drop).map_err(error)
    }
}

fn item(request: &KeyRequest) -> Item<'_> {
    Item::new(request.id.application(), &request.item)
}

/// What the Keychain said, as an error of ours.
pub(crate) fn error(error: KeychainError) -> Error {
    keychain_error("the macOS Keychain", error, remedy)
}

const fn remedy(error: &KeychainError) -> &'static str {
    match error {
        KeychainError::Unavailable(_) => "run the program as a user who has a login keychain",
        KeychainError::Locked(_) => {
            "unlock it and try again: by logging in at the screen, or with `security unlock-keychain`"
        }
        KeychainError::Denied(_) => {
            "allow this program to use the item, in Keychain Access under \"Access Control\""
        }
        KeychainError::Dismissed(_) => "try again, and answer the question",
        _ => "look at the item in Keychain Access",
    }
}
