//! The command line.

use std::{fs, num::NonZeroU32, path::Path};

use sealed_cache::DataKey;
use tower_sessions::cookie::time::Duration;

use crate::Result;

pub(crate) const USAGE: &str = "\
Usage: web_app [OPTION VALUE]...    (cargo run --example web_app --features sessions -- [OPTION VALUE]...)

  --listen ADDRESS:PORT  where to listen, on 127.0.0.1 (default: 127.0.0.1:8080; port 0: any free one)
  --store STORE          where sessions and tokens are kept (default: memory):
                           memory, sqlite:PATH, redis://HOST/, postgres://USER@HOST/NAME, mysql://USER@HOST/NAME
                           (all but memory with the feature of that name: --features sessions,sqlite)
  --key-file PATH        32 random bytes that seal them: (umask 077; head -c 32 /dev/urandom > PATH)
                           (default: a new key at each start, so that nobody is signed in any more)
  --stay SECONDS         how long somebody stays signed in after a visit (default: 1209600, two weeks)
  --provider URL         the identity provider of another node (default: one of its own)
  --help                 show this

Several nodes: start the first, then others with the same --store and --key-file, and the --provider that the first one
prints.";

const TWO_WEEKS: Duration = Duration::weeks(2);

pub(crate) struct Options {
    pub(crate) listen: String,
    pub(crate) store: String,
    pub(crate) key: DataKey,
    pub(crate) provider: Option<String>,
    pub(crate) stays_for: Duration,
}

/// `None`: the person wants to know how it is used.
pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Options>> {
    let (mut listen, mut store, mut key, mut stay, mut provider) = (None, None, None, None, None);
    while let Some(option) = words.next() {
        let place = match option.as_str() {
            "--help" | "-h" => return Ok(None),
            "--listen" => &mut listen,
            "--store" => &mut store,
            "--key-file" => &mut key,
            "--stay" => &mut stay,
            "--provider" => &mut provider,
            _ => return Err(format!("not an option: {option}").into()),
        };
        *place = Some(words.next().ok_or_else(|| format!("{option} needs a value"))?);
    }
    Ok(Some(Options {
        listen: on_loopback(listen.unwrap_or_else(|| "127.0.0.1:8080".into()))?,
        store: store.unwrap_or_else(|| "memory".into()),
        key: key.map_or_else(|| Ok(DataKey::generate()?), |path| key_of(Path::new(&path)))?,
        stays_for: stay.map_or(Ok(TWO_WEEKS), seconds)?,
        provider: provider.map(of_another_node).transpose()?,
    }))
}

/// It speaks HTTP, and its provider lets everybody in.
fn on_loopback(address: String) -> Result<String> {
    if address.starts_with("127.0.0.1:") {
        return Ok(address);
    }
    Err("--listen: this is an example, only for 127.0.0.1".into())
}

fn of_another_node(url: String) -> Result<String> {
    if url.starts_with("http://127.0.0.1:") && !url.ends_with('/') {
        return Ok(url);
    }
    Err("--provider: write what the first node prints, http://127.0.0.1:PORT".into())
}

fn seconds(text: String) -> Result<Duration> {
    let seconds: NonZeroU32 = text.parse().map_err(|_| format!("--stay: not a number of seconds: {text}"))?;
    Ok(Duration::seconds(seconds.get().into()))
}

fn key_of(path: &Path) -> Result<DataKey> {
    let bytes = fs::read(path).map_err(|error| format!("--key-file {}: {error}", path.display()))?;
    let bytes: [u8; 32] =
        bytes.try_into().map_err(|_| format!("--key-file {}: not 32 bytes", path.display()))?;
    Ok(DataKey::from_bytes(&bytes))
}
