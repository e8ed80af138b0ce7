//! The pages: HTML that works without scripts.

use std::fmt::Write;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

/// What somebody who is signed in sees.
pub(crate) struct Home {
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) source: &'static str,
    pub(crate) cached: Vec<Cached>,
    pub(crate) protection: String,
    pub(crate) engine: &'static str,
    pub(crate) stored_as: String,
}

/// Something in the token cache.
pub(crate) struct Cached {
    kind: &'static str,
    what_for: String,
    good: String,
}

impl Cached {
    pub(crate) const fn new(kind: &'static str, what_for: String, good: String) -> Self {
        Self { kind, what_for, good }
    }
}

pub(crate) fn sign_in() -> Response {
    not_signed_in("")
}

/// With the reason, if there is something to say.
pub(crate) fn not_signed_in(why: &str) -> Response {
    let why = if why.is_empty() { String::new() } else { format!("<p role=\"status\">{}</p>", escaped(why)) };
    let main = format!(
        "<h1>Welcome</h1>{why}<p>You are not signed in.</p><p><a class=\"button\" href=\"/sign-in\">Sign in</a></p>"
    );
    document("Sign in", &main).into_response()
}

pub(crate) fn home(home: &Home) -> Response {
    let mut rows = String::new();
    for cached in &home.cached {
        let (for_what, good) = (escaped(&cached.what_for), escaped(&cached.good));
        let _ =
            write!(rows, "<tr><th scope=\"row\">{}</th><td>{for_what}</td><td>{good}</td></tr>", cached.kind);
    }
    let main = format!(
        r#"<h1>Hello, {name}</h1>
<p>The protected API says that you are <strong id="user">{username}</strong>. Its access token came
<strong id="source">{source}</strong>.</p>
<div class="buttons">
<form method="post" action="/expire"><button>Expire the access token now</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form>
</div>
<section aria-labelledby="cached">
<h2 id="cached">What is kept for you</h2>
<div class="wide"><table>
<thead><tr><th scope="col">Kind</th><th scope="col">For</th><th scope="col">Valid</th></tr></thead>
<tbody>{rows}</tbody>
</table></div>
<dl>
<dt>Protection</dt><dd id="protection">{protection}</dd>
<dt>Engine</dt><dd id="engine">{engine}</dd>
<dt>Name on the engine</dt><dd><code>{stored_as}</code></dd>
</dl>
</section>"#,
        name = escaped(&home.name),
        username = escaped(&home.username),
        source = home.source,
        protection = escaped(&home.protection),
        engine = home.engine,
        stored_as = escaped(&home.stored_as),
    );
    document("Signed in", &main).into_response()
}

pub(crate) fn trouble(title: &str, text: &str) -> Html<String> {
    document(
        title,
        &format!(
            "<h1>{title}</h1><p role=\"alert\">{text}</p><p><a class=\"button\" href=\"/\">Try again</a></p>"
        ),
    )
}

fn document(title: &str, main: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Example web application</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><p>Example web application</p></header>
<main>
{main}
</main>
<footer><p>An example of sealed-cache. Tokens are shown nowhere on these pages.</p></footer>
</body>
</html>
"#
    ))
}

pub(crate) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

/// Nothing of it is kept by the browser; nothing foreign is loaded, and nobody puts it into a frame.
pub(crate) async fn with_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
