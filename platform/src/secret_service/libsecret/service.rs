//! The steps that the operations are made of: one method of the Secret Service each, and the prompt that it may ask
//! for.

use std::ffi::{CStr, CString};

use super::{
    super::{Item, Prompt},
    api::{Api, SecretValue, Variant},
    attributes, collection,
    connection::Connection,
    failure::{Failure, Kind},
    owned::Owned,
    prompt,
    timer::Timer,
};

const SERVICE: &CStr = c"org.freedesktop.Secret.Service";
const SERVICE_PATH: &CStr = c"/org/freedesktop/secrets";
const COLLECTION: &CStr = c"org.freedesktop.Secret.Collection";
const ITEM: &CStr = c"org.freedesktop.Secret.Item";
const PROPERTIES: &CStr = c"org.freedesktop.DBus.Properties";

/// The service, during one call.
pub(super) struct Service<'a> {
    pub(super) connection: &'a Connection,
    pub(super) timer: &'a Timer,
    pub(super) prompt: Prompt,
}

/// The paths of the items that match.
pub(super) struct Paths {
    pub(super) unlocked: Vec<CString>,
    pub(super) locked: Vec<CString>,
}

/// What a new item takes the place of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Replace {
    Nothing,
    /// An item in the same collection that has its attributes: for GNOME Keyring, whatever else that has.
    WhatMatches,
}

impl Paths {
    fn is_empty(&self) -> bool {
        self.unlocked.is_empty() && self.locked.is_empty()
    }
}

impl Service<'_> {
    /// The items that match. Some services find nothing in a locked collection: nothing is nothing only if the collection
    /// of the item is open.
    pub(super) fn find(&self, item: &Item<'_>) -> Result<Paths, Failure> {
        let found = self.search(item)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let (collection, is_locked) = self.state(item)?;
        if !is_locked {
            return Ok(found);
        }
        self.unlock(&[collection])?;
        self.search(item)
    }

    pub(super) fn search(&self, item: &Item<'_>) -> Result<Paths, Failure> {
        let wanted = attributes::to_find(self.api(), item)?;
        let reply = self.call(SERVICE_PATH, (SERVICE, c"SearchItems"), &[wanted], c"(aoao)")?;
        let [unlocked, locked] = reply.tuple_members()?;
        Ok(Paths { unlocked: unlocked.to_paths(), locked: locked.to_paths() })
    }

    /// Of these, those that have exactly the attributes of the item. Those that another program removed meanwhile have
    /// none.
    pub(super) fn exact(&self, item: &Item<'_>, paths: Vec<CString>) -> Result<Vec<CString>, Failure> {
        let mut exact = Vec::new();
        for path in paths {
            match self.property(&path, (ITEM, "Attributes")) {
                Ok(attributes) if attributes::are_exactly(&attributes, item)? => exact.push(path),
                Ok(_) => {}
                Err(failure) if failure.kind == Kind::NoSuchObject => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(exact)
    }

    /// What an item holds; `None` if another program removed it meanwhile.
    pub(super) fn secret(&self, item: &CStr) -> Result<Option<Owned<SecretValue>>, Failure> {
        let session = Owned::object_path(self.api(), &self.connection.session());
        match self.call(item, (ITEM, c"GetSecret"), &[session], c"((oayays))") {
            Ok(reply) => {
                let [encoded] = reply.tuple_members()?;
                let secret = self.connection.decode(&encoded);
                secret
                    .map(Some)
                    .ok_or_else(|| Failure::failed("the service sent a secret that cannot be read"))
            }
            Err(failure) if failure.kind == Kind::NoSuchObject => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Change what an item holds, and whether it was there.
    pub(super) fn set_secret(&self, item: &CStr, text: &str) -> Result<bool, Failure> {
        let secret = self.connection.encode(&Owned::text(self.api(), text)?);
        match self.call(item, (ITEM, c"SetSecret"), &[secret], c"()") {
            Ok(_) => Ok(true),
            Err(failure) if failure.kind == Kind::NoSuchObject => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Create the item in its collection. Its path.
    pub(super) fn create_item(
        &self,
        item: &Item<'_>,
        text: &str,
        replace: Replace,
    ) -> Result<CString, Failure> {
        let api = self.api();
        let secret = self.connection.encode(&Owned::text(api, text)?);
        let replace = Owned::boolean(api, replace == Replace::WhatMatches);
        let arguments = [attributes::properties(api, item)?, secret, replace];
        let path = collection::path(item.collection)?;
        let [created, prompt] = match self.call(&path, (COLLECTION, c"CreateItem"), &arguments, c"(oo)") {
            Ok(reply) => reply.tuple_members()?,
            Err(failure) if failure.kind == Kind::NoSuchObject => return Err(collection::absent(item)),
            Err(failure) if failure.kind == Kind::Locked => return Err(self.is_locked_error()),
            Err(failure) => return Err(failure),
        };
        let created = self.complete(&prompt)?.filter(|asked| asked.is(c"o")).unwrap_or(created);
        Ok(created.to_c_string())
    }

    /// Whether the item of this path is the one that is found.
    pub(super) fn is_first(&self, item: &Item<'_>, path: &CStr) -> Result<bool, Failure> {
        let found = self.find(item)?.unlocked;
        Ok(found.len() <= 1 || found.first().is_some_and(|first| **first == *path))
    }

    /// Give an item other attributes and another label, and whether it was there.
    pub(super) fn rename(&self, path: &CStr, to: &Item<'_>) -> Result<bool, Failure> {
        let label = Owned::string(self.api(), to.label)?;
        Ok(self.set_property(path, "Attributes", &attributes::to_store(self.api(), to)?)?
            && self.set_property(path, "Label", &label)?)
    }

    /// Make it the item that was changed last. For GNOME Keyring, one that is given what it holds was not changed; so
    /// the label is, and then it is what it was.
    pub(super) fn touch(&self, item: &CStr) -> Result<(), Failure> {
        let label = match self.property(item, (ITEM, "Label")) {
            Ok(label) if label.is(c"s") => label,
            Err(failure) if failure.kind != Kind::NoSuchObject => return Err(failure),
            _ => return Ok(()),
        };
        let other = Owned::string(self.api(), &format!("{} ", label.to_c_string().to_string_lossy()))?;
        self.set_property(item, "Label", &other)?;
        self.set_property(item, "Label", &label).map(drop)
    }

    /// Set a property of an item, and whether it was there.
    fn set_property(&self, item: &CStr, name: &str, value: &Owned<Variant>) -> Result<bool, Failure> {
        let interface = Owned::string(self.api(), &ITEM.to_string_lossy())?;
        let arguments = [interface, Owned::string(self.api(), name)?, value.boxed()];
        match self.call(item, (PROPERTIES, c"Set"), &arguments, c"()") {
            Ok(_) => Ok(true),
            Err(failure) if failure.kind == Kind::NoSuchObject => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Whether there was an item to delete.
    pub(super) fn delete(&self, item: &CStr) -> Result<bool, Failure> {
        match self.call(item, (ITEM, c"Delete"), &[], c"(o)") {
            Ok(reply) => {
                let [prompt] = reply.tuple_members()?;
                self.complete(&prompt).map(|_| true)
            }
            Err(failure) if failure.kind == Kind::NoSuchObject => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Unlock these, asking a person if that is allowed.
    pub(super) fn unlock(&self, paths: &[CString]) -> Result<(), Failure> {
        if self.prompt == Prompt::Never {
            return Err(locked_and_no_prompt());
        }
        let objects: Vec<_> = paths.iter().map(|path| Owned::object_path(self.api(), path)).collect();
        let objects = Owned::array(self.api(), c"o", &objects);
        let reply = self.call(SERVICE_PATH, (SERVICE, c"Unlock"), &[objects], c"(aoo)")?;
        let [unlocked, prompt] = reply.tuple_members()?;
        let unlocked = self.complete(&prompt)?.unwrap_or(unlocked);
        if !unlocked.is(c"ao") || unlocked.members().is_empty() {
            return Err(locked("and the service did not unlock it"));
        }
        Ok(())
    }

    /// Perform the prompt that a method asks for, if it does. `None` if it does not.
    fn complete(&self, prompt: &Owned<Variant>) -> Result<Option<Owned<Variant>>, Failure> {
        let path = prompt.to_c_string();
        if *path == *c"/" {
            return Ok(None);
        }
        if self.prompt == Prompt::Never {
            prompt::refuse(self.connection, &path);
            return Err(Failure::new(
                Kind::Locked,
                "the keyring wants to ask a person, which this call must not",
            ));
        }
        prompt::perform(self.connection, self.timer, &path).map(Some)
    }

    /// The path of the collection in which the item is stored.
    pub(super) fn collection(&self, item: &Item<'_>) -> Result<CString, Failure> {
        if item.collection.starts_with('/') {
            return collection::path(item.collection);
        }
        let alias = Owned::string(self.api(), item.collection)?;
        let reply = self.call(SERVICE_PATH, (SERVICE, c"ReadAlias"), &[alias], c"(o)")?;
        let [path] = reply.tuple_members()?;
        let path = path.to_c_string();
        if *path == *c"/" { Err(collection::absent(item)) } else { Ok(path) }
    }

    /// The same, and whether it is locked.
    pub(super) fn state(&self, item: &Item<'_>) -> Result<(CString, bool), Failure> {
        let path = self.collection(item)?;
        match self.property(&path, (COLLECTION, "Locked")) {
            Ok(locked) if locked.is(c"b") => Ok((path, locked.to_bool())),
            Ok(_) => Err(Failure::failed("the service does not say whether the collection is locked")),
            Err(failure) if failure.kind == Kind::NoSuchObject => Err(collection::absent(item)),
            Err(failure) => Err(failure),
        }
    }

    fn property(&self, path: &CStr, (interface, name): (&CStr, &str)) -> Result<Owned<Variant>, Failure> {
        let interface = Owned::string(self.api(), &interface.to_string_lossy())?;
        let arguments = [interface, Owned::string(self.api(), name)?];
        let reply = self.call(path, (PROPERTIES, c"Get"), &arguments, c"(v)")?;
        let [value] = reply.tuple_members()?;
        Ok(value.unboxed())
    }

    fn is_locked_error(&self) -> Failure {
        match self.prompt {
            Prompt::Never => locked_and_no_prompt(),
            Prompt::Allowed => locked("again"),
        }
    }

    fn call(
        &self,
        path: &CStr,
        method: (&CStr, &CStr),
        arguments: &[Owned<Variant>],
        reply: &CStr,
    ) -> Result<Owned<Variant>, Failure> {
        self.connection.call(self.timer, path, method, arguments, reply)
    }

    const fn api(&self) -> &'static Api {
        self.connection.api
    }
}

pub(super) fn locked_and_no_prompt() -> Failure {
    locked("and this call must not ask a person to unlock it")
}

pub(super) fn locked(and: &str) -> Failure {
    Failure::new(Kind::Locked, format!("the keyring is locked, {and}"))
}
