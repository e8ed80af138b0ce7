//! A cache of any size, every byte of which follows from its number: a torn one would show.

use sealed_cache::{Error, ErrorKind, Result, SecretBytes, SerializableCache};

#[derive(Default)]
pub(crate) struct Bulk {
    number: u32,
    length: usize,
    changed: bool,
}

impl Bulk {
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn set(&mut self, number: u32, length: usize) {
        (self.number, self.length) = (number, length);
        self.changed = true;
    }
}

impl SerializableCache for Bulk {
    fn deserialize(bytes: SecretBytes) -> Result<Self> {
        let number = bytes.first_chunk().map(|number| u32::from_be_bytes(*number));
        match number {
            Some(number) if *bytes == *contents(number, bytes.len()) => {
                Ok(Self { number, length: bytes.len(), changed: false })
            }
            _ => Err(Error::new(ErrorKind::InvalidContents, "a torn cache")),
        }
    }

    fn serialize(&self) -> Result<SecretBytes> {
        Ok(SecretBytes::from(contents(self.number, self.length)))
    }

    fn has_state_changed(&self) -> bool {
        self.changed
    }

    fn set_state_changed(&mut self, changed: bool) {
        self.changed = changed;
    }
}

fn contents(number: u32, length: usize) -> Vec<u8> {
    number.to_be_bytes().repeat(length / 4)
}
