//! [`KeychainItem`]: the whole cache is an item of the Keychain of macOS.

use sealed_cache_platform::mac_keychain as keychain;

use super::{
    bounded_item::BoundedItem,
    item::{Item, ItemCall},
};
use crate::{Error, ErrorKind, Result, SecretBytes, protect::mac_keychain::error};

/// An item of the Keychain of macOS that holds the whole cache, and that programs with other SDKs use as well: a generic
/// password in the user's default keychain, whose value is the JSON itself.
///
/// It must be named exactly as the other programs do. What these use by themselves:
///
/// | SDK | service | account |
/// |---|---|---|
/// | `msal-extensions`, Python | its caller's; by default `msal-extensions` | its caller's; by default a hash of the path of its signal file |
/// | `azure-identity`, Python | `Microsoft.Developer.IdentityService` | `MSALCache` for the default cache, else the name of the cache |
/// | `Extensions.Msal`, .NET; `@azure/msal-node-extensions`; `msal4j-persistence-extension` | its caller's | its caller's |
/// | `@azure/identity-cache-persistence`; Git Credential Manager | `Microsoft.Developer.IdentityService` | `MSALCache` |
/// | `Azure.Identity`, .NET; `azure-identity`, Java | `Microsoft.Developer.IdentityService` | name of the cache |
/// | `microsoft-authentication-extensions-for-go` | its caller's | its caller's; by default empty, which is then any account of the service |
/// | `azidentity/cache`, Go | name of the cache | `MSALCache` |
///
/// Keep to ASCII in both: .NET cuts other names short.
///
/// The item is updated in place. So the other programs keep the access that a person has given to them.
///
/// # Security
///
/// The Keychain hands the item to the program that made it; any other has to ask the person once. Service and account are
/// not encrypted.
///
/// # Examples
///
/// ```
/// use sealed_cache::persistence::msal::KeychainItem;
///
/// let item = KeychainItem::new("Microsoft.Developer.IdentityService", "MSALCache");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeychainItem {
    service: String,
    account: String,
}

impl KeychainItem {
    /// The item with this service and this account. Neither may be empty, which the Keychain takes for any.
    #[must_use]
    pub fn new(service: impl Into<String>, account: impl Into<String>) -> Self {
        Self { service: service.into(), account: account.into() }
    }

    /// The item itself, if this names one. Its calls end in time whatever the Keychain does.
    pub(super) fn into_item(self) -> Result<BoundedItem> {
        if self.service.is_empty() || self.account.is_empty() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "an item of the macOS Keychain has no service or no account, which would be any",
            )
            .with_remedy("give it both, as the other programs do"));
        }
        Ok(BoundedItem::new(self))
    }

    /// The same kind of item under a name of its own, which nobody finds who looks for this one: not by its service
    /// alone either.
    fn renamed(&self, suffix: &str) -> Self {
        Self::new(format!("{}.{suffix}", self.service), format!("{}.{suffix}", self.account))
    }

    fn item(&self) -> keychain::Item<'_> {
        keychain::Item::new(&self.service, &self.account)
    }
}

impl Item for KeychainItem {
    fn keychain(&self) -> &'static str {
        "mac-keychain"
    }

    fn summary(&self) -> String {
        format!("item \"{}\" / \"{}\" of the macOS Keychain", self.service, self.account)
    }

    fn probe(&self, call: &ItemCall) -> Result<()> {
        keychain::probe(&self.item(), call.prompt.for_platform()).map_err(error)
    }

    fn read(&self, call: &ItemCall) -> Result<Option<SecretBytes>> {
        let text = keychain::read(&self.item(), call.prompt.for_platform()).map_err(error)?;
        Ok(text.map(|mut text| SecretBytes::from(std::mem::take(&mut *text))))
    }

    fn write(&self, contents: &SecretBytes, call: &ItemCall) -> Result<()> {
        keychain::write(&self.item(), contents, call.prompt.for_platform()).map_err(error)
    }

    fn remove(&self, call: &ItemCall) -> Result<()> {
        keychain::remove(&self.item(), call.prompt.for_platform()).map(drop).map_err(error)
    }

    /// The item is removed only after its copy was read back.
    fn set_aside(&self, suffix: &str, call: &ItemCall) -> Result<String> {
        let aside = self.renamed(suffix);
        let Some(contents) = self.read(call)? else {
            return Ok(format!("nowhere: {} was not there any more", self.summary()));
        };
        aside.write(&contents, call)?;
        if aside.read(call)?.as_deref() != Some(&contents[..]) {
            return Err(Error::new(
                ErrorKind::Io,
                format!("{} does not hold what was written to it", aside.summary()),
            )
            .with_remedy("look at the item in Keychain Access"));
        }
        self.remove(call)?;
        Ok(aside.summary())
    }

    fn throw_away(&self, name: &str) -> Box<dyn Item> {
        Box::new(self.renamed(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_without_a_service_or_an_account_is_said_to_be_any() {
        for item in [KeychainItem::new("", "a"), KeychainItem::new("a", "")] {
            assert_eq!(item.into_item().unwrap_err().kind(), ErrorKind::Configuration);
        }
        assert_eq!(
            KeychainItem::new("a", "b").into_item().unwrap().summary(),
            "item \"a\" / \"b\" of the macOS Keychain"
        );
    }

    #[test]
    fn a_name_of_its_own_shares_neither_part() {
        let renamed = KeychainItem::new("a", "b").renamed("verify");
        assert_eq!(renamed, KeychainItem::new("a.verify", "b.verify"));
    }
}
