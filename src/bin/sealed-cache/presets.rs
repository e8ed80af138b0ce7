//! The places of the MSAL family, by the names that a person calls them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealed_cache::{
    Result,
    persistence::msal::{Cae, Encoding, KeychainItem, Layout, SecretServiceItem, dangerous},
};

use crate::failure::Failure;

/// What stands before the colon: the kind, and its words with `+`.
#[derive(Debug)]
struct Head<'a> {
    kind: &'a str,
    flags: Vec<&'a str>,
}

type Named = fn(Option<&str>, Cae) -> Result<Layout>;

/// The presets that have a name and two caches each.
const NAMED: [(&str, Named); 5] = [
    ("azure-identity-python", |name, cae| Layout::azure_identity_python(name, cae)),
    ("azure-identity-dotnet", |name, cae| Layout::azure_identity_dotnet(name, cae)),
    ("azure-identity-java", |name, cae| Layout::azure_identity_java(name, cae)),
    ("azure-identity-node", |name, cae| Layout::azure_identity_node(name, cae)),
    ("azidentity-go", |name, cae| Layout::azidentity_go(name, cae)),
];

const OTHERS: [&str; 8] = [
    "azure-cli",
    "git-credential-manager",
    "msal-extensions-python",
    "msal-node",
    "plain",
    "dpapi",
    "keychain",
    "secret-service",
];

/// The layout of this name. `None` if it does not begin with one of the names here.
pub(crate) fn layout(text: &str) -> Option<std::result::Result<Layout, Failure>> {
    let (head, value) = match text.split_once(':') {
        Some((head, value)) => (head, Some(value)),
        None => (text, None),
    };
    let mut words = head.split('+');
    let head = Head { kind: words.next().unwrap_or_default(), flags: words.collect() };
    is_kind(head.kind).then(|| head.layout(value))
}

fn is_kind(kind: &str) -> bool {
    OTHERS.contains(&kind) || NAMED.iter().any(|(name, _)| *name == kind)
}

/// Every name whose cache may be on this machine without anybody saying where.
pub(crate) fn usual() -> Vec<(String, Layout)> {
    let mut names =
        vec!["azure-cli".to_owned(), "azure-cli+plain".to_owned(), "git-credential-manager".to_owned()];
    for (name, _) in NAMED {
        for flags in ["", "+cae"] {
            names.push(format!("{name}{flags}"));
        }
    }
    names.extend(named_of_python());
    let found = names.into_iter().filter_map(|name| {
        let layout = layout(&name)?.ok()?;
        Some((name, layout))
    });
    found.map(as_it_lies).collect()
}

/// The caches with a name of their own: Python's are told apart by it in the keyring as well.
fn named_of_python() -> Vec<String> {
    let Ok(layout) = Layout::azure_identity_python(None, Cae::Disabled) else { return Vec::new() };
    let files = layout.file().parent().map(|folder| fs::read_dir(folder).into_iter().flatten());
    let names = files.into_iter().flatten().filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names
        .filter(|name| !name.starts_with("msal.cache."))
        .filter_map(|name| match (name.strip_suffix(".nocae"), name.strip_suffix(".cae")) {
            (Some(name), _) => Some(format!("azure-identity-python:{name}")),
            (None, Some(name)) => Some(format!("azure-identity-python+cae:{name}")),
            (None, None) => None,
        })
        .collect();
    names.sort();
    names
}

/// An SDK that found no keyring and was allowed to do without has put the text into the file, which otherwise only signals.
fn as_it_lies((name, layout): (String, Layout)) -> (String, Layout) {
    let has_text = layout.file().metadata().is_ok_and(|file| file.len() > 2);
    let plain = dangerous::unencrypted_on_linux(layout.clone());
    let is_of_item = !plain.has_same_place(&layout);
    if !has_text || !is_of_item || name.contains("plain") {
        return (name, layout);
    }
    let (head, value) = name.split_once(':').unwrap_or((&name, ""));
    let colon = if value.is_empty() { "" } else { ":" };
    (format!("{head}+plain{colon}{value}"), plain)
}

impl Head<'_> {
    fn layout(&self, value: Option<&str>) -> std::result::Result<Layout, Failure> {
        if let Some((_, preset)) = NAMED.iter().find(|(name, _)| *name == self.kind) {
            self.allow(&["cae", "plain"])?;
            let cae = if self.has("cae") { Cae::Enabled } else { Cae::Disabled };
            return Ok(self.plain_if_said(preset(value, cae)?));
        }
        match self.kind {
            "azure-cli" => {
                self.allow(&["plain"])?;
                self.no_value(value)?;
                Ok(if self.has("plain") { dangerous::azure_cli()? } else { Layout::azure_cli()? })
            }
            "git-credential-manager" => {
                self.allow(&["plain"])?;
                self.no_value(value)?;
                Ok(self.plain_if_said(Layout::git_credential_manager()?))
            }
            _ => self.free(self.needed(value)?),
        }
    }

    /// Those that say where the cache is.
    fn free(&self, value: &str) -> std::result::Result<Layout, Failure> {
        self.allow(if self.kind == "msal-extensions-python" { &["plain"] } else { &["folder-lock"] })?;
        let layout = match self.kind {
            "msal-extensions-python" => self.plain_if_said(Layout::msal_extensions_python(value)?),
            "msal-node" => match *value.split(',').collect::<Vec<_>>() {
                [path, service, account] => Layout::msal_node(path, service, account)?,
                _ => return Err(self.form("msal-node:PATH,SERVICE,ACCOUNT")),
            },
            "plain" => dangerous::plain_file(path(value)),
            "dpapi" => Layout::dpapi_file(path(value)),
            "keychain" => self.keychain(value)?,
            _ => self.secret_service(value)?,
        };
        Ok(if self.has("folder-lock") { layout.with_folder_lock() } else { layout })
    }

    fn keychain(&self, value: &str) -> std::result::Result<Layout, Failure> {
        let (file, fields) = fields(value);
        let field = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        match (field("service"), field("account")) {
            (Some(service), Some(account)) if fields.len() == 2 => {
                Ok(Layout::keychain_item(path(file), KeychainItem::new(service, account)))
            }
            _ => Err(self.form("keychain:PATH,service=S,account=A")),
        }
    }

    fn secret_service(&self, value: &str) -> std::result::Result<Layout, Failure> {
        let (file, fields) = fields(value);
        let wrong = || {
            self.form(
                "secret-service:PATH,schema=S,attribute=NAME=VALUE,label=L,collection=C,base64,any-schema",
            )
        };
        let schema = fields.iter().find(|(name, _)| *name == "schema").ok_or_else(wrong)?.1;
        let mut item = SecretServiceItem::new(schema);
        for (name, value) in fields {
            item = match (name, value.split_once('=')) {
                ("schema", _) => item,
                ("attribute", Some((name, value))) => item.attribute(name, value),
                ("label", _) => item.label(value),
                ("collection", _) => item.collection(value),
                ("base64", _) => item.encoding(Encoding::Base64),
                ("any-schema", _) => item.match_schema(false),
                _ => return Err(wrong()),
            };
        }
        Ok(Layout::secret_service_item(path(file), item))
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    fn plain_if_said(&self, layout: Layout) -> Layout {
        if self.has("plain") { dangerous::unencrypted_on_linux(layout) } else { layout }
    }

    fn allow(&self, allowed: &[&str]) -> std::result::Result<(), Failure> {
        match self.flags.iter().find(|flag| !allowed.contains(flag)) {
            None => Ok(()),
            Some(flag) => Err(Failure::usage(
                format!("`{}` has no `+{flag}`", self.kind),
                format!("it has +{}", allowed.join(", +")),
            )),
        }
    }

    fn no_value(&self, value: Option<&str>) -> std::result::Result<(), Failure> {
        let wrong =
            |_| Err(Failure::usage(format!("`{}` takes nothing after a colon", self.kind), "leave it away"));
        value.map_or(Ok(()), wrong)
    }

    fn needed<'v>(&self, value: Option<&'v str>) -> std::result::Result<&'v str, Failure> {
        let value = value.filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            Failure::usage(format!("`{}` needs to know where", self.kind), format!("{}:PATH", self.kind))
        })
    }

    fn form(&self, form: &str) -> Failure {
        Failure::usage(format!("that is no cache of the kind `{}`", self.kind), format!("write {form}"))
    }
}

/// A path, and what follows it: words with `=` or without.
fn fields(value: &str) -> (&str, Vec<(&str, &str)>) {
    let mut parts = value.split(',');
    let path = parts.next().unwrap_or_default();
    (path, parts.map(|part| part.split_once('=').unwrap_or((part, ""))).collect())
}

/// A file in this folder has a folder too.
fn path(text: &str) -> PathBuf {
    let path = Path::new(text);
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new(".").join(path),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        format!("{:?}", layout(text).unwrap().unwrap())
    }

    #[test]
    fn a_name_is_the_layout_that_it_says() {
        assert_eq!(of("plain:a.json"), format!("{:?}", dangerous::plain_file(Path::new(".").join("a.json"))));
        assert_eq!(
            of("plain+folder-lock:/srv/a.json"),
            format!("{:?}", dangerous::plain_file("/srv/a.json").with_folder_lock())
        );
        let item = SecretServiceItem::new("s").attribute("a", "b=c").label("l").encoding(Encoding::Base64);
        assert_eq!(
            of("secret-service:/srv/a,schema=s,attribute=a=b=c,label=l,base64"),
            format!("{:?}", Layout::secret_service_item("/srv/a", item))
        );
        let item = KeychainItem::new("s", "a");
        assert_eq!(
            of("keychain:/srv/a,service=s,account=a"),
            format!("{:?}", Layout::keychain_item("/srv/a", item))
        );
    }

    #[test]
    fn what_is_not_a_name_is_left_to_others() {
        for text in ["/srv/a.sealed", "C:\\a.sealed", "sealed:a", "plains:x", "com.contoso.todo", ""] {
            assert!(layout(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_name_that_is_not_whole_says_how_it_is_written() {
        for text in [
            "plain",
            "plain:",
            "plain+cae:x",
            "azure-cli:x",
            "azure-cli+cae",
            "msal-node:x",
            "keychain:x,service=y",
            "secret-service:x",
            "secret-service:x,schema=y,colour=red",
        ] {
            assert!(matches!(layout(text), Some(Err(Failure::Usage(..)))), "{text}");
        }
    }
}
