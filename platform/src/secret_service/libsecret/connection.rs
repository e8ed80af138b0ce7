//! The connection to the service: opened when it is needed, kept for the next call.

use std::{
    ffi::{CStr, CString, c_char},
    mem::ManuallyDrop,
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    api::{Api, Gobject, MainContext, NO_AUTO_START, NO_TIMEOUT, OPEN_SESSION, SecretValue, Variant},
    bus::session_bus,
    failure::{Failure, Kind, check},
    owned::Owned,
    timer::Timer,
};

/// A session with one running service.
///
/// Opening costs about four milliseconds, most of it for the key agreement of the session; a call some tenths of one.
pub(super) struct Connection {
    pub(super) api: &'static Api,
    /// The `SecretService`, which has the keys of the session.
    service: ManuallyDrop<Owned<Gobject>>,
    pub(super) bus: Owned<Gobject>,
    /// The unique name of the service: the session is with this process, and no other that takes its place.
    pub(super) owner: Owned<c_char>,
    /// Where the signals go that the `SecretService` has subscribed to.
    context: Owned<MainContext>,
}

// SAFETY: references of GObjects are counted atomically. GDBusConnection and GDBusProxy may be used from any thread,
// and SecretService guards its session with a mutex. The context is only used by who has the connection, alone.
unsafe impl Send for Connection {}

/// The connection that nobody is using now. A call takes it out, so that none waits for another.
static KEPT: Mutex<Option<Connection>> = Mutex::new(None);

impl Connection {
    /// The connection of an earlier call, if nothing was heard of the service since: it was then neither locked nor
    /// replaced. (So the signals are never delivered, and never pile up.)
    pub(super) fn kept() -> Option<Self> {
        let kept = slot().take()?;
        (!kept.context.is_pending()).then_some(kept)
    }

    /// Keep it for the next call.
    pub(super) fn keep(self) {
        // The one before is dropped after the slot is free again.
        let _replaced = slot().replace(self);
    }

    /// A new connection and a new session.
    pub(super) fn open(api: &'static Api, timer: &Timer) -> Result<Self, Failure> {
        // libsecret would connect by itself, but to a bus that was closed too.
        let bus = session_bus(api, timer)?;
        let context = Owned::<MainContext>::new(api);
        let service = {
            let _entered = context.enter();
            open_service(api, timer).map_err(forbidden_is_unavailable)?
        };
        // SAFETY: the service is a valid GDBusProxy; the result is null or a new string.
        let owner = unsafe { Owned::take(api, (api.g_dbus_proxy_get_name_owner)(service.as_ptr())) };
        let this = |owner| Self { api, service: ManuallyDrop::new(service), bus, owner, context };
        owner.map(this).ok_or_else(|| Failure::new(Kind::NoService, "it left as soon as it came"))
    }

    /// Call a method of the service.
    pub(super) fn call(
        &self,
        timer: &Timer,
        path: &CStr,
        method: (&CStr, &CStr),
        arguments: &[Owned<Variant>],
        reply: &CStr,
    ) -> Result<Owned<Variant>, Failure> {
        self.call_peer(timer, self.owner.as_c_str(), path, method, arguments, reply)
    }

    /// Call a method of the bus itself.
    pub(super) fn call_bus(
        &self,
        timer: &Timer,
        method: &CStr,
        arguments: &[Owned<Variant>],
        reply: &CStr,
    ) -> Result<Owned<Variant>, Failure> {
        let bus = c"org.freedesktop.DBus";
        self.call_peer(timer, bus, c"/org/freedesktop/DBus", (bus, method), arguments, reply)
    }

    fn call_peer(
        &self,
        timer: &Timer,
        peer: &CStr,
        path: &CStr,
        (interface, method): (&CStr, &CStr),
        arguments: &[Owned<Variant>],
        reply: &CStr,
    ) -> Result<Owned<Variant>, Failure> {
        let api = self.api;
        let arguments = Owned::tuple(api, arguments);
        check(api, &method.to_string_lossy(), |error| {
            // SAFETY: the connection, the strings, the type string, the arguments and the cancellable are valid and
            // live through the call; the result is null or a new reference of type `reply`.
            unsafe {
                let result = (api.g_dbus_connection_call_sync)(
                    self.bus.as_ptr(),
                    peer.as_ptr(),
                    path.as_ptr(),
                    interface.as_ptr(),
                    method.as_ptr(),
                    arguments.as_ptr(),
                    reply.as_ptr(),
                    NO_AUTO_START,
                    NO_TIMEOUT,
                    timer.cancellable(),
                    error,
                );
                Owned::take(api, result)
            }
        })
    }

    /// Call a method without arguments, and do not wait for the answer.
    pub(super) fn tell(&self, path: &CStr, (interface, method): (&CStr, &CStr)) {
        // SAFETY: as in `call_peer`; null stands for no arguments, any type of reply, no cancellable and no callback.
        unsafe {
            (self.api.g_dbus_connection_call)(
                self.bus.as_ptr(),
                self.owner.as_ptr(),
                path.as_ptr(),
                interface.as_ptr(),
                method.as_ptr(),
                ptr::null_mut(),
                ptr::null(),
                NO_AUTO_START,
                NO_TIMEOUT,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
            );
        }
    }

    /// The object path of the session.
    pub(super) fn session(&self) -> CString {
        // SAFETY: the service is valid and has a session since `open`, which lives as long as the service.
        unsafe { CStr::from_ptr((self.api.secret_service_get_session_dbus_path)(self.service.as_ptr())) }
            .into()
    }

    /// The secret as it travels in this session.
    pub(super) fn encode(&self, secret: &Owned<SecretValue>) -> Owned<Variant> {
        // SAFETY: the service is valid and has a session; the secret is valid; the result is a new floating variant.
        unsafe {
            let encoded =
                (self.api.secret_service_encode_dbus_secret)(self.service.as_ptr(), secret.as_ptr());
            Owned::sink(self.api, encoded)
        }
    }

    /// The secret that travelled in this session. The variant must be of type `(oayays)`.
    pub(super) fn decode(&self, encoded: &Owned<Variant>) -> Option<Owned<SecretValue>> {
        // SAFETY: the service is valid and has a session; the variant is valid, of the type that the function expects;
        // the result is null or a new reference.
        unsafe {
            let secret =
                (self.api.secret_service_decode_dbus_secret)(self.service.as_ptr(), encoded.as_ptr());
            Owned::take(self.api, secret)
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // In the context, so that GLib frees what belongs to the subscriptions at once.
        let _entered = self.context.enter();
        // SAFETY: the field is not used after this.
        unsafe { ManuallyDrop::drop(&mut self.service) };
    }
}

fn slot() -> MutexGuard<'static, Option<Connection>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_service(api: &'static Api, timer: &Timer) -> Result<Owned<Gobject>, Failure> {
    check(api, "opening a session with the Secret Service", |error| {
        // SAFETY: the type is libsecret's own; a null name stands for the service's usual one; the cancellable is
        // valid; the result is null or a new reference.
        unsafe {
            let kind = (api.secret_service_get_type)();
            let service =
                (api.secret_service_open_sync)(kind, ptr::null(), OPEN_SESSION, timer.cancellable(), error);
            Owned::take(api, service)
        }
    })
}

/// What may not be reached at all is not there: so a sandbox or a policy of the bus says it.
fn forbidden_is_unavailable(failure: Failure) -> Failure {
    match failure.kind {
        Kind::Denied => Failure { kind: Kind::Unavailable, ..failure },
        _ => failure,
    }
}
