//! What the error numbers of MySQL and MariaDB mean.

use sqlx::mysql::MySqlDatabaseError;

use super::super::{
    super::StoreErrorKind::{Corrupt, Denied, Full, Timeout, TooLarge, Unavailable},
    errors::Failure,
};

pub(super) fn failure(error: &sqlx::Error) -> Failure {
    match number(error) {
        Some(number) => of_number(number),
        // Of the URL itself, or at the sign-in: there the driver needs one of its features.
        None if matches!(error, sqlx::Error::Configuration(_)) => {
            Failure::refused(Denied, super::UNSUPPORTED)
        }
        None => Failure::of_driver(error),
    }
}

/// Whether there is a row of this name.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    number(error) == Some(1062)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref().map(MySqlDatabaseError::number)
}

fn of_number(number: u16) -> Failure {
    let said = |kind, what: &str| Failure::refused(kind, format!("{what} (MySQL {number})"));
    match number {
        // Deadlock; changed since it was read; a table that is being changed.
        1213 | 1020 | 1412 => Failure::Again,
        // Lock wait; the limits of a statement; killed by an operator.
        1205 | 1969 | 3024 | 1317 | 4024 => {
            said(Timeout, "the database gave up: a row was locked, or it is overloaded")
        }
        1114 | 1021 | 1037 | 1038 | 1041 => said(Full, "the database has no disk or memory left"),
        1153 | 1301 | 1406 | 1118 | 1162 => said(TooLarge, "more than the database takes"),
        1146 | 1054 => said(Denied, super::MISSING),
        1046 | 1049 | 3057 => said(Denied, "there is no such database, or none in the URL"),
        1044 | 1045 | 1130 | 1251 | 1698 | 1820 | 1862 | 3118 | 3159 => {
            said(Denied, "the database refused user or password")
        }
        1142 | 1143 | 1227 | 1370 => said(Denied, "the user of the database lacks a right"),
        1366 | 1264 | 1292 | 1364 => said(Corrupt, "the tables are not as ours are"),
        // Read-only: a replica now.
        1290 | 1836 | 1792 => {
            Failure::elsewhere(format!("this database takes no writes now (MySQL {number})"))
        }
        // Shutting down, killed, too many connections, not in sync.
        1053 | 1077 | 1079 | 1152 | 1159 | 1160 | 1161 | 1927 | 4031 => {
            Failure::lost(format!("the database has closed the connection (MySQL {number})"))
        }
        1040 | 1203 | 1226 | 1129 | 1047 => {
            Failure::lost(format!("the database takes no more connections (MySQL {number})"))
        }
        _ => said(Unavailable, "the database cannot do it now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_kind() {
        let kinds = [
            (1205, Timeout),
            (1969, Timeout),
            (1114, Full),
            (1021, Full),
            (1153, TooLarge),
            (1406, TooLarge),
            (1146, Denied),
            (1045, Denied),
            (1142, Denied),
            (1046, Denied),
            (1049, Denied),
            (1053, Unavailable),
            (1040, Unavailable),
            (1290, Unavailable),
            (9999, Unavailable),
        ];
        for (number, kind) in kinds {
            let error = of_number(number).into_error();
            assert_eq!(error.kind(), kind, "{number}");
            assert!(!error.is_ambiguous() && error.to_string().contains("MySQL"), "{error}");
        }
        assert!(matches!(of_number(1213), Failure::Again));
        assert!(matches!(of_number(1836), Failure::Elsewhere(_)));
    }

    #[test]
    fn a_sign_in_that_needs_more_of_the_driver_says_what() {
        let error = failure(&sqlx::Error::Configuration("RSA auth backend disabled".into())).into_error();
        assert!(error.kind() == Denied && error.to_string().contains("`mysql-rsa`"), "{error}");
    }
}
