//! What is used of GLib, GIO and libsecret, declared as in their headers, and opened at run time.
//!
//! Non-variadic functions only: variadic ones cannot be called through a plain function pointer type on every
//! architecture.

use std::{
    ffi::{c_char, c_int, c_uint, c_void},
    mem::ManuallyDrop,
    sync::OnceLock,
};

use libloading::Library;

use crate::KeychainError;

/// Any `GObject`: a service, a bus connection, a cancellable.
#[repr(C)]
pub(super) struct Gobject([u8; 0]);
/// A `GVariant`.
#[repr(C)]
pub(super) struct Variant([u8; 0]);
/// A `GVariantType`, which is the type string itself (`G_VARIANT_TYPE` is a cast).
pub(super) type VariantType = c_char;
/// A `GMainContext`.
#[repr(C)]
pub(super) struct MainContext([u8; 0]);
/// A `GSource`.
#[repr(C)]
pub(super) struct Source([u8; 0]);
/// A `SecretValue`.
#[repr(C)]
pub(super) struct SecretValue([u8; 0]);
/// A `GError`.
#[repr(C)]
pub(super) struct GError {
    pub(super) domain: Quark,
    pub(super) code: c_int,
    pub(super) message: *mut c_char,
}

pub(super) type Quark = u32;
pub(super) type Boolean = c_int;
/// `GDBusSignalCallback`: connection, sender, path, interface, signal, parameters, user data.
pub(super) type OnSignal = unsafe extern "C" fn(
    *mut Gobject,
    *const c_char,
    *const c_char,
    *const c_char,
    *const c_char,
    *mut Variant,
    *mut c_void,
);
/// `GCancellableSourceFunc`.
pub(super) type OnCancelled = unsafe extern "C" fn(*mut Gobject, *mut c_void) -> Boolean;
/// A callback that we never give.
pub(super) type NoCallback = Option<unsafe extern "C" fn()>;

/// `SECRET_SERVICE_OPEN_SESSION`.
pub(super) const OPEN_SESSION: c_int = 1 << 1;
/// `G_BUS_TYPE_SESSION`.
pub(super) const SESSION_BUS: c_int = 2;
/// `G_DBUS_CALL_FLAGS_NO_AUTO_START`.
pub(super) const NO_AUTO_START: c_int = 1;
/// `G_MAXINT` is "no time-out" to GDBus: ours is the cancellable.
pub(super) const NO_TIMEOUT: c_int = c_int::MAX;

/// Declares [`Api`]: one field for each function, and `open`, which finds them all.
macro_rules! functions {
    ($($library:ident = $soname:literal from $package:literal {
        $(fn $name:ident($($argument:ty),* $(,)?) $(-> $result:ty)?;)*
    })*) => {
        /// The functions of the libraries.
        pub(super) struct Api {
            $($(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*)*
        }

        impl Api {
            fn open() -> Result<Self, KeychainError> {
                $(let $library = open_library($soname, $package)?;)*
                Ok(Self {
                    $($($name: {
                        // SAFETY: the type of the field is the declaration of this function in the header of the
                        // library, whose SONAME promises that it stays so; the library is never closed.
                        let function = unsafe { $library.get(concat!(stringify!($name), "\0")) };
                        *function.map_err(|error| unusable($soname, $package, &error))?
                    },)*)*
                })
            }
        }
    };
}

functions! {
    // The first, so that its absence is what is reported.
    libsecret = "libsecret-1.so.0" from "libsecret-1-0" {
        fn secret_error_get_quark() -> Quark;
        fn secret_service_get_type() -> usize;
        fn secret_service_open_sync(usize, *const c_char, c_int, *mut Gobject, *mut *mut GError) -> *mut Gobject;
        fn secret_service_get_session_dbus_path(*mut Gobject) -> *const c_char;
        fn secret_service_encode_dbus_secret(*mut Gobject, *mut SecretValue) -> *mut Variant;
        fn secret_service_decode_dbus_secret(*mut Gobject, *mut Variant) -> *mut SecretValue;
        fn secret_value_new(*const c_char, isize, *const c_char) -> *mut SecretValue;
        fn secret_value_get(*mut SecretValue, *mut usize) -> *const c_char;
        fn secret_value_get_content_type(*mut SecretValue) -> *const c_char;
        fn secret_value_unref(*mut SecretValue);
    }
    gio = "libgio-2.0.so.0" from "libglib2.0-0" {
        fn g_bus_get_sync(c_int, *mut Gobject, *mut *mut GError) -> *mut Gobject;
        fn g_cancellable_new() -> *mut Gobject;
        fn g_cancellable_cancel(*mut Gobject);
        fn g_cancellable_is_cancelled(*mut Gobject) -> Boolean;
        fn g_cancellable_source_new(*mut Gobject) -> *mut Source;
        fn g_dbus_connection_call(
            *mut Gobject, *const c_char, *const c_char, *const c_char, *const c_char, *mut Variant,
            *const VariantType, c_int, c_int, *mut Gobject, NoCallback, *mut c_void,
        );
        fn g_dbus_connection_call_sync(
            *mut Gobject, *const c_char, *const c_char, *const c_char, *const c_char, *mut Variant,
            *const VariantType, c_int, c_int, *mut Gobject, *mut *mut GError,
        ) -> *mut Variant;
        fn g_dbus_connection_is_closed(*mut Gobject) -> Boolean;
        fn g_dbus_connection_set_exit_on_close(*mut Gobject, Boolean);
        fn g_dbus_connection_signal_subscribe(
            *mut Gobject, *const c_char, *const c_char, *const c_char, *const c_char, *const c_char,
            c_int, OnSignal, *mut c_void, NoCallback,
        ) -> c_uint;
        fn g_dbus_connection_signal_unsubscribe(*mut Gobject, c_uint);
        fn g_dbus_error_get_remote_error(*const GError) -> *mut c_char;
        fn g_dbus_error_quark() -> Quark;
        fn g_dbus_error_strip_remote_error(*mut GError) -> Boolean;
        fn g_dbus_proxy_get_name_owner(*mut Gobject) -> *mut c_char;
        fn g_io_error_quark() -> Quark;
    }
    gobject = "libgobject-2.0.so.0" from "libglib2.0-0" {
        fn g_object_ref(*mut Gobject) -> *mut Gobject;
        fn g_object_unref(*mut Gobject);
    }
    glib = "libglib-2.0.so.0" from "libglib2.0-0" {
        fn g_error_free(*mut GError);
        fn g_free(*mut c_void);
        fn g_main_context_iteration(*mut MainContext, Boolean) -> Boolean;
        fn g_main_context_new() -> *mut MainContext;
        fn g_main_context_pending(*mut MainContext) -> Boolean;
        fn g_main_context_pop_thread_default(*mut MainContext);
        fn g_main_context_push_thread_default(*mut MainContext);
        fn g_main_context_unref(*mut MainContext);
        fn g_source_attach(*mut Source, *mut MainContext) -> c_uint;
        fn g_source_destroy(*mut Source);
        fn g_source_set_callback(*mut Source, OnCancelled, *mut c_void, NoCallback);
        fn g_source_unref(*mut Source);
        fn g_variant_get_boolean(*mut Variant) -> Boolean;
        fn g_variant_get_child_value(*mut Variant, usize) -> *mut Variant;
        fn g_variant_get_string(*mut Variant, *mut usize) -> *const c_char;
        fn g_variant_get_variant(*mut Variant) -> *mut Variant;
        fn g_variant_is_of_type(*mut Variant, *const VariantType) -> Boolean;
        fn g_variant_n_children(*mut Variant) -> usize;
        fn g_variant_new_array(*const VariantType, *const *mut Variant, usize) -> *mut Variant;
        fn g_variant_new_boolean(Boolean) -> *mut Variant;
        fn g_variant_new_dict_entry(*mut Variant, *mut Variant) -> *mut Variant;
        fn g_variant_new_object_path(*const c_char) -> *mut Variant;
        fn g_variant_new_string(*const c_char) -> *mut Variant;
        fn g_variant_new_tuple(*const *mut Variant, usize) -> *mut Variant;
        fn g_variant_new_variant(*mut Variant) -> *mut Variant;
        fn g_variant_ref_sink(*mut Variant) -> *mut Variant;
        fn g_variant_unref(*mut Variant);
    }
}

impl Api {
    /// The functions, opening the libraries on first use. A failure is not remembered: the library may be installed
    /// while the program runs.
    pub(super) fn get() -> Result<&'static Self, KeychainError> {
        static API: OnceLock<Api> = OnceLock::new();
        if let Some(api) = API.get() {
            return Ok(api);
        }
        let api = Self::open()?;
        // SAFETY: it has no preconditions. It teaches GDBus the names of libsecret's errors.
        unsafe { (api.secret_error_get_quark)() };
        Ok(API.get_or_init(|| api))
    }
}

/// GLib starts threads and registers types, which must not lose their code: the library is never closed.
fn open_library(soname: &str, package: &str) -> Result<ManuallyDrop<Library>, KeychainError> {
    // SAFETY: the initialisers of these libraries have no preconditions, and their finalisers never run.
    let library = unsafe { Library::new(soname) };
    library.map(ManuallyDrop::new).map_err(|error| unusable(soname, package, &error))
}

fn unusable(soname: &str, package: &str, error: &libloading::Error) -> KeychainError {
    KeychainError::Unavailable(format!(
        "cannot use the library {soname} (package {package} on Debian and Ubuntu): {error}"
    ))
}
