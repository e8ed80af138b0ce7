//! Every protector that this machine may have: is it there, and if not, why?

use std::{env, fs, time::Instant};

use sealed_cache::{
    CacheId, Deadline, Error, ErrorKind, KernelKeyring, KeyFile, Prompt, SystemdCredential,
    protect::{KeyRequest, Protector},
};
use sealed_cache_platform::process;
use serde::Serialize;

use super::{Finding, KEYCHAIN as PATIENCE, Later, Status};
use crate::keys::{Kept, Keys, keychain};

/// A protector, and whether it can keep a key here.
#[derive(Debug, Serialize)]
pub(crate) struct Offered {
    pub(crate) protector: &'static str,
    pub(crate) is_available: bool,
    /// Whether it is the keychain of this system, which programs take unless they say otherwise.
    pub(crate) is_default: bool,
    /// Whether it is there and only waits for a person.
    is_locked: bool,
    kind: Option<String>,
    /// The cause in few words; empty if it is available.
    pub(crate) in_short: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

pub(crate) struct Asked {
    protector: &'static str,
    is_default: bool,
    later: Later<Result<(), Refused>>,
}

/// Why it cannot.
struct Refused {
    error: Error,
    /// What a person can be asked, if one may be.
    can_ask: Option<Result<(), Error>>,
}

pub(crate) fn ask(keys: &Keys, until: Instant) -> Vec<Asked> {
    let default = keychain().ok();
    let others: [Kept; 3] = [
        std::sync::Arc::new(KernelKeyring::new()),
        std::sync::Arc::new(SystemdCredential::new("sealed-cache")),
        keys.chosen(crate::options::ProtectorChoice::KeyFile)
            .unwrap_or_else(|_| std::sync::Arc::new(KeyFile::in_state_dir())),
    ];
    let all = default.into_iter().map(|kept| (kept, true)).chain(others.map(|kept| (kept, false)));
    all.map(|(kept, is_default)| Asked {
        protector: kept.name(),
        is_default,
        later: Later::of(until, move || probed(&*kept)),
    })
    .collect()
}

fn probed(protector: &dyn Protector) -> Result<(), Refused> {
    let probe = |prompt| protector.probe(&request(prompt));
    probe(Prompt::Never).map_err(|error| {
        // Locked: can a person be asked at all?
        let can_ask = (error.kind() == ErrorKind::KeychainLocked).then(|| probe(Prompt::Allowed));
        Refused { error, can_ask }
    })
}

fn request(prompt: Prompt) -> KeyRequest {
    let id = CacheId::new("sealed-cache.doctor", "probe").expect("both are names");
    KeyRequest::new(id, "probe", env::temp_dir(), Deadline::after(PATIENCE), prompt)
}

impl Asked {
    pub(crate) fn answer(self) -> Offered {
        let outcome = self.later.answer().unwrap_or_else(|| {
            let late = Error::new(ErrorKind::KeychainTimeout, "it did not answer in time")
                .with_remedy("it hangs: restart it");
            Err(Refused { error: late, can_ask: None })
        });
        let offered = Offered {
            protector: self.protector,
            is_available: outcome.is_ok(),
            is_default: self.is_default,
            is_locked: false,
            kind: None,
            in_short: String::new(),
            message: "works here".into(),
            remedy: String::new(),
        };
        match outcome {
            Ok(()) if self.protector == "kernel-keyring" => {
                Offered { message: "works here; keys last until the machine restarts".into(), ..offered }
            }
            Ok(()) if self.protector == "key-file" => {
                Offered { message: "works here; protects copies and backups only".into(), ..offered }
            }
            Ok(()) => offered,
            Err(refused) => refused.told(offered),
        }
    }
}

impl Refused {
    fn told(self, offered: Offered) -> Offered {
        let Self { error, can_ask } = self;
        let (kind, message) = (Some(format!("{:?}", error.kind())), error.what().to_owned());
        let in_short = in_short(&error, matches!(can_ask, Some(Err(_))));
        let (message, remedy) = match can_ask {
            Some(Ok(())) => (format!("{message}; a person can be asked to unlock it"), error.remedy().to_owned()),
            Some(Err(why)) => (
                format!("{message}, and nobody can be asked: {}", why.what()),
                "unlock it where a desktop is: log in there, or open its password program (seahorse, KWallet)".into(),
            ),
            None => (message, remedy(offered.protector, &error)),
        };
        let is_locked = error.kind() == ErrorKind::KeychainLocked;
        Offered { kind, in_short, message, remedy, is_locked, ..offered }
    }
}

/// For a sentence that goes on: "because ..".
fn in_short(error: &Error, nobody_can_be_asked: bool) -> String {
    match error.kind() {
        ErrorKind::KeychainLocked if nobody_can_be_asked => {
            "the keyring is locked, and there is no program here that could ask for its password".into()
        }
        ErrorKind::KeychainLocked => "the keyring is locked".into(),
        ErrorKind::KeychainTimeout => "the keyring hangs".into(),
        ErrorKind::KeychainUnavailable if error.what().contains("library") => {
            "libsecret is not installed".into()
        }
        ErrorKind::KeychainUnavailable if error.what().contains("no session bus") => {
            "there is no session bus, through which a keyring is reached".into()
        }
        ErrorKind::KeychainUnavailable if error.what().contains("no Secret Service") => {
            "no keyring is running".into()
        }
        ErrorKind::KeychainUnavailable if error.what().contains("no default collection") => {
            "nobody has made a keyring yet".into()
        }
        ErrorKind::AccessDenied => "the keyring refuses this user".into(),
        _ => error.what().to_owned(),
    }
}

/// What is said to this user on this machine: the library cannot know why something is missing.
fn remedy(protector: &str, error: &Error) -> String {
    let is_unavailable = error.kind() == ErrorKind::KeychainUnavailable;
    match protector {
        "secret-service" if is_unavailable && error.what().contains("no default collection") => {
            "log in to the desktop, or make a keyring named Default in its password program (seahorse, KWallet)".into()
        }
        "secret-service" if is_unavailable && process::is_static() => {
            "this program is linked statically and cannot open libsecret: use a build for glibc".into()
        }
        "secret-service" if is_unavailable && error.what().contains("library") => {
            "install libsecret: `apt install libsecret-1-0 gnome-keyring`, `dnf install libsecret gnome-keyring`".into()
        }
        "secret-service" if is_unavailable && is_in_container() => {
            "a container has no desktop: let the program use a key file, a passphrase or a credential".into()
        }
        "secret-service" if is_unavailable && env::var_os("SSH_CONNECTION").is_some() => {
            "a session over SSH has no keyring: start one with `dbus-run-session`, or let the program use the kernel \
             keyring or a key file"
                .into()
        }
        "kernel-keyring" if is_unavailable && is_in_container() => {
            "the container forbids it: run it with a seccomp profile that allows add_key, keyctl and request_key".into()
        }
        "secret-service" if error.kind() == ErrorKind::KeychainTimeout => {
            "restart it: log out and in again, or end gnome-keyring-daemon (kwalletd, keepassxc) and start it anew".into()
        }
        "systemd-credential" if is_unavailable => String::new(),
        _ => error.remedy().to_owned(),
    }
}

/// As Docker, Podman, systemd-nspawn and Kubernetes leave their marks.
pub(super) fn is_in_container() -> bool {
    let marks = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];
    let cgroup = fs::read_to_string("/proc/1/cgroup").unwrap_or_default();
    marks.iter().any(|path| fs::exists(path).unwrap_or(false))
        || env::var_os("container").is_some()
        || env::var_os("KUBERNETES_SERVICE_HOST").is_some()
        || ["docker", "kubepods", "containerd", "lxc"].iter().any(|name| cgroup.contains(name))
}

impl Offered {
    /// Whether there is no such keychain at all. One that is locked or hangs is there, and is never passed over.
    pub(crate) fn is_absent(&self) -> bool {
        self.kind.as_deref() == Some("KeychainUnavailable")
    }

    pub(crate) fn finding(&self) -> Finding {
        let status = match (self.is_available, self.is_default) {
            (true, _) => Status::Good,
            (false, true) => Status::Problem,
            (false, false) => Status::Note,
        };
        let what =
            if self.is_default { format!("{} (the default)", self.protector) } else { self.protector.into() };
        Finding::new(status, what, &self.message, &self.remedy)
    }
}
