//! Clouds: which host names of the Microsoft identity platform mean the same token issuer.

use std::borrow::Cow;

/// Host names that mean the same cloud; the first of each is the one that a new entry would have. As in MSAL's own
/// table of well-known aliases.
const CLOUDS: &[&[&str]] = &[
    &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    &["login.microsoftonline.de"],
    &["login.microsoftonline.us", "login.usgovcloudapi.net"],
    &["login-us.microsoftonline.com"],
];

/// One name for all the aliases of a cloud, in lower case.
pub(crate) fn canonical(environment: &str) -> Cow<'_, str> {
    let known =
        CLOUDS.iter().find(|aliases| aliases.iter().any(|alias| alias.eq_ignore_ascii_case(environment)));
    match known {
        Some(aliases) => Cow::Borrowed(aliases[0]),
        None if environment.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Owned(environment.to_ascii_lowercase())
        }
        None => Cow::Borrowed(environment),
    }
}

/// Whether both name the same cloud.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || canonical(one) == canonical(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_the_same_and_strangers_are_not() {
        assert!(is_same("login.windows.net", "login.microsoftonline.com"));
        assert!(is_same("STS.windows.net", "login.microsoft.com"));
        assert!(is_same("adfs.contoso.test", "ADFS.contoso.test"));
        assert!(!is_same("login.microsoftonline.us", "login.microsoftonline.com"));
        assert!(!is_same("adfs.contoso.test", "adfs.fabrikam.test"));
    }
}
