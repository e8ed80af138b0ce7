//! Licences, by the lists in deny.toml. The workflow runs cargo-deny itself, which also knows the advisories.

use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};
use toml::Table;

use super::none;

#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    allowed: Vec<String>,
    /// A licence that is allowed for one package only.
    exceptions: Vec<(String, Vec<String>)>,
    /// Packages that may come in two versions.
    pub(super) duplicates: Vec<String>,
}

impl Rules {
    pub(super) fn read() -> Result<Self, String> {
        let text = std::fs::read_to_string("deny.toml").map_err(|error| format!("deny.toml: {error}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| format!("deny.toml: {error}"))?;
        let (licences, bans) = (table.get("licenses"), table.get("bans"));
        let exceptions =
            tables(licences, "exceptions").map(|entry| (package(entry), strings(entry.get("allow"))));
        Ok(Self {
            allowed: strings(licences.and_then(|licences| licences.get("allow"))),
            exceptions: exceptions.collect(),
            duplicates: tables(bans, "skip").map(package).collect(),
        })
    }

    pub(super) fn check(&self, packages: &[&Value]) -> Result<(), String> {
        let findings: Vec<_> = packages.iter().filter_map(|package| self.objection(package)).collect();
        none(
            &findings,
            &format!("the licences of all {} locked packages are allowed by deny.toml", packages.len()),
        )
    }

    fn objection(&self, package: &Value) -> Option<String> {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or("no licence");
        let expression = match Expression::parse_mode(licence, ParseMode::LAX) {
            Ok(expression) => expression,
            Err(error) => return Some(format!("{name}: {licence}: {}", error.reason)),
        };
        let fine = expression.evaluate(|licence| self.allows(name, licence));
        (!fine).then(|| format!("{name}: {licence}"))
    }

    fn allows(&self, name: &str, licence: &LicenseReq) -> bool {
        let wanted = licence.to_string();
        let except =
            self.exceptions.iter().filter(|(package, _)| package == name).flat_map(|(_, allow)| allow);
        self.allowed.iter().chain(except).any(|allowed| *allowed == wanted)
    }
}

fn tables<'a>(value: Option<&'a toml::Value>, key: &str) -> impl Iterator<Item = &'a toml::Value> {
    value.and_then(|value| value.get(key)).and_then(toml::Value::as_array).into_iter().flatten()
}

fn strings(value: Option<&toml::Value>) -> Vec<String> {
    let list = value.and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

/// The name in `crate = "name@version"`.
fn package(entry: &toml::Value) -> String {
    let written = entry.get("crate").and_then(toml::Value::as_str).unwrap_or_default();
    written.split('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0", "Unicode-3.0"]
        exceptions = [{ crate = "option-ext", allow = ["MPL-2.0"] }]
        [bans]
        skip = [{ crate = "twice@1.0", reason = "x" }]
    "#;

    fn objection(name: &str, licence: Value) -> Option<String> {
        Rules::parse(DENY).unwrap().objection(&json!({"name": name, "license": licence}))
    }

    #[test]
    fn an_allowed_licence_passes() {
        for licence in
            ["MIT", "MIT/GPL-3.0-only", "Apache-2.0 OR LGPL-2.1-or-later", "(MIT OR Zlib) AND Unicode-3.0"]
        {
            assert_eq!(objection("a", json!(licence)), None, "{licence}");
        }
    }

    #[test]
    fn any_other_licence_is_found() {
        for licence in ["GPL-3.0-only", "MIT AND Zlib", "Apache-2.0 WITH LLVM-exception", "whatever I like"] {
            assert!(objection("a", json!(licence)).is_some(), "{licence}");
        }
        assert!(objection("a", Value::Null).is_some());
    }

    #[test]
    fn an_exception_is_for_its_own_package_only() {
        assert_eq!(objection("option-ext", json!("MPL-2.0")), None);
        assert!(objection("another", json!("MPL-2.0")).is_some());
    }

    #[test]
    fn a_package_allowed_twice_is_read_by_name() {
        assert_eq!(Rules::parse(DENY).unwrap().duplicates, ["twice"]);
    }
}
