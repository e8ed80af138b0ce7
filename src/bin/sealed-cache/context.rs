//! [`Context`]: what every subcommand needs: the options, where to print, and how long to wait.

use std::{
    io::{IsTerminal, stdin},
    time::Duration,
};

use sealed_cache::Prompt;

use crate::{interrupt::Interrupt, keys::Keys, options::Options, output::Output};

const LOCK: Duration = Duration::from_secs(10);
/// A person may have to type a password.
const KEYCHAIN: Duration = Duration::from_secs(60);
/// Where nobody is asked, a keychain that works answers at once.
const SILENT_KEYCHAIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) output: Output,
    pub(crate) keys: Keys,
    pub(crate) interrupt: Interrupt,
}

/// How long to wait for what, and whether a person may be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    pub(crate) lock: Duration,
    pub(crate) keychain: Duration,
    pub(crate) prompt: Prompt,
}

impl Context {
    pub(crate) fn new(options: Options) -> Self {
        let output = Output::new(options.json, options.color);
        let keys = Keys::new(&options);
        Self { output, keys, interrupt: Interrupt::default(), options }
    }

    pub(crate) fn waits(&self) -> Waits {
        let given = self.options.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let prompt = self.prompt();
        let keychain = if prompt == Prompt::Never { SILENT_KEYCHAIN } else { KEYCHAIN };
        Waits { lock: given.unwrap_or(LOCK), keychain: given.unwrap_or(keychain), prompt }
    }

    /// A script or a pipe has nobody who could be asked.
    fn prompt(&self) -> Prompt {
        if self.options.no_prompt || !stdin().is_terminal() { Prompt::Never } else { Prompt::Allowed }
    }
}
