//! Building and reading `GVariant`s, the values of D-Bus.
//!
//! A new variant is *floating*, and would become the property of whoever uses it first. Here each is made ours at
//! once, so that the rules are those of every other reference.

use std::ffi::{CStr, CString};

use super::{
    api::{Api, Variant},
    failure::Failure,
    owned::Owned,
};

impl Owned<Variant> {
    /// A reference of our own to a new floating variant, or to one that somebody else owns.
    ///
    /// # Safety
    ///
    /// The pointer is a valid variant.
    pub(super) unsafe fn sink(api: &'static Api, floating: *mut Variant) -> Self {
        // SAFETY: forwarded to the caller; sinking returns the same pointer, now a full reference.
        unsafe { Self::take_new(api, (api.g_variant_ref_sink)(floating)) }
    }

    /// A string. D-Bus has none that contain a NUL.
    pub(super) fn string(api: &'static Api, text: &str) -> Result<Self, Failure> {
        let text = CString::new(text)
            .map_err(|_| Failure::failed("an attribute or a label contains a NUL character"))?;
        // SAFETY: the text ends with a NUL, is UTF-8 as it was a `str`, and is copied.
        Ok(unsafe { Self::sink(api, (api.g_variant_new_string)(text.as_ptr())) })
    }

    /// An object path, which must be one that D-Bus brought, or that is known to be valid.
    pub(super) fn object_path(api: &'static Api, path: &CStr) -> Self {
        // SAFETY: the path ends with a NUL and is copied.
        unsafe { Self::sink(api, (api.g_variant_new_object_path)(path.as_ptr())) }
    }

    pub(super) fn boolean(api: &'static Api, value: bool) -> Self {
        // SAFETY: it has no preconditions.
        unsafe { Self::sink(api, (api.g_variant_new_boolean)(value.into())) }
    }

    /// A tuple of these, which is also the form of the arguments of a call.
    pub(super) fn tuple(api: &'static Api, members: &[Self]) -> Self {
        let members: Vec<_> = members.iter().map(Self::as_ptr).collect();
        // SAFETY: the pointers are valid variants, as many as we say; the tuple takes references of its own.
        unsafe { Self::sink(api, (api.g_variant_new_tuple)(members.as_ptr(), members.len())) }
    }

    /// An array of these, each of which must be of the type.
    pub(super) fn array(api: &'static Api, element: &CStr, members: &[Self]) -> Self {
        debug_assert!(members.iter().all(|member| member.is(element)));
        let members: Vec<_> = members.iter().map(Self::as_ptr).collect();
        // SAFETY: the type string is valid, the pointers are valid variants of that type, as many as we say; the
        // array takes references of its own.
        unsafe {
            Self::sink(api, (api.g_variant_new_array)(element.as_ptr(), members.as_ptr(), members.len()))
        }
    }

    /// An entry of a dictionary. The key must be a string, a path or a number.
    pub(super) fn entry(api: &'static Api, key: &Self, value: &Self) -> Self {
        // SAFETY: both are valid variants; the entry takes references of its own.
        unsafe { Self::sink(api, (api.g_variant_new_dict_entry)(key.as_ptr(), value.as_ptr())) }
    }

    /// This, as the value of type "variant".
    pub(super) fn boxed(&self) -> Self {
        // SAFETY: `self` is a valid variant; the box takes a reference of its own.
        unsafe { Self::sink(self.api, (self.api.g_variant_new_variant)(self.as_ptr())) }
    }

    /// Whether this has the type.
    pub(super) fn is(&self, kind: &CStr) -> bool {
        // SAFETY: `self` is a valid variant, and the type string is valid.
        unsafe { (self.api.g_variant_is_of_type)(self.as_ptr(), kind.as_ptr()) != 0 }
    }

    /// The members of a tuple or an array.
    pub(super) fn members(&self) -> Vec<Self> {
        // SAFETY: `self` is a valid variant, and a container: callers have checked its type.
        let count = unsafe { (self.api.g_variant_n_children)(self.as_ptr()) };
        // SAFETY: as above, with an index that exists; the result is a new reference.
        (0..count)
            .map(|index| unsafe {
                Self::take_new(self.api, (self.api.g_variant_get_child_value)(self.as_ptr(), index))
            })
            .collect()
    }

    /// The members of a tuple, of which there must be as many.
    pub(super) fn tuple_members<const N: usize>(&self) -> Result<[Self; N], Failure> {
        <[Self; N]>::try_from(self.members())
            .map_err(|_| Failure::failed("the service answered with too little"))
    }

    /// The value of a string or a path.
    pub(super) fn to_c_string(&self) -> CString {
        // SAFETY: `self` is a valid variant of a string type (callers have checked it): the result ends with a NUL and
        // lives as long as `self`.
        unsafe { CStr::from_ptr((self.api.g_variant_get_string)(self.as_ptr(), std::ptr::null_mut())) }.into()
    }

    /// The values of an array of paths.
    pub(super) fn to_paths(&self) -> Vec<CString> {
        self.members().iter().map(Self::to_c_string).collect()
    }

    /// The value of a boolean.
    pub(super) fn to_bool(&self) -> bool {
        // SAFETY: `self` is a valid variant of type boolean: callers have checked it.
        unsafe { (self.api.g_variant_get_boolean)(self.as_ptr()) != 0 }
    }

    /// What is in the value of type "variant".
    pub(super) fn unboxed(&self) -> Self {
        // SAFETY: `self` is a valid variant of type "variant" (callers have checked it); the result is a new reference.
        unsafe { Self::take_new(self.api, (self.api.g_variant_get_variant)(self.as_ptr())) }
    }
}
