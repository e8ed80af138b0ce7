//! Why a step did not work, told by the domain and the code of the `GError`, not by its text.

use std::ffi::{CStr, c_char, c_int};

use super::{
    api::{Api, GError},
    owned::Owned,
};
use crate::KeychainError;

/// Why a step did not work.
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No such library, bus, service, collection.
    Unavailable,
    /// There is no service of this name on the bus; if there was one, another may have taken its place.
    NoService,
    /// The service or the bus went away during the call, or does not know our session any more.
    WentAway,
    /// No bus where there should be one.
    NoBus,
    /// No such item or collection.
    NoSuchObject,
    Locked,
    Denied,
    Dismissed,
    TimedOut,
    /// Too little memory, too few files: another time it may work.
    Exhausted,
    Failed,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The deadline has passed.
    pub(super) fn late(what: &str) -> Self {
        Self::new(Kind::TimedOut, format!("{what} was not done before the deadline"))
    }

    /// What GLib reports about `what` was being done.
    pub(super) fn glib(what: &str, error: &Owned<GError>) -> Self {
        let kind = kind(error);
        if kind == Kind::TimedOut {
            return Self::late(what);
        }
        Self::new(kind, format!("{what}: {}", message(error)))
    }

    /// Whether a new connection may do better.
    pub(super) const fn is_stale(&self) -> bool {
        matches!(self.kind, Kind::NoService | Kind::WentAway)
    }
}

impl From<KeychainError> for Failure {
    fn from(error: KeychainError) -> Self {
        let kind = match error {
            KeychainError::Unavailable(_) => Kind::Unavailable,
            KeychainError::Locked(_) => Kind::Locked,
            KeychainError::Denied(_) => Kind::Denied,
            KeychainError::Dismissed(_) => Kind::Dismissed,
            KeychainError::TimedOut(_) => Kind::TimedOut,
            KeychainError::CannotOpen(_) | KeychainError::Failed(_) => Kind::Failed,
        };
        Self::new(kind, error.message())
    }
}

impl From<Failure> for KeychainError {
    fn from(failure: Failure) -> Self {
        let message = failure.message;
        match failure.kind {
            Kind::Unavailable => Self::Unavailable(message),
            Kind::NoBus => Self::Unavailable(format!("there is no session bus: {message}")),
            Kind::NoService => Self::Unavailable(format!("no Secret Service is running: {message}")),
            Kind::Locked => Self::Locked(message),
            Kind::Denied => Self::Denied(message),
            Kind::Dismissed => Self::Dismissed(message),
            Kind::TimedOut => Self::TimedOut(message),
            Kind::WentAway | Kind::NoSuchObject | Kind::Exhausted | Kind::Failed => Self::Failed(message),
        }
    }
}

fn kind(error: &Owned<GError>) -> Kind {
    let api = error.api;
    let (domain, code) = domain_and_code(error);
    // SAFETY: none of the three has preconditions.
    let (io, dbus, secret) =
        unsafe { ((api.g_io_error_quark)(), (api.g_dbus_error_quark)(), (api.secret_error_get_quark)()) };
    if domain == io {
        io_kind(code, error)
    } else if domain == dbus {
        dbus_kind(code)
    } else if domain == secret {
        secret_kind(code)
    } else {
        Kind::Failed
    }
}

/// `GIOErrorEnum`: what happens to our own end of the bus.
fn io_kind(code: c_int, error: &Owned<GError>) -> Kind {
    match code {
        18 | 44 | 45 => Kind::WentAway, // CLOSED, BROKEN_PIPE, NOT_CONNECTED
        19 | 24 => Kind::TimedOut,      // CANCELLED (by our timer), TIMED_OUT
        36 => remote_kind(error),       // DBUS_ERROR: an error that GDBus has no code for
        31 => Kind::Exhausted,          // TOO_MANY_OPEN_FILES
        _ => Kind::Failed,
    }
}

/// `GDBusError`: what the bus or the service answers.
const fn dbus_kind(code: c_int) -> Kind {
    match code {
        1 | 8 | 34 => Kind::Exhausted, // NO_MEMORY, LIMITS_EXCEEDED, SPAWN_NO_MEMORY
        2 | 3 => Kind::NoService,      // SERVICE_UNKNOWN, NAME_HAS_NO_OWNER
        4 | 15 => Kind::WentAway,      // NO_REPLY, DISCONNECTED
        6 | 11 | 13 => Kind::NoBus,    // BAD_ADDRESS, NO_SERVER, NO_NETWORK
        9 | 10 => Kind::Denied,        // ACCESS_DENIED, AUTH_FAILED
        12 | 20 => Kind::TimedOut,     // TIMEOUT, TIMED_OUT
        19 | 41 => Kind::NoSuchObject, // UNKNOWN_METHOD, UNKNOWN_OBJECT
        23..=28 | 30 | 31 | 33 => Kind::NoService, // SPAWN_*: it is installed but does not start
        _ => Kind::Failed,
    }
}

/// `SecretError`.
const fn secret_kind(code: c_int) -> Kind {
    match code {
        2 => Kind::Locked,       // IS_LOCKED
        3 => Kind::NoSuchObject, // NO_SUCH_OBJECT
        _ => Kind::Failed,
    }
}

/// An error of the specification that libsecret does not register.
fn remote_kind(error: &Owned<GError>) -> Kind {
    // SAFETY: the error is valid; the result is null or a new string.
    let name: Option<Owned<c_char>> =
        unsafe { Owned::take(error.api, (error.api.g_dbus_error_get_remote_error)(error.as_ptr())) };
    match name {
        Some(name) if name.as_c_str() == c"org.freedesktop.Secret.Error.NoSession" => Kind::WentAway,
        _ => Kind::Failed,
    }
}

fn domain_and_code(error: &Owned<GError>) -> (u32, c_int) {
    // SAFETY: the error is valid, and its fields are public.
    unsafe { ((*error.as_ptr()).domain, (*error.as_ptr()).code) }
}

/// The text for people, without the D-Bus name of the error in front.
fn message(error: &Owned<GError>) -> String {
    // SAFETY: the error is valid and ours alone; its message is never null and ends with a NUL.
    unsafe {
        (error.api.g_dbus_error_strip_remote_error)(error.as_ptr());
        CStr::from_ptr((*error.as_ptr()).message).to_string_lossy().into_owned()
    }
}

/// Calls a C function that reports failure through a `GError`.
pub(super) fn check<R>(
    api: &'static Api,
    what: &str,
    call: impl FnOnce(*mut *mut GError) -> Option<R>,
) -> Result<R, Failure> {
    let mut error = std::ptr::null_mut();
    let result = call(&raw mut error);
    // SAFETY: GLib left null or a new error there.
    match unsafe { Owned::take(api, error) } {
        Some(error) => Err(Failure::glib(what, &error)),
        None => result.ok_or_else(|| Failure::failed(format!("{what}: nothing came back"))),
    }
}
