//! What the server says of itself, asked once, when a store connects.

use redis::{Value, cmd};

use super::{
    super::{StoreError, StoreErrorKind},
    RedisSettings, errors,
    link::{Again, Link},
    scripts::{self, command},
};
use crate::Deadline;

/// So many names tell whether other servers have a part of the keys: with two servers, all would be here once in four billion.
const NAMES: u32 = 32;

pub(super) struct Server {
    /// Whether it writes an append-only file.
    pub(super) is_durable: bool,
}

impl Server {
    /// An error if it does not answer for every key: we do not go from one server of a cluster to another.
    pub(super) async fn look(
        link: &Link,
        settings: &RedisSettings,
        deadline: &Deadline,
    ) -> Result<Self, StoreError> {
        link.connection(deadline).await?;
        let said = info(link, deadline).await?;
        // A proxy, or one server that has all keys, may well say so and answer for all of them.
        if said.contains("cluster_enabled:1") {
            has_all_keys(link, settings, deadline).await?;
        }
        Ok(Self { is_durable: said.contains("aof_enabled:1") })
    }
}

/// Empty where the user may not ask.
async fn info(link: &Link, deadline: &Deadline) -> Result<String, StoreError> {
    // Redis 6 gives one section at a time, or these and more if none is named.
    match scripts::ask(link, &cmd("INFO"), Again::IsFine, deadline).await {
        Ok(Value::BulkString(text)) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Ok(Value::VerbatimString { text, .. }) => Ok(text),
        Ok(_) => Err(errors::unexpected()),
        Err(error) if error.kind() == StoreErrorKind::Denied => Ok(String::new()),
        Err(error) => Err(error),
    }
}

async fn has_all_keys(link: &Link, settings: &RedisSettings, deadline: &Deadline) -> Result<(), StoreError> {
    for number in 0..NAMES {
        let name = settings.name(&format!("is-here:{number}"));
        scripts::ask(link, &command("EXISTS", &name), Again::IsFine, deadline).await?;
    }
    Ok(())
}
