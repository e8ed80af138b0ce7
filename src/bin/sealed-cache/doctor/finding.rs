//! [`Finding`]: one thing that was looked at.

use serde::Serialize;

use crate::output::{Page, Style};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Good,
    /// Worth knowing, and nothing is wrong.
    Note,
    Warning,
    Problem,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: String,
    pub(crate) status: Status,
    pub(crate) message: String,
    /// What to do; empty if there is nothing to do.
    pub(crate) remedy: String,
}

impl Finding {
    pub(crate) fn new(
        status: Status,
        what: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), status, message: message.into(), remedy: remedy.into() }
    }

    pub(crate) fn good(what: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Status::Good, what, message, "")
    }

    pub(crate) fn note(what: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Status::Note, what, message, "")
    }

    pub(crate) fn warning(what: impl Into<String>, message: impl Into<String>, remedy: &str) -> Self {
        Self::new(Status::Warning, what, message, remedy)
    }

    pub(crate) fn problem(what: impl Into<String>, message: impl Into<String>, remedy: &str) -> Self {
        Self::new(Status::Problem, what, message, remedy)
    }

    pub(crate) fn show(&self, page: &mut Page) {
        let (style, mark) = match self.status {
            Status::Good => (Style::Good, "ok  "),
            Status::Note => (Style::Dim, "note"),
            Status::Warning => (Style::Warning, "warn"),
            Status::Problem => (Style::Bad, "BAD "),
        };
        page.line(format!("  {} {}: {}", page.styled(style, mark), self.what, self.message));
        if !self.remedy.is_empty() {
            page.line(format!("       -> {}", self.remedy));
        }
    }
}
