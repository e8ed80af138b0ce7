//! What changes a key, each as one step: a script in Lua on one key.

use redis::{Cmd, Script, Value, cmd};

use super::{
    super::StoreError,
    errors::{self, Failure},
    link::{Again, Link},
};
use crate::Deadline;

/// `ARGV`: the etag that has to be there, or nothing; `etag + contents`; milliseconds to live; channel, or nothing.
/// Gives 1, or what is there instead.
///
/// Lua hashes every byte of its arguments: for 8 KiB that takes longer than all the rest of this. There is no way around it: no
/// command compares a part of what is there, and a second key would be on another server of a cluster.
const PUT: &str = "
    if redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then
        return redis.call('GET', KEYS[1])
    end
    if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], KEYS[1]) end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1";

/// `ARGV`: the etag that has to be there, or nothing for any; channel, or nothing. Gives how many were removed.
const REMOVE: &str = "
    if ARGV[1] ~= '' and redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then return 0 end
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], KEYS[1]) end
    return redis.call('DEL', KEYS[1])";

/// `ARGV`: the etag that has to be there; milliseconds to live. Gives 1 if it is.
const TOUCH: &str = "
    if redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// `ARGV`: who asks for the lease; milliseconds that it lasts. Gives 1 if it is theirs now.
const LEASE: &str = "
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1";

/// `ARGV`: who gives the lease back.
const RELEASE: &str = "
    if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
    return 0";

/// The scripts with their hashes, by which Redis knows them.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) put: Lua,
    pub(super) remove: Lua,
    pub(super) touch: Lua,
    pub(super) lease: Lua,
    pub(super) release: Lua,
}

impl Scripts {
    pub(super) fn new() -> Self {
        let [put, remove, touch, lease, release] = [PUT, REMOVE, TOUCH, LEASE, RELEASE].map(Lua::new);
        Self { put, remove, touch, lease, release }
    }
}

#[derive(Debug)]
pub(super) struct Lua {
    text: &'static str,
    hash: String,
}

impl Lua {
    fn new(text: &'static str) -> Self {
        Self { text, hash: Script::new(text).get_hash().to_owned() }
    }

    /// Run it on this key: by its hash, and with its text if Redis has forgotten it, which is then one step as well.
    pub(super) async fn run(
        &self,
        link: &Link,
        key: &str,
        arguments: &[&[u8]],
        again: Again,
        deadline: &Deadline,
    ) -> Result<Value, StoreError> {
        let by_hash = Self::call("EVALSHA", &self.hash, key, arguments);
        match link.ask(&by_hash, again, deadline).await {
            Err(Failure::NoScript) => {
                ask(link, &Self::call("EVAL", self.text, key, arguments), again, deadline).await
            }
            answer => done(answer),
        }
    }

    fn call(verb: &str, script: &str, key: &str, arguments: &[&[u8]]) -> Cmd {
        let length = arguments.iter().map(|argument| argument.len()).sum::<usize>();
        let mut command =
            Cmd::with_capacity(4 + arguments.len(), verb.len() + script.len() + key.len() + length + 1);
        command.arg(verb).arg(script).arg(1).arg(key);
        for argument in arguments {
            command.arg(*argument);
        }
        command
    }
}

/// What Redis answers to a command that is no script.
pub(super) async fn ask(
    link: &Link,
    command: &Cmd,
    again: Again,
    deadline: &Deadline,
) -> Result<Value, StoreError> {
    done(link.ask(command, again, deadline).await)
}

fn done(answer: Result<Value, Failure>) -> Result<Value, StoreError> {
    answer.map_err(|failure| match failure {
        Failure::Refused(error) | Failure::Lost(error) => error,
        Failure::NoScript => errors::unexpected(),
    })
}

/// A command on one key.
pub(super) fn command(verb: &str, key: &str) -> Cmd {
    let mut command = cmd(verb);
    command.arg(key);
    command
}
