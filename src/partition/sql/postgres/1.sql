-- sealed-cache on PostgreSQL, version 1. It may be applied again, and by several nodes at once.
CREATE TABLE IF NOT EXISTS sealed_cache_schema (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- LOGGED: an UNLOGGED table is empty after a crash, which signs everybody out.
CREATE TABLE IF NOT EXISTS sealed_cache_partitions (
    name text COLLATE "C" PRIMARY KEY,
    etag bytea NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Hours since 1970, rounded up. Only this is indexed: most updates leave it as it is, and so touch no index.
    expires_hour integer NOT NULL
) WITH (fillfactor = 80);

-- Sealed bytes do not become smaller.
ALTER TABLE sealed_cache_partitions ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE INDEX IF NOT EXISTS sealed_cache_partitions_expires_hour ON sealed_cache_partitions (expires_hour);

CREATE TABLE IF NOT EXISTS sealed_cache_leases (
    name text COLLATE "C" PRIMARY KEY,
    holder bytea NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 80);

INSERT INTO sealed_cache_schema (version) VALUES (1) ON CONFLICT DO NOTHING;
