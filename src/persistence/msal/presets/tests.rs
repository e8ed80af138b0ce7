//! Every preset on every system, against the table that its documentation shows.

use std::{collections::BTreeMap, path::Path};

use sealed_cache_platform::Keychain;

use super::{
    super::{Encoding, KeychainItem, Layout, SecretServiceItem, dangerous, layout::Place},
    Cae, Machine, azidentity_go, azure_cli, azure_identity, git_credential_manager, msal_extensions_python,
    msal_node,
};
use crate::{ErrorKind, Result};

fn machine(keychain: Keychain, home: &str, local_data: &str, variables: &[(&'static str, &str)]) -> Machine {
    let variables = variables.iter().map(|(name, value)| (*name, value.into()));
    Machine { keychain, home: home.into(), local_data: local_data.into(), variables: variables.collect() }
}

/// With slashes, so that its paths are paths on every system.
fn windows() -> Machine {
    let variables = [("LOCALAPPDATA", "C:/Users/a/AppData/Local"), ("APPDATA", "C:/Users/a/AppData/Roaming")];
    machine(Keychain::Dpapi, "C:/Users/a", "C:/Users/a/AppData/Local", &variables)
}

fn macos() -> Machine {
    machine(Keychain::MacKeychain, "/Users/a", "/Users/a/Library/Application Support", &[])
}

fn linux() -> Machine {
    machine(Keychain::SecretService, "/home/a", "/home/a/.local/share", &[])
}

fn none() -> Machine {
    machine(Keychain::None, "/home/a", "/home/a/.local/share", &[])
}

const DEVELOPER: &str = "Microsoft.Developer.IdentityService";

/// The one attribute that all developer tools write.
fn with_client(schema: &str) -> SecretServiceItem {
    SecretServiceItem::new(schema).attribute("MsalClientID", DEVELOPER)
}

fn in_keychain(signal: &str, service: &str, account: &str) -> Layout {
    Layout::keychain_item(signal, KeychainItem::new(service, account))
}

fn generic(service: &str, account: &str, label: &str) -> SecretServiceItem {
    SecretServiceItem::new("org.freedesktop.Secret.Generic")
        .attribute("service", service)
        .attribute("account", account)
        .label(label)
}

/// The item that .NET and Git Credential Manager share.
fn of_dotnet(label: &str) -> SecretServiceItem {
    with_client("msal.cache")
        .attribute(DEVELOPER, "1.0.0.0")
        .collection("default")
        .label(label)
        .encoding(Encoding::Base64)
        .match_schema(false)
}

/// On Windows, macOS and Linux, in this order; and that a system without a keychain gets none.
#[track_caller]
fn is(preset: impl Fn(&Machine) -> Result<Layout>, expected: [Layout; 3]) {
    for (machine, expected) in [windows(), macos(), linux()].iter().zip(expected) {
        same(preset(machine).unwrap(), expected);
    }
    has_no_keychain(preset(&none()));
}

/// Nothing of a layout is hidden from `Debug` but the entropy, which no preset has. Paths are compared by their parts:
/// what is put together from folders has the separators of the system that runs the test.
#[track_caller]
fn same(layout: Layout, expected: Layout) {
    assert_eq!(layout.file(), expected.file());
    assert!(!matches!(&layout.place, Place::DpapiFile { entropy } if !entropy.is_empty()));
    let [layout, expected] = [layout, expected].map(|layout| Layout { file: "".into(), ..layout });
    assert_eq!(format!("{layout:#?}"), format!("{expected:#?}"));
}

#[track_caller]
fn has_no_keychain(result: Result<Layout>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("none of the keychains"), "{error}");
    assert!(error.remedy().contains("PersistedCache::builder"), "{error}");
}

#[test]
fn azure_cli() {
    let item =
        SecretServiceItem::new("my_schema_name").attribute("my_attr1", "foo").attribute("my_attr2", "bar");
    is(
        azure_cli::encrypted,
        [
            Layout::dpapi_file("C:/Users/a/.azure/msal_token_cache.bin"),
            in_keychain("/Users/a/.azure/msal_token_cache.bin", "my_service_name", "my_account_name"),
            Layout::secret_service_item("/home/a/.azure/msal_token_cache.bin", item),
        ],
    );
    same(azure_cli::plain(&linux()), dangerous::plain_file("/home/a/.azure/msal_token_cache.json"));
    same(azure_cli::plain(&none()), dangerous::plain_file("/home/a/.azure/msal_token_cache.json"));
    let moved = Machine { variables: BTreeMap::from([("AZURE_CONFIG_DIR", "/etc/az".into())]), ..linux() };
    assert_eq!(azure_cli::encrypted(&moved).unwrap().file(), Path::new("/etc/az/msal_token_cache.bin"));
    assert_eq!(azure_cli::plain(&moved).file(), Path::new("/etc/az/msal_token_cache.json"));
}

#[test]
fn azure_identity_python() {
    is(
        |machine| azure_identity::python(machine, None, Cae::Disabled),
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/msal.cache.nocae"),
            in_keychain("/Users/a/.IdentityService/msal.cache.nocae", DEVELOPER, "MSALCache"),
            Layout::secret_service_item(
                "/home/a/.IdentityService/msal.cache.nocae",
                with_client("msal.cache.nocae").label("MSALCache"),
            ),
        ],
    );
    is(
        |machine| azure_identity::python(machine, Some("todo"), Cae::Enabled),
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/todo.cae"),
            in_keychain("/Users/a/.IdentityService/todo.cae", DEVELOPER, "todo.cae"),
            Layout::secret_service_item(
                "/home/a/.IdentityService/todo.cae",
                with_client("todo.cae").label("MSALCache"),
            ),
        ],
    );
    // Only the one name has the account of everybody else.
    let layout = azure_identity::python(&macos(), None, Cae::Enabled).unwrap();
    same(layout, in_keychain("/Users/a/.IdentityService/msal.cache.cae", DEVELOPER, "msal.cache.cae"));
}

#[test]
fn azure_identity_dotnet() {
    is(
        |machine| azure_identity::dotnet(machine, None, Cae::Enabled),
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/msal.cache.cae"),
            in_keychain(
                "/Users/a/Library/Application Support/.IdentityService/msal.cache.cae",
                DEVELOPER,
                "msal.cache.cae",
            ),
            Layout::secret_service_item(
                "/home/a/.local/share/.IdentityService/msal.cache.cae",
                of_dotnet("msal.cache.cae"),
            ),
        ],
    );
}

#[test]
fn azure_identity_java() {
    let item =
        |label: &str| with_client("msal.cache").collection("default").label(label).encoding(Encoding::Base64);
    is(
        |machine| azure_identity::java(machine, None, Cae::Disabled),
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/msal.cache.nocae"),
            in_keychain("/Users/a/.IdentityService/msal.cache.nocae", DEVELOPER, "MSALCache.nocae"),
            Layout::secret_service_item("/home/a/.IdentityService/msal.cache.nocae", item("MSALCache.nocae")),
        ]
        .map(Layout::with_folder_lock),
    );
    let named = azure_identity::java(&linux(), Some("todo"), Cae::Enabled).unwrap();
    let expected = Layout::secret_service_item("/home/a/.IdentityService/todo.cae", item("todo.cae"));
    same(named, expected.with_folder_lock());
}

#[test]
fn azure_identity_node() {
    is(
        |machine| azure_identity::node(machine, Some("todo"), Cae::Disabled),
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/todo.nocae"),
            in_keychain("/Users/a/.IdentityService/todo.nocae", DEVELOPER, "MSALCache"),
            Layout::secret_service_item(
                "/home/a/.IdentityService/todo.nocae",
                generic(DEVELOPER, "MSALCache", "Microsoft.Developer.IdentityService/MSALCache"),
            ),
        ],
    );
    let elsewhere = Machine { variables: BTreeMap::from([("APPDATA", "D:/Data".into())]), ..windows() };
    let layout = azure_identity::node(&elsewhere, None, Cae::Disabled).unwrap();
    assert_eq!(layout.file(), Path::new("D:/Data/Local/.IdentityService/msal.cache.nocae"));
}

#[test]
fn azidentity_go() {
    let file = |path: &str, name: &str| Layout::new(path, Place::AzidentityFile { name: name.into() });
    let preset = |machine: &Machine| azidentity_go::persistent(machine, None, Cae::Enabled);
    is(
        preset,
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/msal.cache.cae"),
            in_keychain("/Users/a/.IdentityService/msal.cache.cae", "msal.cache.cae", "MSALCache"),
            file("/home/a/.cache/.IdentityService/msal.cache.cae", "msal.cache.cae"),
        ],
    );
    let moved = Machine { variables: BTreeMap::from([("XDG_CACHE_HOME", "/var/a".into())]), ..linux() };
    same(
        azidentity_go::persistent(&moved, Some("todo"), Cae::Disabled).unwrap(),
        file("/var/a/.IdentityService/todo", "todo"),
    );
}

#[test]
fn git_credential_manager() {
    is(
        git_credential_manager::shared,
        [
            Layout::dpapi_file("C:/Users/a/AppData/Local/.IdentityService/msal.cache"),
            in_keychain("/Users/a/.local/.IdentityService/msal.cache", DEVELOPER, "MSALCache"),
            Layout::secret_service_item("/home/a/.local/.IdentityService/msal.cache", of_dotnet("MSALCache")),
        ],
    );
}

/// The hashes are from `printf %s '~/.todo/cache.bin' | sha256sum`.
#[test]
fn msal_extensions_python() {
    let preset = |machine: &Machine| msal_extensions_python::built(machine, "~/.todo/cache.bin");
    let hash = "9810c587a3c5cc84c16c0fad140c6c9b30e511a915af22f95e86f83626964181";
    is(
        preset,
        [
            Layout::dpapi_file("C:/Users/a/.todo/cache.bin"),
            in_keychain("/Users/a/.todo/cache.bin", "msal-extensions", hash),
            Layout::secret_service_item("/home/a/.todo/cache.bin", SecretServiceItem::new(hash)),
        ],
    );
    // The same file by another spelling is another item.
    let hash = "85ff75fe1b627ef253d7ec616f1b80296c0bfca4f835a7e58b741611320a9816";
    same(
        msal_extensions_python::built(&linux(), "/home/a/.todo/cache.bin").unwrap(),
        Layout::secret_service_item("/home/a/.todo/cache.bin", SecretServiceItem::new(hash)),
    );
}

#[test]
fn a_location_is_expanded_as_python_does() {
    let file = |machine: &Machine, location: &str| {
        msal_extensions_python::built(machine, location).map(|layout| layout.file().to_path_buf())
    };
    for (location, expected) in [
        ("~", "/home/a"),
        ("~//x", "/home/a/x"),
        ("cache.bin", "cache.bin"),
        ("/srv/~/x", "/srv/~/x"),
        ("a~/x", "a~/x"),
    ] {
        assert_eq!(file(&linux(), location).unwrap(), Path::new(expected), "{location}");
    }
    assert_eq!(file(&windows(), "~\\x").unwrap(), Path::new("C:/Users/a").join("x"));
    for (machine, location) in [(linux(), "~root/x"), (linux(), "~\\x"), (windows(), "~b\\x")] {
        let error = file(&machine, location).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{location}: {error}");
        assert!(error.to_string().contains("the name of a user"), "{error}");
    }
}

#[test]
fn msal_node() {
    is(
        |machine| msal_node::created(machine, "/srv/cache.json".into(), "com.contoso", "tokens"),
        [
            Layout::dpapi_file("/srv/cache.json"),
            in_keychain("/srv/cache.json", "com.contoso", "tokens"),
            Layout::secret_service_item(
                "/srv/cache.json",
                generic("com.contoso", "tokens", "com.contoso/tokens"),
            ),
        ],
    );
}

#[test]
fn msal_dotnet() {
    let storage = || {
        Layout::msal_dotnet("todo.cache", "/srv")
            .with_mac_keychain("com.contoso", "tokens")
            .with_linux_keyring("com.contoso.cache", "session", "Todo", ("Version", "1"), ("Product", "Todo"))
    };
    let item = SecretServiceItem::new("com.contoso.cache")
        .attribute("Version", "1")
        .attribute("Product", "Todo")
        .label("Todo")
        .collection("session")
        .encoding(Encoding::Base64)
        .match_schema(false);
    is(
        |machine| storage().layout_on(machine),
        [
            Layout::dpapi_file("/srv/todo.cache"),
            in_keychain("/srv/todo.cache", "com.contoso", "tokens"),
            Layout::secret_service_item("/srv/todo.cache", item),
        ],
    );
    let plain = storage().with_dangerous_linux_unprotected_file();
    same(plain.clone().layout_on(&linux()).unwrap(), dangerous::plain_file("/srv/todo.cache"));
    same(plain.layout_on(&windows()).unwrap(), Layout::dpapi_file("/srv/todo.cache"));
}

#[test]
fn what_dotnet_was_not_told_is_asked_for() {
    let storage = Layout::msal_dotnet("todo.cache", "/srv");
    same(storage.clone().layout_on(&windows()).unwrap(), Layout::dpapi_file("/srv/todo.cache"));
    for (machine, method) in [(macos(), "with_mac_keychain"), (linux(), "with_linux_keyring")] {
        let error = storage.clone().layout_on(&machine).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.remedy().contains(method), "{error}");
    }
    has_no_keychain(storage.layout_on(&none()));
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused() {
    for name in ["", ".", "..", "../x", "a/b", "a\\b", "C:x", "a\0b"] {
        for preset in [
            azure_identity::python,
            azure_identity::dotnet,
            azure_identity::java,
            azure_identity::node,
            azidentity_go::persistent,
        ] {
            let error = preset(&linux(), Some(name), Cae::Disabled).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{name:?}: {error}");
            assert!(error.to_string().contains("cannot be the name of a cache"), "{error}");
        }
        assert!(Layout::msal_dotnet(name, "/srv").layout_on(&windows()).is_err(), "{name:?}");
    }
}

#[test]
fn without_the_variable_an_sdk_reads_there_is_no_cache() {
    let bare = Machine { variables: BTreeMap::new(), ..windows() };
    for (preset, variable) in [
        (azure_identity::python(&bare, None, Cae::Disabled), "LOCALAPPDATA"),
        (azure_identity::node(&bare, None, Cae::Disabled), "APPDATA"),
    ] {
        let error = preset.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(variable), "{error}");
    }
}

#[test]
fn unencrypted_storage_is_for_linux_only() {
    let preset = |machine: &Machine| azure_identity::python(machine, None, Cae::Disabled).unwrap();
    for machine in [windows(), macos()] {
        same(dangerous::unencrypted_on_linux(preset(&machine)), preset(&machine));
    }
    let expected = dangerous::plain_file("/home/a/.IdentityService/msal.cache.nocae");
    same(dangerous::unencrypted_on_linux(preset(&linux())), expected);
    let go = || azidentity_go::persistent(&linux(), None, Cae::Disabled).unwrap();
    same(dangerous::unencrypted_on_linux(go()), go());
}
