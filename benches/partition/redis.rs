//! Redis: our calls beside the bare ones, on one multiplexed connection each.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64ct::{Base64UrlUnpadded, Encoding};
use redis::{Cmd, Value, aio::MultiplexedConnection, cmd};
use sealed_cache::{
    DataKey, Deadline,
    partition::{
        Coherence, Condition, Etag, HomeAccountId, KeyRing, Namespace, Partition, PartitionName,
        PartitionStore, PartitionedCaches, Put, RedisSettings, RedisStore, Stored,
    },
    token_cache::TokenResponse,
};
use tokio::runtime::Runtime;

use crate::{
    engine::redis::Redis,
    options::Options,
    table::{Table, ratio, time},
    tasks::Load,
};

/// About what one person with an account and three tokens takes, sealed.
const SIZE: usize = 8 * 1024;
const PEOPLE: usize = 1000;
const CLIENT: &str = "client-id";
const CLOUD: &str = "login.microsoftonline.com";
const HOUR: Duration = Duration::from_secs(3600);

/// A server, a bare connection to it, and ours.
struct Scene {
    runtime: Runtime,
    bare: MultiplexedConnection,
    ours: Arc<RedisStore>,
    redis: Redis,
}

impl Scene {
    fn new() -> Self {
        let redis = Redis::start();
        let runtime = Runtime::new().expect("a runtime");
        let url = redis.url();
        let client = redis::Client::open(url.as_str()).expect("an address");
        // On a busy machine half a second, its default, is not enough.
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let bare = runtime.block_on(connecting).expect("a connection");
        // Nobody subscribes to what the bare calls do not tell either.
        let settings = RedisSettings::new().tell_changes(false);
        let ours = Arc::new(runtime.block_on(RedisStore::connect(&url, settings)).expect("a store"));
        Self { runtime, bare, ours, redis }
    }

    /// Everybody has a partition, and nothing else is there.
    fn fill(&self) {
        self.redis.ask(&["FLUSHALL"]);
        self.runtime.block_on(async {
            for person in 0..PEOPLE {
                create(&self.ours, person).await;
            }
        });
    }
}

async fn create(store: &RedisStore, person: usize) {
    let outcome = store.put(&name(person), &contents(), Condition::Absent, HOUR, &soon()).await;
    assert_eq!(outcome.expect("a put"), Put::Stored);
}

fn name(person: usize) -> PartitionName {
    // As long as the names of the crate are.
    PartitionName::from_engine(format!("todo:account:{person:043}"))
}

fn contents() -> Stored {
    Stored { etag: Etag::generate().expect("random bytes"), sealed: vec![7; SIZE] }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

async fn ask(mut wire: MultiplexedConnection, command: Cmd) -> Value {
    command.query_async(&mut wire).await.expect("an answer")
}

pub(crate) fn run(options: &Options) {
    let scene = Scene::new();
    let mut table = Table::new("Redis, 8 KiB each", &["work", "tasks", "bare", "ours", "ratio"]);
    for tasks in [1, 16] {
        let load = Load::new(options, tasks);
        scene.fill();
        reads(&scene, load, &mut table);
        writes(&scene, load, &mut table);
    }
    whole_reads(options, &scene, &mut table);
    table.print();
    contention(options, &scene);
}

fn reads(Scene { runtime, bare, ours, .. }: &Scene, load: Load, table: &mut Table) {
    let (wire, store) = (bare.clone(), ours.clone());
    let bare_get = move |number| {
        let (wire, mut command) = (wire.clone(), cmd("GET"));
        command.arg(name(number % PEOPLE).as_str());
        async move { assert!(matches!(ask(wire, command).await, Value::BulkString(_))) }
    };
    let our_load = move |number| {
        let store = store.clone();
        async move { assert!(store.load(&name(number % PEOPLE), &soon()).await.expect("a load").is_some()) }
    };
    row(table, "load / GET", load, &load.compare(runtime, bare_get, our_load));
    let (wire, store) = (bare.clone(), ours.clone());
    let bare_range = move |number| {
        let (wire, mut command) = (wire.clone(), cmd("GETRANGE"));
        command.arg(name(number % PEOPLE).as_str()).arg(0).arg(15);
        async move { assert!(matches!(ask(wire, command).await, Value::BulkString(_))) }
    };
    let our_probe = move |number| {
        let store = store.clone();
        async move { assert!(store.probe(&name(number % PEOPLE), &soon()).await.expect("a probe").is_some()) }
    };
    row(table, "probe / GETRANGE", load, &load.compare(runtime, bare_range, our_probe));
}

/// What a web application does at each request: read, open, parse, find a token. No copy is kept in the process.
fn whole_reads(options: &Options, Scene { runtime, bare, ours, redis }: &Scene, table: &mut Table) {
    redis.ask(&["FLUSHALL"]);
    let (caches, people) = runtime.block_on(signed_in(ours.clone()));
    let names: Arc<Vec<PartitionName>> = Arc::new(people.iter().map(|person| caches.name(person)).collect());
    let people = Arc::new(people);
    for tasks in [1, 16] {
        let load = Load::new(options, tasks);
        let (wire, names) = (bare.clone(), names.clone());
        let bare_get = move |number: usize| {
            let (wire, mut command) = (wire.clone(), cmd("GET"));
            command.arg(names[number % PEOPLE].as_str());
            async move { assert!(matches!(ask(wire, command).await, Value::BulkString(_))) }
        };
        let (caches, people) = (caches.clone(), people.clone());
        let our_read = move |number: usize| {
            let (caches, people) = (caches.clone(), people.clone());
            async move {
                let found = caches.read(&people[number % PEOPLE], |cache| {
                    cache.access_tokens().any(|token| token.target().contains("User.Read"))
                });
                assert_eq!(found.await.expect("a read"), Some(true));
            }
        };
        row(table, "read, open, parse, find / GET", load, &load.compare(runtime, bare_get, our_read));
    }
}

/// Everybody has signed in, with tokens as long as the service makes them.
async fn signed_in(store: Arc<RedisStore>) -> (PartitionedCaches, Vec<Partition>) {
    let key = DataKey::generate().expect("a key");
    let namespace = Namespace::new("todo", CLOUD, CLIENT).expect("a namespace");
    let keys = KeyRing::new(key.clone(), "first", key);
    let caches = PartitionedCaches::on_shared(namespace, store, keys)
        .coherence(Coherence::Strict)
        .level_one_bytes(0)
        .operation_timeout(Duration::from_secs(30))
        .open()
        .await
        .expect("caches");
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let response = response(person);
        let partition = Partition::account(HomeAccountId::of_response(&response).expect("an account"));
        caches.create_or_update(&partition, |cache| cache.add(&response)).await.expect("a sign-in");
        people.push(partition);
    }
    (caches, people)
}

fn response(person: usize) -> TokenResponse {
    let info = Base64UrlUnpadded::encode_string(format!(r#"{{"uid":"u{person}","utid":"t1"}}"#).as_bytes());
    let token = "AbCd".repeat(500);
    let json = format!(
        r#"{{"access_token":"{token}","refresh_token":"{token}","client_info":"{info}","expires_in":3600,"scope":"User.Read"}}"#
    );
    TokenResponse::from_json(CLIENT, json.as_bytes())
        .expect("a response")
        .token_endpoint(&format!("https://{CLOUD}/t1/oauth2/v2.0/token"))
}

/// Each call writes where no other does at the same time, so that every condition holds.
fn writes(Scene { runtime, bare, ours, redis }: &Scene, load: Load, table: &mut Table) {
    let (wire, store) = (bare.clone(), ours.clone());
    let sealed = contents().sealed;
    let bare_set = move |number: usize| {
        let (wire, mut command) = (wire.clone(), cmd("SET"));
        command.arg(format!("bare:account:{:043}", number % PEOPLE)).arg(&sealed).arg("PX").arg(3_600_000);
        async move { assert!(matches!(ask(wire, command).await, Value::Okay)) }
    };
    redis.ask(&["FLUSHALL"]);
    // The etag of one write is the condition of the next.
    let etags: Arc<Vec<_>> = Arc::new((0..PEOPLE).map(|_| std::sync::Mutex::new(None::<Etag>)).collect());
    let our_put = move |number: usize| {
        let (store, etags) = (store.clone(), etags.clone());
        async move {
            let (person, what) = (number % PEOPLE, contents());
            let before = etags[person].lock().expect("no panic").replace(what.etag);
            let condition = before.map_or(Condition::Absent, Condition::Matches);
            let outcome = store.put(&name(person), &what, condition, HOUR, &soon()).await;
            assert_eq!(outcome.expect("a put"), Put::Stored);
        }
    };
    row(table, "put / SET", load, &load.compare(runtime, bare_set, our_put));
}

fn row(table: &mut Table, work: &str, load: Load, compared: &crate::sample::Compared) {
    let tasks = load.tasks.to_string();
    table.row(&[work, &tasks, &time(compared.floor), &time(compared.ours), &ratio(compared)]);
}

/// All tasks add 1 to the same partition: read, change, write.
fn contention(options: &Options, Scene { runtime, bare, ours, redis }: &Scene) {
    let columns = ["way", "tasks", "for one update", "conflicts for one update", "updates", "lost"];
    let mut table = Table::new("Redis, every task adds to one partition", &columns);
    for tasks in [2, 4, 16] {
        let load = Load { calls: if options.smoke { tasks * 4 } else { 2000 }, ..Load::new(options, tasks) };
        redis.ask(&["FLUSHALL"]);
        let wire = bare.clone();
        let took = load.round(runtime, &Arc::new(move |_| blind_add(wire.clone())));
        let there = runtime.block_on(bare_count(bare.clone()));
        table.row(&lost("GET, SET", load, took, "-", there).each_ref().map(String::as_str));

        redis.ask(&["FLUSHALL"]);
        let (store, conflicts) = (ours.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = conflicts.clone();
        let took = load.round(runtime, &Arc::new(move |_| our_add(store.clone(), counted.clone())));
        let there =
            count(&runtime.block_on(ours.load(&name(0), &soon())).expect("a load").expect("it is there"));
        assert_eq!(there, load.calls, "updates were lost");
        let for_one = conflicts.load(Ordering::Relaxed) as f64 / load.calls as f64;
        let row = lost("load, put", load, took, &format!("{for_one:.2}"), there);
        table.row(&row.each_ref().map(String::as_str));
    }
    table.print();
}

fn lost(way: &str, load: Load, took: Duration, conflicts: &str, there: usize) -> [String; 6] {
    let lost = load.calls - there;
    let share = format!("**{lost}** ({:.0} %)", 100.0 * lost as f64 / load.calls as f64);
    [way.into(), load.tasks.to_string(), time(took), conflicts.into(), load.calls.to_string(), share]
}

async fn bare_count(wire: MultiplexedConnection) -> usize {
    let mut get = cmd("GET");
    get.arg("count");
    match ask(wire, get).await {
        Value::BulkString(bytes) => {
            String::from_utf8(bytes).expect("a number").trim().parse().expect("a number")
        }
        _ => 0,
    }
}

/// As large as ours, so that the way is as long.
async fn blind_add(wire: MultiplexedConnection) {
    let next = bare_count(wire.clone()).await + 1;
    let mut set = cmd("SET");
    set.arg("count").arg(format!("{next:>SIZE$}"));
    ask(wire, set).await;
}

fn count(stored: &Stored) -> usize {
    String::from_utf8_lossy(&stored.sealed).trim().parse().expect("a number")
}

async fn our_add(store: Arc<RedisStore>, conflicts: Arc<AtomicUsize>) {
    let mut there = store.load(&name(0), &soon()).await.expect("a load");
    loop {
        let next = there.as_ref().map_or(0, count) + 1;
        let condition = there.map_or(Condition::Absent, |there| Condition::Matches(there.etag));
        let what = Stored { sealed: format!("{next:>SIZE$}").into_bytes(), ..contents() };
        match store.put(&name(0), &what, condition, HOUR, &soon()).await.expect("a put") {
            Put::Stored => return,
            Put::Conflict(winner) => there = winner,
        }
        conflicts.fetch_add(1, Ordering::Relaxed);
    }
}
