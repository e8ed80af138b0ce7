//! A minute of fuzzing for each program in `fuzz/`, on the stable toolchain: the compiler options that cargo-fuzz would give, but
//! without a sanitizer, which only a nightly compiler can add.

use std::fs;
use std::path::Path;

use crate::command::Step;
use crate::progress::Progress;

const MANIFEST: &str = "fuzz/Cargo.toml";
const TARGETS: &str = "fuzz/fuzz_targets";
const SECONDS: u32 = 60;

/// Count which branches are taken, and tell the fuzzer what is compared with what.
const INSTRUMENTED: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 --cfg fuzzing";

pub(crate) fn stage(progress: &mut Progress) {
    match built() {
        Ok(programs) => {
            for target in targets() {
                // Where one cannot be made, the fuzzer says so.
                folders(&target).iter().for_each(|folder| fs::create_dir_all(folder).unwrap_or_default());
                progress.run(&run(&programs, &target));
            }
        }
        Err(error) => progress.fail(error),
    }
}

/// The folder of the programs.
fn built() -> Result<String, String> {
    let host = host()?;
    // With a target named, what runs while building is not instrumented. The options in `RUSTFLAGS` take a build of its own.
    let line = format!("build --release --locked --bins --manifest-path {MANIFEST} --target {host}");
    Step::cargo(&line).env("RUSTFLAGS", INSTRUMENTED).env("CARGO_TARGET_DIR", "target/fuzz").run()?;
    Ok(format!("target/fuzz/{host}/release"))
}

fn host() -> Result<String, String> {
    let version = Step::new("rustc", &["--version", "--verbose"]).output()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not name its host".to_owned())
}

fn targets() -> Vec<String> {
    let files = fs::read_dir(TARGETS).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<_> = files.filter_map(|file| name(&file.path())).collect();
    names.sort();
    names
}

fn name(path: &Path) -> Option<String> {
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    path.file_stem().filter(|_| is_rust).map(|stem| stem.to_string_lossy().into_owned())
}

/// What it finds on the way is kept for the next time, and what it found wrong.
fn folders(target: &str) -> [String; 2] {
    ["corpus", "artifacts"].map(|kind| format!("target/fuzz/{kind}/{target}/"))
}

/// From the seeds and what was found before.
fn run(programs: &str, target: &str) -> Step {
    let [corpus, artifacts] = folders(target);
    let limits =
        format!("-max_total_time={SECONDS} -timeout=10 -rss_limit_mb=1024 -max_len=4096 -verbosity=0");
    let (program, kept) = (format!("{programs}/{target}"), format!("-artifact_prefix={artifacts}"));
    let step = Step::new(&program, &[&corpus, &kept]).args(&limits.split(' ').collect::<Vec<_>>());
    let (seeds, words) = (format!("fuzz/seeds/{target}"), format!("fuzz/seeds/{target}.dict"));
    let step = if Path::new(&seeds).is_dir() { step.args(&[&seeds]) } else { step };
    if Path::new(&words).is_file() { step.args(&[&format!("-dict={words}")]) } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rust_files_are_programs() {
        assert_eq!(name(Path::new("fuzz/fuzz_targets/token_cache.rs")).as_deref(), Some("token_cache"));
        assert_eq!(name(Path::new("fuzz/fuzz_targets/notes.txt")), None);
    }

    #[test]
    fn a_program_starts_from_its_seeds_and_has_limits() {
        let step = run("programs", "token_cache").to_string();
        assert!(step.contains("-max_total_time=60") && step.contains("-timeout=10"), "{step}");
    }
}
