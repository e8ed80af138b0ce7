//! The item in any store of the keyring family: all of the Keychain but what only macOS has. Compiled for the tests on
//! every system, over keyring's own mock.

use std::error::Error as StdError;

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::{Item, status};
use crate::KeychainError;

/// Finds the status code in an error of the system. Only macOS knows the type that holds it.
pub(super) type StatusOf = fn(&(dyn StdError + 'static)) -> Option<i32>;

pub(super) struct Kept<'a> {
    pub(super) store: &'a CredentialStore,
    pub(super) status_of: StatusOf,
}

impl Kept<'_> {
    pub(super) fn read(&self, item: &Item<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.found(self.entry(item).and_then(|entry| entry.get_secret()).map(Zeroizing::new))
    }

    pub(super) fn write(&self, item: &Item<'_>, text: &[u8]) -> Result<(), KeychainError> {
        let written = self.entry(item).and_then(|entry| entry.set_secret(text));
        self.found(written)?
            .ok_or_else(|| KeychainError::Failed("the item went away while it was written".into()))
    }

    pub(super) fn remove(&self, item: &Item<'_>) -> Result<bool, KeychainError> {
        let removed = self.entry(item).and_then(|entry| entry.delete_credential());
        Ok(self.found(removed)?.is_some())
    }

    fn entry(&self, item: &Item<'_>) -> Result<Entry, Error> {
        self.store.build(item.service, item.account, None)
    }

    /// `None` where there is no such item.
    fn found<T>(&self, result: Result<T, Error>) -> Result<Option<T>, KeychainError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.explain(&error).map_or(Ok(None), Err),
        }
    }

    /// Of an error that carries what the item holds, nothing is shown.
    fn explain(&self, error: &Error) -> Option<KeychainError> {
        match error {
            Error::NoEntry => None,
            Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
                match (self.status_of)(&**cause) {
                    Some(code) => status::explain(code, &cause.to_string()),
                    None => Some(KeychainError::Failed(cause.to_string())),
                }
            }
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                Some(KeychainError::Failed("the item holds something else".into()))
            }
            other => Some(KeychainError::Failed(other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt, sync::Arc};

    use keyring_core::mock::{Cred, Store};

    use super::*;

    const ITEM: Item<'_> = Item::new("com.contoso.todo", "tokens");

    /// Stands for the error of `security-framework`.
    #[derive(Debug)]
    struct Status(i32);

    impl fmt::Display for Status {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("what macOS said")
        }
    }

    impl StdError for Status {}

    fn status_of(error: &(dyn StdError + 'static)) -> Option<i32> {
        error.downcast_ref::<Status>().map(|status| status.0)
    }

    fn store() -> Arc<CredentialStore> {
        Store::new().unwrap()
    }

    fn kept(store: &CredentialStore) -> Kept<'_> {
        Kept { store, status_of }
    }

    /// What the next call is answered with.
    fn answer(store: &CredentialStore, error: Error) {
        let entry = store.build(ITEM.service, ITEM.account, None).unwrap();
        entry.as_any().downcast_ref::<Cred>().unwrap().set_error(error);
    }

    #[test]
    fn one_item_is_written_read_replaced_and_removed() {
        let store = store();
        let kept = kept(&*store);
        assert_eq!(kept.read(&ITEM).unwrap(), None);
        assert!(!kept.remove(&ITEM).unwrap());
        for text in [&b"first"[..], b"second"] {
            kept.write(&ITEM, text).unwrap();
            assert_eq!(kept.read(&ITEM).unwrap().unwrap()[..], *text);
        }
        assert_eq!(kept.read(&Item::new("com.contoso.todo", "other")).unwrap(), None);
        assert!(kept.remove(&ITEM).unwrap());
        assert_eq!(kept.read(&ITEM).unwrap(), None);
    }

    #[test]
    fn each_status_arrives_whichever_error_it_comes_in() {
        let store = store();
        let kept = kept(&*store);
        kept.write(&ITEM, b"text").unwrap();
        for wrapped in [Error::PlatformFailure, Error::NoStorageAccess] {
            for code in [-25308, -25293, -128, -25244, -25291, -25299, -50] {
                let expected = status::explain(code, "what macOS said").unwrap();
                answer(&*store, wrapped(Box::new(Status(code))));
                assert_eq!(kept.read(&ITEM).unwrap_err(), expected);
                answer(&*store, wrapped(Box::new(Status(code))));
                assert_eq!(kept.write(&ITEM, b"other").unwrap_err(), expected);
                answer(&*store, wrapped(Box::new(Status(code))));
                assert_eq!(kept.remove(&ITEM).unwrap_err(), expected);
            }
        }
        assert_eq!(kept.read(&ITEM).unwrap().unwrap()[..], *b"text", "an error changes nothing");
    }

    #[test]
    fn not_found_is_nothing_when_read_and_an_error_when_written() {
        let store = store();
        answer(&*store, Error::PlatformFailure(Box::new(Status(-25300))));
        assert_eq!(kept(&*store).read(&ITEM).unwrap(), None);
        answer(&*store, Error::PlatformFailure(Box::new(Status(-25300))));
        assert!(matches!(kept(&*store).write(&ITEM, b"text"), Err(KeychainError::Failed(_))));
    }

    #[test]
    fn an_error_that_holds_a_secret_is_not_shown() {
        let store = store();
        let cause = || Box::new(Status(1));
        for error in [Error::BadEncoding(b"hunter2".into()), Error::BadDataFormat(b"hunter2".into(), cause())]
        {
            answer(&*store, error);
            let error = kept(&*store).read(&ITEM).unwrap_err();
            assert_eq!(error.message(), "the item holds something else");
        }
        answer(&*store, Error::PlatformFailure("another error".into()));
        assert_eq!(kept(&*store).read(&ITEM).unwrap_err(), KeychainError::Failed("another error".into()));
    }
}
