//! A durable save: beside write, fsync, rename, fsync of the folder.

use std::time::Duration;

use sealed_cache::{
    Deadline, SecretBytes,
    persistence::{Persistence, SealedFile},
};

use crate::{
    floor::Floor,
    options::Options,
    sample::{compare, compare_prepared},
    table::Table,
    tokens::{Token, Tokens, json, key, open_bytes, open_with},
};

/// None of them syncs or renames: a crash can empty the cache.
const PEERS: [&str; 4] = [
    "0.25 ms (plain, in place), 2.20 ms (encrypted)",
    "0.48 ms (plain, in place), 3.35 ms (encrypted)",
    "5.19 ms (plain, in place), 22.9 ms (encrypted)",
    "58.4 ms (plain, in place), 203 ms (encrypted)",
];

pub(crate) fn run(options: &Options) {
    let mut table = Table::of_comparisons("Durable save");
    let sizes = [[("4 KiB", 4 << 10)].as_slice(), crate::tokens::sizes(options)].concat();
    let rounds = [(41, 20), (41, 20), (21, 10), (9, 2)];
    for (((size, bytes), peers), (rounds, batch)) in sizes.into_iter().zip(PEERS).zip(rounds) {
        let sampling = options.sampling(rounds, batch);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tokens = Tokens::of_size(bytes);
        let contents = json(&tokens);
        let floor = Floor::create(folder.path());
        floor.save(contents.clone());
        let cache = open_with(folder.path(), &tokens);
        let store = open_bytes(folder.path());
        let mut save = saver(&store);

        let compared =
            compare_prepared(sampling, || contents.clone(), |bytes| floor.write(&[&bytes]), &mut save);
        table.comparison(
            &format!("{size}: `SealedFile::save`, beside the bare write"),
            &compared,
            "1.2",
            peers,
        );
        let compared = compare_prepared(sampling, || contents.clone(), |bytes| floor.save(bytes), &mut save);
        table.comparison(&format!("{size}: the same, beside encrypt and write"), &compared, "1.2", peers);
        drop(save);

        let mut in_memory = tokens.clone();
        let mut number = 0;
        let compared = compare(
            sampling,
            || {
                let lock = floor.lock_file();
                lock.lock().expect("the file system has locks");
                in_memory.tokens.insert(key(0), Token::new(7, 1400));
                floor.save(json(&in_memory));
                lock.unlock().expect("it is locked");
            },
            || {
                number += 1;
                let changed = cache.update(|stored| stored.tokens.insert(key(0), Token::new(number, 1400)));
                changed.expect("it can be saved");
            },
        );
        let work = format!("{size}: `update` of one token, beside lock, to JSON, encrypt, write");
        table.comparison(&work, &compared, "1.2", peers);
    }
    table.print();
}

/// Saves under a lock that is taken once.
fn saver(store: &SealedFile) -> impl FnMut(Vec<u8>) {
    let mut lock = store.lock(&Deadline::after(Duration::from_secs(10))).expect("nobody else has it");
    move |bytes| _ = store.save(&mut lock, SecretBytes::from(bytes)).expect("it can be saved")
}
