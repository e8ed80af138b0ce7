//! The machine: what kind of session this is, who runs it, and whether its clock can be right.

use std::{
    env, fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sealed_cache_platform::{file, process};

use super::{Finding, home_folders, protectors::is_in_container};
use crate::words;

/// Before this was written no clock can be: 2026-01-01.
const WRITTEN: Duration = Duration::from_secs(1_767_225_600);
/// What is dated further ahead was not dated by this clock.
const AHEAD: Duration = Duration::from_secs(60);

pub(crate) fn look() -> Vec<Finding> {
    let mut findings = vec![Finding::note("session", session())];
    findings.extend(sudo());
    findings.extend(clock(SystemTime::now()));
    findings.extend(file_clock());
    findings
}

/// In words, what of it matters.
fn session() -> String {
    let mut words = vec![env::consts::OS.to_owned()];
    if is_wsl(&fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default()) {
        words.push("in WSL, which has no keyring unless one is installed and started".into());
    }
    if is_in_container() {
        words.push("in a container".into());
    }
    if ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| env::var_os(name).is_some()) {
        words.push("over SSH".into());
    }
    let has_desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    if env::consts::OS == "linux" {
        words.push(if has_desktop { "on a desktop" } else { "without a desktop" }.into());
    }
    if process::is_static() {
        words.push("by a program that is linked statically, and cannot open libsecret".into());
    }
    words.join(", ")
}

fn is_wsl(kernel: &str) -> bool {
    kernel.to_ascii_lowercase().contains("microsoft")
}

/// Run with sudo, but in the home of the person: what is made now belongs to root, and is of no use without sudo.
fn sudo() -> Option<Finding> {
    let user = env::var("SUDO_USER").ok()?;
    let (home, ..) = home_folders()?;
    let is_other = file::check_folder(&home).ok().flatten().is_some_and(|problem| problem.is_other_owner());
    Some(if is_other {
        Finding::problem(
            "sudo",
            format!(
                "this runs with sudo, in the home of {}: what is made now belongs to root",
                words::plain(&user)
            ),
            "run programs that sign in without sudo",
        )
    } else {
        Finding::note("sudo", "this runs with sudo: root has other caches and another keychain than you")
    })
}

fn clock(now: SystemTime) -> Option<Finding> {
    let is_wrong = now.duration_since(UNIX_EPOCH).is_ok_and(|since| since < WRITTEN);
    is_wrong.then(|| {
        Finding::problem(
            "clock",
            format!(
                "it says {}, which is in the past: tokens seem to be good for ever, or not yet",
                words::utc(now)
            ),
            "set the clock: timedatectl set-ntp true",
        )
    })
}

/// A file that is written now is dated now; on a network file system by the clock of the server.
fn file_clock() -> Option<Finding> {
    let (home, data, _) = home_folders()?;
    let folder = if data.is_dir() { data } else { home };
    let file = tempfile_in(&folder)?;
    let dated = fs::metadata(&file).and_then(|file| file.modified());
    let now = SystemTime::now();
    let _ = fs::remove_file(&file);
    skew(dated.ok()?, now)
}

fn skew(dated: SystemTime, now: SystemTime) -> Option<Finding> {
    let skew = dated.duration_since(now).or_else(|_| now.duration_since(dated)).unwrap_or_default();
    (skew > AHEAD).then(|| {
        Finding::warning(
            "clock",
            format!("the clock of the file system and that of this machine differ by {}", words::duration(skew)),
            "set both clocks: timedatectl set-ntp true; programs may overlook changes, or take tokens for expired",
        )
    })
}

fn tempfile_in(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    let path = folder.join(format!(".sealed-cache-doctor-{}-clock", std::process::id()));
    file::create_private(&path).ok()?;
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wsl_is_known_by_its_kernel() {
        assert!(is_wsl("5.15.153.1-microsoft-standard-WSL2") && is_wsl("4.4.0-19041-Microsoft"));
        assert!(!is_wsl("6.1.0-25-amd64"));
    }

    #[test]
    fn a_clock_before_this_program_was_written_is_wrong() {
        assert!(clock(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).is_some());
        assert!(clock(UNIX_EPOCH + WRITTEN).is_none());
    }

    #[test]
    fn a_file_system_that_dates_otherwise_is_told() {
        let now = SystemTime::now();
        assert!(skew(now, now + Duration::from_secs(2)).is_none());
        for dated in [now + Duration::from_secs(180), now - Duration::from_secs(180)] {
            assert!(skew(dated, now).unwrap().message.contains("differ by 3 minutes"));
        }
    }
}
