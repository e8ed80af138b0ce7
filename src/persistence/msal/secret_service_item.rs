//! [`SecretServiceItem`]: the whole cache is an item of the keyring of a Linux desktop.

mod encoding;

use std::{
    thread,
    time::{Duration, SystemTime},
};

pub use encoding::Encoding;
use encoding::decode;
use sealed_cache_platform::secret_service::{self as service, Call, Found, Matching};

use super::{
    bounded_item::BoundedItem,
    item::{Item, ItemCall},
};
use crate::{
    Error, ErrorKind, Result, SecretBytes,
    protect::secret_service::{call_until, error},
};

/// How often an item is stored again so that it is found before another one. Once is enough where the service orders
/// them by the clock.
const ATTEMPTS: usize = 3;

/// An item of the [Secret Service](https://specifications.freedesktop.org/secret-service/), the keyring of a Linux
/// desktop, that holds the whole cache and that programs with other SDKs use as well.
///
/// It must be described exactly as the other programs do. What these use by themselves:
///
/// | SDK | schema | attributes | label | encoding |
/// |---|---|---|---|---|
/// | `msal-extensions`, Python | its caller's `schema_name`; by default a hash of the path of its signal file | its caller's; by default none | its caller's; by default empty | [`Raw`](Encoding::Raw) |
/// | `azure-identity`, Python | name of the cache, such as `msal.cache.nocae` | `MsalClientID` = `Microsoft.Developer.IdentityService` | `MSALCache` | `Raw` |
/// | `@azure/msal-node-extensions` | `org.freedesktop.Secret.Generic` | `service`, `account` | `service/account` | `Raw` |
/// | `Extensions.Msal`, .NET | its caller's; GCM and `Azure.Identity`: `msal.cache` | two of its caller's; GCM and `Azure.Identity`: `MsalClientID` = `Microsoft.Developer.IdentityService`, `Microsoft.Developer.IdentityService` = `1.0.0.0` | its caller's | [`Base64`](Encoding::Base64), and [`match_schema(false)`](Self::match_schema) |
/// | `msal4j-persistence-extension`, Java | its caller's; `azure-identity`: `msal.cache` | one or two of its caller's; `azure-identity`: `MsalClientID` as above | its caller's | `Base64` |
/// | `microsoft-authentication-extensions-for-go` | its caller's | up to two of its caller's | its caller's; by default `MSALCache` | `Base64` |
///
/// So .NET, Java and Go can share an item, and Python and Node can; but not the one group with the other.
///
/// # Which item it is
///
/// As libsecret does for the others, this looks in every collection for an item that has *at least* the schema name and
/// the attributes, and of several takes the one that the service names first: GNOME Keyring the newest. So an item with
/// few attributes may be taken for that of another program, and the fewer there are the likelier.
///
/// Otherwise than libsecret does, only an item that has *exactly* the schema name and the attributes is changed or
/// removed, so that no other program loses its own. If another item stays in front of it, so that what was saved
/// would not be found by anybody, saving is an error that says so.
///
/// # Security
///
/// The keyring is encrypted with the log-in password. Once it is unlocked, every program of the same user can read
/// every item. Schema name, attributes and label are not encrypted.
///
/// # Examples
///
/// The item that Git Credential Manager keeps:
///
/// ```
/// use sealed_cache::persistence::msal::{Encoding, SecretServiceItem};
///
/// let item = SecretServiceItem::new("msal.cache")
///     .attribute("MsalClientID", "Microsoft.Developer.IdentityService")
///     .attribute("Microsoft.Developer.IdentityService", "1.0.0.0")
///     .label("MSALCache")
///     .encoding(Encoding::Base64)
///     .match_schema(false);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretServiceItem {
    schema: String,
    attributes: Vec<(String, String)>,
    label: String,
    collection: String,
    encoding: Encoding,
    matches_schema: bool,
}

impl SecretServiceItem {
    /// An item with this schema name (the attribute `xdg:schema`), no other attributes, label `MSALCache`, in the
    /// default collection, holding the [raw](Encoding::Raw) JSON.
    #[must_use]
    pub fn new(schema: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            attributes: Vec::new(),
            label: "MSALCache".into(),
            collection: "default".into(),
            encoding: Encoding::Raw,
            matches_schema: true,
        }
    }

    /// The same item with one more attribute. The extension libraries use none, one or two.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// What a person sees, in Seahorse for example. It identifies nothing; an item that is there keeps the label that it
    /// has. It may be empty, as Python's is by default, and then nobody sees what the item is.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Where it is stored: an alias such as `default` (which it is if this is not called) or `session` (gone when the
    /// person logs out), or the object path of a collection. It is looked for in every collection, as by the others.
    #[must_use]
    pub fn collection(mut self, collection: impl Into<String>) -> Self {
        self.collection = collection.into();
        self
    }

    /// How the JSON is written. Whatever is there is read in either way, and then written in this one.
    #[must_use]
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Whether it is looked for with its schema name, which it is if this is not called, or by the attributes alone. .NET
    /// looks for items by the attributes alone (`SECRET_SCHEMA_DONT_MATCH_NAME`), and stores them with the name.
    #[must_use]
    pub const fn match_schema(mut self, matches: bool) -> Self {
        self.matches_schema = matches;
        self
    }

    /// The item itself, if this describes one. Its calls end in time whatever the service does.
    pub(super) fn into_item(self) -> Result<BoundedItem> {
        self.check()?;
        Ok(BoundedItem::new(self))
    }

    /// The same kind of item under a name of its own, which nobody finds who looks for this one: not with fewer
    /// attributes either, nor without the schema name.
    fn renamed(&self, suffix: &str) -> Self {
        let renamed = |text: &String| format!("{text}.{suffix}");
        let attributes = self.attributes.iter().map(|(name, value)| (name.clone(), renamed(value)));
        Self {
            schema: renamed(&self.schema),
            attributes: attributes.collect(),
            label: format!("{} ({suffix})", self.label).trim_start().to_owned(),
            ..self.clone()
        }
    }

    fn with<R>(&self, work: impl FnOnce(service::Item<'_>) -> R) -> R {
        let attributes: Vec<_> =
            self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let matching = if self.matches_schema { Matching::SchemaAndAttributes } else { Matching::Attributes };
        let item = service::Item::new(&self.schema, &attributes, &self.label);
        work(item.in_collection(&self.collection).matching(matching))
    }

    fn check(&self) -> Result<()> {
        let Some((what, remedy)) = self.problem() else { return Ok(()) };
        Err(Error::new(ErrorKind::Configuration, format!("{} {what}", self.summary())).with_remedy(remedy))
    }

    fn problem(&self) -> Option<(&'static str, &'static str)> {
        let names = || self.attributes.iter().map(|(name, _)| name);
        let mut texts = self.attributes.iter().flat_map(|(name, value)| [name, value]);
        if self.schema.is_empty() {
            Some(("has no schema name", "give it the one that the other programs use"))
        } else if !service::is_collection(&self.collection) {
            Some(("is to be in a collection that cannot be", "name `default`, `session` or an object path"))
        } else if names().any(|name| name.is_empty() || name == "xdg:schema")
            || names().enumerate().any(|(index, name)| names().take(index).any(|before| before == name))
        {
            Some((
                "has an attribute without a name, one that is there twice, or `xdg:schema`, which is the schema name",
                "name each attribute once",
            ))
        } else if !self.matches_schema && self.attributes.is_empty() {
            Some((
                "would be any item of the keyring: it has no attributes, and its schema name is not looked for",
                "give it attributes with `.attribute(..)`, or leave `.match_schema(false)` out",
            ))
        } else if [&self.schema, &self.label]
            .into_iter()
            .chain(texts.by_ref())
            .any(|text| text.contains('\0'))
        {
            Some(("has a name with a NUL character", "leave it out"))
        } else {
            None
        }
    }

    fn json(&self, mut found: Found) -> Result<SecretBytes> {
        if !found.is_text() {
            let what = format!("holds {}, which the other programs take for no item", found.content_type);
            return Err(self.unreadable(&what, found.matches));
        }
        let text = SecretBytes::from(std::mem::take(&mut *found.secret));
        decode(text).map_err(|problem| self.unreadable(problem, found.matches))
    }

    fn unreadable(&self, problem: &str, matches: usize) -> Error {
        let of_how_many = match matches {
            0 | 1 => String::new(),
            more => format!(", the first of {more} items that match,"),
        };
        Error::new(ErrorKind::InvalidContents, format!("{}{of_how_many} {problem}", self.summary()))
            .with_remedy(
                "nothing was changed; see what it is with `secret-tool search --all`, and remove it if nobody needs it",
            )
    }

    /// Whether what was found has the schema name and the attributes of this item and no others.
    fn is_exactly(&self, found: &Found, call: &ItemCall) -> Result<bool> {
        let ours = self
            .with(|item| service::lookup(&item.matching(Matching::Exactly), &until(call)).map_err(error))?;
        Ok(ours.is_some_and(|ours| ours.path == found.path))
    }

    fn of_somebody_else(&self, found: &Found) -> Error {
        let what =
            "cannot be read, and has more attributes or another schema name: it is that of another program";
        self.unreadable(what, found.matches)
    }

    /// Another item stays in front of this one.
    fn hidden(&self) -> Error {
        Error::new(
            ErrorKind::Configuration,
            format!("{} was stored, but is hidden: another item that matches is found before it", self.summary()),
        )
        .with_remedy(
            "find both with `secret-tool search --all`, and remove the other one if nobody needs it; or give this cache \
             attributes that the other item does not have",
        )
    }
}

impl Item for SecretServiceItem {
    fn keychain(&self) -> &'static str {
        "secret-service"
    }

    fn summary(&self) -> String {
        let name = if self.label.is_empty() { &self.schema } else { &self.label };
        format!("item \"{name}\" of the Secret Service")
    }

    fn probe(&self, call: &ItemCall) -> Result<()> {
        self.with(|item| service::probe(&item, &until(call)).map_err(error))
    }

    fn read(&self, call: &ItemCall) -> Result<Option<SecretBytes>> {
        let found = self.with(|item| service::lookup(&item, &until(call)).map_err(error))?;
        found.map(|found| self.json(found)).transpose()
    }

    fn write(&self, contents: &SecretBytes, call: &ItemCall) -> Result<()> {
        let text = self.encoding.encode(contents)?;
        self.with(|item| {
            for attempt in 0..ATTEMPTS {
                if attempt > 0 {
                    wait_for_the_next_second(call);
                }
                if service::store_shared(&item, &text, &until(call)).map_err(error)? {
                    return Ok(());
                }
            }
            Err(self.hidden())
        })
    }

    fn remove(&self, call: &ItemCall) -> Result<()> {
        self.with(|item| {
            service::remove(&item.matching(Matching::Exactly), &until(call)).map(drop).map_err(error)
        })
    }

    fn set_aside(&self, suffix: &str, call: &ItemCall) -> Result<String> {
        let Some(found) = self.with(|item| service::lookup(&item, &until(call)).map_err(error))? else {
            return Ok(format!("nowhere, since {} is not there any more", self.summary()));
        };
        if !self.is_exactly(&found, call)? {
            return Err(self.of_somebody_else(&found));
        }
        let aside = self.renamed(suffix);
        let rename = |item: service::Item<'_>, aside: service::Item<'_>| {
            service::rename(&item.matching(Matching::Exactly), &aside, &until(call)).map_err(error)
        };
        self.with(|item| aside.with(|aside| rename(item, aside)))?;
        Ok(format!("{} under schema name {}", aside.summary(), aside.schema))
    }

    fn throw_away(&self, name: &str) -> Box<dyn Item> {
        Box::new(self.renamed(name))
    }
}

fn until(call: &ItemCall) -> Call {
    call_until(&call.deadline, call.prompt)
}

/// GNOME Keyring orders items by the second of their last change; of those of one second, any may be the first.
fn wait_for_the_next_second(call: &ItemCall) {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let rest = Duration::from_millis(1_010) - Duration::from_nanos(now.subsec_nanos().into());
    thread::sleep(rest.min(call.deadline.remaining()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> SecretServiceItem {
        SecretServiceItem::new("msal.cache").attribute("MsalClientID", "Developer")
    }

    #[test]
    fn what_the_sdks_use_describes_an_item() {
        for item in [
            SecretServiceItem::new("3f2a").label(""),
            item(),
            item().attribute("Developer", "1.0.0.0").match_schema(false).encoding(Encoding::Base64),
            item().collection("session"),
            item().collection("/org/freedesktop/secrets/collection/login"),
        ] {
            assert!(item.problem().is_none(), "{item:?}");
        }
    }

    #[test]
    fn what_cannot_be_an_item_is_said() {
        for (item, said) in [
            (SecretServiceItem::new(""), "no schema name"),
            (item().collection(""), "collection"),
            (item().collection("no/path"), "collection"),
            (item().attribute("", "a"), "without a name"),
            (item().attribute("MsalClientID", "b"), "twice"),
            (item().attribute("xdg:schema", "b"), "xdg:schema"),
            (SecretServiceItem::new("a").match_schema(false), "any item"),
            (item().attribute("a", "b\0"), "NUL"),
        ] {
            let error = item.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.what().contains(said) && !error.remedy().is_empty(), "{error}");
        }
    }

    #[test]
    fn a_name_of_its_own_shares_no_value() {
        let (item, renamed) = (item(), item().renamed("verify"));
        assert_ne!(item.schema, renamed.schema);
        for ((name, value), (same_name, other_value)) in item.attributes.iter().zip(&renamed.attributes) {
            assert_eq!(name, same_name);
            assert_ne!(value, other_value);
        }
        assert_eq!(renamed.label, "MSALCache (verify)");
    }
}
