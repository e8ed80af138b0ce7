//! [`RedisStore`]: each verb as one command or one script.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use redis::{Client, Cmd, IntoConnectionInfo, ProtocolVersion, Value, cmd};

use super::{
    super::{
        Capabilities, Changes, Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, StoreError,
        StoreErrorKind, Stored, tls,
    },
    RedisSettings,
    changes::Subscription,
    errors,
    link::{Again, Link},
    scripts::{self, Scripts, command},
    server::Server,
    visits::{Position, Visits},
};
use crate::{Deadline, Error, ErrorKind};

/// A partition is nowhere near that; and one command that moves more would hold up all others.
const LARGEST: usize = 16 * 1024 * 1024;
/// About a hundred years: more would be too much for the clock of Redis.
const FOR_EVER: u64 = 100 * 365 * 24 * 60 * 60 * 1000;
/// Behind the name of a partition, that of its lease. No hash has a colon.
const LEASE: &str = ":lease";

/// Partitions on Redis 6.0 or later, Valkey, or what speaks like them: one server, whose replicas have its address after a
/// failover, or a cluster behind a proxy. Not a Redis Cluster itself.
///
/// All calls share one connection, on which many can be under way at a time. When it breaks, the next call makes a new one; a call
/// that only reads, or that does the same when it is done twice, is asked again on it within its deadline.
///
/// # Settings of the server
///
/// Use `maxmemory-policy noeviction` and an alarm on memory, or know that eviction signs people out. Without an append-only file,
/// a restart signs everybody out; with `appendfsync everysec`, the last second may be lost. A failover loses what the replica had not
/// received.
///
/// # Security
///
/// The user needs `+get +getrange +set +del +exists +pexpire +evalsha +eval +publish +subscribe +scan +info +ping` on its keys and
/// its channel, and `+select` if the address names a database. Redis sees sealed contents and keyed hashes only. The address and the password are neither logged nor part of
/// an error or of the debug text.
pub struct RedisStore {
    client: Client,
    link: Link,
    settings: RedisSettings,
    scripts: Scripts,
    visits: Visits,
    is_durable: bool,
}

impl RedisStore {
    /// Connect to `redis://[user:password@]host[:port][/database]`, or with the feature `tls` to `rediss://…`.
    ///
    /// TLS trusts whom the system trusts; where the variable `SSL_CERT_FILE` names a file with certificates (PEM), whom it
    /// names instead. Without a provider of cryptography that the program has installed for `rustls`, ring is.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if that is no such address, and
    /// [`EngineUnavailable`](ErrorKind::EngineUnavailable), [`EngineTimeout`](ErrorKind::EngineTimeout) or
    /// [`AccessDenied`](ErrorKind::AccessDenied) if there is no Redis that lets us in and answers for every key.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use sealed_cache::partition::{RedisSettings, RedisStore};
    ///
    /// # async fn connect() -> sealed_cache::Result<RedisStore> {
    /// RedisStore::connect("redis://127.0.0.1/", RedisSettings::new().prefix("todo")).await
    /// # }
    /// ```
    pub async fn connect(url: &str, settings: RedisSettings) -> crate::Result<Self> {
        let client = client(url)?;
        let link = Link::new(client.clone(), &settings);
        let server = Server::look(&link, &settings, &Deadline::after(settings.connect_timeout)).await?;
        let (scripts, visits) = (Scripts::new(), Visits::default());
        Ok(Self { client, link, settings, scripts, visits, is_durable: server.is_durable })
    }

    /// The key of a partition.
    fn key<'a>(&self, name: &'a PartitionName) -> Result<&'a str, StoreError> {
        let key = name.as_str();
        if self.settings.covers(key) {
            return Ok(key);
        }
        Err(StoreError::new(StoreErrorKind::Denied, "the name does not begin with the prefix of this store"))
    }

    fn lease_key(&self, name: &PartitionName) -> Result<String, StoreError> {
        self.key(name).map(|key| format!("{key}{LEASE}"))
    }

    /// Where a script tells of its change: nowhere, if it is empty.
    fn channel(&self) -> String {
        if self.settings.tells_changes { self.settings.channel() } else { String::new() }
    }

    async fn put_once(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        let key = self.key(name)?;
        if partition.sealed.len() > LARGEST {
            return Err(StoreError::new(StoreErrorKind::TooLarge, "the partition is larger than 16 MiB"));
        }
        let value = [partition.etag.as_bytes().as_slice(), &partition.sealed].concat();
        let (lives_for, channel) = (millis(lives_for), self.channel());
        let expected = if let Condition::Matches(etag) = &condition { &etag.as_bytes()[..] } else { &[] };
        let arguments = [expected, &value, lives_for.as_bytes(), channel.as_bytes()];
        let put = &self.scripts.put;
        match put.run(&self.link, key, &arguments, Again::WouldBeAnotherChange, deadline).await? {
            Value::Int(1) => Ok(Put::Stored),
            Value::Nil => Ok(Put::Conflict(None)),
            there => stored(there).map(|there| Put::Conflict(Some(there))),
        }
    }

    async fn read(&self, command: &Cmd, deadline: &Deadline) -> Result<Value, StoreError> {
        // A read changes nothing, whether it was done or not.
        scripts::ask(&self.link, command, Again::IsFine, deadline).await.map_err(StoreError::certain)
    }

    /// One step of the scan.
    async fn scan(
        &self,
        position: &mut Position,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        let mut command = cmd("SCAN");
        command.arg(position.cursor).arg("MATCH").arg(self.settings.pattern());
        command.arg("COUNT").arg(at_most.clamp(10, 1000)).arg("TYPE").arg("string");
        let (cursor, keys) = page(self.read(&command, deadline).await?).ok_or_else(errors::unexpected)?;
        let ours = keys.into_iter().filter(|key| self.settings.covers(key) && !key.ends_with(LEASE));
        position.found.extend(ours.map(PartitionName::from_engine));
        (position.cursor, position.has_begun) = (cursor, true);
        Ok(())
    }
}

fn client(url: &str) -> crate::Result<Client> {
    let wrong = |_| {
        Error::new(ErrorKind::Configuration, "this is no address of a Redis")
            .with_remedy("write redis://user:password@host:port/database; rediss:// needs the feature `tls`")
    };
    let address = url.into_connection_info().map_err(wrong)?;
    // The later protocol tells when a connection is gone.
    let user = address.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    tls::prepare();
    Client::open(address.set_redis_settings(user)).map_err(wrong)
}

#[async_trait]
impl PartitionStore for RedisStore {
    fn capabilities(&self) -> Capabilities {
        let (is_durable, tells_changes) = (self.is_durable, self.settings.tells_changes);
        Capabilities { is_durable, tells_changes, ..Capabilities::new("redis", LARGEST) }
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        match self.read(&command("GET", self.key(name)?), deadline).await? {
            Value::Nil => Ok(None),
            value => stored(value).map(Some),
        }
    }

    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError> {
        let mut command = command("GETRANGE", self.key(name)?);
        command.arg(0).arg(Etag::LENGTH - 1);
        match self.read(&command, deadline).await? {
            Value::BulkString(etag) if etag.is_empty() => Ok(None),
            value => stored(value).map(|stored| Some(stored.etag)),
        }
    }

    async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        let first = self.put_once(name, partition, condition, lives_for, deadline).await;
        match (first, condition) {
            // Not with `Absent`: somebody may have signed out meanwhile what the first attempt created.
            (Err(lost), Condition::Matches(_)) if is_lost(&lost) => {
                let second = self.put_once(name, partition, condition, lives_for, deadline).await;
                settled(second.map_err(StoreError::ambiguous)?, partition, lost)
            }
            (first, _) => first,
        }
    }

    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let (key, channel) = (self.key(name)?, self.channel());
        let only = only.as_ref().map_or(&[][..], |etag| etag.as_bytes());
        let (arguments, again) = ([only, channel.as_bytes()], Again::WouldBeAnotherChange);
        is_one(&self.scripts.remove.run(&self.link, key, &arguments, again, deadline).await?)
    }

    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let (key, lives_for) = (self.key(name)?, millis(lives_for));
        let arguments = [etag.as_bytes().as_slice(), lives_for.as_bytes()];
        is_one(&self.scripts.touch.run(&self.link, key, &arguments, Again::IsFine, deadline).await?)
    }

    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let (key, lasts) = (self.lease_key(name)?, millis(lasts));
        let arguments = [holder.as_bytes().as_slice(), lasts.as_bytes()];
        is_one(&self.scripts.lease.run(&self.link, &key, &arguments, Again::IsFine, deadline).await?)
    }

    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        let (key, arguments) = (self.lease_key(name)?, [holder.as_bytes().as_slice()]);
        self.scripts.release.run(&self.link, &key, &arguments, Again::IsFine, deadline).await?;
        Ok(())
    }

    /// Redis does that by itself.
    async fn purge(&self, _at_most: u32, _deadline: &Deadline) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError> {
        let connection = self.link.connection(deadline).await?.number;
        let mut position = self.visits.take(after, connection);
        while position.found.is_empty() && !position.is_round() {
            if let Err(error) = self.scan(&mut position, at_most, deadline).await {
                after.inspect(|after| self.visits.keep(after, position));
                return Err(error);
            }
        }
        let given: Vec<_> = position.found.drain(..position.found.len().min(at_most as usize)).collect();
        given.last().inspect(|last| self.visits.keep(last, position));
        Ok(given)
    }

    async fn changes(&self, deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        if !self.settings.tells_changes {
            return Ok(None);
        }
        let subscription = Subscription::open(&self.client, &self.settings.channel(), deadline).await?;
        Ok(Some(Box::new(subscription)))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A value, taken apart: etag and sealed bytes.
fn stored(value: Value) -> Result<Stored, StoreError> {
    let Value::BulkString(mut bytes) = value else { return Err(errors::unexpected()) };
    let etag = bytes.first_chunk().copied().map(Etag::from_bytes).ok_or_else(errors::too_short)?;
    bytes.drain(..Etag::LENGTH);
    Ok(Stored { etag, sealed: bytes })
}

/// Whether the connection broke before it was answered.
fn is_lost(error: &StoreError) -> bool {
    error.is_ambiguous() && error.kind() == StoreErrorKind::Unavailable
}

/// Of a put that was asked twice. If what is there is its own, the first attempt had been done; if it is another's, that may
/// have come after it.
fn settled(second: Put, partition: &Stored, lost: StoreError) -> Result<Put, StoreError> {
    match second {
        Put::Stored => Ok(Put::Stored),
        Put::Conflict(Some(there)) if there.etag == partition.etag => Ok(Put::Stored),
        Put::Conflict(_) => Err(lost),
    }
}

fn is_one(value: &Value) -> Result<bool, StoreError> {
    match value {
        Value::Int(number) => Ok(*number == 1),
        _ => Err(errors::unexpected()),
    }
}

/// Cursor and keys. A key that is no text is none of ours.
fn page(value: Value) -> Option<(u64, Vec<String>)> {
    let Value::Array(parts) = value else { return None };
    let [Value::BulkString(cursor), Value::Array(keys)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let cursor = String::from_utf8(cursor).ok()?.parse().ok()?;
    let text = |key| if let Value::BulkString(key) = key { String::from_utf8(key).ok() } else { None };
    Some((cursor, keys.into_iter().filter_map(text).collect()))
}

/// At least one: Redis takes no time for an error, or for "remove it".
fn millis(time: Duration) -> String {
    u64::try_from(time.as_millis()).unwrap_or(FOR_EVER).clamp(1, FOR_EVER).to_string()
}
