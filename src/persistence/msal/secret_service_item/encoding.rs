//! [`Encoding`]: how the JSON of a cache is written into an item of the Secret Service, which only keeps text.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Result, SecretBytes};

/// How the JSON of a cache is written into an item of the Secret Service.
///
/// The SDKs fall into two groups here, which cannot read each other's items. Reading tells by itself which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The JSON itself: so do Python (`msal-extensions`) and Node (`@azure/msal-node-extensions`).
    Raw,
    /// Base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-4), with padding) of the JSON: so do .NET
    /// (`Microsoft.Identity.Client.Extensions.Msal`), Java (`msal4j-persistence-extension`) and Go
    /// (`microsoft-authentication-extensions-for-go`).
    Base64,
}

impl Encoding {
    /// The text to store.
    pub(super) fn encode(self, json: &[u8]) -> Result<Zeroizing<String>> {
        match self {
            Self::Raw => match std::str::from_utf8(json) {
                Ok(text) => Ok(Zeroizing::new(text.to_owned())),
                Err(_) => Err(Error::new(
                    ErrorKind::InvalidContents,
                    "the cache is not UTF-8 text, and the keyring keeps nothing else",
                )
                .with_remedy("share a cache only if it serializes to JSON, as a token cache does")),
            },
            Self::Base64 => Ok(Zeroizing::new(Base64::encode_string(json))),
        }
    }
}

/// The JSON in the text of an item, whichever way it is written; or what is wrong with the text.
///
/// An object never begins as base64 can: `{` is not in its alphabet.
pub(super) fn decode(mut text: SecretBytes) -> Result<SecretBytes, &'static str> {
    match begin(&text) {
        None => Ok(SecretBytes::new()),
        Some(b'{') => Ok(text),
        Some(_) => {
            let length = decode_in_place(text.as_mut_vec())?;
            text.as_mut_vec().truncate(length);
            match begin(&text) {
                Some(b'{') => Ok(text),
                _ => Err("holds base64 of something that is no JSON object"),
            }
        }
    }
}

/// The first character that is not blank.
fn begin(text: &[u8]) -> Option<u8> {
    text.trim_ascii_start().first().copied()
}

/// The length of what was decoded, to the beginning of the same memory.
fn decode_in_place(text: &mut [u8]) -> Result<usize, &'static str> {
    let length = text.trim_ascii_end().len();
    let text = &mut text[..length];
    if !text.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
        return Err("holds neither a JSON object nor base64");
    }
    if !length.is_multiple_of(4) {
        return Err("holds base64 that was cut short, as by a program that was stopped while it wrote");
    }
    Base64::decode_in_place(text).map(<[u8]>::len).map_err(|_| "holds base64 that was damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Result<Vec<u8>, &'static str> {
        decode(SecretBytes::from(text)).map(|json| json.to_vec())
    }

    #[test]
    fn what_is_encoded_is_decoded_whichever_way() {
        let mut json = b"{\"a\":\"".to_vec();
        for _ in 0..100 {
            json.extend("\u{e4}\u{1f511}>?~".as_bytes());
            for encoding in [Encoding::Raw, Encoding::Base64] {
                let text = encoding.encode(&json).unwrap();
                assert_eq!(of(text.as_bytes()).unwrap(), json);
                assert_eq!(of(format!("{}\r\n", *text).as_bytes()).unwrap().trim_ascii_end(), json);
            }
        }
    }

    #[test]
    fn the_alphabet_is_the_standard_one_with_padding() {
        assert_eq!(*Encoding::Base64.encode(b"{\"\xff\xfe>?\"}").unwrap(), "eyL//j4/In0=");
        assert_eq!(*Encoding::Raw.encode(b"{}").unwrap(), "{}");
        assert_eq!(Encoding::Raw.encode(b"{\xff}").unwrap_err().kind(), ErrorKind::InvalidContents);
    }

    #[test]
    fn nothing_and_blanks_are_nothing() {
        for text in [&b""[..], b" ", b"\r\n\t "] {
            assert_eq!(of(text).unwrap(), b"");
        }
    }

    #[test]
    fn raw_json_stays_as_it_is() {
        for text in [&b"{}"[..], b"\n {\"a\": 1} \n", b"{\"cut sho"] {
            assert_eq!(of(text).unwrap(), text);
        }
    }

    #[test]
    fn each_way_of_being_wrong_is_told() {
        for (text, said) in [
            (&b"[1]"[..], "neither a JSON object nor base64"),
            (b"\xef\xbb\xbf{}", "neither a JSON object nor base64"),
            (b"\xff\xfe", "neither a JSON object nor base64"),
            (b"hunter two", "neither a JSON object nor base64"),
            // The URL alphabet is another encoding.
            (b"eyL__j4_In0=", "neither a JSON object nor base64"),
            (b"eyJhIjox", "object"), // begins one: this is seen by who reads the JSON
            (b"eyJhIjo", "cut short"),
            (b"eyJhIjoxfQ=", "cut short"),
            (b"e===", "damaged"),
            (b"ey=J", "damaged"),
            (b"aHVudGVyMg==", "no JSON object"),
            (b"hunter22", "no JSON object"),
        ] {
            match of(text) {
                Ok(json) => assert!(json.starts_with(b"{") && said == "object", "{text:?}"),
                Err(error) => assert!(error.contains(said), "{text:?}: {error}"),
            }
        }
    }
}
