//! Looking for a secret in the memory of this very process.
//!
//! Who looks must not hold what it looks for: a needle is kept as two halves whose XOR is the secret.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
};

use zeroize::{Zeroize, Zeroizing};

/// A part of this length counts as the secret: a copy may be cut, split by an escape, or overwritten in part.
const PART: usize = 16;
const STEP: usize = 4;
const CHUNK: usize = 1 << 16;

pub(crate) struct Needle {
    masked: Vec<u8>,
    mask: Vec<u8>,
}

impl Needle {
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mask: Vec<u8> = (0..secret.len()).map(|at| 0x80 | (at as u8).wrapping_mul(37)).collect();
        Self { masked: secret.iter().zip(&mask).map(|(a, b)| a ^ b).collect(), mask }
    }

    /// As text, to be given to another process.
    pub(crate) fn to_text(&self) -> String {
        self.masked.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn from_text(text: &str) -> Self {
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        let masked: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
        let mask = Self::new(&vec![0; masked.len()]).mask;
        Self { masked, mask }
    }

    /// The secret itself, in a buffer that is made once and wiped.
    pub(crate) fn reveal(&self) -> Zeroizing<String> {
        let mut secret = Zeroizing::new(String::with_capacity(self.masked.len()));
        (0..self.masked.len()).for_each(|at| secret.push(char::from(self.at(at))));
        secret
    }

    fn at(&self, at: usize) -> u8 {
        self.masked[at] ^ self.mask[at]
    }

    /// Is this part of the secret at the beginning of these bytes?
    fn begins(&self, bytes: &[u8], part: usize) -> bool {
        bytes.len() >= PART && (0..PART).all(|at| bytes[at] == self.at(part + at))
    }

    /// Where the secret, or a part of it, is in the memory of this process that was ever written.
    pub(crate) fn places(&self) -> Vec<String> {
        let mut memory = File::open("/proc/self/mem").unwrap();
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let mut chunk = Zeroizing::new(vec![0; CHUNK]);
        let writable = maps.lines().filter(|line| line.split(' ').nth(1).unwrap().starts_with("rw"));
        writable.flat_map(|line| self.places_in(line, &mut memory, &mut chunk)).collect()
    }

    fn places_in(&self, line: &str, memory: &mut File, chunk: &mut [u8]) -> Vec<String> {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut places = Vec::new();
        let mut at = start;
        while at + (PART as u64) < end {
            let length = CHUNK.min((end - at) as usize);
            memory.seek(SeekFrom::Start(at)).unwrap();
            if memory.read_exact(&mut chunk[..length]).is_err() {
                break;
            }
            let found = self.find(&chunk[..length]);
            // Else the next look would find it here.
            chunk.zeroize();
            places.extend(found.map(|found| format!("{:#x} of {line}", at + found as u64)));
            at += (length - PART.min(length - 1)) as u64;
        }
        places
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let parts = (0..=self.masked.len() - PART).step_by(STEP);
        parts.into_iter().find_map(|part| {
            let first = self.at(part);
            let mut from = 0;
            while let Some(next) = bytes[from..].iter().position(|byte| *byte == first) {
                from += next;
                if self.begins(&bytes[from..], part) {
                    return Some(from);
                }
                from += 1;
            }
            None
        })
    }
}
