//! What is said of partitions, in numbers and in log lines: never whose they are.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use sealed_cache::partition::{MemoryStore, PartitionStore};

use crate::{
    log,
    suite::{answer, namespace, open, person, plant, raw, sign_in, wanted},
};

/// Every metric, with its labels.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<BTreeSet<String>>>);

struct Nothing;

impl CounterFn for Nothing {
    fn increment(&self, _: u64) {}
    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Nothing {
    fn record(&self, _: f64) {}
}

impl Everything {
    fn note(&self, key: &Key) {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        self.0.lock().unwrap().insert(format!("{} {}", key.name(), labels.join(" ")));
    }
}

impl Recorder for Everything {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.note(key);
        Counter::from_arc(Arc::new(Nothing))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.note(key);
        Gauge::noop()
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.note(key);
        Histogram::from_arc(Arc::new(Nothing))
    }
}

/// All verbs, on one thread, so that all of it is heard here.
async fn everything() {
    let store: Arc<dyn PartitionStore> = Arc::new(MemoryStore::new(1 << 24));
    let caches = open(&namespace(), store.clone()).await;
    sign_in(&caches, "personal").await;
    for _ in 0..2 {
        caches.read(&person("personal"), |_| ()).await.unwrap();
    }
    caches.read(&person("nobody"), |_| ()).await.unwrap();
    let ask = |_| async { Ok(answer("personal", "Mail.Read", "secret-access", Some("secret-refresh"))) };
    caches.refresh(&person("personal"), &wanted("personal", "Mail.Read"), None, ask).await.unwrap();
    let foreign = answer("other", "x", "secret-access", None);
    caches.update(&person("personal"), |cache| cache.add(&foreign)).await.unwrap_err();
    let mut altered = raw(&caches, &store, &person("personal")).await.unwrap();
    altered.sealed[60] ^= 1;
    plant(&store, &caches.name(&person("personal")), &altered).await;
    assert_eq!(caches.read_current(&person("personal"), |_| ()).await.unwrap(), None);
    caches.remove(&person("personal")).await.unwrap();
}

#[test]
fn neither_metrics_nor_log_lines_tell_whose_it_is() {
    log::listen();
    let heard = Everything::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&heard, || runtime.block_on(everything()));
    let metrics = heard.0.lock().unwrap().clone();
    for expected in [
        "sealed_cache_engine_hits engine=memory",
        "sealed_cache_level_one_hits engine=memory",
        "sealed_cache_misses engine=memory",
        "sealed_cache_foreign_entries engine=memory",
        "sealed_cache_unreadable engine=memory",
        "sealed_cache_open_failures reason=altered",
        "sealed_cache_token_requests engine=memory",
        "sealed_cache_partition_bytes engine=memory",
        "sealed_cache_operation_seconds engine=memory operation=put",
        "sealed_cache_operation_seconds engine=memory operation=token_request",
    ] {
        assert!(metrics.contains(expected), "{expected} is not in {metrics:#?}");
    }
    let lines = log::lines();
    let loud = |line: &&String| line.starts_with("ERROR") && line.contains("does not open");
    assert!(lines.iter().any(|line| loud(&line)), "it is told loudly");
    let is_said = |span: &str| lines.iter().any(|line| line.contains(span));
    assert!(
        lines.iter().any(|line| line.contains("sealed_cache_engine") && line.contains("put")),
        "spans are there"
    );
    for span in ["sealed_cache_refresh", "sealed_cache_lease_wait", "sealed_cache_token_request"] {
        assert!(is_said(span), "{span} is there");
    }
    for operation in ["read", "update"] {
        let expected = format!("sealed_cache_partition operation=\"{operation}\"");
        assert!(lines.iter().any(|line| line.contains(&expected)), "{expected} is not in {lines:#?}");
    }
    for said in metrics.iter().chain(&lines) {
        for personal in ["personal", "secret-", "access of", "refresh of", "eyJ"] {
            assert!(!said.contains(personal), "{said}");
        }
    }
    assert!(!metrics.iter().any(|metric| metric.contains("suite-")), "no names in labels");
}
