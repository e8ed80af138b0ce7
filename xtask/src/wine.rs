//! Wine with a Windows of its own under `target/`, made once, and its server while it is needed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Step;
use crate::provision;

const LOADER: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver";
/// In seconds after the last program has ended, longer than anything is compiled in between. The server also creates the files: what inherits the rights of a private
/// folder on Windows is private by its umask here.
const STAYS: &str = "--persistent=600";
const COMPILER: &str = "x86_64-w64-mingw32-gcc";

const FOLDER: &str = "target/xtask/wine";
/// What Rust's standard library imports and Wine 8 lacks. Its presence also says that the prefix is complete.
const SHIM: &str = "drive_c/windows/system32/bcryptprimitives.dll";
const SHIM_SOURCE: &str = "xtask/wine/bcryptprimitives.c";

/// Running: its server ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Wine {
    prefix: String,
}

impl Wine {
    pub(crate) fn start() -> Result<Self, String> {
        let missing: Vec<_> =
            [LOADER, SERVER].into_iter().filter(|path| !Path::new(path).is_file()).collect();
        if !missing.is_empty() {
            return Err(format!("not here: {}. Install it: {}", missing.join(", "), provision::by_hand()));
        }
        let folder = existing(Path::new(FOLDER))?;
        let prefix = folder.join("prefix");
        let wine = Self { prefix: prefix.to_string_lossy().into_owned() };
        // Of a run that was killed.
        let _ = wine.in_prefix(Step::new(SERVER, &["--kill"])).detached();
        if !prefix.join(SHIM).is_file() {
            wine.make(&prefix, &folder.join("bcryptprimitives.dll"))?;
        }
        // Otherwise each program would start a server anew. It ends by itself if this run is killed.
        wine.in_prefix(Step::new("sh", &["-c", &format!("umask 077; exec {SERVER} {STAYS}")])).detached()?;
        // An older one, as which Wine presents itself, the Node of the peers refuses to run on. At each start: it takes no
        // time, and the folder may have been made before this was needed.
        wine.in_prefix(Step::new(LOADER, &["winecfg.exe", "-v", "win10"])).detached()?;
        // The services of Windows live as long, and would hold the output of the first test.
        wine.in_prefix(Step::new(LOADER, &["wineboot.exe"])).detached()?;
        Ok(wine)
    }

    /// One that was not finished is of no use. Its first server must have ended before the one with our umask starts.
    fn make(&self, prefix: &Path, shim: &Path) -> Result<(), String> {
        let _ = fs::remove_dir_all(prefix);
        self.in_prefix(Step::new(LOADER, &["wineboot.exe", "--init"])).detached()?;
        self.in_prefix(Step::new(SERVER, &["--wait"])).detached()?;
        compile(shim)?;
        fs::copy(shim, prefix.join(SHIM)).map(drop).map_err(|error| format!("{SHIM}: {error}"))
    }

    /// The same command of cargo, whose programs run here.
    pub(crate) fn runs(&self, step: Step) -> Step {
        self.in_prefix(step)
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", LOADER)
            .env("RUST_BACKTRACE", "0")
    }

    /// Silent about what it cannot do, and without asking to install .NET and a browser.
    fn in_prefix(&self, step: Step) -> Step {
        step.env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=;mshtml=")
    }
}

/// The same command of cargo, which builds programs for Wine.
pub(crate) fn builds(step: Step) -> Step {
    step.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", COMPILER)
        // For a test of what Windows can and Wine cannot.
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS", "--cfg wine")
        // The linker takes most of its time for it.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        // What is run once gains less by it than it costs.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
}

impl Drop for Wine {
    fn drop(&mut self) {
        let _ = self.in_prefix(Step::new(SERVER, &["--kill"])).detached();
    }
}

fn existing(folder: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::canonicalize(folder))
        .map_err(|error| format!("{}: {error}", folder.display()))
}

/// Without the C library: it exports one function and imports one of Windows.
fn compile(to: &Path) -> Result<(), String> {
    let (to, flags) =
        (to.to_string_lossy(), ["-shared", "-nostdlib", "-Wl,--entry=0", "-O2", "-Wall", "-Werror"]);
    Step::new(COMPILER, &flags).args(&["-o", &to, SHIM_SOURCE, "-ladvapi32"]).output().map(drop)
}
