-- sealed-cache on SQLite, version 1. It may be applied again, and by several processes at once.
CREATE TABLE IF NOT EXISTS sealed_cache_schema (
    version INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS sealed_cache_partitions (
    name TEXT NOT NULL PRIMARY KEY,
    etag BLOB NOT NULL,
    sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS sealed_cache_partitions_expires_at ON sealed_cache_partitions (expires_at);

CREATE TABLE IF NOT EXISTS sealed_cache_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO sealed_cache_schema (version) VALUES (1);
