//! `unlock-stale`: who holds a lock, and whether that lives. Only what the rules of the library allow is taken away.

use std::time::Duration;

use sealed_cache::LockState;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::UnlockArguments,
    output::{Page, Shown, Style},
    place::{Lock, Place},
    words,
};

/// For file systems whose clock runs behind ours.
const MORE: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Report {
    name: String,
    locks: Vec<Seen>,
    removed: bool,
}

#[derive(Serialize)]
struct Seen {
    file: String,
    state: &'static str,
    holder: Option<String>,
    process: Option<u32>,
    seconds: Option<u64>,
    #[serde(skip)]
    text: String,
}

pub(crate) fn run(arguments: &UnlockArguments, context: &Context) -> Result<Done, Failure> {
    let place = Place::named(&arguments.cache.cache)?;
    let lock = place.lock()?;
    let states = lock.states()?;
    let removed = if arguments.dry_run { false } else { taken_away(&lock, &states, context)? };
    let is_held = states.iter().any(|(_, state)| matches!(state, LockState::Held { .. }));
    let locks = states.into_iter().map(|(file, state)| Seen::of(file.display().to_string(), &state, &lock));
    let report = Report { name: place.name, locks: locks.collect(), removed };
    context.output.result("unlock-stale", &report)?;
    Ok(if is_held { Done::Held } else { Done::Fine })
}

/// By taking the lock over as whoever wants it does, and giving it back.
fn taken_away(
    lock: &Lock,
    states: &[(std::path::PathBuf, LockState)],
    context: &Context,
) -> Result<bool, Failure> {
    let wait = |state: &LockState| match state {
        LockState::LeftBehind { wait, .. } => Some(*wait),
        _ => None,
    };
    let wait = states.iter().filter_map(|(_, state)| wait(state)).max();
    let is_held = states.iter().any(|(_, state)| matches!(state, LockState::Held { .. }));
    let (Lock::Family(lock), Some(wait), false) = (lock, wait, is_held) else { return Ok(false) };
    let _progress = context.output.progress("waiting until the lock may be taken over");
    drop(lock.acquire(&context.interrupt.deadline(wait + MORE))?);
    Ok(true)
}

impl Seen {
    fn of(file: String, state: &LockState, lock: &Lock) -> Self {
        let holder = state.holder().map(|holder| words::plain(&holder));
        let who = holder.clone().unwrap_or_else(|| "a program that does not say who it is".to_owned());
        let (state, process, since, text) = match state {
            LockState::Held { process, since, .. } => {
                let text =
                    format!("held by {who} for {}: {}", words::duration(*since), advice(*process, lock));
                ("held", *process, Some(since), text)
            }
            LockState::LeftBehind { process, since, .. } => {
                let text = format!(
                    "left behind {} ago by {who}, which does not run any more",
                    words::duration(*since)
                );
                ("left-behind", *process, Some(since), text)
            }
            _ => ("free", None, None, "nobody has it".to_owned()),
        };
        Self { file, state, holder, process, seconds: since.map(Duration::as_secs), text }
    }
}

fn advice(process: Option<u32>, lock: &Lock) -> String {
    match (process, lock) {
        (Some(process), _) => format!("it runs; wait for it, or end it (process {process})"),
        (None, Lock::Own(_)) => "wait for that program, or end it".to_owned(),
        (None, Lock::Family(_)) => {
            "if nobody writes to it, it may be taken over when it is 60 s old: try again then".to_owned()
        }
    }
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        page.field("Cache", &self.name);
        for lock in &self.locks {
            page.field("Lock", &lock.file);
            let style = if lock.state == "held" { Style::Warning } else { Style::Good };
            page.field("", page.styled(style, &lock.text));
        }
        if self.removed {
            page.field("", "it was taken over by the rules, and removed");
        }
    }
}
