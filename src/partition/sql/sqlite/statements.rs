//! The statements. Each is a transaction of its own, and one that writes takes the write lock before it looks at anything.

/// Milliseconds since 1970, the same within a statement.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

pub(super) const LOAD: &str =
    concat!("SELECT etag, sealed FROM sealed_cache_partitions WHERE name = ?1 AND expires_at > ", now!());

pub(super) const PROBE: &str =
    concat!("SELECT etag FROM sealed_cache_partitions WHERE name = ?1 AND expires_at > ", now!());

/// Name, etag, sealed, microseconds to live. A row if it was done, as below.
pub(super) const CREATE: &str = concat!(
    "INSERT INTO sealed_cache_partitions AS old (name, etag, sealed, expires_at) VALUES (?1, ?2, ?3, ",
    now!(),
    " + ?4 / 1000) ON CONFLICT (name) DO UPDATE
    SET etag = excluded.etag, sealed = excluded.sealed, expires_at = excluded.expires_at
    WHERE old.expires_at <= ",
    now!(),
    " RETURNING 1"
);

/// The same, with the etag that is to be there.
pub(super) const REPLACE: &str = concat!(
    "UPDATE sealed_cache_partitions SET etag = ?2, sealed = ?3, expires_at = ",
    now!(),
    " + ?4 / 1000 WHERE name = ?1 AND etag = ?5 AND expires_at > ",
    now!(),
    " RETURNING 1"
);

/// Name, the only etag or NULL.
pub(super) const REMOVE: &str = concat!(
    "DELETE FROM sealed_cache_partitions WHERE name = ?1 AND (?2 IS NULL OR etag = ?2) AND expires_at > ",
    now!(),
    " RETURNING 1"
);

/// Name, microseconds to live.
pub(super) const TOUCH: &str = concat!(
    "UPDATE sealed_cache_partitions SET expires_at = ",
    now!(),
    " + ?2 / 1000 WHERE name = ?1 AND etag = ?3 AND expires_at > ",
    now!(),
    " RETURNING 1"
);

/// Name, holder, microseconds.
pub(super) const LEASE: &str = concat!(
    "INSERT INTO sealed_cache_leases AS old (name, holder, expires_at) VALUES (?1, ?2, ",
    now!(),
    " + ?3 / 1000) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE old.holder = excluded.holder OR old.expires_at <= ",
    now!(),
    " RETURNING 1"
);

pub(super) const RELEASE: &str = "DELETE FROM sealed_cache_leases WHERE name = ?1 AND holder = ?2";

/// How many at most.
pub(super) const PURGE: &str = concat!(
    "DELETE FROM sealed_cache_partitions WHERE rowid IN (
        SELECT rowid FROM sealed_cache_partitions WHERE expires_at <= ",
    now!(),
    " LIMIT ?1) RETURNING 1"
);

pub(super) const PURGE_LEASES: &str = concat!("DELETE FROM sealed_cache_leases WHERE expires_at <= ", now!());

/// After which name, how many at most.
pub(super) const NAMES_AFTER: &str = concat!(
    "SELECT name FROM sealed_cache_partitions WHERE name > ?1 AND expires_at > ",
    now!(),
    " ORDER BY name LIMIT ?2"
);
