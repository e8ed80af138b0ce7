//! What goes wrong, and what the person is told: never that somebody is signed out who is not.

use axum::{
    http::{Response as HttpResponse, StatusCode, header},
    response::{IntoResponse, Response},
};
use sealed_cache::{Error, ErrorKind};
use tower_sessions::{session, session_store};

use crate::page;

/// Why a page cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The engine does not answer, or refuses: who is signed in cannot be told.
    Engine,
    /// It did not answer when somebody wanted to sign out: it may have been done or not.
    SignOut,
    /// The identity provider or the API does not answer.
    Issuer,
    /// A mistake of this program.
    Bug,
}

impl Trouble {
    pub(crate) fn at_sign_out(error: impl Into<Self>) -> Self {
        match error.into() {
            Self::Engine => Self::SignOut,
            other => other,
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        eprintln!("trouble: {error}");
        match error.kind() {
            ErrorKind::IssuerUnavailable | ErrorKind::LockTimeout => Self::Issuer,
            kind if kind.is_temporary() || kind == ErrorKind::AccessDenied || kind == ErrorKind::Io => {
                Self::Engine
            }
            _ => Self::Bug,
        }
    }
}

impl From<session::Error> for Trouble {
    fn from(error: session::Error) -> Self {
        eprintln!("trouble: {error}");
        match error {
            session::Error::Store(session_store::Error::Backend(_)) => Self::Engine,
            session::Error::Store(_) | session::Error::SerdeJson(_) => Self::Bug,
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (title, text) = match self {
            Self::Engine => (
                "We cannot look you up at the moment",
                "The store where sign-ins are kept cannot be used. Nobody has been signed out: when it is back, you go on \
                 where you were.",
            ),
            Self::SignOut => (
                "You may still be signed in",
                "The store where sign-ins are kept cannot be used, so we cannot promise that you are signed out. Please try \
                 again in a moment.",
            ),
            Self::Issuer => (
                "The identity provider does not answer",
                "You are still signed in here, but we could not get what this page needs. Please try again in a moment.",
            ),
            Self::Bug => {
                return (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    page::trouble("Something went wrong", "It is our mistake."),
                )
                    .into_response();
            }
        };
        let again = [(header::RETRY_AFTER, "5")];
        (StatusCode::SERVICE_UNAVAILABLE, again, page::trouble(title, text)).into_response()
    }
}

/// The session layer stores what a handler changed after it has returned, and can say nothing but 500 if it does not succeed.
pub(crate) async fn of_the_session_layer(response: Response) -> Response {
    let is_its_own = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && !HttpResponse::headers(&response).contains_key(header::CONTENT_TYPE);
    if is_its_own {
        eprintln!("trouble: a session was not stored");
        return Trouble::Engine.into_response();
    }
    response
}
