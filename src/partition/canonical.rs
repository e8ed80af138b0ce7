//! Fields one after the other, each with its length before it: no two lists of fields give the same bytes.

/// Of this canonical form itself.
const VERSION: u8 = 1;

/// A version byte, then each field: its length as a big-endian `u32`, its bytes.
pub(super) fn of(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + fields.iter().map(|field| 4 + field.len()).sum::<usize>());
    bytes.push(VERSION);
    for field in fields {
        let length = u32::try_from(field.len()).expect("fields are short");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_are_the_same() {
        let lists: [&[&[u8]]; 6] = [&[], &[b""], &[b"", b""], &[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"]];
        for (position, one) in lists.iter().enumerate() {
            assert!(lists[position + 1..].iter().all(|other| of(one) != of(other)), "{one:?}");
        }
        assert_eq!(of(&[b"a"]), [1, 0, 0, 0, 1, b'a']);
    }
}
