//! Asking a person: the service does it, and tells with a signal what came of it.
//!
//! libsecret could wait for that signal too, but it ends the wait by calling the service once more, and so would
//! hang together with it.

use std::{
    cell::RefCell,
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    ptr,
};

use super::{
    api::{Boolean, Gobject, MainContext, OnSignal, Source, Variant},
    connection::Connection,
    failure::{Failure, Kind},
    owned::Owned,
    timer::Timer,
};

const INTERFACE: &CStr = c"org.freedesktop.Secret.Prompt";
/// The program that GNOME Keyring asks with.
const GNOME_PROMPTER: &str = "org.gnome.keyring.SystemPrompter";

/// What came of a prompt.
enum Outcome {
    /// Dismissed or not, and the result.
    Completed(Owned<Variant>),
    /// The service left the bus.
    Vanished,
}

/// What the signals write, and the wait reads: in one thread.
struct Waiting<'a> {
    connection: &'a Connection,
    outcome: RefCell<Option<Outcome>>,
}

/// Let the service ask a person, and wait for the answer until the deadline. The result is what the prompt was for.
pub(super) fn perform(
    connection: &Connection,
    timer: &Timer,
    path: &CStr,
) -> Result<Owned<Variant>, Failure> {
    let is_gnome = is_gnome(connection, timer);
    match wait(connection, timer, path)? {
        Some(Outcome::Completed(answer)) => result(connection, timer, &answer, is_gnome),
        Some(Outcome::Vanished) => {
            Err(Failure::new(Kind::WentAway, "the service left while it was asking a person"))
        }
        None => {
            // GNOME Keyring aborts when a question is dismissed while it is being asked: it takes it for the next in
            // its queue (`mark_as_complete` in gkd-secret-unlock.c). There the question stays, and may be answered yet.
            if !is_gnome {
                refuse(connection, path);
            }
            Err(Failure::new(
                Kind::TimedOut,
                "nobody answered the question of the keyring before the deadline",
            ))
        }
    }
}

/// Tell the service to forget a prompt.
pub(super) fn refuse(connection: &Connection, path: &CStr) {
    connection.tell(path, (INTERFACE, c"Dismiss"));
}

/// Whether it is certain that no person can be asked: the service is GNOME Keyring, and its program to ask with is not
/// there. It then reports every question as dismissed.
pub(super) fn nobody_can_be_asked(connection: &Connection, timer: &Timer) -> bool {
    is_gnome(connection, timer)
        && !has_owner(connection, timer, GNOME_PROMPTER)
        && !is_activatable(connection, timer, GNOME_PROMPTER)
}

/// `None` at the deadline.
fn wait(connection: &Connection, timer: &Timer, path: &CStr) -> Result<Option<Outcome>, Failure> {
    let context = Owned::<MainContext>::new(connection.api);
    let waiting = Waiting { connection, outcome: RefCell::new(None) };
    let _entered = context.enter();
    let _alarm = wake_at_deadline(timer, &context);
    let _completed = Subscription::to_completed(&waiting, path);
    let _vanished = Subscription::to_vanished(&waiting);
    let no_window = Owned::string(connection.api, "")?;
    connection.call(timer, path, (INTERFACE, c"Prompt"), &[no_window], c"()")?;
    while waiting.outcome.borrow().is_none() && !timer.has_fired() {
        context.iterate(true);
    }
    Ok(waiting.outcome.take())
}

fn result(
    connection: &Connection,
    timer: &Timer,
    answer: &Owned<Variant>,
    is_gnome: bool,
) -> Result<Owned<Variant>, Failure> {
    if !answer.is(c"(bv)") {
        return Err(Failure::failed("the service completed its question with something unknown"));
    }
    let [dismissed, result] = answer.tuple_members()?;
    match dismissed.to_bool() {
        false => Ok(result.unboxed()),
        // The prompter stays for some seconds after it has asked. If it is not there, it did not ask.
        true if is_gnome && !has_owner(connection, timer, GNOME_PROMPTER) => Err(Failure::new(
            Kind::Locked,
            "the keyring is locked, and no program is running that could ask for its password",
        )),
        true => Err(Failure::new(Kind::Dismissed, "the question of the keyring was dismissed")),
    }
}

fn is_gnome(connection: &Connection, timer: &Timer) -> bool {
    let owner = Owned::string(connection.api, "org.gnome.keyring")
        .and_then(|name| connection.call_bus(timer, c"GetNameOwner", &[name], c"(s)"))
        .and_then(|reply| reply.tuple_members());
    owner.is_ok_and(|[owner]| *owner.to_c_string() == *connection.owner.as_c_str())
}

fn has_owner(connection: &Connection, timer: &Timer, name: &str) -> bool {
    let has = Owned::string(connection.api, name)
        .and_then(|name| connection.call_bus(timer, c"NameHasOwner", &[name], c"(b)"))
        .and_then(|reply| reply.tuple_members());
    has.is_ok_and(|[has]| has.to_bool())
}

fn is_activatable(connection: &Connection, timer: &Timer, name: &str) -> bool {
    let names = connection
        .call_bus(timer, c"ListActivatableNames", &[], c"(as)")
        .and_then(|reply| reply.tuple_members());
    names.is_ok_and(|[names]| names.members().iter().any(|it| it.to_c_string().as_bytes() == name.as_bytes()))
}

/// Ends the wait at the deadline.
fn wake_at_deadline(timer: &Timer, context: &Owned<MainContext>) -> Owned<Source> {
    let api = context.api;
    // SAFETY: the cancellable and the context are valid; the new source is ours. The callback is of the type that a
    // cancellable source wants, and is given no data.
    unsafe {
        let source = Owned::take_new(api, (api.g_cancellable_source_new)(timer.cancellable()));
        (api.g_source_set_callback)(source.as_ptr(), on_deadline, ptr::null_mut(), None);
        (api.g_source_attach)(source.as_ptr(), context.as_ptr());
        source
    }
}

unsafe extern "C" fn on_deadline(_cancellable: *mut Gobject, _data: *mut c_void) -> Boolean {
    0 // this source is of no more use
}

/// A subscription to a signal, ended when it is dropped.
struct Subscription<'a> {
    connection: &'a Connection,
    id: c_uint,
}

impl<'a> Subscription<'a> {
    fn to_completed(waiting: &'a Waiting<'a>, path: &CStr) -> Self {
        let owner = waiting.connection.owner.as_c_str();
        Self::new(waiting, owner, (INTERFACE, c"Completed"), path, ptr::null(), on_completed)
    }

    /// The owner of a unique name changes once: when it leaves.
    fn to_vanished(waiting: &'a Waiting<'a>) -> Self {
        let (bus, owner) = (c"org.freedesktop.DBus", waiting.connection.owner.as_ptr());
        Self::new(waiting, bus, (bus, c"NameOwnerChanged"), c"/org/freedesktop/DBus", owner, on_vanished)
    }

    fn new(
        waiting: &'a Waiting<'a>,
        sender: &CStr,
        (interface, signal): (&CStr, &CStr),
        path: &CStr,
        first_argument: *const c_char,
        callback: OnSignal,
    ) -> Self {
        const NO_FLAGS: c_int = 0;
        let connection = waiting.connection;
        let data = ptr::from_ref(waiting).cast_mut().cast::<c_void>();
        // SAFETY: the connection and the strings are valid. The callback runs only while the context is iterated, in
        // `wait`, where `waiting` outlives this subscription.
        let id = unsafe {
            (connection.api.g_dbus_connection_signal_subscribe)(
                connection.bus.as_ptr(),
                sender.as_ptr(),
                interface.as_ptr(),
                signal.as_ptr(),
                path.as_ptr(),
                first_argument,
                NO_FLAGS,
                callback,
                data,
                None,
            )
        };
        Self { connection, id }
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        // SAFETY: the connection is valid, and the subscription was made by `new`.
        unsafe {
            (self.connection.api.g_dbus_connection_signal_unsubscribe)(self.connection.bus.as_ptr(), self.id);
        }
    }
}

unsafe extern "C" fn on_completed(
    _: *mut Gobject,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
    answer: *mut Variant,
    data: *mut c_void,
) {
    // SAFETY: `data` is what `Subscription::new` was given, alive and in this thread; the answer is a valid variant, of
    // which we take a reference of our own.
    unsafe {
        let waiting = &*data.cast::<Waiting<'_>>();
        let answer = Owned::sink(waiting.connection.api, answer);
        waiting.outcome.replace(Some(Outcome::Completed(answer)));
    }
}

unsafe extern "C" fn on_vanished(
    _: *mut Gobject,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: *mut Variant,
    data: *mut c_void,
) {
    // SAFETY: `data` is what `Subscription::new` was given, alive and in this thread.
    unsafe {
        let waiting = &*data.cast::<Waiting<'_>>();
        waiting.outcome.borrow_mut().get_or_insert(Outcome::Vanished);
    }
}
