//! The example `web_app` in a real browser: Chromium, through WebDriver, on real engines.

#![cfg(all(
    feature = "sessions",
    feature = "redis",
    feature = "postgres",
    feature = "mysql",
    feature = "sqlite"
))]

mod browser;
#[path = "../common/engine/mod.rs"]
mod engine;
#[path = "../common/example.rs"]
mod example;
#[path = "../../examples/identity_provider/mod.rs"]
mod identity_provider;
#[path = "../common/web.rs"]
mod web;

use browser::Profile;
#[cfg(unix)]
use engine::server;
use engine::{mariadb::Mariadb, postgres::Postgres, redis::Redis};
use web::{Node, Site};

const SIGN_IN: &str = "a[href='/sign-in']";
const EXPIRE: &str = "form[action='/expire'] button";
const SIGN_OUT: &str = "form[action='/sign-out'] button";

/// By the buttons and links that a person would use.
fn sign_in(profile: &Profile, node: &Node, person: &str) {
    profile.go(&node.url);
    profile.sees("You are not signed in.");
    profile.click(SIGN_IN);
    profile.sees("Who are you?");
    profile.click(&format!("button[value='{person}']"));
    profile.sees("Hello, ");
    assert_eq!(profile.url().trim_end_matches('/'), node.url);
}

#[test]
#[ignore = "needs chromium: cargo xtask test engines"]
fn somebody_signs_in_stays_signed_in_and_is_refreshed_silently() {
    let site = Site::new();
    let node = site.node("memory");
    let profile = Profile::open();
    profile.go(&node.url);
    profile.picture("signed-out");
    sign_in(&profile, &node, "u2");
    profile.sees("robin@contoso.example");
    profile.picture("signed-in");
    for _ in 0..3 {
        profile.reload();
        profile.sees("Hello, Robin");
        profile.sees("from the cache");
    }
    assert_eq!(site.provider.refresh_requests(), 0);

    profile.click(EXPIRE);
    profile.sees("refreshed just now, without asking you");
    profile.sees("Hello, Robin");
    profile.reload();
    profile.sees("from the cache");
    assert_eq!((site.provider.refresh_requests(), site.provider.reuses()), (1, 0));
    assert!(!profile.source().contains("demo-"), "a token is on the page");

    let cookie = profile.cookie("web-app-session");
    assert!(cookie["httpOnly"] == true && cookie["sameSite"] == "Lax", "{cookie}");
    profile.click(SIGN_OUT);
    profile.sees("You are not signed in.");
}

#[test]
#[ignore = "needs chromium: cargo xtask test engines"]
fn two_people_in_two_profiles_see_only_their_own() {
    let site = Site::new();
    let node = site.node("memory");
    let (alex, robin) = (Profile::open(), Profile::open());
    sign_in(&alex, &node, "u1");
    sign_in(&robin, &node, "u2");
    for _ in 0..2 {
        for (profile, own, other) in [(&alex, "Alex", "robin"), (&robin, "Robin", "alex")] {
            profile.reload();
            profile.sees(&format!("Hello, {own}"));
            assert!(!profile.source().to_lowercase().contains(other));
        }
        alex.click(EXPIRE);
    }
    robin.click(SIGN_OUT);
    robin.sees("You are not signed in.");
    alex.reload();
    alex.sees("Hello, Alex");
}

#[test]
#[ignore = "needs chromium: cargo xtask test engines"]
fn who_signs_out_on_one_node_is_signed_out_on_the_other_with_sqlite() {
    signed_out_everywhere("sqlite:SITE/web.db");
}

#[test]
#[ignore = "needs chromium and redis-server: cargo xtask test engines"]
fn who_signs_out_on_one_node_is_signed_out_on_the_other_with_redis() {
    let redis = Redis::start();
    signed_out_everywhere(&redis.url());
}

#[test]
#[ignore = "needs chromium and postgresql: cargo xtask test engines"]
fn who_signs_out_on_one_node_is_signed_out_on_the_other_with_postgres() {
    let postgres = Postgres::start();
    signed_out_everywhere(&postgres.url());
}

#[test]
#[ignore = "needs chromium and mariadb: cargo xtask test engines"]
fn who_signs_out_on_one_node_is_signed_out_on_the_other_with_mariadb() {
    let mariadb = Mariadb::start();
    signed_out_everywhere(&mariadb.url());
}

/// Two processes on one engine, and a person with two browsers.
fn signed_out_everywhere(store: &str) {
    let site = Site::new();
    let (one, other) = (site.node(store), site.node(store));
    let (desk, sofa) = (Profile::open(), Profile::open());
    sign_in(&desk, &one, "u1");
    // Cookies know no ports: the same browser is the same session on the other node.
    desk.go(&other.url);
    desk.sees("Hello, Alex");
    sign_in(&sofa, &other, "u1");

    // One refreshes, the other has the token.
    desk.click(EXPIRE);
    desk.sees("refreshed just now");
    desk.go(&one.url);
    desk.sees("from the cache");

    desk.click(SIGN_OUT);
    desk.sees("You are not signed in.");
    desk.go(&other.url);
    desk.sees("You are not signed in.");
    // The node may have a copy in memory until it has heard.
    sofa.reload();
    sofa.until_sees("You are not signed in.");
    assert_eq!(site.provider.reuses(), 0);
}

#[test]
#[ignore = "needs chromium and redis-server: cargo xtask test engines"]
fn an_engine_that_is_stopped_is_an_honest_503_and_signs_nobody_out() {
    let mut redis = Redis::durable();
    let site = Site::new();
    let node = site.node(&redis.url());
    let profile = Profile::open();
    sign_in(&profile, &node, "u1");

    let stopped = redis.pause();
    is_unavailable(&profile, &node);
    profile.picture("engine-stopped");
    // Nor is anybody told to be signed out who may not be.
    drop(stopped);
    profile.click("main a");
    profile.sees("Hello, Alex");

    let stopped = redis.pause();
    profile.click(SIGN_OUT);
    profile.sees("You may still be signed in");
    drop(stopped);

    sign_in_if_needed(&profile, &node);
    redis.kill();
    is_unavailable(&profile, &node);
    redis.restart();
    profile.until_sees("Hello, Alex");
    profile.click(SIGN_OUT);
    profile.sees("You are not signed in.");
}

/// A sign-out that was not answered may have been done.
fn sign_in_if_needed(profile: &Profile, node: &Node) {
    profile.go(&node.url);
    if profile.text().contains("Hello, Alex") {
        return;
    }
    profile.go(&node.url);
    sign_in(profile, node, "u1");
}

fn is_unavailable(profile: &Profile, node: &Node) {
    profile.go(&node.url);
    profile.sees("We cannot look you up at the moment");
    profile.sees("Nobody has been signed out");
    let text = profile.text();
    assert!(!text.contains("Sign in") && !text.contains("not signed in"), "{text}");
    let (status, retry_after) = profile.status_of(&node.url);
    assert_eq!((status, retry_after.as_str()), (503, "5"));
}
