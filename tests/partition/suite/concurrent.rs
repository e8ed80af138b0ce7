//! Random histories of several tasks on several nodes at the same time, held to what is so in whatever order they came.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use sealed_cache::{
    Result, TokenCache,
    partition::{PartitionedCaches, Statistics},
};

use super::{Connect, Numbers, answer, home, isolation::owners, namespace, open, person, scopes};

const SEEDS: [u64; 3] = [3, 1415, 92_653];
const USERS: usize = 3;
const NODES: usize = 3;
const TASKS: u64 = 6;
const STEPS: u64 = 50;
/// The token that tells how often partitions were changed so far, when this one was made and when it was changed.
const TICKET: &str = "ticket";

/// The ticket of the sign-in that made a partition, and of its last change.
type Tickets = (u64, u64);

/// What one task did, and when: by a clock that all tasks share.
struct Event {
    user: usize,
    what: What,
    began: u64,
    ended: u64,
}

enum What {
    Added(String),
    /// A token that this task had added.
    Dropped(String),
    /// All of it; with whether there was something.
    Removed(bool),
}

struct World {
    seed: u64,
    nodes: Vec<PartitionedCaches>,
    clock: AtomicU64,
    tickets: AtomicU64,
    /// The highest ticket that was seen of each user, by the sign-in that made the partition.
    seen: [Mutex<HashMap<u64, u64>>; USERS],
}

impl World {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// A change takes its ticket after it has loaded what is there, and so after every change of the same partition that came
    /// before. Not so a sign-in, which loads nothing: meanwhile another one may have come and gone.
    fn mark(&self, user: usize, cache: &mut TokenCache) -> Result<Tickets> {
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
        let made = tickets(cache).map_or(ticket, |(made, _)| made);
        cache.add(&answer(&name(user), TICKET, &format!("{made} {ticket}"), None))?;
        Ok((made, ticket))
    }

    fn saw(&self, user: usize, tickets: Option<Tickets>) {
        if let Some((made, ticket)) = tickets {
            let mut seen = self.seen[user].lock().unwrap();
            let highest = seen.entry(made).or_default();
            *highest = ticket.max(*highest);
        }
    }

    /// No read goes back, on whatever node, and nothing is another's.
    async fn read(&self, caches: &PartitionedCaches, user: usize) {
        let before = self.seen[user].lock().unwrap().clone();
        let look = |cache: &TokenCache| (tickets(cache).expect("every sign-in makes one"), owners(cache));
        let Some((found, owners)) = caches.read(&person(&name(user)), look).await.unwrap() else { return };
        let before = before.get(&found.0).copied().unwrap_or_default();
        assert!(found.1 >= before, "seed {}: {found:?} was read after {before}", self.seed);
        let own = home(&name(user));
        assert!(owners.iter().all(|owner| owner == own.as_str()), "seed {}: {owners:?}", self.seed);
        self.saw(user, Some(found));
    }
}

fn name(user: usize) -> String {
    format!("u{user}")
}

fn tickets(cache: &TokenCache) -> Option<Tickets> {
    let token = cache.access_tokens().find(|token| token.target() == TICKET)?;
    let (made, last) = token.secret().split_once(' ').map(|(made, last)| (made.parse(), last.parse()))?;
    Some((made.unwrap(), last.unwrap()))
}

/// One task.
struct Actor {
    world: Arc<World>,
    number: u64,
    numbers: Numbers,
    events: Vec<Event>,
    own: Vec<(usize, String)>,
}

impl Actor {
    fn new(world: &Arc<World>, number: u64) -> Self {
        let numbers = Numbers(world.seed.wrapping_mul(1000) + number);
        Self { world: Arc::clone(world), number, numbers, events: Vec::new(), own: Vec::new() }
    }

    async fn run(mut self) -> Vec<Event> {
        for step in 0..STEPS {
            let user = self.numbers.below(USERS as u64) as usize;
            let caches = self.world.nodes[self.numbers.below(NODES as u64) as usize].clone();
            let (scope, began) = (format!("scope-{}-{step}", self.number), self.world.now());
            let what = match self.numbers.below(20) {
                0..3 => Some(self.signs_in(&caches, user, scope).await),
                3..9 => self.adds(&caches, user, scope).await,
                9..12 => self.merges(&caches, user, scope).await,
                12..14 => self.drops(&caches, user).await,
                14 => Some(What::Removed(caches.remove(&person(&name(user))).await.unwrap())),
                _ => None,
            };
            let ended = self.world.now();
            if let Some(what) = what {
                self.events.push(Event { user, what, began, ended });
            }
            self.world.read(&caches, user).await;
        }
        self.events
    }

    fn added(&mut self, user: usize, scope: String) -> What {
        self.own.push((user, scope.clone()));
        What::Added(scope)
    }

    async fn signs_in(&mut self, caches: &PartitionedCaches, user: usize, scope: String) -> What {
        let (world, response) = (Arc::clone(&self.world), answer(&name(user), &scope, "AT", Some("RT")));
        let change = |cache: &mut TokenCache| {
            cache.add(&response)?;
            world.mark(user, cache)
        };
        let ticket = caches.create_or_update(&person(&name(user)), change).await.unwrap();
        world.saw(user, Some(ticket));
        self.added(user, scope)
    }

    async fn adds(&mut self, caches: &PartitionedCaches, user: usize, scope: String) -> Option<What> {
        let (world, response) = (Arc::clone(&self.world), answer(&name(user), &scope, "AT", None));
        let change = |cache: &mut TokenCache| {
            cache.add(&response)?;
            world.mark(user, cache)
        };
        let ticket = caches.update(&person(&name(user)), change).await.unwrap();
        world.saw(user, ticket);
        ticket.map(|_| self.added(user, scope))
    }

    /// As a library does that owns its cache: others change it meanwhile.
    async fn merges(&mut self, caches: &PartitionedCaches, user: usize, scope: String) -> Option<What> {
        let person = person(&name(user));
        let base = caches.read(&person, Clone::clone).await.unwrap()?;
        let mut ours = base.clone();
        ours.add(&answer(&name(user), &scope, "AT", None)).unwrap();
        tokio::task::yield_now().await;
        let done = caches.merge(&person, &base, &ours).await.unwrap();
        done.map(|()| self.added(user, scope))
    }

    async fn drops(&mut self, caches: &PartitionedCaches, user: usize) -> Option<What> {
        let position = self.own.iter().position(|(owner, _)| *owner == user)?;
        let (world, (_, scope)) = (Arc::clone(&self.world), self.own.swap_remove(position));
        let change = |cache: &mut TokenCache| {
            let token = cache.access_tokens().find(|token| token.target() == scope);
            if let Some(key) = token.map(|token| token.key().into_owned()) {
                cache.remove_access_token(&key);
            }
            world.mark(user, cache)
        };
        let ticket = caches.update(&person(&name(user)), change).await.unwrap();
        world.saw(user, ticket);
        Some(What::Dropped(scope))
    }
}

/// Which tokens have to be there, which must not, and which there may be at all.
fn judge(events: &[Event], user: usize) -> (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) {
    let (mut present, mut absent, mut possible) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let of_user = || events.iter().filter(|event| event.user == user);
    for event in of_user() {
        let What::Added(scope) = &event.what else { continue };
        possible.insert(scope.clone());
        let is_dropped = of_user().any(|other| matches!(&other.what, What::Dropped(it) if it == scope));
        let mut removals = of_user().filter_map(|other| match other.what {
            What::Removed(there_was) => Some((other.began, other.ended, there_was)),
            _ => None,
        });
        if is_dropped || removals.clone().any(|(began, ..)| began > event.ended) {
            absent.insert(scope.clone());
        } else if removals.all(|(_, ended, there_was)| ended < event.began || !there_was) {
            present.insert(scope.clone());
        }
    }
    (present, absent, possible)
}

/// One history. Tells how many tokens had to be there and how many must not.
async fn history(world: Arc<World>) -> (usize, usize) {
    let tasks: Vec<_> = (0..TASKS).map(|number| tokio::spawn(Actor::new(&world, number).run())).collect();
    let mut events = Vec::new();
    for task in tasks {
        events.extend(task.await.unwrap_or_else(|error| panic!("seed {}: {error}", world.seed)));
    }
    let (mut counted, node) = ((0, 0), &world.nodes[0]);
    for user in 0..USERS {
        let (present, absent, possible) = judge(&events, user);
        let found = node.read_current(&person(&name(user)), scopes).await.unwrap().unwrap_or_default();
        let found: BTreeSet<_> = found.into_iter().filter(|scope| scope != TICKET).collect();
        let lost: Vec<_> = present.difference(&found).collect();
        assert!(lost.is_empty(), "seed {}: {lost:?} of u{user} are lost", world.seed);
        let back: Vec<_> = absent.intersection(&found).collect();
        assert!(back.is_empty(), "seed {}: {back:?} of u{user} are back", world.seed);
        assert!(found.is_subset(&possible), "seed {}: {found:?} of u{user}", world.seed);
        counted = (counted.0 + present.len(), counted.1 + absent.len());
        node.remove(&person(&name(user))).await.unwrap();
    }
    counted
}

/// No acknowledged token is lost that nobody took away, none comes back, no read goes back, and nothing is another's.
pub(crate) async fn concurrent_histories_keep_their_promises(connect: Connect<'_>) {
    let (mut present, mut absent, mut conflicts) = (0, 0, 0);
    for seed in SEEDS {
        let namespace = namespace();
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            nodes.push(open(&namespace, connect()).await);
        }
        let (clock, tickets) = (AtomicU64::new(1), AtomicU64::new(1));
        let world = World { seed, nodes: nodes.clone(), clock, tickets, seen: Default::default() };
        let counted = history(Arc::new(world)).await;
        (present, absent) = (present + counted.0, absent + counted.1);
        conflicts += nodes
            .iter()
            .map(|node| node.statistics())
            .map(|Statistics { conflicts, .. }| conflicts)
            .sum::<u64>();
    }
    assert!(
        present > 0 && absent > 0 && conflicts > 0,
        "{present}, {absent}, {conflicts}: nothing was tested"
    );
}
