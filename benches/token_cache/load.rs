//! From text and back, beside passes over the same bytes.

use std::{any::Any, cell::RefCell, collections::HashMap, hint::black_box, io::Write};

use sealed_cache::{SecretBytes, SerializableCache, token_cache::TokenCache};
use serde_json::{Value, json, value::RawValue};

use crate::{
    beside::{Python, row, table},
    data::{Data, loaded},
    options::Options,
    sample::{compare, compare_prepared},
    table::Table,
};

pub(crate) const SIZES: [(&str, usize); 3] = [("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("10 MiB", 10 << 20)];

pub(crate) fn run(options: &Options) {
    let mut loads = table("Load", "one serde_json pass");
    let mut saves = table("Serialize", "copy of the bytes");
    for (size, bytes) in SIZES.into_iter().take(if options.smoke { 1 } else { 3 }) {
        let compact = Data::of_size(bytes).json();
        let indented = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&compact).expect("JSON"));
        for (form, text) in [("compact", compact), ("indented", indented.expect("JSON"))] {
            of_text(options, &mut loads, &mut saves, &format!("{size}, {form}"), &text);
        }
    }
    loads.print();
    saves.print();
}

fn of_text(options: &Options, loads: &mut Table, saves: &mut Table, name: &str, text: &str) {
    // Short batches: a neighbour on the same processor then spoils few of them.
    let (rounds, batch) = if text.len() > 1 << 18 { (41, 1) } else { (201, 8) };
    let sampling = options.sampling(rounds, batch);
    let mut python = Python::with(text);
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file");
    let deserialize = [json!("deserialize"), json!(file.path())];
    let taken = python.time(options, batch.min(20), &deserialize);

    // Dropped, and so wiped, outside of the time.
    let kept = RefCell::new(Vec::<Box<dyn Any>>::new());
    let prepare = || {
        kept.borrow_mut().clear();
        SecretBytes::from(text.as_bytes())
    };
    let load = |bytes| {
        let cache = TokenCache::deserialize(bytes).expect("it is a token cache");
        kept.borrow_mut().push(Box::new(cache));
    };
    let entries = |bytes| {
        black_box(by_entry(text));
        kept.borrow_mut().push(Box::new(bytes));
    };
    let whole = |bytes| {
        black_box(serde_json::from_str::<&RawValue>(text).expect("JSON"));
        kept.borrow_mut().push(Box::new(bytes));
    };
    let compared = compare_prepared(sampling, prepare, entries, load);
    row(loads, &format!("{name}: each entry a `RawValue`"), &compared, "2", taken);
    let compared = compare_prepared(sampling, prepare, whole, load);
    row(loads, &format!("{name}: the whole a `RawValue`"), &compared, "-", taken);

    let cache = loaded(text);
    let written = cache.serialize().expect("it can be written");
    let copy = || _ = black_box(SecretBytes::from(black_box(&written[..])));
    let serialize = || _ = black_box(cache.serialize().expect("it can be written"));
    let compared = compare(sampling, copy, serialize);
    row(saves, name, &compared, "-", python.time(options, batch.min(5), &[json!("serialize")]));
}

/// The members of the sections by their keys, unparsed.
fn by_entry(text: &str) -> HashMap<&str, HashMap<&str, &RawValue>> {
    serde_json::from_str(text).expect("it has no escapes in its keys")
}
