//! The calls of a [`MysqlStore`].

use std::time::Duration;

use async_trait::async_trait;
use sqlx::mysql::MySqlRow;

use super::{
    super::{
        super::{
            Capabilities, Changes, Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put,
            StoreError, Stored,
        },
        argument::Argument,
        conflict,
        errors::{corrupt, tables_missing, too_large},
        pool::{
            Given,
            Nature::{self, Once, Read, Repeatable},
        },
        purging::{in_batches, purged},
        row::{etag, field, stored},
    },
    MISSING, MysqlStore,
    migrations::VERSION,
    statements::{
        CREATE, LEASE, LOAD, NAMES_AFTER, PROBE, PURGE, PURGE_LEASES, RELEASE, REMOVE, REPLACE, REVIVE,
        SCHEMA, TAKE_LEASE, TOUCH,
    },
};
use crate::Deadline;

/// What a MEDIUMBLOB takes.
const LARGEST: usize = (1 << 24) - 1;
/// How much of a packet is not contents.
const AROUND: usize = 1024;
/// How many rows one statement purges: it holds their locks until it is done.
const BATCH: u32 = 1000;

impl MysqlStore {
    /// Whether the tables are there; how much fits, and whether it is durable.
    pub(super) async fn check(&mut self, deadline: &Deadline) -> Result<(), StoreError> {
        let rows = self.pool.rows(Read, SCHEMA, &[], deadline).await?.what;
        let row = rows.first().ok_or_else(corrupt)?;
        let version: Option<i32> = field(row, 0)?;
        if version.is_none_or(|version| version < VERSION) {
            return Err(tables_missing(MISSING));
        }
        let packet: i64 = field(row, 1)?;
        self.largest = usize::try_from(packet).unwrap_or(0).saturating_sub(AROUND).min(LARGEST);
        self.is_durable = field::<_, i64>(row, 2)? == 1;
        Ok(())
    }

    async fn is_changed(
        &self,
        nature: Nature,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        Ok(self.pool.changed(nature, statement, arguments, deadline).await?.what > 0)
    }

    /// Where there is no row; and where there is one that has expired. Neither is tried again once an answer was lost: somebody
    /// may have signed out meanwhile what the first attempt created.
    async fn create(
        &self,
        name: &PartitionName,
        partition: &Stored,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let (name, time) = (Argument::name(name), Argument::time(lives_for));
        let (etag, sealed) = (Argument::etag(&partition.etag), Argument::Bytes(&partition.sealed));
        Ok(self.is_changed(Once, CREATE, &[name, etag, sealed, time, time], deadline).await?
            || self.is_changed(Once, REVIVE, &[etag, sealed, time, time, name], deadline).await?)
    }

    async fn replace(
        &self,
        name: &PartitionName,
        partition: &Stored,
        old: &Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Given<u64>, StoreError> {
        let time = Argument::time(lives_for);
        let (etag, sealed) = (Argument::etag(&partition.etag), Argument::Bytes(&partition.sealed));
        let arguments = [etag, sealed, time, time, Argument::name(name), Argument::etag(old)];
        self.pool.changed(Repeatable, REPLACE, &arguments, deadline).await
    }

    async fn purge_batch(&self, most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        let most = [Argument::Number(i64::from(most))];
        Ok(self.pool.changed(Once, PURGE, &most, deadline).await?.what)
    }

    async fn purge_leases(&self, deadline: &Deadline) -> Result<(), StoreError> {
        let leases = [Argument::Number(i64::from(BATCH))];
        self.pool.changed(Repeatable, PURGE_LEASES, &leases, deadline).await.map(drop)
    }
}

#[async_trait]
impl PartitionStore for MysqlStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new("mysql", self.largest);
        capabilities.is_durable = self.is_durable;
        capabilities
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        let rows = self.pool.rows(Read, LOAD, &[Argument::name(name)], deadline).await?.what;
        rows.first().map(stored).transpose()
    }

    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError> {
        let rows = self.pool.rows(Read, PROBE, &[Argument::name(name)], deadline).await?.what;
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
        if partition.sealed.len() > self.largest {
            return Err(too_large(self.largest));
        }
        let (is_done, is_unsure) = match &condition {
            Condition::Absent => (self.create(name, partition, lives_for, deadline).await?, false),
            Condition::Matches(old) => {
                let replaced = self.replace(name, partition, old, lives_for, deadline).await?;
                (replaced.what > 0, replaced.is_unsure)
            }
        };
        if is_done {
            return Ok(Put::Stored);
        }
        conflict(self.load(name, deadline).await, partition, is_unsure)
    }

    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let only = Argument::Perhaps(only.as_ref().map(|etag| &etag.as_bytes()[..]));
        self.is_changed(Once, REMOVE, &[Argument::name(name), only, only], deadline).await
    }

    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let time = Argument::time(lives_for);
        let arguments = [time, time, Argument::name(name), Argument::etag(&etag)];
        self.is_changed(Repeatable, TOUCH, &arguments, deadline).await
    }

    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        let (name, holder, time) = (Argument::name(name), Argument::holder(holder), Argument::time(lasts));
        if self.is_changed(Repeatable, LEASE, &[name, holder, time], deadline).await? {
            return Ok(true);
        }
        let taken = self.is_changed(Repeatable, TAKE_LEASE, &[holder, time, name, holder], deadline).await;
        taken.map_err(StoreError::ambiguous)
    }

    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        let arguments = [Argument::name(name), Argument::holder(holder)];
        self.is_changed(Repeatable, RELEASE, &arguments, deadline).await.map(drop)
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
        let rows = self.pool.rows(Read, NAMES_AFTER, &arguments, deadline).await?.what;
        rows.iter().map(name).collect()
    }

    async fn changes(&self, _deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        Ok(None)
    }
}

fn name(row: &MySqlRow) -> Result<PartitionName, StoreError> {
    String::from_utf8(field(row, 0)?).map(PartitionName::from_engine).map_err(|_| corrupt())
}
