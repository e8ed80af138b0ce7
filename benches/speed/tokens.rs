//! The cache that is measured: tokens as an OAuth library has them, about 1.6 KB each, as JSON.

use std::{collections::BTreeMap, path::Path};

use sealed_cache::{Json, KeyFile, PersistedCache, SerializableCache, persistence::SealedFile};
use serde::{Deserialize, Serialize};

pub(crate) const APPLICATION: &str = "com.contoso.bench";

/// The sizes that the peers were measured with.
pub(crate) const SIZES: [(&str, usize); 3] = [("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("10 MiB", 10 << 20)];

/// The sizes to measure; in a smoke run, which may be unoptimized, the smallest.
pub(crate) fn sizes(options: &crate::options::Options) -> &'static [(&'static str, usize)] {
    if options.smoke { &SIZES[..1] } else { &SIZES }
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) tokens: BTreeMap<String, Token>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) secret: String,
    home_account_id: String,
    client_id: String,
    target: String,
    expires_on: u64,
}

impl Tokens {
    /// As many tokens as make this many bytes of JSON.
    pub(crate) fn of_size(bytes: usize) -> Self {
        let mut cache = Self::default();
        for number in 0..bytes / json(&Self::of(1)).len().max(1) {
            cache.tokens.insert(key(number), Token::new(number, 1400));
        }
        cache
    }

    fn of(count: usize) -> Self {
        Self { tokens: (0..count).map(|number| (key(number), Token::new(number, 1400))).collect() }
    }

    /// The one that is looked for: in the middle.
    pub(crate) fn wanted(&self) -> String {
        key(self.tokens.len() / 2)
    }
}

impl Token {
    /// One whose secret has so many characters.
    pub(crate) fn new(number: usize, length: usize) -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let letter = |place: usize| char::from(ALPHABET[(place * 31 + number * 17 + place * place) % 64]);
        Self {
            secret: (0..length).map(letter).collect(),
            home_account_id: format!("{number:08x}-0000-4000-8000-000000000000.contoso"),
            client_id: "11111111-2222-4333-8444-555555555555".into(),
            target: "openid profile offline_access User.Read Mail.Read".into(),
            expires_on: 1_795_500_900,
        }
    }
}

/// The key of a token.
pub(crate) fn key(number: usize) -> String {
    format!("{number:08x}-login.example-accesstoken-client-tenant-user.read")
}

pub(crate) fn json(tokens: &Tokens) -> Vec<u8> {
    serde_json::to_vec(tokens).expect("tokens are JSON")
}

/// Our cache in this folder, its key in a file in another one.
pub(crate) fn open(folder: &Path) -> PersistedCache<Json<Tokens>> {
    let builder = PersistedCache::builder(APPLICATION).name("tokens").folder(folder.join("ours"));
    builder.protector(KeyFile::in_folder(folder.join("keys"))).open().expect("a cache in a folder of ours")
}

/// The same cache, one layer below.
pub(crate) fn open_bytes(folder: &Path) -> SealedFile {
    let builder = SealedFile::builder(APPLICATION).name("tokens").folder(folder.join("ours"));
    builder.protector(KeyFile::in_folder(folder.join("keys"))).open().expect("a cache in a folder of ours")
}

/// Our cache in this folder, with these tokens stored.
pub(crate) fn open_with(folder: &Path, tokens: &Tokens) -> PersistedCache<Json<Tokens>> {
    let cache = open(folder);
    cache.update(|stored| *stored = Json::new(tokens.clone())).expect("the folder can be written");
    assert!(cache.read(|stored| !stored.has_state_changed()).expect("it was written"));
    cache
}
