//! What has to hold on every engine. A test program of an engine says [`on_engine!`] with a function that connects a new
//! node to it: a handle of its own, as another process would have.

mod answers;
mod cancellation;
mod coherence;
mod concurrent;
mod forged;
mod histories;
mod isolation;
pub(crate) mod issuer;
mod keys;
mod merging;
pub(crate) mod observed;
mod outages;
mod refreshing;
mod refusals;
mod signing_out;
mod subscriptions;
mod times;
mod unsure;
mod writers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sealed_cache::{
    DataKey, Deadline, Result, TokenCache,
    partition::{
        Coherence, Etag, HomeAccountId, KeyRing, Namespace, Partition, PartitionName, PartitionStore,
        PartitionedCaches, PartitionedCachesBuilder,
    },
    token_cache::{AccessTokenQuery, TokenResponse},
};

pub(crate) use self::{
    answers::*, cancellation::*, coherence::*, concurrent::*, forged::*, histories::*, isolation::*, keys::*,
    merging::*, outages::*, refreshing::*, refusals::*, signing_out::*, subscriptions::*, times::*,
    unsure::*, writers::*,
};

/// Connects a new node.
pub(crate) type Connect<'a> = &'a dyn Fn() -> Arc<dyn PartitionStore>;

pub(crate) const CLIENT: &str = "client-id";
pub(crate) const CLOUD: &str = "login.microsoftonline.com";
pub(crate) const ENDPOINT: &str = "https://login.microsoftonline.com/t1/oauth2/v2.0/token";

/// The tests of one engine: `on_engine!(connect)`, or with attributes: `on_engine!(connect, #[ignore = "needs Redis"])`. One of
/// them alone has to be named, as some system cannot run it everywhere: `concurrent_histories_keep_their_promises`.
#[macro_export]
macro_rules! on_engine {
    ($connect:expr $(, #[$attribute:meta])*) => {
        $crate::on_engine!(@tests $connect, [$(#[$attribute])*],
            no_update_of_64_writers_is_lost, random_histories_are_as_in_the_model, removed_and_made_again,
            what_two_libraries_made_is_merged, an_account_that_was_removed_stays_removed,
            a_thousand_accounts_are_apart, foreign_entries_are_refused, forged_partitions_are_refused,
            unreadable_partitions_are_replaced, nobody_comes_back_who_signed_out,
            one_of_200_callers_asks_the_issuer, refusals_are_remembered, what_waits_for_a_refresh_may_go,
            a_slow_issuer_does_not_end_the_lease, no_lease_is_no_obstacle, an_early_refresh_keeps_nobody_waiting, an_early_refresh_looks_before_it_asks, two_tokens_of_one_account_are_got_one_after_the_other,
            tokens_of_the_application_need_no_sign_in, a_challenge_gets_another_token,
            a_closure_that_panics_leaves_nothing_behind, another_secret_gets_nothing,
            a_token_that_is_there_waits_for_nobody,
            an_engine_that_takes_nothing_ends_no_session, an_answer_that_was_not_stored_is_stored_later,
            an_answer_that_was_not_stored_brings_nobody_back, a_lease_in_doubt_is_in_nobodys_way,
            early_refreshes_that_fail_are_not_repeated_at_once, a_refusal_ends_with_a_new_sign_in,
            a_refusal_that_is_remembered_needs_no_lease, a_new_session_does_not_end_as_the_old_one_did,
            a_token_of_two_minutes_is_a_token, partitions_that_end_meanwhile_begin_anew,
            answers_that_do_not_say_whose_they_are_are_filed, a_token_without_the_claims_is_not_taken,
            keys_are_changed_under_load, keys_from_everywhere, partitions_live_as_the_rules_say,
            copies_are_as_coherent_as_was_asked_for, a_valid_token_outlives_the_engine,
            writes_in_doubt_are_found_out, an_engine_that_is_down_is_not_a_sign_out, dropped_futures_leave_old_or_new,
            dropped_writes_leave_no_older_copy, a_slow_read_leaves_the_copy_of_a_write, a_late_write_is_no_conflict,
            a_turn_that_does_not_come_is_a_time_out, a_lost_subscription_is_noticed,
            writers_of_one_node_do_not_meet);
    };
    ($connect:expr, [$($attribute:tt)*], $test:ident) => {
        $crate::on_engine!(@test $connect, [$($attribute)*], $test);
    };
    (@tests $connect:expr, $attributes:tt, $($test:ident),+ $(,)?) => {
        $($crate::on_engine!(@test $connect, $attributes, $test);)+
    };
    (@test $connect:expr, [$($attribute:tt)*], $test:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        $($attribute)*
        async fn $test() {
            $crate::suite::$test(&$connect).await;
        }
    };
}

/// A key of all nodes of one test.
pub(crate) fn key(byte: u8) -> DataKey {
    DataKey::from_bytes(&[byte; 32])
}

pub(crate) fn ring() -> KeyRing {
    KeyRing::new(key(1), "first", key(1))
}

/// A prefix that no other test has, on an engine that all share.
pub(crate) fn namespace() -> Namespace {
    let random = u128::from_be_bytes(*Etag::generate().unwrap().as_bytes());
    Namespace::new(format!("suite-{random:032x}"), CLOUD, CLIENT).unwrap()
}

/// A node that waits as long as a busy machine needs.
pub(crate) fn node(namespace: &Namespace, store: Arc<dyn PartitionStore>) -> PartitionedCachesBuilder {
    PartitionedCaches::on_shared(namespace.clone(), store, ring())
        .operation_timeout(Duration::from_secs(20))
        .update_timeout(Duration::from_secs(60))
        .most_tries(1000)
        .most_tokens(10_000)
        .coherence(Coherence::Strict)
}

pub(crate) async fn open(namespace: &Namespace, store: Arc<dyn PartitionStore>) -> PartitionedCaches {
    node(namespace, store).open().await.unwrap()
}

pub(crate) fn patience() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

pub(crate) fn client_info(user: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::encode_string(format!(r#"{{"uid":"{user}","utid":"t1"}}"#).as_bytes())
}

pub(crate) fn home(user: &str) -> HomeAccountId {
    HomeAccountId::from_client_info(&client_info(user)).unwrap()
}

pub(crate) fn person(user: &str) -> Partition {
    Partition::account(home(user))
}

/// What the issuer answers when this person signs in, or gets a token for this scope.
pub(crate) fn answer(user: &str, scope: &str, access: &str, refresh: Option<&str>) -> TokenResponse {
    let refresh = refresh.map(|token| format!(r#""refresh_token":"{token}","#)).unwrap_or_default();
    let info = client_info(user);
    let json = format!(
        r#"{{"access_token":"{access}",{refresh}"client_info":"{info}","expires_in":3600,"scope":"{scope}"}}"#
    );
    TokenResponse::from_json(CLIENT, json.as_bytes()).unwrap().token_endpoint(ENDPOINT)
}

pub(crate) fn signed_in(user: &str) -> TokenResponse {
    answer(user, "User.Read", &format!("access of {user}"), Some(&format!("refresh of {user}")))
}

pub(crate) fn wanted(user: &str, scope: &str) -> AccessTokenQuery {
    let account = sealed_cache::token_cache::AccountId::new(home(user).as_str().to_owned(), CLOUD);
    AccessTokenQuery::new(CLIENT, [scope]).account(&account).realm("t1")
}

pub(crate) async fn sign_in(caches: &PartitionedCaches, user: &str) {
    let response = signed_in(user);
    caches.create_or_update(&person(user), |cache| cache.add(&response)).await.unwrap();
}

pub(crate) fn scopes(cache: &TokenCache) -> Vec<String> {
    let mut scopes: Vec<_> = cache.access_tokens().map(|token| token.target().into_owned()).collect();
    scopes.sort();
    scopes
}

/// The raw partition of a person.
pub(crate) async fn raw(
    caches: &PartitionedCaches,
    store: &Arc<dyn PartitionStore>,
    partition: &Partition,
) -> Option<sealed_cache::partition::Stored> {
    store.load(&caches.name(partition), &patience()).await.unwrap()
}

/// Put these bytes there, whatever is there.
pub(crate) async fn plant(
    store: &Arc<dyn PartitionStore>,
    name: &PartitionName,
    what: &sealed_cache::partition::Stored,
) {
    use sealed_cache::partition::{Condition, Put};
    store.remove(name, None, &patience()).await.unwrap();
    let life = Duration::from_secs(3600);
    assert_eq!(store.put(name, what, Condition::Absent, life, &patience()).await.unwrap(), Put::Stored);
}

pub(crate) async fn gone(caches: &PartitionedCaches, partition: &Partition) -> Result<bool> {
    Ok(caches.read(partition, |_| ()).await?.is_none())
}

/// Numbers that differ from run to run nowhere.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

pub(crate) fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::SeqCst)
}
