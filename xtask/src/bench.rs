//! The benchmarks. They measure and judge nothing, so they are no part of the test.

use crate::command::Step;

/// Arguments are passed on to the benchmarks: `cargo xtask bench save` runs those with "save" in their name.
pub(crate) fn run(arguments: &[&str]) -> bool {
    let step = Step::cargo("bench --package sealed-cache --benches --all-features --").args(arguments);
    match step.run() {
        Ok(()) => true,
        Err(error) => {
            println!("error: `{step}` {error}");
            false
        }
    }
}
