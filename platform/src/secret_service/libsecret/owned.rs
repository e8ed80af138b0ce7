//! Things of GLib that we own: freed exactly once, whatever happens.

use std::{
    ffi::{CStr, c_char, c_void},
    ptr::NonNull,
};

use super::api::{Api, GError, Gobject, MainContext, SecretValue, Source, Variant};

/// A reference that is ours, given back when this is dropped.
pub(super) struct Owned<T: Release> {
    pointer: NonNull<T>,
    pub(super) api: &'static Api,
}

/// How a reference is given back.
pub(super) trait Release {
    /// # Safety
    ///
    /// The pointer is a valid reference that the caller owns and does not use any more.
    unsafe fn release(api: &Api, pointer: *mut Self);
}

impl<T: Release> Owned<T> {
    /// Take over a reference that a C function returned; `None` for a null pointer.
    ///
    /// # Safety
    ///
    /// The pointer is null, or a valid reference that becomes ours.
    pub(super) unsafe fn take(api: &'static Api, pointer: *mut T) -> Option<Self> {
        NonNull::new(pointer).map(|pointer| Self { pointer, api })
    }

    /// As [`take`](Self::take), for the many functions of GLib that abort rather than return null.
    ///
    /// # Safety
    ///
    /// As [`take`](Self::take).
    pub(super) unsafe fn take_new(api: &'static Api, pointer: *mut T) -> Self {
        // SAFETY: forwarded to the caller.
        unsafe { Self::take(api, pointer) }.expect("GLib returned null where it says that it does not")
    }

    /// For a C function that borrows it during a call.
    pub(super) const fn as_ptr(&self) -> *mut T {
        self.pointer.as_ptr()
    }
}

impl<T: Release> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the reference is ours (`take`), and this is its last use.
        unsafe { T::release(self.api, self.pointer.as_ptr()) }
    }
}

macro_rules! release {
    ($($kind:ty: $function:ident;)*) => {$(
        impl Release for $kind {
            unsafe fn release(api: &Api, pointer: *mut Self) {
                // SAFETY: forwarded to the caller.
                unsafe { (api.$function)(pointer) }
            }
        }
    )*};
}

release! {
    GError: g_error_free;
    Gobject: g_object_unref;
    // Wipes the memory before it is freed: values are in libsecret's secure memory.
    SecretValue: secret_value_unref;
    Variant: g_variant_unref;
}

impl Release for MainContext {
    unsafe fn release(api: &Api, pointer: *mut Self) {
        // SAFETY: forwarded to the caller. A signal that was not delivered holds the context, which holds the signal;
        // delivering it breaks the ring. Whoever subscribed to it has unsubscribed, and is not called.
        unsafe {
            while (api.g_main_context_iteration)(pointer, 0) != 0 {}
            (api.g_main_context_unref)(pointer);
        }
    }
}

impl Release for Source {
    unsafe fn release(api: &Api, pointer: *mut Self) {
        // SAFETY: forwarded to the caller; destroying takes it from its context before our reference goes.
        unsafe {
            (api.g_source_destroy)(pointer);
            (api.g_source_unref)(pointer);
        }
    }
}

/// A string that GLib allocated.
impl Release for c_char {
    unsafe fn release(api: &Api, pointer: *mut Self) {
        // SAFETY: forwarded to the caller.
        unsafe { (api.g_free)(pointer.cast::<c_void>()) }
    }
}

impl Clone for Owned<Gobject> {
    fn clone(&self) -> Self {
        // SAFETY: the object is valid; the result is a reference of its own.
        unsafe { Self::take_new(self.api, (self.api.g_object_ref)(self.as_ptr())) }
    }
}

impl Owned<c_char> {
    pub(super) fn as_c_str(&self) -> &CStr {
        // SAFETY: `take` was given a string of GLib, which ends with a NUL and lives as long as `self`.
        unsafe { CStr::from_ptr(self.as_ptr()) }
    }
}

impl Owned<MainContext> {
    /// A context of our own. Signals that are subscribed to while it is [entered](Self::enter) go to it, and not to
    /// the main loop of the program that uses us.
    pub(super) fn new(api: &'static Api) -> Self {
        // SAFETY: it has no preconditions, and returns a new reference.
        unsafe { Self::take_new(api, (api.g_main_context_new)()) }
    }

    /// Make it the default of this thread until the guard is dropped. No other thread may be using it.
    pub(super) fn enter(&self) -> Entered<'_> {
        // SAFETY: the context is valid. Whoever can call this has the context alone, so no other thread owns it.
        unsafe { (self.api.g_main_context_push_thread_default)(self.as_ptr()) };
        Entered { context: self, not_send: std::marker::PhantomData }
    }

    /// Whether anything waits to be delivered.
    pub(super) fn is_pending(&self) -> bool {
        // SAFETY: the context is valid.
        unsafe { (self.api.g_main_context_pending)(self.as_ptr()) != 0 }
    }

    /// Deliver what came, waiting for something if `wait`. Whether anything was delivered.
    pub(super) fn iterate(&self, wait: bool) -> bool {
        // SAFETY: the context is valid; callbacks that are attached to it are documented where they are attached.
        unsafe { (self.api.g_main_context_iteration)(self.as_ptr(), wait.into()) != 0 }
    }
}

/// While it lives, the context is the default of this thread, where it therefore must be dropped.
pub(super) struct Entered<'a> {
    context: &'a Owned<MainContext>,
    not_send: std::marker::PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // SAFETY: pushed by `enter` in this same thread (the guard is not `Send`), and guards are dropped in reverse.
        unsafe { (self.context.api.g_main_context_pop_thread_default)(self.context.as_ptr()) }
    }
}
