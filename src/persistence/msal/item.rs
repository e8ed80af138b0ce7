//! [`Item`]: the item of a keychain in which the family keeps a whole cache.

use std::fmt;

use crate::{Deadline, Prompt, Result, SecretBytes};

/// An item of a keychain that holds the whole cache.
pub(super) trait Item: fmt::Debug + Send + Sync + 'static {
    /// The name of the keychain, for programs: `secret-service`.
    fn keychain(&self) -> &'static str;

    /// What it is, for people: `item "MSALCache" of the Secret Service`.
    fn summary(&self) -> String;

    /// Whether the keychain is there and can be used: without asking a person, or with, where the call allows it.
    fn probe(&self, call: &ItemCall) -> Result<()>;

    /// The text of the cache, decoded: `None` if there is no such item. An item that holds nothing is `Some` of nothing.
    fn read(&self, call: &ItemCall) -> Result<Option<SecretBytes>>;

    /// Keep this text in the item, in place of what it held.
    fn write(&self, contents: &SecretBytes, call: &ItemCall) -> Result<()>;

    /// Remove exactly this item; that there is none is fine.
    fn remove(&self, call: &ItemCall) -> Result<()>;

    /// Keep what the item holds, byte for byte, under another name, which no peer looks for, and remove the item. Tells
    /// people where it is then.
    fn set_aside(&self, suffix: &str, call: &ItemCall) -> Result<String>;

    /// The same kind of item under a throw-away name, which no peer looks for.
    fn throw_away(&self, name: &str) -> Box<dyn Item>;
}

/// How long a call to a keychain may take, and whether it may ask a person.
#[derive(Clone, Debug)]
pub(super) struct ItemCall {
    pub(super) deadline: Deadline,
    pub(super) prompt: Prompt,
}
