//! Installs what the tests need, where that can be done: on Debian and Ubuntu, as root or with sudo that asks nothing.

use std::collections::HashSet;
use std::fs;

use crate::command::Step;
use crate::crossed;
use crate::progress::Progress;

/// The one place that names the packages, each with what it is for.
const PACKAGES: &[(&str, &str)] = &[
    ("dbus", "a private session bus"),
    ("gnome-keyring", "a real Secret Service on that bus"),
    ("libsecret-1-0", "the library that we open at run time"),
    ("libsecret-tools", "secret-tool, a peer that reads and writes our items"),
    ("keyutils", "keyctl, to look at the kernel keyring from outside"),
    ("python3", "a reader of the sealed file written from its specification alone"),
    ("python3-cryptography", "the same"),
    ("python3-jsonschema", "judges what `sealed-cache --json` prints"),
    ("python3-venv", "actionlint and the MSAL peers, in folders of their own"),
    ("python3-gi", "MSAL Python reaches the Secret Service by these bindings, which no registry has"),
    ("gir1.2-secret-1", "what they know of libsecret"),
    ("libsecret-1-dev", "MSAL Node reaches it by keytar, which is compiled from its sources"),
    ("pkg-config", "tells that compiler where libsecret is"),
    ("make", "runs that compiler"),
    ("g++", "the fuzzer and keytar are written in C++"),
    ("redis-server", "an engine of the server half; each test starts one of its own"),
    ("postgresql", "another; what the package itself sets up is not used"),
    ("mariadb-server-core", "another; without what would start it at boot"),
    ("mariadb-client-core", "asks it"),
    ("openssl", "certificates for them"),
    ("chromium", "a real browser for the web application of the examples"),
    ("chromium-driver", "moves its mouse"),
    ("gcc-mingw-w64-x86-64-win32", "the linker of programs for Windows"),
    ("wine64", "runs them"),
];

/// A second toolchain, for the systems that the one at hand cannot build for: see `crossed.rs`.
const SECOND_TOOLCHAIN: &[(&str, &str)] = &[
    ("rustc-web", "a compiler with all the code generators"),
    ("cargo-web", "its cargo, which can build the standard library"),
    ("rust-web-src", "the standard library's source"),
    ("rust-web-clippy", "its lints"),
];

const INSTALL: &str =
    "apt-get install --quiet --yes --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0";
const UPDATE: &str = "apt-get update --quiet -o DPkg::Lock::Timeout=120";

pub(crate) fn stage(progress: &mut Progress) {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_debian_like(&release) {
        println!(
            "   not Debian or Ubuntu: please install these, or what your system calls them: {}",
            names().join(" ")
        );
        return;
    }
    progress.check(install(&missing()));
}

/// How a person does it.
pub(crate) fn by_hand() -> String {
    format!("apt-get install {}", names().join(" "))
}

fn names() -> Vec<&'static str> {
    let second = if has_every_target() { &[] } else { SECOND_TOOLCHAIN };
    PACKAGES.iter().chain(second).map(|(name, _)| *name).collect()
}

fn has_every_target() -> bool {
    crossed::MACOS.into_iter().chain([crossed::WINDOWS, crossed::FREEBSD]).all(crossed::at_hand)
}

fn install(missing: &[&str]) -> Result<(), String> {
    if missing.is_empty() {
        println!("   all {} packages are installed", names().len());
        return Ok(());
    }
    let sudo = privilege()
        .ok_or_else(|| format!("no right to install. As root: apt-get install {}", missing.join(" ")))?;
    let apt = |line: &str, more: &[&str]| as_root(sudo, line).args(more).run();
    // The first try fails where the package lists are absent or old.
    let done = apt(INSTALL, missing).or_else(|_| {
        apt(UPDATE, &[])?;
        apt(INSTALL, missing)
    });
    done.map_err(|error| format!("`apt-get install {}` {error}", missing.join(" ")))
}

/// The words before a command that needs root.
fn privilege() -> Option<&'static [&'static str]> {
    if Step::new("id", &["-u"]).output().is_ok_and(|id| id.trim() == "0") {
        return Some(&[]);
    }
    Step::new("sudo", &["-n", "true"]).output().is_ok().then_some(&["sudo", "-n"])
}

fn as_root(sudo: &[&str], line: &str) -> Step {
    let before = sudo.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive"]);
    let words: Vec<_> = before.chain(line.split_whitespace()).collect();
    Step::new(words[0], &words[1..])
}

fn missing() -> Vec<&'static str> {
    // It fails when it does not know one of the names, and still lists the others.
    let format = "--showformat=${Package} ${db:Status-Status}\\n";
    let names = names();
    let query = names.iter().map(|name| Step::new("dpkg-query", &["--show", format, name]).output());
    let listed: String = query.filter_map(Result::ok).collect();
    not_installed(&names, &listed)
}

fn not_installed<'a>(names: &[&'a str], listed: &str) -> Vec<&'a str> {
    let installed: HashSet<_> = listed.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    names.iter().copied().filter(|name| !installed.contains(name)).collect()
}

fn is_debian_like(release: &str) -> bool {
    let value = |line: &str| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE=")).map(str::to_owned);
    let words = release.lines().filter_map(value).collect::<Vec<_>>().join(" ").replace('"', "");
    words.split_whitespace().any(|word| word == "debian" || word == "ubuntu")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_fully_installed_is_missing() {
        let listed = "dbus installed\nkeyutils config-files\n";
        assert_eq!(not_installed(&["dbus", "keyutils", "python3"], listed), ["keyutils", "python3"]);
    }

    #[test]
    fn debian_and_its_children_are_known() {
        assert!(is_debian_like("NAME=x\nID=debian\n"));
        assert!(is_debian_like("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian_like("ID=fedora\nNAME=\"not debian\"\n"));
    }

    #[test]
    fn root_is_asked_for_only_where_needed() {
        let step = as_root(&["sudo", "-n"], UPDATE).to_string();
        assert!(step.starts_with("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update"), "{step}");
        assert!(as_root(&[], UPDATE).to_string().starts_with("env DEBIAN_FRONTEND"));
    }

    #[test]
    fn a_person_is_told_every_package() {
        assert!(PACKAGES.iter().all(|(name, _)| by_hand().contains(name)));
    }
}
