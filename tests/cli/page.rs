//! What a person reads, compared with `tests/cli/*.txt`: a transcript of runs, in which what differs from run to run has a
//! name.

use std::{env, fmt::Write, fs, path::Path};

use crate::home::{Home, Ran};

pub(crate) struct Page {
    name: &'static str,
    text: String,
}

impl Page {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, text: String::new() }
    }

    /// Run it, and keep what it says and its exit code.
    #[track_caller]
    pub(crate) fn run(&mut self, home: &Home, arguments: &[&str]) {
        self.keep(&home.path(""), arguments, &home.run(arguments));
    }

    #[track_caller]
    pub(crate) fn keep(&mut self, root: &Path, arguments: &[&str], ran: &Ran) {
        let said = normalized(root, &format!("{}{}", ran.stdout, ran.stderr));
        assert!(!said.contains(crate::home::SECRET), "a secret: {said}");
        let code = ran.code.expect("it ended by itself");
        let line = normalized(root, &arguments.join(" "));
        let line = line.trim_end();
        writeln!(self.text, "$ sealed-cache {line}\n{said}(exit code {code})\n").unwrap();
    }

    /// It is as a person has read it.
    #[track_caller]
    pub(crate) fn compare(self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(format!("{}.txt", self.name));
        let text = format!("{}\n", self.text.trim_end());
        if env::var_os("SEALED_CACHE_TEST_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let read = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            read == text,
            "{} is not what happened, which is:\n{text}\nwrite it anew with SEALED_CACHE_TEST_UPDATE=1",
            path.display()
        );
    }
}

fn normalized(root: &Path, text: &str) -> String {
    let canonical = root.canonicalize().unwrap();
    let text = text.replace(canonical.to_str().unwrap().trim_end_matches('/'), "$HOME");
    let lines = text.lines().map(|line| {
        let line = between(line, "expires in ", None, "SOON");
        let line = between(&line, "got ", Some(";"), "JUST NOW");
        let line = between(&line, "changed ", Some(")"), "JUST NOW");
        let line = between(&line, "Changed     ", Some(","), "JUST NOW");
        let line = between(&line, "left behind ", Some(" ago"), "N SECONDS");
        let line = between(&line, "pid ", Some(")"), "N");
        let line = between(&line, "(process ", Some(")"), "N");
        let line = between(&line, "waited ", Some(" s"), "N");
        let line = between(&line, ".sealed (", Some(","), "SIZE");
        let line = between(&line, ".json (", Some(","), "SIZE");
        let line = between(&line, "for ", Some(" seconds:"), "N");
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

/// With a name for what is between these: to the semicolon or the end of the line, where nothing is named. Times in which
/// nothing is told stay.
fn between(line: &str, before: &str, after: Option<&str>, name: &str) -> String {
    let Some((start, rest)) = line.split_once(before) else { return line.to_owned() };
    let end = match after {
        Some(after) => rest.find(after),
        None => rest.find(';'),
    };
    match end {
        Some(end)
            if rest[..end].starts_with(|c: char| c.is_ascii_digit() || c == 'j')
                || before.starts_with('.') =>
        {
            format!("{start}{before}{name}{}", &rest[end..])
        }
        _ => line.to_owned(),
    }
}
