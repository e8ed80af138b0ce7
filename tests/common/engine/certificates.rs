//! A certificate for 127.0.0.1, and no other host, signed by an issuer that nobody trusts.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::other_user::{give_away, run};

const NEW_KEY: [&str; 7] =
    ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

pub(crate) struct Certificates(TempDir);

impl Certificates {
    pub(crate) fn make() -> Self {
        let made = Self(tempfile::Builder::new().prefix("sealed-cache-tls-").tempdir().unwrap());
        // Servers that run as other users read it.
        run(["chmod", "755", made.0.path().to_str().unwrap()]);
        let [issuer, issuer_key] = ["issuer.pem", "issuer.key"].map(|file| made.path(file));
        let [certificate, key] = ["server.pem", "server.key"].map(|file| made.path(file));
        let common = ["-noenc", "-days", "2", "-subj", "/CN=sealed-cache"];
        run(NEW_KEY.into_iter().chain(common).chain(["-keyout", &issuer_key, "-out", &issuer]));
        let signed = ["-CA", &issuer, "-CAkey", &issuer_key, "-keyout", &key, "-out", &certificate];
        let names =
            ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
        run(NEW_KEY.into_iter().chain(common).chain(signed).chain(names));
        made
    }

    fn path(&self, file: &str) -> String {
        let path: PathBuf = self.0.path().join(file);
        path.to_str().unwrap().to_owned()
    }

    /// Whom to trust.
    pub(crate) fn issuer(&self) -> String {
        self.path("issuer.pem")
    }

    /// The issuer, the certificate and its key, which only this user can read.
    pub(crate) fn of(&self, user: Option<&str>) -> [String; 3] {
        let key = self.path(&format!("{}.key", user.unwrap_or("ours")));
        fs::copy(self.path("server.key"), &key).unwrap();
        run(["chmod", "600", &key]);
        if let Some(user) = user {
            give_away(key.as_ref(), user);
        }
        [self.issuer(), self.path("server.pem"), key]
    }
}
