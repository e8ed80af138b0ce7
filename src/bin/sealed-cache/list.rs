//! `list`: the caches of this user that we know of.

use std::time::SystemTime;

use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    output::{Page, Shown, Style},
    summary::{self, Summary},
    words,
};

#[derive(Serialize)]
struct List {
    caches: Vec<Summary>,
}

pub(crate) fn run(context: &Context) -> Result<Done, Failure> {
    let progress = context.output.progress("looking");
    let list = List { caches: summary::all(&context.keys)? };
    drop(progress);
    context.output.result("list", &list)?;
    Ok(Done::fine_unless(list.caches.iter().any(Summary::is_broken)))
}

impl Shown for List {
    fn show(&self, page: &mut Page) {
        if self.caches.is_empty() {
            page.line("There is no cache that we know of.");
        }
        for (number, cache) in self.caches.iter().enumerate() {
            if number > 0 {
                page.empty_line();
            }
            cache.show(page);
        }
    }
}

impl Shown for Summary {
    fn show(&self, page: &mut Page) {
        page.line(page.styled(Style::Strong, &self.name));
        let now = SystemTime::now();
        let size = self.size.map(words::size);
        let changed = self.modified.map(|time| format!("changed {}", words::relative(time, now)));
        let facts: Vec<_> = size.into_iter().chain(changed).collect();
        page.line(format!("  {} ({})", self.file, facts.join(", ")));
        if let Some(protection) = &self.protection {
            let style = if self.is_encrypted == Some(false) { Style::Warning } else { Style::Dim };
            page.line(format!("  {}", page.styled(style, protection)));
        }
        if let Some(problem) = &self.problem {
            page.line(format!(
                "  {}",
                page.styled(if self.is_broken() { Style::Bad } else { Style::Dim }, &problem.message)
            ));
            if !problem.remedy.is_empty() {
                page.line(format!("  -> {}", problem.remedy));
            }
        } else if self.accounts.is_empty() {
            page.line(format!("  {}", self.nobody()));
        } else {
            page.line(format!("  signed in: {}", self.accounts.join(", ")));
        }
    }
}

impl Summary {
    /// What it holds, where nobody is signed in.
    pub(crate) fn nobody(&self) -> &'static str {
        match self.entries {
            _ if self.holds_other => {
                "it holds something of the application's own, which is no account of an MSAL library"
            }
            Some(0) | None => "nobody is signed in; it is empty",
            Some(_) => "nobody is signed in; it has tokens of the application itself",
        }
    }
}
