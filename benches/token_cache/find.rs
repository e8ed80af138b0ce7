//! Finding: the time does not depend on how many tokens there are.

use std::{collections::HashMap, hint::black_box};

use sealed_cache::token_cache::AccessTokenQuery;
use serde_json::{Value, json};

use crate::{
    beside::{Python, row, table},
    data::{CLIENT, Data, HOST, REALM, SHORT, account, loaded, now},
    options::Options,
    sample::compare,
};

const AIM: &str = "flat, below 1 us";

/// What it is called, ours, and what Python is asked for.
type Work<'a> = (&'a str, &'a dyn Fn(), [Value; 3]);

pub(crate) fn run(options: &Options) {
    let sizes: &[usize] = if options.smoke { &[1, 100] } else { &[1, 100, 10_000, 100_000] };
    let mut table = table("Find, by the number of access tokens", "one `HashMap::get`");
    for tokens in sizes {
        let data = Data::new(*tokens, SHORT);
        let (text, home) = (data.json(), data.wanted());
        let (cache, mut python) = (loaded(&text), Python::with(&text));
        // The least that can be done: a key that is ready, and a map of so many.
        let keys: HashMap<String, usize> = (0..*tokens).map(|number| (data.home(number), number)).collect();
        let query = |scopes: &[&str]| {
            AccessTokenQuery::new(CLIENT, scopes.iter().copied())
                .account(&account(&home))
                .realm(REALM)
                .at(now())
        };
        let fields =
            json!({"home_account_id": home, "environment": HOST, "client_id": CLIENT, "realm": REALM});
        let without = |names: &[&str]| {
            let mut query = fields.clone();
            names.iter().for_each(|name| drop(query.as_object_mut().map(|query| query.remove(*name))));
            query
        };
        let exact = query(&Data::scopes());
        let subset = query(&["User.Read.0"]);
        let none = query(&["Nobody.Has"]);
        assert!(
            cache.access_token(&exact).valid().is_some() && cache.access_token(&subset).valid().is_some()
        );
        assert!(cache.access_token(&none).valid().is_none());
        assert_eq!(cache.refresh_tokens(CLIENT, account(&home)).len(), 1);

        let found = |query: &AccessTokenQuery| _ = black_box(cache.access_token(black_box(query)));
        let works: [Work<'_>; 5] = [
            (
                "access token, its scopes",
                &|| found(&exact),
                [json!("AccessToken"), json!(Data::scopes()), fields.clone()],
            ),
            (
                "access token, one of its scopes",
                &|| found(&subset),
                [json!("AccessToken"), json!(["User.Read.0"]), fields.clone()],
            ),
            (
                "access token, none found",
                &|| found(&none),
                [json!("AccessToken"), json!(["Nobody.Has"]), fields.clone()],
            ),
            (
                "refresh token",
                &|| _ = black_box(cache.refresh_tokens(CLIENT, black_box(account(&home)))),
                [json!("RefreshToken"), json!([]), without(&["realm"])],
            ),
            (
                "account",
                &|| _ = black_box(cache.account(black_box(account(&home)))),
                [json!("Account"), json!([]), without(&["realm", "client_id"])],
            ),
        ];
        for (work, ours, asked) in works {
            let get = || _ = black_box(keys.get(black_box(&home)));
            let compared = compare(options.sampling(201, 200), get, ours);
            let asked: Vec<_> = std::iter::once(json!("first")).chain(asked).collect();
            let batch = if *tokens > 1000 { 1 } else { 50 };
            row(
                &mut table,
                &format!("{tokens}: {work}"),
                &compared,
                AIM,
                python.time(options, batch, &asked),
            );
        }
    }
    table.print();
}
