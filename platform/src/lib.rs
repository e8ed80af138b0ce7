//! The operating system seams of `sealed-cache`: private files, processes, the terminal, and the
//! keychains of Windows, macOS and Linux.
//!
//! All `unsafe` code and all `cfg(target_os)` of the project are here. The functions of a module have the same names
//! and signatures on every system; a system without the facility gets the `unsupported` file, which says so. Nothing
//! here knows of caches or of cryptography.

pub mod dpapi;
pub mod file;
pub mod file_system;
pub mod interrupt;
pub mod kernel_keyring;
mod keychain;
pub mod mac_keychain;
pub mod process;
pub mod secret_service;
pub mod terminal;

pub use keychain::{KEYCHAIN, Keychain, KeychainError, Prompt};
