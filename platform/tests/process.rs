//! Other processes: one that runs, one that has ended, and one that is not there.

use std::{
    env, io,
    process::{self, Child, Command, Stdio},
    time::Duration,
};

use sealed_cache_platform::process as seen;

const TASK: &str = "SEALED_CACHE_TEST_WAITS";

/// A process that lives until its input ends: this program once more.
fn child() -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["waits_for_its_input", "--exact"]).env(TASK, "");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn waits_for_its_input() {
    if env::var_os(TASK).is_some() {
        io::stdin().read_line(&mut String::new()).unwrap();
    }
}

#[test]
fn this_process_runs_and_has_done_so_for_less_than_an_hour() {
    assert!(seen::is_running(process::id()));
    assert!(seen::running_for(process::id()).is_none_or(|time| time < Duration::from_secs(3600)));
}

#[test]
fn a_process_runs_until_it_has_ended() {
    let mut child = child();
    let id = child.id();
    assert!(seen::is_running(id));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!seen::is_running(id));
    assert_eq!(seen::running_for(id), None);
}

#[test]
fn nobody_has_no_id_at_all() {
    assert_eq!(seen::running_for(u32::MAX - 3), None);
    assert!(!seen::is_running(u32::MAX - 3));
}

#[test]
fn this_machine_has_a_name() {
    assert!(seen::host_name().is_some_and(|name| !name.is_empty()));
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, thread};

    use super::*;

    #[test]
    fn a_process_that_nobody_asks_after_has_ended_all_the_same() {
        let mut child = child();
        child.kill().unwrap();
        let stat = format!("/proc/{}/stat", child.id());
        while !fs::read_to_string(&stat).unwrap().contains(") Z ") {
            thread::yield_now();
        }
        assert!(!seen::is_running(child.id()));
        child.wait().unwrap();
    }

    #[test]
    fn the_first_process_is_older_than_this_one() {
        let (first, this) = (seen::running_for(1).unwrap(), seen::running_for(process::id()).unwrap());
        assert!(first >= this, "{first:?} {this:?}");
        assert!(seen::is_running(1));
    }

    #[test]
    fn a_young_process_is_known_to_be_young() {
        let mut child = child();
        assert!(seen::running_for(child.id()).unwrap() < Duration::from_secs(60));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
