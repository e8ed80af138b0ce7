//! The session bus. GLib has one connection to it for the whole process; we see to it that there is a live one.

use std::{
    env,
    path::Path,
    sync::{Mutex, MutexGuard, TryLockError},
    thread,
    time::Duration,
};

use super::{
    api::{Api, Gobject, MainContext, SESSION_BUS},
    failure::{Failure, Kind, check},
    owned::Owned,
    timer::Timer,
};

/// The connection, held as long as it lives.
struct Bus {
    connection: Owned<Gobject>,
    /// Where GLib reports that the connection was closed, if it was we who made it.
    context: Owned<MainContext>,
}

// SAFETY: references of GObjects are counted atomically, and GDBusConnection may be used from any thread. The context
// is only used by who has the bus, alone.
unsafe impl Send for Bus {}

static BUS: Mutex<Option<Bus>> = Mutex::new(None);

/// The connection to the session bus: the one that there is, or a new one if that was closed.
pub(super) fn session_bus(api: &'static Api, timer: &Timer) -> Result<Owned<Gobject>, Failure> {
    let mut slot = lock_slot(timer)?;
    if slot.as_ref().is_none_or(|bus| is_closed(&bus.connection)) {
        // The old one must be gone before: as long as anybody holds it, GLib has no other.
        *slot = None;
        *slot = Some(Bus::connect(api, timer)?);
    }
    slot.as_ref().map(|bus| bus.connection.clone()).ok_or_else(|| Failure::failed("no bus"))
}

impl Bus {
    fn connect(api: &'static Api, timer: &Timer) -> Result<Self, Failure> {
        expect_address()?;
        let context = Owned::<MainContext>::new(api);
        let connection = {
            let _entered = context.enter();
            check(api, "connecting to the session bus", |error| {
                // SAFETY: the cancellable is valid; the result is null or a new reference.
                unsafe { Owned::take(api, (api.g_bus_get_sync)(SESSION_BUS, timer.cancellable(), error)) }
            })
            .map_err(unreachable_is_absent)?
        };
        if is_closed(&connection) {
            return Err(Failure::new(
                Kind::NoBus,
                "it was closed, and another part of the program still holds it",
            ));
        }
        Ok(Self { connection, context })
    }
}

impl Drop for Bus {
    /// The report that the connection was closed is put into the context, where it keeps the connection alive. It must
    /// be delivered; and that must not end the process, which is what GLib does with it by default.
    fn drop(&mut self) {
        // SAFETY: the connection is valid.
        unsafe { (self.connection.api.g_dbus_connection_set_exit_on_close)(self.connection.as_ptr(), 0) };
        // A thread of GLib puts it there right after it has closed the connection; unless another part of the program
        // connected first, and gets the report.
        for _ in 0..50 {
            if self.context.iterate(false) {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Others may be connecting: wait for them, but not beyond the deadline.
fn lock_slot(timer: &Timer) -> Result<MutexGuard<'static, Option<Bus>>, Failure> {
    loop {
        match BUS.try_lock() {
            Ok(slot) => return Ok(slot),
            Err(TryLockError::Poisoned(slot)) => return Ok(slot.into_inner()),
            Err(TryLockError::WouldBlock) if timer.has_fired() => {
                return Err(Failure::late("connecting to the session bus"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Nobody listens at the address, or nobody who speaks with us.
fn unreachable_is_absent(failure: Failure) -> Failure {
    match failure.kind {
        Kind::TimedOut | Kind::Exhausted => failure,
        _ => Failure { kind: Kind::NoBus, ..failure },
    }
}

fn is_closed(connection: &Owned<Gobject>) -> bool {
    // SAFETY: the connection is valid.
    unsafe { (connection.api.g_dbus_connection_is_closed)(connection.as_ptr()) != 0 }
}

/// Whether the bus has an address. Without one, GLib would start a program that starts a bus, wait for it without a
/// deadline, and leave it running.
fn expect_address() -> Result<(), Failure> {
    let address = env::var_os("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
    let address = address.to_string_lossy();
    let usual = env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists());
    if (!address.is_empty() && !address.starts_with("autolaunch:")) || (address.is_empty() && usual) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::NoBus,
        "DBUS_SESSION_BUS_ADDRESS is not set, and there is no socket $XDG_RUNTIME_DIR/bus",
    ))
}
