//! Markdown tables.

use std::time::Duration;

use crate::sample::Compared;

pub(crate) const PREFACE: &str = "\
Each row: medians over rounds in which floor and ours were measured in turn, and the median of the rounds' ratios (lowest to
highest in brackets). The floor is a plain program of the system calls that any correct implementation has to make. Peers:
`msal-extensions` (Python), `@azure/msal-node-extensions`, the Go cache, measured on 2026-11-23 on a machine of the same
size, in another run: for orders of magnitude.
";

/// A table that is printed when it is complete.
pub(crate) struct Table {
    lines: Vec<String>,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let lines = vec![
            format!("### {title}\n"),
            format!("| {} |", columns.join(" | ")),
            format!("|{}", "---|".repeat(columns.len())),
        ];
        Self { lines }
    }

    /// The table that most groups have.
    pub(crate) fn of_comparisons(title: &str) -> Self {
        Self::new(title, &["work", "floor", "ours", "ratio", "aim", "peers' best"])
    }

    pub(crate) fn row(&mut self, cells: &[&str]) {
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }

    pub(crate) fn comparison(&mut self, work: &str, compared: &Compared, aim: &str, peers: &str) {
        self.row(&[work, &time(compared.floor), &time(compared.ours), &ratio(compared), aim, peers]);
    }

    pub(crate) fn print(self) {
        println!("{}\n", self.lines.join("\n"));
    }
}

/// The ratio and its spread.
pub(crate) fn ratio(compared: &Compared) -> String {
    let (lowest, highest) = compared.spread;
    format!("**{:.2}** ({lowest:.2}-{highest:.2})", compared.ratio)
}

/// Three digits, in the unit that fits.
pub(crate) fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1.0 => format!("{:.0} ns", micros * 1e3),
        ..1e3 => format!("{} us", digits(micros)),
        ..1e6 => format!("{} ms", digits(micros / 1e3)),
        _ => format!("{} s", digits(micros / 1e6)),
    }
}

fn digits(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
