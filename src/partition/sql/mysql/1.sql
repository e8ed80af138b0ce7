-- sealed-cache on MySQL or MariaDB, version 1. It may be applied again, and by several nodes at once.
CREATE TABLE IF NOT EXISTS sealed_cache_schema (
    version INT NOT NULL PRIMARY KEY,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB;

-- Times are UTC.
CREATE TABLE IF NOT EXISTS sealed_cache_partitions (
    name VARBINARY(200) NOT NULL PRIMARY KEY,
    etag BINARY(16) NOT NULL,
    sealed MEDIUMBLOB NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    -- Hours since 1970, rounded down. Only this is indexed: most updates leave it as it is.
    expires_hour INT NOT NULL,
    KEY sealed_cache_partitions_expires_hour (expires_hour)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS sealed_cache_leases (
    name VARBINARY(200) NOT NULL PRIMARY KEY,
    holder BINARY(16) NOT NULL,
    expires_at DATETIME(6) NOT NULL
) ENGINE = InnoDB;

INSERT IGNORE INTO sealed_cache_schema (version) VALUES (1);
