//! A keychain item in memory.

use std::sync::{Arc, Mutex};

use sealed_cache::{
    KeyLifetime, Result, SecretBytes,
    protect::{KeyItem, KeyRequest},
};

use crate::faults::Faults;

/// The clones are one item. Its operations count as operations of the disk, and fail like them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    text: Arc<Mutex<Option<String>>>,
    faults: Arc<Faults>,
}

impl Item {
    pub(crate) fn new(text: Option<String>, faults: &Arc<Faults>) -> Self {
        Self { text: Arc::new(Mutex::new(text)), faults: Arc::clone(faults) }
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.text.lock().unwrap().clone()
    }
}

impl KeyItem for Item {
    fn name(&self) -> &'static str {
        "item"
    }

    fn summary(&self) -> String {
        "key in memory".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, _request: &KeyRequest) -> Result<()> {
        Ok(())
    }

    fn read(&self, _request: &KeyRequest) -> Result<Option<SecretBytes>> {
        self.faults.of_item("read", || ())?;
        Ok(self.text().map(|text| SecretBytes::from(text.as_bytes())))
    }

    fn write(&self, _request: &KeyRequest, text: &str) -> Result<()> {
        let write = || *self.text.lock().unwrap() = Some(text.to_owned());
        self.faults.of_item("write", write)?;
        write();
        Ok(())
    }

    fn remove(&self, _request: &KeyRequest) -> Result<()> {
        let remove = || *self.text.lock().unwrap() = None;
        self.faults.of_item("remove", remove)?;
        remove();
        Ok(())
    }
}
