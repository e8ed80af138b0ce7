//! `/proc/PID/stat`: see proc(5).

use std::{fs, time::Duration};

/// Whether it has ended and only waits for its parent to be told: it has closed its files and does nothing more.
pub(super) fn has_ended(id: libc::pid_t) -> bool {
    stat(&id.to_string()).is_some_and(|stat| matches!(stat.state, 'Z' | 'X' | 'x'))
}

pub(super) fn running_for(id: u32) -> Option<Duration> {
    let started = stat(&id.to_string())?.started;
    // It must be the very clock that the kernel took the start from: that of a container may be another one.
    since_boot()?.checked_sub(started)
}

struct Stat {
    state: char,
    /// After the machine was started.
    started: Duration,
}

fn stat(id: &str) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?, ticks_a_second()?)
}

/// The name of the program stands in parentheses, and may itself have some.
fn parse(text: &str, ticks_a_second: u64) -> Option<Stat> {
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let ticks: u64 = fields.nth(18)?.parse().ok()?;
    let milliseconds = u128::from(ticks) * 1000 / u128::from(ticks_a_second);
    Some(Stat { state, started: Duration::from_millis(milliseconds.try_into().ok()?) })
}

fn ticks_a_second() -> Option<u64> {
    // SAFETY: it takes a number, and touches no memory of ours.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|ticks| *ticks > 0)
}

fn since_boot() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is ours.
    if unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) } != 0 {
        return None;
    }
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let rest = "S 1 1 1 0 -1 4194560 1 0 0 0 3 1 0 0 20 0 1 0 12345 0 0";
        for name in ["a", "a b", ") Z 1 (", ""] {
            let stat = parse(&format!("42 ({name}) {rest}"), 100).unwrap();
            assert_eq!((stat.state, stat.started), ('S', Duration::from_millis(123_450)), "{name}");
        }
        assert!(parse("42 (a) S 1 1", 100).is_none());
        assert!(parse("", 100).is_none());
    }
}
