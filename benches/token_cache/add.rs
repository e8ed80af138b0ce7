//! Adding: the time does not depend on how many tokens there are.

use std::{cell::RefCell, collections::HashMap, hint::black_box};

use sealed_cache::token_cache::{TokenCache, TokenResponse};
use serde_json::{Value, json};

use crate::{
    beside::{Python, row, table},
    data::{CLIENT, Data, HOST, REALM, SHORT, loaded, now},
    options::Options,
    sample::{compare, compare_prepared},
};

pub(crate) fn run(options: &Options) {
    let sizes: &[usize] = if options.smoke { &[1, 100] } else { &[1, 100, 10_000, 100_000] };
    let mut table =
        table("Add a token response, by the number of access tokens", "one `HashMap::insert` of it");
    for tokens in sizes {
        let data = Data::new(*tokens, SHORT);
        let (text, cache) = (data.json(), loaded(&data.json()));
        let mut python = Python::with(&text);
        let answer = json!({
            "access_token": "AT", "refresh_token": "RT", "expires_in": 3600, "client_info": client_info(&data.wanted()),
        });
        let event = json!({
            "client_id": CLIENT, "scope": Data::scopes(), "response": answer, "grant_type": "refresh_token",
            "token_endpoint": endpoint(),
        });
        let bytes = answer.to_string();
        let floor = |map: &mut HashMap<usize, String>, key| _ = black_box(map.insert(key, bytes.clone()));
        let now_seconds = json!(crate::data::NOW);
        let mut time =
            |call: &str| python.time(options, 50, &[json!(call), event.clone(), now_seconds.clone()]);

        let (mut map, mut warm, response) =
            (HashMap::new(), added(&cache, &bytes), response(&bytes, &Data::scopes()));
        let again = |cache: &mut TokenCache| cache.add(black_box(&response)).expect("a good answer");
        let compared = compare(options.sampling(201, 20), || floor(&mut map, 0), || again(&mut warm));
        row(&mut table, &format!("{tokens}: tokens that are there"), &compared, "flat", time("add"));

        let (mut map, mut warm, mut number) = (HashMap::new(), added(&cache, &bytes), 0_usize);
        let sampling = options.sampling(201, 20);
        let compared = compare_prepared(
            sampling,
            || {
                number += 1;
                (number, self::response(&bytes, &[&format!("New.{number}")]))
            },
            |(number, _)| floor(&mut map, number),
            |(_, response)| warm.add(&response).expect("a good answer"),
        );
        row(
            &mut table,
            &format!("{tokens}: an access token that is not"),
            &compared,
            "flat",
            time("add_new"),
        );

        // Clones are made, and dropped, outside of the time.
        let (mut map, kept) = (HashMap::new(), RefCell::new(Vec::new()));
        let new = self::response(&bytes, &["New.0"]);
        let compared = compare_prepared(
            options.sampling(15, 1),
            || {
                kept.borrow_mut().clear();
                cache.clone()
            },
            |cache| {
                floor(&mut map, 0);
                kept.borrow_mut().push(cache);
            },
            |mut cache| {
                cache.add(&new).expect("a good answer");
                kept.borrow_mut().push(cache);
            },
        );
        row(&mut table, &format!("{tokens}: the first one after loading"), &compared, "flat", Err("-"));
    }
    table.print();
}

/// A cache to which something was added already.
fn added(cache: &TokenCache, answer: &str) -> TokenCache {
    let mut cache = cache.clone();
    cache.add(&response(answer, &["Something.Else"])).expect("a good answer");
    cache
}

fn response(answer: &str, scopes: &[&str]) -> TokenResponse {
    let response = TokenResponse::from_json(CLIENT, answer.as_bytes()).expect("a good answer");
    response
        .requested_scopes(scopes.iter().copied())
        .token_endpoint(&endpoint())
        .grant_type("refresh_token")
        .received_at(now())
}

fn endpoint() -> String {
    format!("https://{HOST}/{REALM}/oauth2/v2.0/token")
}

/// As the service sends it.
fn client_info(home: &str) -> Value {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let (uid, utid) = home.split_once('.').expect("uid.utid");
    json!(Base64UrlUnpadded::encode_string(json!({"uid": uid, "utid": utid}).to_string().as_bytes()))
}
