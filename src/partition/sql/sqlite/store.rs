//! The calls of a [`SqliteStore`].

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::{
    super::{
        super::{
            Capabilities, Changes, Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put,
            StoreError, Stored,
        },
        argument::Argument,
        conflict,
        errors::too_large,
        pool::Nature::{self, Once, Read, Repeatable},
        purging::{in_batches, purged},
        row::{etag, field, stored},
    },
    SqliteStore,
    statements::{
        CREATE, LEASE, LOAD, NAMES_AFTER, PROBE, PURGE, PURGE_LEASES, RELEASE, REMOVE, REPLACE, TOUCH,
    },
};
use crate::Deadline;

/// It takes more, and is no place for it.
const LARGEST: usize = 64 * 1024 * 1024;
/// How many rows one statement purges: nobody else writes until it is done.
const BATCH: u32 = 100;

impl SqliteStore {
    async fn read(
        &self,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        Ok(self.readers.rows(Read, statement, arguments, deadline).await?.what)
    }

    /// How many rows it gives: one for each that it has changed.
    async fn write(
        &self,
        nature: Nature,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<usize, StoreError> {
        Ok(self.writer.rows(nature, statement, arguments, deadline).await?.what.len())
    }

    async fn purge_batch(&self, most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        let gone = self.write(Once, PURGE, &[Argument::Number(i64::from(most))], deadline).await?;
        Ok(gone as u64)
    }
}

#[async_trait]
impl PartitionStore for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new("sqlite", LARGEST);
        capabilities.is_durable = true;
        capabilities
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        let rows = self.read(LOAD, &[Argument::name(name)], deadline).await?;
        rows.first().map(stored).transpose()
    }

    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError> {
        let rows = self.read(PROBE, &[Argument::name(name)], deadline).await?;
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
        let given = self.writer.rows(nature, statement, &arguments, deadline).await?;
        if !given.what.is_empty() {
            return Ok(Put::Stored);
        }
        conflict(self.load(name, deadline).await, partition, given.is_unsure)
    }

    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let only = Argument::Perhaps(only.as_ref().map(|etag| &etag.as_bytes()[..]));
        Ok(self.write(Once, REMOVE, &[Argument::name(name), only], deadline).await? > 0)
    }

    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let arguments = [Argument::name(name), Argument::time(lives_for), Argument::etag(&etag)];
        Ok(self.write(Repeatable, TOUCH, &arguments, deadline).await? > 0)
    }

    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let arguments = [Argument::name(name), Argument::holder(holder), Argument::time(lasts)];
        Ok(self.write(Repeatable, LEASE, &arguments, deadline).await? > 0)
    }

    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        let arguments = [Argument::name(name), Argument::holder(holder)];
        self.write(Repeatable, RELEASE, &arguments, deadline).await.map(drop)
    }

    async fn purge(&self, at_most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        let gone = in_batches(at_most, BATCH, |batch| self.purge_batch(batch, deadline)).await?;
        purged(gone, self.write(Repeatable, PURGE_LEASES, &[], deadline).await.map(drop))
    }

    async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError> {
        let after = Argument::Text(after.map_or("", PartitionName::as_str));
        let rows = self.read(NAMES_AFTER, &[after, Argument::Number(i64::from(at_most))], deadline).await?;
        rows.iter().map(|row| field(row, 0).map(PartitionName::from_engine)).collect()
    }

    async fn changes(&self, _deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        Ok(None)
    }
}
