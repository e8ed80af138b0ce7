//! The steps that the operations are made of: one method of the Secret Service each, and the prompt that it may ask
//! for.

use std::ffi::{CStr, CString};

use zeroize::Zeroizing;

use super::{
    super::{Item, Prompt},
    api::{Api, SecretValue, Variant},
    connection::Connection,
    failure::{Failure, Kind},
    owned::Owned,
    prompt,
    timer::Timer,
};

const SERVICE: &CStr = c"org.freedesktop.Secret.Service";
const SERVICE_PATH: &CStr = c"/org/freedesktop/secrets";
const COLLECTION: &CStr = c"org.freedesktop.Secret.Collection";
pub(super) const DEFAULT_COLLECTION_PATH: &CStr = c"/org/freedesktop/secrets/aliases/default";
const ITEM: &CStr = c"org.freedesktop.Secret.Item";
const PROPERTIES: &CStr = c"org.freedesktop.DBus.Properties";

/// The service, during one call.
pub(super) struct Service<'a> {
    pub(super) connection: &'a Connection,
    pub(super) timer: &'a Timer,
    pub(super) prompt: Prompt,
}

/// The paths of the items that match.
pub(super) struct Found {
    pub(super) unlocked: Vec<CString>,
    pub(super) locked: Vec<CString>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.unlocked.is_empty() && self.locked.is_empty()
    }
}

impl Service<'_> {
    /// The items that match. Some services find nothing in a locked collection: nothing is nothing only if the default
    /// collection is open.
    pub(super) fn find(&self, item: &Item<'_>) -> Result<Found, Failure> {
        let found = self.search(item)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let collection = self.default_collection()?;
        if !self.is_locked(&collection)? {
            return Ok(found);
        }
        self.unlock(&[collection])?;
        self.search(item)
    }

    fn search(&self, item: &Item<'_>) -> Result<Found, Failure> {
        let reply =
            self.call(SERVICE_PATH, (SERVICE, c"SearchItems"), &[self.attributes(item)?], c"(aoao)")?;
        let [unlocked, locked] = reply.tuple_members()?;
        Ok(Found { unlocked: unlocked.to_paths(), locked: locked.to_paths() })
    }

    /// The text of an item; `None` if another program removed it meanwhile.
    pub(super) fn secret(&self, item: &CStr) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let session = Owned::object_path(self.api(), &self.connection.session());
        match self.call(item, (ITEM, c"GetSecret"), &[session], c"((oayays))") {
            Ok(reply) => {
                let [encoded] = reply.tuple_members()?;
                let secret = self.connection.decode(&encoded);
                let secret =
                    secret.ok_or_else(|| Failure::failed("the service sent a secret that cannot be read"))?;
                Ok(Some(bytes(&secret)))
            }
            Err(failure) if failure.kind == Kind::NoSuchObject => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Create the item in the default collection, or replace the one with the same attributes.
    pub(super) fn create_item(&self, item: &Item<'_>, text: &str) -> Result<(), Failure> {
        let secret = self.connection.encode(&secret_value(self.api(), text)?);
        let arguments = [self.properties(item)?, secret, Owned::boolean(self.api(), true)];
        let reply = self.call(DEFAULT_COLLECTION_PATH, (COLLECTION, c"CreateItem"), &arguments, c"(oo)");
        let [_item, prompt] = match reply {
            Ok(reply) => reply.tuple_members()?,
            Err(failure) if failure.kind == Kind::NoSuchObject => return Err(no_collection()),
            Err(failure) if failure.kind == Kind::Locked => return Err(self.is_locked_error()),
            Err(failure) => return Err(failure),
        };
        self.complete(&prompt).map(drop)
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

    pub(super) fn default_collection(&self) -> Result<CString, Failure> {
        let alias = Owned::string(self.api(), "default")?;
        let reply = self.call(SERVICE_PATH, (SERVICE, c"ReadAlias"), &[alias], c"(o)")?;
        let [path] = reply.tuple_members()?;
        let path = path.to_c_string();
        if *path == *c"/" { Err(no_collection()) } else { Ok(path) }
    }

    pub(super) fn is_locked(&self, collection: &CStr) -> Result<bool, Failure> {
        let interface = Owned::string(self.api(), "org.freedesktop.Secret.Collection")?;
        let arguments = [interface, Owned::string(self.api(), "Locked")?];
        let reply = self.call(collection, (PROPERTIES, c"Get"), &arguments, c"(v)")?;
        let [locked] = reply.tuple_members()?;
        let locked = locked.unboxed();
        if locked.is(c"b") {
            return Ok(locked.to_bool());
        }
        Err(Failure::failed("the service does not say whether the collection is locked"))
    }

    fn is_locked_error(&self) -> Failure {
        match self.prompt {
            Prompt::Never => locked_and_no_prompt(),
            Prompt::Allowed => locked("again"),
        }
    }

    /// The label and the attributes of an item, type `a{sv}`.
    fn properties(&self, item: &Item<'_>) -> Result<Owned<Variant>, Failure> {
        let api = self.api();
        let label = Owned::string(api, item.label)?;
        let entries = [
            Owned::entry(api, &Owned::string(api, "org.freedesktop.Secret.Item.Label")?, &label.boxed()),
            Owned::entry(
                api,
                &Owned::string(api, "org.freedesktop.Secret.Item.Attributes")?,
                &self.attributes(item)?.boxed(),
            ),
        ];
        Ok(Owned::array(api, c"{sv}", &entries))
    }

    /// The attributes of an item and its schema name, type `a{ss}`.
    fn attributes(&self, item: &Item<'_>) -> Result<Owned<Variant>, Failure> {
        let api = self.api();
        let entry =
            |&(name, value)| Ok(Owned::entry(api, &Owned::string(api, name)?, &Owned::string(api, value)?));
        let schema = ("xdg:schema", item.schema);
        let attributes = item.attributes.iter().chain([&schema]);
        let entries: Vec<_> = attributes.map(entry).collect::<Result<_, Failure>>()?;
        Ok(Owned::array(api, c"{ss}", &entries))
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

fn secret_value(api: &'static Api, text: &str) -> Result<Owned<SecretValue>, Failure> {
    let length = isize::try_from(text.len()).map_err(|_| Failure::failed("the text is too long"))?;
    // SAFETY: the pointer and the length are those of the text, which is copied, into memory that libsecret wipes; the
    // result is a new reference.
    Ok(unsafe {
        Owned::take_new(api, (api.secret_value_new)(text.as_ptr().cast(), length, c"text/plain".as_ptr()))
    })
}

fn bytes(secret: &Owned<SecretValue>) -> Zeroizing<Vec<u8>> {
    let mut length = 0;
    // SAFETY: the secret is valid. The result is not null, as there is always a NUL behind the text; it has as many
    // bytes as are written to `length`, and lives as long as the secret.
    let bytes = unsafe {
        let start = (secret.api.secret_value_get)(secret.as_ptr(), &raw mut length);
        std::slice::from_raw_parts(start.cast::<u8>(), length)
    };
    Zeroizing::new(bytes.to_vec())
}

fn no_collection() -> Failure {
    Failure::new(
        Kind::Unavailable,
        "the Secret Service has no default collection: nobody has made a keyring yet",
    )
}

pub(super) fn locked_and_no_prompt() -> Failure {
    locked("and this call must not ask a person to unlock it")
}

pub(super) fn locked(and: &str) -> Failure {
    Failure::new(Kind::Locked, format!("the keyring is locked, {and}"))
}
