//! What no Rust file of ours may have. Files are read as tokens, so that neither a comment nor a text counts.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use super::none;
use crate::ignored;

const LONGEST: usize = 400;

/// What makes a `cfg` a switch on the operating system.
const OS_SWITCHES: [&str; 5] = ["target_os", "target_family", "target_vendor", "unix", "windows"];

pub(super) fn check(files: &[PathBuf]) -> Result<(), String> {
    let mut findings = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        findings.extend(look(path, &text).into_iter().map(|finding| format!("{}{finding}", path.display())));
    }
    none(&findings, &format!("length, `unsafe`, OS switches and ignored tests in {} Rust files", files.len()))
}

/// Every finding is `:LINE: what`.
fn look(path: &Path, text: &str) -> Vec<String> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return vec![": not Rust".into()] };
    let mut findings = too_long(text);
    if !path.starts_with("platform") {
        findings.extend(unsafe_code(&tokens));
    }
    if path.starts_with("src") {
        findings.extend(os_switches(&tokens));
    }
    findings.extend(ignored_tests(path, &tokens));
    findings
}

fn too_long(text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > LONGEST { vec![format!(": {lines} lines, more than {LONGEST}")] } else { Vec::new() }
}

fn unsafe_code(tokens: &TokenStream) -> Vec<String> {
    idents(tokens, &["unsafe"])
        .iter()
        .map(|ident| format!("{}: `unsafe` outside platform/", line(ident)))
        .collect()
}

/// Inside of `cfg(…)`, `cfg!(…)` and `cfg_attr(…)`.
fn os_switches(tokens: &TokenStream) -> Vec<String> {
    let conditions = after(tokens, &["cfg", "cfg_attr"]).into_iter().map(|(_, group)| group.stream());
    let switches = conditions.flat_map(|stream| idents(&stream, &OS_SWITCHES));
    switches.map(|ident| format!("{}: `cfg({ident})` outside platform/", line(&ident))).collect()
}

fn ignored_tests(path: &Path, tokens: &TokenStream) -> Vec<String> {
    let mut findings = Vec::new();
    for attribute in groups(tokens).into_iter().filter(|group| group.delimiter() == Delimiter::Bracket) {
        let inside: Vec<_> = attribute.stream().into_iter().collect();
        match inside.as_slice() {
            [TokenTree::Ident(name), rest @ ..] if name == "ignore" => {
                findings.extend(at(name, ignored::objection(path, reason(rest).as_deref())));
            }
            [TokenTree::Ident(name), TokenTree::Group(group)] if name == "cfg_attr" => {
                findings.extend(conditional(group));
            }
            [TokenTree::Ident(name), _, TokenTree::Literal(text)] if name == "doc" => {
                findings.extend(ignored_example(&text.to_string(), name));
            }
            _ => {}
        }
    }
    findings
}

/// `cfg_attr(condition, ignore = "…")`.
fn conditional(group: &Group) -> Option<String> {
    let inside: Vec<_> = group.stream().into_iter().collect();
    inside.iter().enumerate().find_map(|(index, tree)| match tree {
        TokenTree::Ident(name) if name == "ignore" => {
            at(name, ignored::objection_if_conditional(reason(&inside[index + 1..]).as_deref()))
        }
        _ => None,
    })
}

/// Of `= "…"`, what follows `ignore`.
fn reason(rest: &[TokenTree]) -> Option<String> {
    match rest {
        [TokenTree::Punct(equals), TokenTree::Literal(text), ..] if equals.as_char() == '=' => {
            Some(text.to_string().trim_matches('"').to_owned())
        }
        _ => None,
    }
}

fn at(ident: &Ident, objection: Option<String>) -> Option<String> {
    Some(format!("{}: {}", line(ident), objection?))
}

/// A fence that starts with three backticks and says `ignore`: rustdoc would leave the example out.
fn ignored_example(text: &str, doc: &Ident) -> Option<String> {
    let (_, after_fence) = text.split_once("```")?;
    let ignored = after_fence.split(|c: char| !c.is_alphanumeric()).any(|word| word == "ignore");
    ignored.then(|| format!("{}: an ignored example: use `no_run`, `compile_fail` or `text`", line(doc)))
}

fn line(ident: &Ident) -> String {
    format!(":{}", ident.span().start().line)
}

fn idents(tokens: &TokenStream, names: &[&str]) -> Vec<Ident> {
    let found = |tree: TokenTree| match tree {
        TokenTree::Group(group) => idents(&group.stream(), names),
        TokenTree::Ident(ident) if names.iter().any(|name| ident == name) => vec![ident],
        _ => Vec::new(),
    };
    tokens.clone().into_iter().flat_map(found).collect()
}

/// Every group, outer ones first.
fn groups(tokens: &TokenStream) -> Vec<Group> {
    let found = |tree: TokenTree| match tree {
        TokenTree::Group(group) => {
            let inner = groups(&group.stream());
            [group].into_iter().chain(inner).collect()
        }
        _ => Vec::new(),
    };
    tokens.clone().into_iter().flat_map(found).collect()
}

/// The groups that follow one of these names, with or without a `!` between.
fn after(tokens: &TokenStream, names: &[&str]) -> Vec<(Ident, Group)> {
    let trees: Vec<_> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        match (tree, &trees[at + 1..]) {
            (TokenTree::Ident(name), [TokenTree::Group(group), ..])
            | (TokenTree::Ident(name), [TokenTree::Punct(_), TokenTree::Group(group), ..])
                if names.iter().any(|wanted| name == wanted) =>
            {
                found.push((name.clone(), group.clone()));
            }
            _ => {}
        }
        if let TokenTree::Group(group) = tree {
            found.extend(after(&group.stream(), names));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        look(Path::new(path), text)
    }

    #[test]
    fn unsafe_code_is_found_outside_platform() {
        let text = "// unsafe\n#![forbid(unsafe_code)]\nfn f() { \"unsafe\"; unsafe { g() } }";
        for path in ["src/lib.rs", "tests/a.rs", "xtask/src/main.rs"] {
            assert_eq!(findings(path, text), [":3: `unsafe` outside platform/"], "{path}");
        }
        assert!(findings("platform/src/lib.rs", text).is_empty());
    }

    #[test]
    fn an_os_switch_is_found_in_src() {
        let switches = [
            "#[cfg(target_os = \"linux\")] fn f() {}",
            "fn f() { if cfg!(windows) {} }",
            "#[cfg_attr(unix, path = \"a.rs\")] mod a;",
            "mod m { fn f() { #[cfg(all(test, not(target_family = \"unix\")))] g(); } }",
        ];
        for text in switches {
            assert_eq!(findings("src/a.rs", text).len(), 1, "{text}");
            assert!(findings("platform/src/a.rs", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn other_conditions_are_no_os_switch() {
        let text =
            "#[cfg(all(test, feature = \"windows\"))] use std::os; // cfg(unix)\nfn windows(unix: u8) {}";
        assert!(findings("src/a.rs", text).is_empty());
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(findings("src/a.rs", &"\n".repeat(LONGEST)).is_empty());
        assert_eq!(findings("src/a.rs", &"\n".repeat(LONGEST + 1)), [": 401 lines, more than 400"]);
    }

    #[test]
    fn an_ignored_test_without_a_good_reason_is_found() {
        let bad = [
            "#[test]\n#[ignore]\nfn f() {}",
            "#[test]\n#[ignore = \"flaky\"]\nfn f() {}",
            "macro_rules! m { () => {\n#[ignore] fn f() {} } }",
            "#[test]\n#[cfg_attr(windows, ignore)] fn f() {}",
            "\n/// ```rust,ignore\nfn f() {}",
        ];
        for text in bad {
            let found = findings("tests/a.rs", text);
            assert!(matches!(found.as_slice(), [one] if one.starts_with(":2: ")), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_good_reason_passes() {
        let conditional = "#[test]\n#[cfg_attr(windows, ignore = \"needs Unix sockets\")]\nfn f() {}";
        assert!(findings("tests/a.rs", conditional).is_empty());
        let good = "#[test]\n#[ignore = \"needs gnome-keyring: cargo xtask test keychain\"]\nfn ignore() {}\n/// Ignores ```x```.\nfn g() {}";
        assert!(findings("tests/a.rs", good).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_not_fine() {
        assert_eq!(findings("src/a.rs", "fn f( {"), [": not Rust"]);
    }
}
