//! [`BoundedItem`]: an item each of whose calls ends in time, whatever its keychain does.

use std::{fmt, sync::Arc};

use super::item::{Item, ItemCall};
use crate::{Result, SecretBytes, protect::BoundedCalls};

/// An item whose calls run on a thread of their own, and are abandoned at their deadline.
pub(super) struct BoundedItem {
    item: Arc<dyn Item>,
    calls: BoundedCalls,
}

impl BoundedItem {
    pub(super) fn new(item: impl Item) -> Self {
        Self { item: Arc::new(item), calls: BoundedCalls::default() }
    }

    fn call<R: Send + 'static>(
        &self,
        call: &ItemCall,
        work: impl FnOnce(&dyn Item, &ItemCall) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (item, within) = (Arc::clone(&self.item), call.clone());
        self.calls.call(&self.item.summary(), &call.deadline, move || work(&*item, &within))
    }
}

impl Item for BoundedItem {
    fn keychain(&self) -> &'static str {
        self.item.keychain()
    }

    fn summary(&self) -> String {
        self.item.summary()
    }

    fn probe(&self, call: &ItemCall) -> Result<()> {
        self.call(call, |item, call| item.probe(call))
    }

    fn read(&self, call: &ItemCall) -> Result<Option<SecretBytes>> {
        self.call(call, |item, call| item.read(call))
    }

    fn write(&self, contents: &SecretBytes, call: &ItemCall) -> Result<()> {
        let contents = contents.clone();
        self.call(call, move |item, call| item.write(&contents, call))
    }

    fn remove(&self, call: &ItemCall) -> Result<()> {
        self.call(call, |item, call| item.remove(call))
    }

    fn set_aside(&self, suffix: &str, call: &ItemCall) -> Result<String> {
        let suffix = suffix.to_owned();
        self.call(call, move |item, call| item.set_aside(&suffix, call))
    }

    fn throw_away(&self, name: &str) -> Box<dyn Item> {
        Box::new(Self { item: Arc::from(self.item.throw_away(name)), calls: self.calls.clone() })
    }
}

impl fmt::Debug for BoundedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item.fmt(f)
    }
}
