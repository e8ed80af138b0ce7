//! A whole process, from its start to its end, that loads the cache and finds one token.

use crate::{
    floor::Floor,
    options::Options,
    sample::compare,
    table::Table,
    tokens::{Tokens, json, open_with},
    worker::complete,
};

const PEERS: [&str; 3] = [
    "2.78 ms (Go, plain file), 13.7 ms (Go, encrypted)",
    "9.29 ms (Go, plain file), 34.8 ms (Go, encrypted)",
    "67.0 ms (Go, plain file), 196 ms (Go, encrypted)",
];

pub(crate) fn run(options: &Options) {
    let mut table = Table::of_comparisons("A whole process that loads and finds one token");
    for ((&(size, bytes), peers), rounds) in crate::tokens::sizes(options).iter().zip(PEERS).zip([41, 41, 15])
    {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let tokens = Tokens::of_size(bytes);
        Floor::create(temporary.path()).save(json(&tokens));
        drop(open_with(temporary.path(), &tokens));
        let (folder, wanted) = (temporary.path().to_str().expect("UTF-8"), tokens.wanted());
        let compared = compare(
            options.sampling(rounds, 5),
            || complete(&["find", "floor", folder, &wanted]),
            || complete(&["find", "ours", folder, &wanted]),
        );
        table.comparison(&format!("{size}, key in a file"), &compared, "2", peers);
    }
    table.print();
}
