//! Operating system seams.
