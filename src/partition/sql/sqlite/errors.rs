//! What the result codes of SQLite mean.

use super::super::{
    super::StoreErrorKind::{Corrupt, Denied, Full, Timeout, TooLarge, Unavailable},
    errors::Failure,
};

pub(super) fn failure(error: &sqlx::Error) -> Failure {
    let Some(database) = error.as_database_error() else { return Failure::of_driver(error) };
    match database.code().and_then(|code| code.parse().ok()) {
        // "SQL error": every statement of ours is right where the tables are.
        Some(1) if database.message().starts_with("no such table") => {
            Failure::refused(Denied, "tables are missing: open the store again")
        }
        Some(code) => of_code(code),
        None => Failure::of_driver(error),
    }
}

/// The lowest byte is the result, the others tell more of it.
fn of_code(code: i32) -> Failure {
    let said = |kind, what: &str| Failure::refused(kind, format!("{what} (SQLite {code})"));
    match code & 0xff {
        // Another connection or process writes; for the last, many came in between while a snapshot was to be taken.
        5 | 6 | 15 => Failure::Again,
        9 => said(Timeout, "the statement was interrupted"),
        13 => said(Full, "the disk or the database is full"),
        18 => said(TooLarge, "more than the database takes"),
        3 | 8 | 14 | 23 => said(Denied, "the file or its folder cannot be opened or written"),
        11 | 26 => said(Corrupt, "the file is damaged or no database"),
        1 | 20 | 25 => said(Corrupt, "the tables are not as ours are"),
        // Input and output: a commit may have failed after it reached the disk.
        7 | 10 | 17 => Failure::lost(format!("the file cannot be read or written now (SQLite {code})")),
        _ => said(Unavailable, "the database cannot do it now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_kind() {
        let kinds = [
            (13, Full),
            (18, TooLarge),
            (8, Denied),
            (14, Denied),
            (11, Corrupt),
            (26, Corrupt),
            (10 | 3 << 8, Unavailable),
            (21, Unavailable),
        ];
        for (code, kind) in kinds {
            let error = of_code(code).into_error();
            assert_eq!(error.kind(), kind, "{code}");
            assert!(!error.is_ambiguous() && error.to_string().contains("SQLite"), "{error}");
        }
        assert!(matches!(of_code(5 | 2 << 8), Failure::Again), "SQLITE_BUSY_SNAPSHOT");
        assert!(matches!(of_code(15), Failure::Again), "SQLITE_PROTOCOL");
    }
}
