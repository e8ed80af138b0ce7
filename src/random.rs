//! Random bytes from the operating system.

use crate::{Error, ErrorKind, Result};

/// Fill the buffer.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| {
        Error::new(ErrorKind::Io, format!("the system has no random bytes: {error}"))
            .with_remedy(
                "check what keeps this program from the system's random bytes: a sandbox, a very old kernel",
            )
            .with_source(error)
    })
}

/// An array of them.
pub(crate) fn array<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}
