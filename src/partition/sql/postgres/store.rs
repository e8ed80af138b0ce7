//! The calls of a [`PostgresStore`].

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::{
    super::{
        super::{
            Capabilities, Changes, Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put,
            StoreError, Stored, within::within,
        },
        argument::Argument,
        conflict,
        errors::{corrupt, tables_missing, timeout, too_large},
        pool::Nature::{self, Once, Read, Repeatable},
        purging::{in_batches, purged},
        row::{etag, field, stored},
    },
    MISSING, PostgresStore,
    changes::PostgresChanges,
    migrations::VERSION,
    statements::{
        CREATE, LEASE, LOAD, NAMES_AFTER, PROBE, PURGE, PURGE_LEASES, RELEASE, REMOVE, REPLACE, SCHEMA, TOUCH,
    },
    telling::Telling,
};
use crate::Deadline;

/// It takes more, and is no place for it.
const LARGEST: usize = 64 * 1024 * 1024;
/// How many rows one statement purges: it holds their locks until it is done.
const BATCH: u32 = 1000;

impl PostgresStore {
    /// Whether the tables are there; and whether what they hold is durable.
    pub(super) async fn check(&self, deadline: &Deadline) -> Result<bool, StoreError> {
        let rows = self.rows(Read, SCHEMA, &[], deadline).await?;
        let row = rows.first().ok_or_else(corrupt)?;
        let version: Option<i32> = field(row, 0)?;
        if version.is_none_or(|version| version < VERSION) {
            return Err(tables_missing(MISSING));
        }
        field(row, 1)
    }

    async fn rows(
        &self,
        nature: Nature,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<Vec<PgRow>, StoreError> {
        Ok(self.pool.rows(nature, statement, arguments, deadline).await?.what)
    }

    async fn is_done(
        &self,
        nature: Nature,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        Ok(!self.rows(nature, statement, arguments, deadline).await?.is_empty())
    }

    /// A put that nobody is told of.
    async fn put_silently(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        let mut arguments = vec![
            Argument::name(name),
            Argument::etag(&partition.etag),
            Argument::Bytes(&partition.sealed),
            Argument::time(lives_for),
        ];
        let (nature, statement) = match &condition {
            // Somebody may have signed out what an attempt has created whose answer was lost.
            Condition::Absent => (Once, CREATE),
            Condition::Matches(old) => {
                arguments.push(Argument::etag(old));
                (Repeatable, REPLACE)
            }
        };
        let given = self.pool.rows(nature, statement, &arguments, deadline).await?;
        if !given.what.is_empty() {
            return Ok(Put::Stored);
        }
        conflict(self.load(name, deadline).await, partition, given.is_unsure)
    }

    async fn purge_batch(&self, most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        let rows = self.rows(Once, PURGE, &[Argument::Number(i64::from(most))], deadline).await?;
        let gone: i64 = field(rows.first().ok_or_else(corrupt)?, 0)?;
        Ok(u64::try_from(gone).unwrap_or(0))
    }

    async fn purge_leases(&self, deadline: &Deadline) -> Result<(), StoreError> {
        let leases = [Argument::Number(i64::from(BATCH))];
        self.rows(Repeatable, PURGE_LEASES, &leases, deadline).await.map(drop)
    }

    fn tells(&self) -> Argument<'static> {
        Argument::Number(i64::from(self.settings.tells_changes))
    }
}

#[async_trait]
impl PartitionStore for PostgresStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new("postgres", LARGEST);
        capabilities.is_durable = self.is_durable;
        capabilities.tells_changes = self.settings.tells_changes;
        capabilities
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        let rows = self.rows(Read, LOAD, &[Argument::name(name)], deadline).await?;
        rows.first().map(stored).transpose()
    }

    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError> {
        let rows = self.rows(Read, PROBE, &[Argument::name(name)], deadline).await?;
        rows.first().map(etag).transpose()
    }

    async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        if partition.sealed.len() > LARGEST {
            return Err(too_large(LARGEST));
        }
        let telling = Telling::new(self, name);
        let outcome = self.put_silently(name, partition, condition, lives_for, deadline).await;
        match &outcome {
            Ok(Put::Stored) => telling.done(deadline).await,
            Err(error) if error.is_ambiguous() => drop(telling),
            _ => telling.not_done(),
        }
        outcome
    }

    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let only = Argument::Perhaps(only.as_ref().map(|etag| &etag.as_bytes()[..]));
        self.is_done(Once, REMOVE, &[Argument::name(name), only, self.tells()], deadline).await
    }

    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let arguments = [Argument::name(name), Argument::time(lives_for), Argument::etag(&etag)];
        self.is_done(Repeatable, TOUCH, &arguments, deadline).await
    }

    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let arguments = [Argument::name(name), Argument::holder(holder), Argument::time(lasts)];
        self.is_done(Repeatable, LEASE, &arguments, deadline).await
    }

    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        let arguments = [Argument::name(name), Argument::holder(holder)];
        self.rows(Repeatable, RELEASE, &arguments, deadline).await.map(drop)
    }

    async fn purge(&self, at_most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        let gone = in_batches(at_most, BATCH, |batch| self.purge_batch(batch, deadline)).await?;
        purged(gone, self.purge_leases(deadline).await)
    }

    async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError> {
        let after = Argument::Text(after.map_or("", PartitionName::as_str));
        let arguments = [after, Argument::Number(i64::from(at_most))];
        let rows = self.rows(Read, NAMES_AFTER, &arguments, deadline).await?;
        rows.iter().map(|row| field(row, 0).map(PartitionName::from_engine)).collect()
    }

    async fn changes(&self, deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        if !self.settings.tells_changes {
            return Ok(None);
        }
        let listening = PostgresChanges::listen(self.options.clone(), self.settings.connect_timeout);
        let listening = within(deadline, listening).await;
        let changes =
            listening.ok_or_else(|| timeout("no subscription to changes before the deadline"))??;
        Ok(Some(Box::new(changes)))
    }
}
