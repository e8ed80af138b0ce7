//! What the SQLSTATE codes of PostgreSQL mean.

use super::super::{
    super::StoreErrorKind::{Corrupt, Denied, Full, Timeout, TooLarge, Unavailable},
    errors::Failure,
};

pub(super) fn failure(error: &sqlx::Error) -> Failure {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
        Some(code) => of_code(&code),
        None => Failure::of_driver(error),
    }
}

fn of_code(code: &str) -> Failure {
    let said = |kind, what: &str| Failure::refused(kind, format!("{what} (PostgreSQL {code})"));
    match code {
        // Deadlock, serialization; two nodes that create the same thing at once.
        "40001" | "40P01" | "23505" => Failure::Again,
        "57014" | "55P03" => said(Timeout, "the database gave up: a row was locked, or it is overloaded"),
        // Shutting down, crashed, starting; a terminated connection.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => {
            Failure::lost(format!("the database is shutting down or starting (PostgreSQL {code})"))
        }
        "25006" => Failure::elsewhere("this database is a standby now (PostgreSQL 25006)"),
        // What was prepared is not there, or is somebody else's, or gives other columns than it did.
        "26000" | "42P05" | "0A000" => {
            Failure::elsewhere(format!("prepared statements are of no use any more (PostgreSQL {code})"))
        }
        "42P01" | "42703" | "3F000" => said(Denied, super::MISSING),
        "42501" => said(Denied, "the user of the database lacks a right"),
        "3D000" => said(Denied, "there is no such database"),
        "22P02" | "22021" | "42883" | "42804" => said(Corrupt, "the tables are not as ours are"),
        "53100" | "53200" => said(Full, "the database has no disk or memory left"),
        "54000" | "22001" => said(TooLarge, "more than the database takes"),
        _ => of_class(code),
    }
}

fn of_class(code: &str) -> Failure {
    match code.get(..2) {
        Some("28") => {
            Failure::refused(Denied, format!("the database refused user or password (PostgreSQL {code})"))
        }
        Some("08") => Failure::lost(format!("the connection failed (PostgreSQL {code})")),
        Some("53") => Failure::lost(format!("the database takes no more connections (PostgreSQL {code})")),
        _ => Failure::refused(Unavailable, format!("the database cannot do it now (PostgreSQL {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_kind() {
        let kinds = [
            ("57014", Timeout),
            ("55P03", Timeout),
            ("57P01", Unavailable),
            ("57P03", Unavailable),
            ("25006", Unavailable),
            ("08006", Unavailable),
            ("53300", Unavailable),
            ("53100", Full),
            ("42P01", Denied),
            ("42501", Denied),
            ("28P01", Denied),
            ("28000", Denied),
            ("3D000", Denied),
            ("54000", TooLarge),
            ("XX000", Unavailable),
        ];
        for (code, kind) in kinds {
            let error = of_code(code).into_error();
            assert_eq!(error.kind(), kind, "{code}");
            assert!(!error.is_ambiguous() && error.to_string().contains("PostgreSQL"), "{error}");
        }
    }

    #[test]
    fn what_collided_is_tried_again() {
        assert!(["40001", "40P01"].iter().all(|code| matches!(of_code(code), Failure::Again)));
        assert!(["25006", "26000"].iter().all(|code| matches!(of_code(code), Failure::Elsewhere(_))));
    }
}
