//! The frozen files of `tests/fixtures/v1`: how each of them was made, and that we would make them so again.
//!
//! `tests/format.rs` says what becomes of each when it is opened.

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::{Anatomy, KEY, facts, sealed};
use crate::{
    CacheId,
    seal::{DataKey, Facts},
};

const OTHER_KEY: [u8; 32] = [0x55; 32];
/// Argon2id of `correct horse battery staple` with the parameters below.
const PASSPHRASE_KEY: [u8; 32] = [
    0xa5, 0xc0, 0x18, 0xc6, 0x4c, 0xa4, 0xa7, 0x09, 0xc5, 0xef, 0xa5, 0xb7, 0x9d, 0x9a, 0x27, 0x7b, 0xef,
    0xae, 0xe6, 0xd7, 0xfa, 0x15, 0xd9, 0x8d, 0x82, 0xf3, 0x37, 0xc8, 0xcf, 0xd2, 0x0b, 0xe1,
];
/// Salt, 65,536 KiB, 3 iterations, 4 lanes.
const PASSPHRASE_DATA: [u8; 28] = [
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0, 1, 0,
    0, 0, 0, 0, 3, 0, 0, 0, 4,
];
const SMALL: &str = r#"{"alice":"a refresh token"}"#;
const ABOUT: &str = "\
# The frozen files of version 1 of the sealed format, and what becomes of each when it is opened as the cache
# `tokens` of `com.contoso.todo`, a JSON object of strings. Everything about them is public:
#   data key                       000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
#   passphrase                     correct horse battery staple
#   data key of that passphrase    a5c018c64ca4a709c5efa5b79d9a277befaee6d7fa15d98d82f337c8cfd20be1
#   text of the key item `tokens`  sealed-cache-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8
# `altered` means that the checksum was left as it was; `forged` that it was made to fit; `careless` that the file was
# sealed with the key, against the rules. `Contents` is followed by the contents, everything else is an ErrorKind. Made
# and checked by src/seal/tests/fixtures.rs.
";

/// File name to bytes and outcome.
#[derive(Default)]
struct Fixtures(BTreeMap<String, (Vec<u8>, String)>);

impl Fixtures {
    fn add(&mut self, name: &str, outcome: &str, bytes: Vec<u8>) {
        let before = self.0.insert(format!("{name}.sealed"), (bytes, outcome.to_owned()));
        assert!(before.is_none(), "two fixtures are named {name}");
    }

    fn table(&self) -> String {
        let lines = self.0.iter().map(|(name, (_, outcome))| format!("{name} {outcome}\n"));
        ABOUT.to_owned() + &lines.collect::<String>()
    }

    /// Every file of the folder, by name.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let table = ("expected.txt".to_owned(), self.table().into_bytes());
        let sealed = self.0.iter().map(|(name, (bytes, _))| (name.clone(), bytes.clone()));
        sealed.chain([table]).collect()
    }
}

/// The file that most of the wrong ones were made from: its key is a key item, so no part of it is empty.
fn small() -> Vec<u8> {
    sealed(SMALL, &KEY, facts("key-file", b"tokens"), 1)
}

/// One save before it.
fn older() -> Vec<u8> {
    let facts = Facts { generation: 6, ..facts("key-file", b"tokens") };
    sealed(r#"{"alice":"an older token"}"#, &KEY, facts, 2)
}

fn good(all: &mut Fixtures) {
    let brought = || facts("caller-key", b"");
    all.add("good_small", &format!("Contents {SMALL}"), sealed(SMALL, &KEY, brought(), 3));
    all.add("good_empty", "Contents {}", sealed("{}", &KEY, brought(), 4));
    let unicode = r#"{"zoë":"ключ \u0000 🔑"}"#;
    all.add("good_unicode", &format!("Contents {unicode}"), sealed(unicode, &KEY, brought(), 5));
    let long = facts("caller-key", &[0xab; 4096]);
    all.add("good_longest_protector_data", &format!("Contents {SMALL}"), sealed(SMALL, &KEY, long, 6));
    let last = Facts { generation: i64::MAX as u64 - 1, ..brought() };
    all.add("good_last_generation_but_one", &format!("Contents {SMALL}"), sealed(SMALL, &KEY, last, 7));
    all.add("good_key_item", &format!("Contents {SMALL}"), small());
    all.add("good_passphrase", &format!("Contents {SMALL}"), passphrase());
    all.add("older_generation", r#"Contents {"alice":"an older token"}"#, older());
}

fn passphrase() -> Vec<u8> {
    sealed(SMALL, &PASSPHRASE_KEY, facts("passphrase", &PASSPHRASE_DATA), 8)
}

fn cut_short_or_too_long(all: &mut Fixtures) {
    let file = small();
    for (name, start, length) in Anatomy::of(&file).places() {
        if start > 0 {
            all.add(&format!("truncated_before_{name}"), "Damaged", file[..start].to_vec());
        }
        if length > 1 {
            all.add(&format!("truncated_in_{name}"), "Damaged", file[..start + length / 2].to_vec());
        }
    }
    all.add("zero_length", "Damaged", Vec::new());
    all.add("all_zeros", "Damaged", vec![0; file.len()]);
    all.add("extra_byte", "Damaged", [file, vec![0]].concat());
}

fn altered(all: &mut Fixtures) {
    let file = small();
    for (name, start, length) in Anatomy::of(&file).places() {
        // Not the lowest bit: the version becomes a later one.
        let mut altered = file.clone();
        altered[start + length / 2] ^= 2;
        all.add(&format!("{name}_altered"), "Damaged", altered);
    }
}

fn forged_numbers(all: &mut Fixtures) {
    let file = Anatomy::of(&small());
    let mut add = |name: &str, outcome: &str, part: &str, value: &[u8]| {
        all.add(&format!("{name}_forged"), outcome, file.clone().with(part, value).forged().bytes());
    };
    add("generation", "Damaged", "generation", &8_u64.to_be_bytes());
    add("generation_last", "Damaged", "generation", &(i64::MAX as u64).to_be_bytes());
    add("lineage", "Damaged", "lineage", &[0x77; 16]);
    add("salt", "WrongKey", "salt", &[0x77; 32]);
    add("commitment", "WrongKey", "commitment", &[0x77; 32]);
    let body = file.get("body").len() as u64;
    add("body_length_one_less", "Damaged", "body_length", &(body - 1).to_be_bytes());
    add("body_length_one_more", "Damaged", "body_length", &(body + 1).to_be_bytes());
    add("body_length_over_limit", "Damaged", "body_length", &((1_u64 << 30) + 1).to_be_bytes());
    add("body_length_huge", "Damaged", "body_length", &[0xff; 8]);
    add("application_length", "Damaged", "application_length", &[17]);
    add("name_length_huge", "Damaged", "name_length", &[0xff]);
    add("protector_length_zero", "Damaged", "protector_length", &[0]);
    add("protector_data_length_huge", "Damaged", "protector_data_length", &[0xff; 2]);
}

/// Their checksum fits where it stands, but not where the length says that the header ends.
fn wrong_header_lengths(all: &mut Fixtures) {
    let file = Anatomy::of(&small());
    let right = u16::from_be_bytes(file.get("header_length").try_into().unwrap());
    for (name, length) in [("zero", 0), ("shorter_than_any", 19), ("one_less", right - 1), ("huge", u16::MAX)]
    {
        let bytes = file.clone().with("header_length", length.to_be_bytes()).forged().bytes();
        all.add(&format!("header_length_{name}_forged"), "Damaged", bytes);
    }
}

fn forged_texts(all: &mut Fixtures) {
    let file = Anatomy::of(&small());
    let mut add = |name: &str, outcome: &str, part: &str, value: &[u8]| {
        all.add(&format!("{name}_forged"), outcome, file.clone().with_sized(part, value).forged().bytes());
    };
    add("application", "OtherOwner", "application", b"com.contoso.mail");
    add("name", "OtherOwner", "name", b"token2");
    add("protector", "Damaged", "protector", b"caller-key");
    add("protector_unknown", "Configuration", "protector", b"kez-file");
    add("protector_data", "KeyMissing", "protector_data", b"token2");
    add("protector_data_empty", "Damaged", "protector_data", b"");
    add("protector_data_leads_outside", "Damaged", "protector_data", b"../tokens");
}

/// Well sealed, and against the rules all the same.
fn by_a_careless_writer(all: &mut Fixtures) {
    let file = Anatomy::of(&small());
    let mut add = |name: &str, broken: Anatomy| {
        all.add(&format!("careless_{name}"), "Damaged", broken.sealed_again(SMALL, &KEY).bytes());
    };
    add("version_zero", file.clone().with("version", [0, 0]));
    add("generation_zero", file.clone().with("generation", [0; 8]));
    add("generation_too_large", file.clone().with("generation", (1_u64 << 63).to_be_bytes()));
    add("application_empty", file.clone().with_sized("application", b""));
    add("application_not_a_name", file.clone().with_sized("application", b"../contoso.todo!"));
    add("application_not_utf8", file.clone().with_sized("application", b"com.contoso.\xff\xff\xff\xff"));
    add("application_too_long", file.clone().with_sized("application", &[b'a'; 101]));
    add("name_empty", file.clone().with_sized("name", b""));
    add("name_not_a_name", file.clone().with_sized("name", b"tok/ns"));
    add("protector_empty", file.clone().with_sized("protector", b""));
    add("protector_in_upper_case", file.clone().with_sized("protector", b"Key-File"));
    add("protector_with_escape", file.clone().with_sized("protector", b"key\x1b[2J"));
    add("protector_not_utf8", file.clone().with_sized("protector", b"key-fil\xff"));
    add("protector_too_long", file.clone().with_sized("protector", &[b'a'; 65]));
    add("protector_data_too_long", file.clone().with_sized("protector_data", &[b'a'; 4097]));
    add("header_with_slack", file.with("protector_data", b"tokens!").with_header_length());
}

fn forged_passphrase(all: &mut Fixtures) {
    let file = Anatomy::of(&passphrase());
    let mut add = |name: &str, outcome: &str, data: &[u8]| {
        let forged = file.clone().with_sized("protector_data", data).forged();
        all.add(&format!("passphrase_{name}_forged"), outcome, forged.bytes());
    };
    let with = |at: usize, number: u32| {
        let mut data = PASSPHRASE_DATA;
        data[at..at + 4].copy_from_slice(&number.to_be_bytes());
        data
    };
    add("salt", "WrongKey", &with(0, 0));
    add("memory_zero", "Damaged", &with(16, 0));
    add("memory_over_limit", "Damaged", &with(16, 1_048_577));
    add("iterations_zero", "Damaged", &with(20, 0));
    add("iterations_over_limit", "Damaged", &with(20, 65));
    add("lanes_zero", "Damaged", &with(24, 0));
    add("lanes_over_limit", "Damaged", &with(24, 65));
    add("data_cut", "Damaged", &PASSPHRASE_DATA[..27]);
    add("data_too_long", "Damaged", &[&PASSPHRASE_DATA[..], &[0]].concat());
}

/// Whole files, honestly sealed, which are not ours to open here.
fn of_others(all: &mut Fixtures) {
    let brought = || facts("caller-key", b"");
    let id = |application: &str, name: &str| CacheId::new(application, name).unwrap();
    let application = Facts { id: id("com.contoso.mail", "tokens"), ..brought() };
    all.add("other_application", "OtherOwner", sealed(SMALL, &KEY, application, 9));
    let name = Facts { id: id("com.contoso.todo", "settings"), ..brought() };
    all.add("other_cache_name", "OtherOwner", sealed(SMALL, &KEY, name, 10));
    all.add("other_key", "WrongKey", sealed(SMALL, &OTHER_KEY, brought(), 11));
    let passphrase = facts("passphrase", &PASSPHRASE_DATA);
    all.add("other_passphrase", "WrongKey", sealed(SMALL, &OTHER_KEY, passphrase, 12));
    let protector = facts("contoso-vault", b"1");
    all.add("other_protector", "Configuration", sealed(SMALL, &KEY, protector, 13));
    all.add("key_missing", "KeyMissing", sealed(SMALL, &KEY, facts("key-file", b"gone"), 14));
    all.add("contents_of_another_type", "InvalidContents", sealed("[1, 2]", &KEY, brought(), 15));
    all.add("contents_not_json", "InvalidContents", sealed("\u{0}plain", &KEY, brought(), 16));
    all.add("contents_of_zero_bytes", "InvalidContents", sealed("", &KEY, brought(), 17));
}

/// A later version may have anything between its beginning and its checksum.
fn future_versions(all: &mut Fixtures) {
    let file = Anatomy::of(&small());
    let next = file.clone().with("version", [0, 2]).forged();
    all.add("future_version", "UnsupportedVersion", next.bytes());
    let last = file.clone().with("version", [0xff, 0xff]).forged();
    all.add("future_version_last", "UnsupportedVersion", last.bytes());
    let long = file.clone().with("version", [0, 2]).with_sized("protector_data", &[7; 60_000]).forged();
    all.add("future_version_with_long_header", "UnsupportedVersion", long.bytes());
    let mut short = [file.get("magic"), &[0, 2, 0, 20]].concat();
    short.extend(&crate::seal::tests::checksum(&short));
    all.add("future_version_with_shortest_header", "UnsupportedVersion", short);
    let cut = long.bytes()[..1000].to_vec();
    all.add("future_version_truncated", "Damaged", cut);
}

/// Parts of two honest files under the same key, put together.
fn mixed(all: &mut Fixtures) {
    let (new, old) = (Anatomy::of(&small()), Anatomy::of(&older()));
    let body = new.clone().with("body", old.get("body")).with("tag", old.get("tag"));
    let body = body.with("body_length", old.get("body_length")).forged();
    all.add("older_body_under_newer_header_forged", "Damaged", body.bytes());
    all.add("older_tag", "Damaged", new.clone().with("tag", old.get("tag")).bytes());
    let keys = new.clone().with("salt", old.get("salt")).with("commitment", old.get("commitment"));
    all.add("older_salt_and_commitment_forged", "Damaged", keys.forged().bytes());
    let shorter = new.get("body").len() - 1;
    let cut = new.clone().with("body", &new.get("body")[..shorter]);
    let cut = cut.with("body_length", (shorter as u64).to_be_bytes()).forged();
    all.add("body_one_byte_shorter_forged", "Damaged", cut.bytes());
}

/// What happens to files on their way: not sealed at all, or taken for text.
fn mistaken(all: &mut Fixtures) {
    let file = small();
    all.add("plain_json", "Damaged", SMALL.as_bytes().to_vec());
    all.add("seven_bits", "Damaged", file.iter().map(|byte| byte & 0x7f).collect());
    let lines = file.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    all.add("line_ends_changed", "Damaged", lines);
    let text = String::from_utf8_lossy(&file).into_owned();
    all.add("recoded_as_utf8", "Damaged", text.into_bytes());
}

fn all() -> Fixtures {
    let mut all = Fixtures::default();
    let ways = [
        good,
        cut_short_or_too_long,
        altered,
        forged_numbers,
        wrong_header_lengths,
        forged_texts,
        by_a_careless_writer,
        forged_passphrase,
        of_others,
        future_versions,
        mixed,
        mistaken,
    ];
    for way in ways {
        way(&mut all);
    }
    all
}

fn frozen() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1")
}

fn read_all(folder: &PathBuf) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the folder of the fixtures is there");
    let files = entries.map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

#[test]
fn what_we_write_today_is_what_was_frozen() {
    let (made, frozen) = (all().files(), read_all(&frozen()));
    let differs = |name: &&String| made.get(*name) != frozen.get(*name);
    let different: Vec<_> = made.keys().chain(frozen.keys()).filter(differs).collect();
    if different.is_empty() {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/fixtures-v1");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in &made {
        fs::write(folder.join(name), bytes).unwrap();
    }
    panic!(
        "the sealed format has drifted, or a fixture is new: {different:?}\n\
         A frozen file never changes: files of released programs look like it. What would be written now is in {}; \
         copy only what is new to tests/fixtures/v1.",
        folder.display()
    );
}

#[test]
fn the_key_of_the_passphrase_is_what_argon2_makes_of_it() {
    let params = argon2::Params::new(65_536, 3, 4, Some(32)).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut key = [0; 32];
    argon2.hash_password_into(b"correct horse battery staple", &PASSPHRASE_DATA[..16], &mut key).unwrap();
    assert_eq!(key, PASSPHRASE_KEY);
    assert_ne!(DataKey::from_bytes(&key).expose_bytes(), &OTHER_KEY);
}
