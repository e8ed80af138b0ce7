//! A read when nothing was changed since the last one: beside one `stat`.

use std::{fs, hint::black_box};

use crate::{
    options::Options,
    sample::compare,
    table::Table,
    tokens::{Tokens, open_with},
};

pub(crate) fn run(options: &Options) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tokens = Tokens::of_size(64 << 10);
    let cache = open_with(folder.path(), &tokens);
    let (path, wanted) = (cache.location().expect("it is a file").to_path_buf(), tokens.wanted());
    let compared = compare(
        options.sampling(61, 2000),
        || _ = black_box(fs::symlink_metadata(&path).expect("it is there")),
        || assert!(cache.read(|stored| stored.tokens.contains_key(&wanted)).expect("it can be read")),
    );
    let mut table = Table::of_comparisons("Read, nothing changed since the last one");
    table.comparison(
        "`read` of a 64 KiB cache and look-up, beside one `stat`",
        &compared,
        "2",
        "130 us (Python, plain file: reads it again)",
    );
    table.print();
}
