//! Which engine keeps sessions and tokens: the one place that knows.

use std::sync::Arc;

#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
use sealed_cache::partition::SqlSettings;
use sealed_cache::partition::{MemoryStore, PartitionStore};

use crate::Result;

/// In bytes.
const MEMORY: u64 = 64 << 20;

pub(crate) async fn open(which: &str) -> Result<Arc<dyn PartitionStore>> {
    Ok(match which.split_once(':').map_or(which, |(scheme, _)| scheme) {
        "memory" => Arc::new(MemoryStore::new(MEMORY)),
        #[cfg(feature = "redis")]
        "redis" | "rediss" => {
            use sealed_cache::partition::{RedisSettings, RedisStore};
            Arc::new(RedisStore::connect(which, RedisSettings::new().prefix("example-web-app")).await?)
        }
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => {
            use sealed_cache::partition::PostgresStore;
            // In real life a job of the deployment, by a user that may make tables; the application may not.
            PostgresStore::migrate(which, &a_minute()).await?;
            Arc::new(PostgresStore::connect(which, SqlSettings::new()).await?)
        }
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => {
            use sealed_cache::partition::MysqlStore;
            MysqlStore::migrate(which, &a_minute()).await?;
            Arc::new(MysqlStore::connect(which, SqlSettings::new()).await?)
        }
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            use sealed_cache::partition::SqliteStore;
            let path = which.strip_prefix("sqlite:").filter(|path| !path.is_empty());
            let path = path.ok_or("--store: write sqlite:PATH")?;
            Arc::new(SqliteStore::open(path, SqlSettings::new()).await?)
        }
        scheme if ["redis", "postgres", "mysql", "sqlite"].contains(&scheme) => {
            return Err(format!("--store: build with `--features sessions,{scheme}` for this").into());
        }
        // Not the whole of it: there may be a password in it.
        _ => return Err("--store: not a store that this example knows; --help lists them".into()),
    })
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn a_minute() -> sealed_cache::Deadline {
    sealed_cache::Deadline::after(std::time::Duration::from_secs(60))
}
