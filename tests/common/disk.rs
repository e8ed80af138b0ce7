//! A model of a disk: what is there after a loss of power.
//!
//! Bytes are durable after a sync of their file, names after a sync of their folder. What was not synced may have
//! arrived or not: bytes not at all, in part, as zeros, or all of them; of the changes of names any selection.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use sealed_cache::testing::{FileObserver, FileStep};

use crate::{faults::Faults, item::Item};

/// The files in a folder, and the text of the keychain item, which is durable when it says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Image {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) item: Option<String>,
}

impl Image {
    /// Put it into a folder.
    pub(crate) fn restore(&self, folder: &Path) -> Item {
        for (name, contents) in &self.files {
            fs::write(folder.join(name), contents).unwrap();
        }
        Item::new(self.item.clone(), &Arc::new(Faults::default()))
    }
}

#[derive(Debug)]
pub(crate) struct Disk {
    item: Item,
    model: Mutex<Model>,
}

#[derive(Debug, Default)]
struct Model {
    contents: Vec<Contents>,
    /// The names as programs see them, and as the disk knows them.
    names: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    /// The changes of names since the last sync of the folder.
    changes: Vec<Vec<(String, Option<usize>)>>,
    /// Every image that a loss of power could have left so far.
    images: BTreeSet<Image>,
}

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    durable: usize,
}

impl Disk {
    /// A disk on which everything that is in the folder now is durable.
    pub(crate) fn of(folder: &Path, item: &Item) -> Self {
        let mut model = Model::default();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let bytes = fs::read(entry.path()).unwrap();
            model.names.insert(name(&entry.path()), model.contents.len());
            model.contents.push(Contents { durable: bytes.len(), bytes });
        }
        model.durable = model.names.clone();
        Self { item: item.clone(), model: Mutex::new(model) }
    }

    /// What a loss of power could have left at any moment so far.
    pub(crate) fn images_until_now(&self) -> BTreeSet<Image> {
        let mut model = self.model.lock().unwrap();
        model.capture(&self.item);
        model.images.clone()
    }

    /// What a loss of power at this moment would leave.
    pub(crate) fn images_now(&self) -> BTreeSet<Image> {
        self.model.lock().unwrap().possible(&self.item)
    }
}

impl Model {
    fn capture(&mut self, item: &Item) {
        let possible = self.possible(item);
        self.images.extend(possible);
    }

    fn possible(&self, item: &Item) -> BTreeSet<Image> {
        let mut images = BTreeSet::new();
        for selection in 0..1_usize << self.changes.len() {
            let mut names = self.durable.clone();
            let selected = self.changes.iter().enumerate().filter(|(number, _)| selection >> number & 1 == 1);
            for (name, contents) in selected.flat_map(|(_, change)| change) {
                match contents {
                    Some(contents) => names.insert(name.clone(), *contents),
                    None => names.remove(name),
                };
            }
            for arrived in [nothing, half, zeros, everything] {
                let file =
                    |(name, number): (&String, &usize)| (name.clone(), arrived(&self.contents[*number]));
                images.insert(Image { files: names.iter().map(file).collect(), item: item.text() });
            }
        }
        images
    }

    fn apply(&mut self, step: FileStep<'_>) {
        match step {
            FileStep::Create(path) => {
                self.contents.push(Contents::default());
                self.change(vec![(name(path), Some(self.contents.len() - 1))]);
            }
            FileStep::Write(path, bytes) => self.file(path).bytes.extend_from_slice(bytes),
            FileStep::Sync(path) => {
                let file = self.file(path);
                file.durable = file.bytes.len();
            }
            FileStep::Rename(from, to) => {
                let moved = self.names[&name(from)];
                self.change(vec![(name(from), None), (name(to), Some(moved))]);
            }
            FileStep::Remove(path) if self.names.contains_key(&name(path)) => {
                self.change(vec![(name(path), None)]);
            }
            FileStep::SyncFolder(_) => {
                self.durable = self.names.clone();
                self.changes.clear();
            }
            _ => {}
        }
    }

    fn change(&mut self, change: Vec<(String, Option<usize>)>) {
        for (name, contents) in &change {
            match contents {
                Some(contents) => self.names.insert(name.clone(), *contents),
                None => self.names.remove(name),
            };
        }
        self.changes.push(change);
    }

    fn file(&mut self, path: &Path) -> &mut Contents {
        &mut self.contents[self.names[&name(path)]]
    }
}

impl FileObserver for Disk {
    fn before(&self, step: FileStep<'_>) -> io::Result<()> {
        let mut model = self.model.lock().unwrap();
        model.capture(&self.item);
        model.apply(step);
        Ok(())
    }
}

fn nothing(file: &Contents) -> Vec<u8> {
    file.bytes[..file.durable].to_vec()
}

fn half(file: &Contents) -> Vec<u8> {
    file.bytes[..file.durable.midpoint(file.bytes.len())].to_vec()
}

fn zeros(file: &Contents) -> Vec<u8> {
    let mut bytes = nothing(file);
    bytes.resize(file.bytes.len(), 0);
    bytes
}

fn everything(file: &Contents) -> Vec<u8> {
    file.bytes.clone()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
