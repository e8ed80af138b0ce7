//! Messages as a person reads them, compared with `tests/errors/*.txt`.
//!
//! `SEALED_CACHE_TEST_UPDATE=1 cargo test --test errors` writes the files anew: read what changed before it is committed.

use std::{env, fmt::Write, fs, path::Path, path::PathBuf, process};

use sealed_cache::{Error, ErrorKind};

/// The messages of one kind, or of one place that they come from.
pub(crate) struct Page {
    name: &'static str,
    kind: Option<ErrorKind>,
    /// What stands for paths that differ from run to run.
    places: Vec<(String, &'static str)>,
    text: String,
}

impl Page {
    pub(crate) fn of(name: &'static str, kind: ErrorKind) -> Self {
        Self { name, kind: Some(kind), places: Vec::new(), text: String::new() }
    }

    pub(crate) fn of_any_kind(name: &'static str) -> Self {
        Self { name, kind: None, places: Vec::new(), text: String::new() }
    }

    /// From here on, this path is shown by a name.
    pub(crate) fn place(&mut self, path: &Path, name: &'static str) {
        let canonical = path.canonicalize().unwrap();
        self.places.retain(|(_, other)| *other != name);
        for path in [canonical.as_path(), path] {
            self.places.insert(0, (path.to_str().unwrap().to_owned(), name));
        }
    }

    /// An error that happened, under a heading that says when it does.
    #[track_caller]
    pub(crate) fn add(&mut self, when: &str, error: &Error) {
        if let Some(kind) = self.kind {
            assert_eq!(error.kind(), kind, "{when}: {error}");
        }
        assert!(!error.remedy().is_empty(), "{when}: no remedy: {error}");
        assert!(!error.what().ends_with('.') && !error.remedy().ends_with('.'), "{when}: {error}");
        let debug = format!("{error:?}");
        assert!(debug.contains(&format!("{:?}", error.kind())), "{when}: {debug}");
        self.add_text(when, &format!("{:?}", error.kind()), &error.to_string());
    }

    /// One that names the file or folder it is about.
    #[track_caller]
    pub(crate) fn add_with_path(&mut self, when: &str, error: &Error) {
        let path = error.path().unwrap_or_else(|| panic!("{when}: no path: {error}"));
        assert!(error.to_string().contains(path.to_str().unwrap()), "{when}: {error}");
        self.add(when, error);
    }

    pub(crate) fn add_text(&mut self, when: &str, kind: &str, message: &str) {
        assert!(!message.contains('\n'), "{when}: more than a line: {message}");
        writeln!(self.text, "{when}:\n  {kind}: {}\n", self.normalized(message)).unwrap();
    }

    fn normalized(&self, message: &str) -> String {
        let mut text = message.to_owned();
        for (path, name) in &self.places {
            text = text.replace(path, name);
        }
        let program = env::current_exe().unwrap();
        let program = program.file_name().unwrap().to_str().unwrap();
        text = text.replace(program, "PROGRAM").replace(&format!("pid {}", process::id()), "pid OURS");
        text = without_mark(&text);
        for (before, after) in
            [("pid ", ""), ("waited ", " s"), ("within ", " s"), ("user id ", ""), ("chown -R ", " ")]
        {
            text = without_number(&text, before, after);
        }
        text
    }

    /// It is as a person has read it.
    #[track_caller]
    pub(crate) fn compare(self) {
        let path = folder().join(format!("{}.txt", self.name));
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

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

/// With `MARK` for the mark of the folder in the name of an item.
fn without_mark(text: &str) -> String {
    let mut parts = text.split("tokens~");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result += "tokens~MARK";
        result += part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    result
}

/// With `N` for each number between these.
fn without_number(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let is_number = rest.len() < part.len() && rest.starts_with(after);
        result += before;
        result += &if is_number { format!("N{rest}") } else { part.to_owned() };
    }
    result
}
