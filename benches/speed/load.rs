//! Loading a sealed cache and finding one token: beside reading, decrypting and one pass over the bytes.

use std::hint::black_box;

use sealed_cache::{
    Json, SerializableCache,
    persistence::{Found, Persistence},
};

use crate::{
    floor::{Floor, pass},
    options::Options,
    sample::compare,
    table::Table,
    tokens::{Tokens, json, open, open_bytes, open_with},
};

/// Plain file and keychain, Python; the Go cache is 3 to 5 times slower, Node's lies between.
const PEERS: [&str; 3] = [
    "0.13 ms (plain file), 1.39 ms (encrypted)",
    "1.65 ms (plain file), 8.36 ms (encrypted)",
    "22.9 ms (plain file), 84.2 ms (encrypted)",
];

pub(crate) fn run(options: &Options) {
    let mut table = Table::of_comparisons("Load a sealed cache, find one token");
    let rounds = [(41, 200), (41, 20), (15, 2)];
    for ((&(size, bytes), peers), (rounds, batch)) in
        crate::tokens::sizes(options).iter().zip(PEERS).zip(rounds)
    {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tokens = Tokens::of_size(bytes);
        let (wanted, floor) = (tokens.wanted(), Floor::create(folder.path()));
        floor.save(json(&tokens));
        drop(open_with(folder.path(), &tokens));
        let store = open_bytes(folder.path());

        let compared = compare(
            options.sampling(rounds, batch),
            || _ = black_box(pass(&floor.load())),
            || match store.load().expect("it can be read").found {
                Found::Contents(contents) => _ = black_box(pass(&contents)),
                found => panic!("{found:?}"),
            },
        );
        table.comparison(&format!("{size}: `SealedFile::load`, one pass"), &compared, "2", peers);

        let has_wanted = |tokens: &Tokens| assert!(tokens.tokens.contains_key(&wanted));
        let compared = compare(
            options.sampling(rounds, batch),
            || has_wanted(&floor.load_tokens()),
            || match store.load().expect("it can be read").found {
                Found::Contents(contents) => has_wanted(&Json::deserialize(contents).expect("it is JSON")),
                found => panic!("{found:?}"),
            },
        );
        table.comparison(
            &format!("{size}: `SealedFile::load`, `Json`, find; floor parses too"),
            &compared,
            "2",
            peers,
        );

        let compared = compare(
            options.sampling(rounds, batch),
            || has_wanted(&Floor::open(folder.path()).load_tokens()),
            || open(folder.path()).read(|stored| has_wanted(stored)).expect("it can be read"),
        );
        let work = format!("{size}: open, fetch the key, load, find; floor reads its key from a file, too");
        table.comparison(&work, &compared, "2", peers);
    }
    table.print();
}
