//! The statements. Each is a transaction of its own.
//!
//! PostgreSQL commits transactions that notify one after the other. Where such a commit waits for the disk, eight writers are
//! no faster than one: 200 updates a second instead of 2000. So a removal, which must not be missed, notifies by itself; other
//! changes are told right after them, by a transaction that does not wait.
//!
//! `now()` is the start of the statement by the server's clock. A row that is locked is looked at again once it is free, so
//! that a condition always holds for what is replaced.

/// The channel on which changes are told.
pub(super) const CHANNEL: &str = "sealed_cache_changes";

pub(super) const LOAD: &str =
    "SELECT etag, sealed FROM sealed_cache_partitions WHERE name = $1 AND expires_at > now()";

pub(super) const PROBE: &str =
    "SELECT etag FROM sealed_cache_partitions WHERE name = $1 AND expires_at > now()";

/// Name, etag, sealed, microseconds to live. A row if it was done.
pub(super) const CREATE: &str = "\
    INSERT INTO sealed_cache_partitions AS old (name, etag, sealed, expires_at, expires_hour)
    SELECT $1, $2, $3, expiry, ceil(extract(epoch FROM expiry) / 3600)::integer
    FROM (SELECT now() + $4 * interval '1 microsecond' AS expiry) AS times
    ON CONFLICT (name) DO UPDATE
    SET etag = excluded.etag, sealed = excluded.sealed,
        expires_at = excluded.expires_at, expires_hour = excluded.expires_hour
    WHERE old.expires_at <= now()
    RETURNING 1";

/// The same, with the etag that is to be there.
pub(super) const REPLACE: &str = "\
    UPDATE sealed_cache_partitions
    SET etag = $2, sealed = $3, expires_at = expiry,
        expires_hour = ceil(extract(epoch FROM expiry) / 3600)::integer
    FROM (SELECT now() + $4 * interval '1 microsecond' AS expiry) AS times
    WHERE name = $1 AND etag = $5 AND expires_at > now()
    RETURNING 1";

/// Name. Its commit may be lost in a crash, and so may those who listen.
pub(super) const TELL: &str = "\
    SELECT set_config('synchronous_commit', 'off', true), pg_notify('sealed_cache_changes', $1)";

/// Name, the only etag or NULL, whether to tell: not 0.
pub(super) const REMOVE: &str = "\
    WITH done AS (
        DELETE FROM sealed_cache_partitions
        WHERE name = $1 AND ($2::bytea IS NULL OR etag = $2) AND expires_at > now()
        RETURNING name
    )
    SELECT CASE WHEN $3 <> 0 THEN pg_notify('sealed_cache_changes', name) END FROM done";

/// Name, microseconds to live.
pub(super) const TOUCH: &str = "\
    UPDATE sealed_cache_partitions
    SET expires_at = expiry, expires_hour = ceil(extract(epoch FROM expiry) / 3600)::integer
    FROM (SELECT now() + $2 * interval '1 microsecond' AS expiry) AS times
    WHERE name = $1 AND etag = $3 AND expires_at > now()
    RETURNING 1";

/// Name, holder, microseconds.
pub(super) const LEASE: &str = "\
    INSERT INTO sealed_cache_leases AS old (name, holder, expires_at)
    VALUES ($1, $2, now() + $3 * interval '1 microsecond')
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE old.holder = excluded.holder OR old.expires_at <= now()
    RETURNING 1";

pub(super) const RELEASE: &str = "DELETE FROM sealed_cache_leases WHERE name = $1 AND holder = $2";

/// How many at most. Gives how many.
pub(super) const PURGE: &str = "\
    WITH dead AS (
        SELECT name FROM sealed_cache_partitions
        WHERE expires_hour <= ceil(extract(epoch FROM now()) / 3600)::integer AND expires_at <= now()
        LIMIT $1 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM sealed_cache_partitions USING dead WHERE sealed_cache_partitions.name = dead.name
        RETURNING 1
    )
    SELECT count(*) FROM gone";

/// The same for leases, which are few.
pub(super) const PURGE_LEASES: &str = "\
    WITH dead AS (
        SELECT name FROM sealed_cache_leases WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM sealed_cache_leases USING dead WHERE sealed_cache_leases.name = dead.name";

/// After which name, how many at most.
pub(super) const NAMES_AFTER: &str = "\
    SELECT name FROM sealed_cache_partitions WHERE name > $1 AND expires_at > now() ORDER BY name LIMIT $2";

/// The newest migration that was applied, and whether a commit survives a crash.
pub(super) const SCHEMA: &str = "\
    SELECT (SELECT max(version) FROM sealed_cache_schema),
        current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'
        AND (SELECT relpersistence = 'p' FROM pg_class
             WHERE oid = 'sealed_cache_partitions'::regclass)";

/// One for all nodes that migrate at once; the number is the start of SHA-256 of `sealed-cache`.
pub(super) const LOCK_MIGRATIONS: &str = "SELECT pg_advisory_xact_lock(7668480973765006414)";

/// Milliseconds, for each statement of a connection.
pub(super) const SETTINGS: &str = "\
    SELECT set_config('statement_timeout', $1 || 'ms', false),
        set_config('idle_in_transaction_session_timeout', $1 || 'ms', false)";

/// 14 and later notice a client that has left while it waits; but not on every system, and there they refuse.
pub(super) const NOTICE_LEAVING: &str = "\
    SELECT set_config(name, '250ms', false) FROM pg_settings WHERE name = 'client_connection_check_interval'";
