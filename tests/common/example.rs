//! The examples, as programs to be started.

use std::{
    env::{self, consts::EXE_SUFFIX},
    path::PathBuf,
};

/// `cargo test` builds the examples beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).map(|folder| folder.join("examples"));
    let path = folder.unwrap().join(format!("{name}{EXE_SUFFIX}"));
    assert!(path.exists(), "{} is not built: run `cargo build --examples` first", path.display());
    path
}
