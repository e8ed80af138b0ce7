//! How much room is left where everything is built: a full disk fails in many places, and seldom says why.

use crate::command::Step;

const GIB: u64 = 1 << 30;
/// With less than this left, a failure is most likely due to it.
const SHORT: u64 = GIB;

/// Bytes that are free on the disk of the working folder, where the system can tell.
pub(crate) fn free() -> Option<u64> {
    available(&Step::new("df", &["-P", "-k", "."]).output().ok()?)
}

/// POSIX `df -P -k`: a headline, then name, size, used and available kibibytes, share and mount point.
fn available(said: &str) -> Option<u64> {
    let kibibytes: u64 = said.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// For a table: GiB with one digit.
pub(crate) fn in_gib(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "?".to_owned(), |bytes| format!("{}.{}", bytes / GIB, bytes % GIB * 10 / GIB))
}

/// What to tell of a failure where so much was left.
pub(crate) fn hint(bytes: Option<u64>) -> Option<String> {
    let is_short = bytes.is_some_and(|bytes| bytes < SHORT);
    is_short.then(|| format!("only {} GiB were free on the disk: make room and repeat it", in_gib(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_df_says_is_read() {
        let said =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 100 40 2097152 70% /b c\n";
        assert_eq!(available(said), Some(2 * GIB));
        assert_eq!((available(""), available("a\nb c d e")), (None, None));
    }

    #[test]
    fn little_room_is_a_hint_and_much_is_none() {
        assert_eq!(
            hint(Some(300 << 20)).unwrap(),
            "only 0.2 GiB were free on the disk: make room and repeat it"
        );
        assert_eq!((hint(Some(2 * GIB)), hint(None)), (None, None));
        assert_eq!((in_gib(Some(5 * GIB / 2)), in_gib(None)), ("2.5".to_owned(), "?".to_owned()));
    }
}
