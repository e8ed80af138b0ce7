//! The names that a cache uses for a while: set aside, or tried out.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};

use super::AsideReason;

impl AsideReason {
    /// What is appended to the name of a cache that is set aside.
    pub(super) fn suffix(self) -> String {
        match self {
            Self::Expired => "expired".to_owned(),
            Self::Unreadable => format!("unreadable-{}", now()),
        }
    }
}

/// A name for trying things out beside this file. It is the same each time, so that what a killed process leaves under it
/// is taken away by the next.
pub(super) fn throw_away_name(file: &Path) -> String {
    let digest: [u8; 32] = Sha256::digest(file.as_os_str().as_encoded_bytes()).into();
    format!("verify-{:016x}", u64::from_be_bytes(*digest.first_chunk().expect("8 are fewer than 32")))
}

/// The time in a file name, to the nanosecond, so that no two are the same: `20261124T061500Z-123456789`.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:09}", utc(since.as_secs()), since.subsec_nanos())
}

/// Seconds since 1970 as `20261124T061500Z` (days to civil date after Howard Hinnant's `civil_from_days`).
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn utc_of_known_moments() {
        assert_eq!(super::utc(0), "19700101T000000Z");
        assert_eq!(super::utc(951_782_400), "20000229T000000Z");
        assert_eq!(super::utc(1_795_500_900), "20261124T061500Z");
    }
}
