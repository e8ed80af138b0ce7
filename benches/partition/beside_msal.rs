//! MSAL Python with redis-py beside us: the same people, the same Redis, in turn, and what was lost next to how long it took.
//!
//! It does what its documentation shows: GET, deserialize, use, SET. Ours never has plain text on the engine; of MSAL Python
//! there is a row with AES-GCM as well. Its writers and readers are processes, since one cannot use two processors; ours are
//! nodes with connections of their own in this process.

use std::{
    collections::BTreeSet,
    ops::Range,
    process::Command,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sealed_cache::{
    DataKey,
    partition::{
        Coherence, HomeAccountId, KeyRing, Namespace, Partition, PartitionedCaches, RedisSettings, RedisStore,
    },
    token_cache::{AccessTokenQuery, AccountId, TokenResponse},
};
use serde_json::{Map, Value, json};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    engine::redis::Redis,
    events::{COM, Event, client_info, endpoint, id_token},
    options::Options,
    peer::{Peer, driver, installed},
    sample::Compared,
    table::{Table, ratio, time},
};

const CLIENT: &str = "client-id";
const PEOPLE: usize = 1000;
/// Access tokens that one writer adds, each by an update of its own.
const ADDS: usize = 40;
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub(crate) fn run(options: &Options) {
    let python = match installed("python/bin/python") {
        Ok(python) => python,
        Err(missing) => return println!("MSAL Python is left out: {missing}\n"),
    };
    let redis = Redis::start();
    let start = |key: Option<&str>| {
        let mut peer = Peer::start(Command::new(&python).arg(driver("msal_redis.py")));
        let versions = peer.ask(&json!({"do": "open", "url": redis.url(), "key": key}));
        (peer, versions)
    };
    let versions = start(None).1;
    let version = |name: &str| versions[name].as_str().unwrap_or("?").to_owned();
    println!("MSAL Python {}, redis-py {} with hiredis\n", version("msal"), version("redis"));
    let runtime = Runtime::new().expect("a runtime");
    let nodes = runtime.block_on(nodes(&redis.url()));
    let mut reads = Table::new(
        "Redis: load, parse and find a token, about 8 KB each",
        &["peer", "at a time", "MSAL Python", "ours, sealed", "ours / MSAL Python"],
    );
    let mut updates = Table::new(
        "Redis: writers add tokens to one person",
        &["peer", "writers", "peer, for one", "ours, for one", "ours / peer", "peer: lost", "ours: lost"],
    );
    for (name, key) in [("MSAL Python, plain", None), ("MSAL Python, AES-GCM", Some(KEY))] {
        redis.ask(&["FLUSHALL"]);
        let mut peers: Vec<Peer> = (0..4).map(|_| start(key).0).collect();
        sign_everybody_in(&runtime, &nodes[0], &mut peers[0]);
        for at_a_time in [1, 2] {
            let compared = read(options, &runtime, &nodes, &mut peers[..at_a_time]);
            let [peer, ours] = [compared.floor, compared.ours].map(time);
            reads.row(&[name, &at_a_time.to_string(), &peer, &ours, &ratio(&compared)]);
        }
        for writers in [1, 2, 4] {
            let outcome = update(options, &runtime, &nodes[..writers], &mut peers[..writers]);
            updates.row(&outcome.cells(name, writers).each_ref().map(String::as_str));
        }
    }
    reads.print();
    updates.print();
}

/// Nodes of one application, without copies in memory: each read asks Redis, as MSAL Python's does.
async fn nodes(url: &str) -> Vec<PartitionedCaches> {
    let key = DataKey::generate().expect("a key");
    let mut nodes = Vec::new();
    for _ in 0..4 {
        let settings = RedisSettings::new().tell_changes(false);
        let store = Arc::new(RedisStore::connect(url, settings).await.expect("a store"));
        let keys = KeyRing::new(key.clone(), "first", key.clone());
        let namespace = Namespace::new("todo", COM, CLIENT).expect("a namespace");
        let patience = Duration::from_secs(30);
        let builder = PartitionedCaches::on_shared(namespace, store, keys)
            .coherence(Coherence::Strict)
            .level_one_bytes(0)
            .operation_timeout(patience)
            .update_timeout(patience);
        nodes.push(builder.open().await.expect("caches"));
    }
    nodes
}

/// A response with an access token of 2 KB, a refresh token and an id token.
fn event(person: &str) -> Event {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let claims = json!({"preferred_username": format!("{person}@contoso.com"), "oid": person, "tid": "t1",
        "groups": vec!["0b7f39c2-7f3c-4e5b-9b1e-0a3f1d2c4b5a"; 20]});
    let response = json!({
        "access_token": "AbCd".repeat(500), "refresh_token": "AbCd".repeat(400), "id_token": id_token(&claims),
        "client_info": client_info(person, "t1"), "expires_in": 3600,
    });
    Event::new(CLIENT, &endpoint(COM, "t1"), &["User.Read"], response, now)
}

/// A shorter one, of which a partition may take many.
fn small(person: &str) -> Event {
    event(person).answer("access_token", "AbCd".repeat(25)).without("id_token").without("refresh_token")
}

fn person(number: usize) -> String {
    format!("u{number}")
}

fn partition(response: &TokenResponse) -> Partition {
    Partition::account(HomeAccountId::of_response(response).expect("an account"))
}

fn sign_everybody_in(runtime: &Runtime, node: &PartitionedCaches, peer: &mut Peer) {
    for person in (0..PEOPLE).map(person) {
        let event = event(&person);
        sign_in(runtime, node, peer, &event, &person);
    }
}

fn sign_in(runtime: &Runtime, node: &PartitionedCaches, peer: &mut Peer, event: &Event, name: &str) {
    let mut command = event.for_python();
    command["name"] = json!(name);
    peer.ask(&command);
    let response = event.for_us();
    let partition = partition(&response);
    let adding = node.create_or_update(&partition, |cache| cache.add(&response));
    runtime.block_on(adding).expect("a sign-in");
}

/// Everybody is looked up in turn.
fn read(options: &Options, runtime: &Runtime, nodes: &[PartitionedCaches], peers: &mut [Peer]) -> Compared {
    let (calls, rounds) = if options.smoke { (8, 1) } else { (3000, 11) };
    let names: Vec<String> = (0..PEOPLE).map(person).collect();
    let command = read_command(&names, calls);
    let wanted: Arc<Vec<_>> = Arc::new(names.iter().map(|name| wanted(name)).collect());
    let all = u32::try_from(calls * peers.len()).expect("not so many");
    let rounds: Vec<_> = (0..rounds)
        .map(|_| {
            peers.iter_mut().for_each(|peer| peer.send(&command));
            let answers = peers.iter_mut().map(|peer| peer.answer().expect("it reads").as_f64());
            let theirs = answers.map(|seconds| seconds.expect("seconds")).fold(0.0, f64::max);
            let ours =
                timed(runtime, &nodes[..peers.len()], |node, _| read_ours(node, wanted.clone(), calls));
            (Duration::from_secs_f64(theirs) / all, ours / all)
        })
        .collect();
    Compared::of(&rounds)
}

fn read_command(names: &[String], calls: usize) -> Value {
    let query = |name: &String| {
        let home = format!("{name}.t1");
        json!({"client_id": CLIENT, "environment": COM, "realm": "t1", "home_account_id": home})
    };
    let queries: Map<String, Value> = names.iter().map(|name| (name.clone(), query(name))).collect();
    let now = event("u0").now;
    json!({"do": "read", "names": names, "calls": calls, "target": ["User.Read"], "query": queries, "now": now})
}

fn wanted(name: &str) -> (Partition, AccessTokenQuery) {
    let home = format!("{name}.t1");
    let query = AccessTokenQuery::new(CLIENT, ["User.Read"]).account(&AccountId::new(&home, COM)).realm("t1");
    (partition(&event(name).for_us()), query)
}

async fn read_ours(node: PartitionedCaches, wanted: Arc<Vec<(Partition, AccessTokenQuery)>>, calls: usize) {
    for number in 0..calls {
        let (partition, query) = &wanted[number % wanted.len()];
        let found = node.read(partition, |cache| cache.access_token(query).valid().is_some()).await;
        assert_eq!(found.expect("a read"), Some(true));
    }
}

/// The time until all nodes have done their part.
fn timed<F>(
    runtime: &Runtime,
    nodes: &[PartitionedCaches],
    part: impl Fn(PartitionedCaches, usize) -> F,
) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let begun = Instant::now();
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for (number, node) in nodes.iter().enumerate() {
            running.spawn(part(node.clone(), number));
        }
        running.join_all().await
    });
    begun.elapsed()
}

struct Updates {
    compared: Compared,
    made: usize,
    lost: usize,
}

impl Updates {
    fn cells(&self, name: &str, writers: usize) -> [String; 7] {
        let share = 100.0 * self.lost as f64 / self.made as f64;
        let lost = format!("**{}** of {} ({share:.0} %)", self.lost, self.made);
        let [theirs, ours] = [self.compared.floor, self.compared.ours].map(time);
        [name.into(), writers.to_string(), theirs, ours, ratio(&self.compared), lost, "**0**".into()]
    }
}

/// Each round has a person of its own, and each writer scopes of its own.
fn update(options: &Options, runtime: &Runtime, nodes: &[PartitionedCaches], peers: &mut [Peer]) -> Updates {
    let (adds, rounds) = if options.smoke { (2, 1) } else { (ADDS, 11) };
    let made = adds * peers.len();
    let mut lost = 0;
    let rounds: Vec<_> = (0..rounds)
        .map(|round| {
            let name = format!("writers{}-{round}", peers.len());
            let event = small(&name);
            sign_in(runtime, &nodes[0], &mut peers[0], &event, &name);
            let for_one = |took: Duration| took / u32::try_from(made).expect("not so many");
            let theirs = update_theirs(peers, &name, &event, adds);
            let there = peers[0].ask(&json!({"do": "count", "name": name})).as_u64().expect("a number");
            lost += made + 1 - usize::try_from(there).expect("not so many");
            let ours =
                timed(runtime, nodes, |node, writer| update_ours(node, event.clone(), part(writer, adds)));
            assert_eq!(count(runtime, &nodes[0], &event), made + 1, "ours were lost");
            (for_one(theirs), for_one(ours))
        })
        .collect();
    Updates { compared: Compared::of(&rounds), made: made * rounds.len(), lost }
}

fn part(writer: usize, adds: usize) -> Range<usize> {
    writer * adds..(writer + 1) * adds
}

fn scope(number: usize) -> String {
    format!("Scope.{number}")
}

fn update_theirs(peers: &mut [Peer], name: &str, event: &Event, adds: usize) -> Duration {
    let python = event.for_python();
    for (writer, peer) in peers.iter_mut().enumerate() {
        let scopes: Vec<_> = part(writer, adds).map(scope).collect();
        peer.send(&json!({"do": "update", "name": name, "event": python["event"], "now": event.now, "scopes": scopes}));
    }
    let answers = peers.iter_mut().map(|peer| peer.answer().expect("it updates").as_f64());
    Duration::from_secs_f64(answers.map(|seconds| seconds.expect("seconds")).fold(0.0, f64::max))
}

async fn update_ours(node: PartitionedCaches, mut event: Event, numbers: Range<usize>) {
    for number in numbers {
        event.scopes = vec![scope(number)];
        let response = event.for_us();
        node.update(&partition(&response), |cache| cache.add(&response)).await.expect("an update");
    }
}

fn count(runtime: &Runtime, node: &PartitionedCaches, event: &Event) -> usize {
    let partition = partition(&event.for_us());
    let targets = node.read(&partition, |cache| {
        cache.access_tokens().map(|token| token.target().into_owned()).collect::<BTreeSet<_>>()
    });
    runtime.block_on(targets).expect("a read").map_or(0, |targets| targets.len())
}
