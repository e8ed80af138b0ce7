//! A session bus and, on it, a keyring daemon.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use super::{folder::Folder, wait_until};

const PASSWORD: &[u8] = b"password of the test";

/// No folders of services: nothing is started but by the test.
const BUS_CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A private desktop. Its processes end when it is dropped, also by a panic.
#[derive(Debug)]
pub(crate) struct Desktop {
    daemon: Option<Process>,
    bus: Option<Process>,
    home: PathBuf,
    runtime: PathBuf,
    folder: Folder,
}

impl Desktop {
    /// A bus with an unlocked keyring.
    pub(crate) fn new() -> Self {
        let mut desktop = Self::without_service();
        desktop.start_daemon();
        desktop
    }

    /// A bus alone.
    pub(crate) fn without_service() -> Self {
        let folder = Folder::new();
        let (home, runtime) = (folder.subfolder("home"), folder.subfolder("run"));
        let mut desktop = Self { daemon: None, bus: None, home, runtime, folder };
        desktop.start_bus();
        desktop
    }

    pub(crate) fn start_bus(&mut self) {
        let configuration = self.folder.path().join("bus.conf");
        let text = BUS_CONFIGURATION.replace("SOCKET", self.socket().to_str().expect("a plain path"));
        fs::write(&configuration, text).expect("the configuration of the bus");
        let mut command = self.command("dbus-daemon");
        command.arg("--nofork").arg("--config-file").arg(&configuration);
        self.bus = Some(Process::start(&mut command));
        wait_until("the bus answers", || self.has_owner("org.freedesktop.DBus"));
    }

    /// Start the daemon and unlock its keyring, which is made if there is none.
    pub(crate) fn start_daemon(&mut self) {
        self.daemon = Some(self.daemon_with("--unlock", PASSWORD));
        wait_until("the keyring daemon answers", || self.has_owner("org.freedesktop.secrets"));
    }

    /// Start the daemon as on a machine where nobody ever made a keyring.
    pub(crate) fn start_daemon_without_keyring(&mut self) {
        self.daemon = Some(self.daemon_with("--start", b""));
        wait_until("the keyring daemon answers", || self.has_owner("org.freedesktop.secrets"));
    }

    fn daemon_with(&self, how: &str, input: &[u8]) -> Process {
        let mut command = self.command("gnome-keyring-daemon");
        command.args([how, "--components=secrets", "--foreground"]).stdin(Stdio::piped());
        let mut daemon = Process::start(&mut command);
        let mut stdin = daemon.0.stdin.take().expect("it is piped");
        stdin.write_all(input).expect("the daemon reads its password");
        daemon
    }

    pub(crate) fn kill_daemon(&mut self) {
        self.daemon = None;
        wait_until("the bus has noticed", || !self.has_owner("org.freedesktop.secrets"));
    }

    pub(crate) fn kill_bus(&mut self) {
        self.daemon = None;
        self.bus = None;
        let _ = fs::remove_file(self.socket());
    }

    /// Stop the daemon, as if it hung.
    pub(crate) fn stop_daemon(&self) {
        self.daemon.as_ref().expect("there is a daemon").signal("STOP");
    }

    pub(crate) fn continue_daemon(&self) {
        self.daemon.as_ref().expect("there is a daemon").signal("CONT");
    }

    /// Stop the bus, as if it hung.
    pub(crate) fn stop_bus(&self) {
        self.bus.as_ref().expect("there is a bus").signal("STOP");
    }

    /// Lock the default collection.
    pub(crate) fn lock(&self) {
        let output = self
            .command("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
            ])
            .args(["org.freedesktop.Secret.Service.Lock"])
            .arg("array:objpath:/org/freedesktop/secrets/aliases/default")
            .output()
            .expect("dbus-send starts");
        assert!(output.status.success(), "{output:?}");
    }

    /// What `secret-tool` shows of the items with these attributes: names and values in turn.
    pub(crate) fn search(&self, attributes: &[&str]) -> String {
        let mut command = self.command("secret-tool");
        text(&command.args(["search", "--all"]).args(attributes).output().expect("secret-tool starts"))
    }

    pub(crate) fn has_owner(&self, name: &str) -> bool {
        let output = self
            .command("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"])
            .args(["org.freedesktop.DBus.NameHasOwner".to_owned(), format!("string:{name}")])
            .output()
            .expect("dbus-send starts");
        text(&output).contains("boolean true")
    }

    /// A program that lives on this desktop.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", &self.runtime)
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.socket().display()))
            .env("LC_ALL", "C.UTF-8");
        for name in
            ["DISPLAY", "WAYLAND_DISPLAY", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "GNOME_KEYRING_CONTROL"]
        {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("bus")
    }
}

/// Standard output and error together.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(started.unwrap_or_else(|error| {
            panic!("cannot start {}: {error}", Path::new(command.get_program()).display())
        }))
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().expect("kill starts");
        assert!(status.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
