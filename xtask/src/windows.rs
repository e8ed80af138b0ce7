//! Windows on Linux: everything is linted for Windows, and the suite is run under Wine.
//!
//! What Wine cannot judge runs on the Windows runner of the workflow, by the stage `suite`:
//!
//! - its DPAPI is its own: it tests our calls, flags, sizes and errors, but a blob depends on little more than the name of
//!   the user, and neither passwords nor profiles exist;
//! - access control lists are the mode bits of Linux underneath;
//! - whether a rename survives a loss of power, and what a virus scanner does to an open file.

use crate::crossed::{self, Toolchain, WINDOWS, words};
use crate::progress::Progress;
use crate::windows_peers;
use crate::wine::{self, Wine};

const UNDER_WINE: &str = "under Wine";

pub(crate) fn stage(progress: &mut Progress) {
    crossed::lint(progress, &[WINDOWS]);
    match windows_peers::install().and_then(|()| Toolchain::for_targets(&[WINDOWS])) {
        Ok(toolchain) => test(progress, toolchain),
        Err(error) => progress.fail(error),
    }
}

/// Everything is built before Wine is started, whose server does not wait for ever.
fn test(progress: &mut Progress, toolchain: Toolchain) {
    let line = "--package sealed-cache --package sealed-cache-platform --all-features --no-fail-fast";
    let step = wine::builds(toolchain.step("test", "std,panic_abort,test", &[WINDOWS])).args(&words(line));
    let before = progress.failures.len();
    progress.run(&step.clone().args(&["--no-run"]));
    if progress.failures.len() > before {
        return;
    }
    match Wine::start() {
        Ok(wine) => progress.test(UNDER_WINE, &wine.runs(step)),
        Err(error) => return progress.fail(error),
    }
    let ran: usize = progress.suites.iter().map(|suite| suite.counts().run()).sum();
    println!("   {ran} tests ran under Wine");
    if ran == 0 {
        progress.fail("no test was run under Wine: this stage proved nothing");
    }
}
