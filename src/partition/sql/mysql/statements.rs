//! The statements. Each is a transaction of its own. `UTC_TIMESTAMP` is the start of the statement by the server's clock.
//!
//! Rows that match count as changed, as the driver asks the server to count.

pub(super) const LOAD: &str =
    "SELECT etag, sealed FROM sealed_cache_partitions WHERE name = ? AND expires_at > UTC_TIMESTAMP(6)";

pub(super) const PROBE: &str =
    "SELECT etag FROM sealed_cache_partitions WHERE name = ? AND expires_at > UTC_TIMESTAMP(6)";

/// Name, etag, sealed, microseconds to live twice. Fails as a duplicate where there is a row, also one that has expired. Not
/// `INSERT IGNORE`, which also ignores that contents are cut off.
pub(super) const CREATE: &str = "\
    INSERT INTO sealed_cache_partitions (name, etag, sealed, expires_at, expires_hour)
    VALUES (?, ?, ?, UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
        TIMESTAMPDIFF(HOUR, '1970-01-01', UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND))";

/// Etag, sealed, microseconds to live twice, name.
pub(super) const REVIVE: &str = "\
    UPDATE sealed_cache_partitions
    SET etag = ?, sealed = ?, expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
        expires_hour = TIMESTAMPDIFF(HOUR, '1970-01-01', UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)
    WHERE name = ? AND expires_at <= UTC_TIMESTAMP(6)";

/// The same, and the etag that is to be there.
pub(super) const REPLACE: &str = "\
    UPDATE sealed_cache_partitions
    SET etag = ?, sealed = ?, expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
        expires_hour = TIMESTAMPDIFF(HOUR, '1970-01-01', UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)
    WHERE name = ? AND etag = ? AND expires_at > UTC_TIMESTAMP(6)";

/// Name, the only etag or NULL, twice.
pub(super) const REMOVE: &str = "\
    DELETE FROM sealed_cache_partitions
    WHERE name = ? AND (? IS NULL OR etag = ?) AND expires_at > UTC_TIMESTAMP(6)";

/// Microseconds to live twice, name.
pub(super) const TOUCH: &str = "\
    UPDATE sealed_cache_partitions
    SET expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
        expires_hour = TIMESTAMPDIFF(HOUR, '1970-01-01', UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)
    WHERE name = ? AND etag = ? AND expires_at > UTC_TIMESTAMP(6)";

/// Name, holder, microseconds. Fails as a duplicate where there is a row.
pub(super) const LEASE: &str = "\
    INSERT INTO sealed_cache_leases (name, holder, expires_at)
    VALUES (?, ?, UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)";

/// Holder, microseconds, name, holder.
pub(super) const TAKE_LEASE: &str = "\
    UPDATE sealed_cache_leases SET holder = ?, expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
    WHERE name = ? AND (holder = ? OR expires_at <= UTC_TIMESTAMP(6))";

/// Name, holder.
pub(super) const RELEASE: &str = "DELETE FROM sealed_cache_leases WHERE name = ? AND holder = ?";

/// How many at most. It passes over rows that somebody works at: MariaDB 10.6, MySQL 8.0.1. Without the order of the join, a
/// small table is read as a whole, and waits for them.
pub(super) const PURGE: &str = "\
    DELETE old FROM (
        SELECT name FROM sealed_cache_partitions
        WHERE expires_hour <= TIMESTAMPDIFF(HOUR, '1970-01-01', UTC_TIMESTAMP(6))
            AND expires_at <= UTC_TIMESTAMP(6)
        LIMIT ? FOR UPDATE SKIP LOCKED
    ) AS dead STRAIGHT_JOIN sealed_cache_partitions AS old ON old.name = dead.name";

/// The same for leases, which are few.
pub(super) const PURGE_LEASES: &str = "\
    DELETE old FROM (
        SELECT name FROM sealed_cache_leases WHERE expires_at <= UTC_TIMESTAMP(6)
        LIMIT ? FOR UPDATE SKIP LOCKED
    ) AS dead STRAIGHT_JOIN sealed_cache_leases AS old ON old.name = dead.name";

/// After which name, how many at most.
pub(super) const NAMES_AFTER: &str = "\
    SELECT name FROM sealed_cache_partitions WHERE name > ? AND expires_at > UTC_TIMESTAMP(6)
    ORDER BY name LIMIT ?";

/// The newest migration that was applied, the largest packet, whether each commit reaches the disk.
pub(super) const SCHEMA: &str = "\
    SELECT (SELECT MAX(version) FROM sealed_cache_schema), CAST(@@max_allowed_packet AS SIGNED),
        CAST(@@innodb_flush_log_at_trx_commit AS SIGNED)";

/// A server may be set up to wait for a COMMIT.
pub(super) const COMMIT_EACH: &str = "SET SESSION autocommit = 1";

/// Whether there is a database; the lock, which is ours if this is 1, for as long as the connection lasts. Its name is one for
/// the whole server, so it has that of the database in it.
pub(super) const LOCK_MIGRATIONS: &str = "SELECT DATABASE() IS NOT NULL, \
        CAST(GET_LOCK(CONCAT('sealed_cache.', LEFT(MD5(DATABASE()), 16)), 600) AS SIGNED)";
