//! Windows on Linux: everything is linted for Windows, and the suite is run under Wine.
//!
//! What Wine cannot judge runs on the Windows runner of the workflow, by the stage `suite`:
//!
//! - its DPAPI is its own: it tests our calls, flags, sizes and errors, but a blob depends on little more than the name of
//!   the user, and neither passwords nor profiles exist;
//! - access control lists are the mode bits of Linux underneath;
//! - whether a rename survives a loss of power, and what a virus scanner does to an open file.

use crate::command::Step;
use crate::crossed::{self, Toolchain, WINDOWS, words};
use crate::progress::Progress;
use crate::wine::Wine;

const UNDER_WINE: &str = "under Wine";

pub(crate) fn stage(progress: &mut Progress) {
    crossed::lint(progress, &[WINDOWS]);
    let tools = Wine::start().and_then(|wine| Ok((wine, Toolchain::for_targets(&[WINDOWS])?)));
    match tools {
        Ok((wine, toolchain)) => run(progress, &wine, toolchain),
        Err(error) => progress.fail(error),
    }
}

fn run(progress: &mut Progress, wine: &Wine, toolchain: Toolchain) {
    let packages =
        words("--package sealed-cache --package sealed-cache-platform --all-features --no-fail-fast");
    let step: Step = toolchain.step("test", "std,panic_abort,test", &[WINDOWS]).args(&packages);
    progress.test(UNDER_WINE, &wine.runs_tests(step));
    let ran: usize = progress.suites.iter().map(|suite| suite.counts().run()).sum();
    println!("   {ran} tests ran under Wine");
    if ran == 0 {
        progress.fail("no test was run under Wine: this stage proved nothing");
    }
}
