//! Walks over JSON text that is known to be valid, by position, without building a tree.
//!
//! serde_json has checked the text before; should that ever not be so, a walk ends early and never panics.

use std::{borrow::Cow, ops::Range};

use memchr::memchr2;
use zeroize::Zeroizing;

/// The members of an object, in order, as positions of their key (with its quotes) and value.
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    text: &'a str,
    at: usize,
    has_whitespace: bool,
    is_done: bool,
}

/// Where one member of an object is in the text.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

impl<'a> Members<'a> {
    /// The members of the object that begins at this position, or none if there is no object.
    pub(super) fn of(text: &'a str, start: usize) -> Self {
        let is_done = text.as_bytes().get(start) != Some(&b'{');
        Self { text, at: start + usize::from(!is_done), has_whitespace: false, is_done }
    }

    /// After the last member: the position after the object, and whether there is whitespace between its tokens.
    pub(super) const fn end(&self) -> (usize, bool) {
        (self.at, self.has_whitespace)
    }

    fn skip_whitespace(&mut self) {
        let start = self.at;
        self.at = skip_whitespace(self.text.as_bytes(), start);
        self.has_whitespace |= self.at != start;
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_there = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// The key of the next member and where its value begins; the caller finds the end of the value, and says it to
    /// [`finish`](Self::finish).
    pub(super) fn begin(&mut self) -> Option<(Range<usize>, usize)> {
        if self.is_done {
            return None;
        }
        self.skip_whitespace();
        if self.skip(b',') {
            self.skip_whitespace();
        }
        let key = self.at;
        if self.text.as_bytes().get(key) != Some(&b'"') {
            self.is_done = true;
            self.skip(b'}');
            return None;
        }
        self.at = string_end(self.text.as_bytes(), key);
        let key = key..self.at;
        self.skip_whitespace();
        self.skip(b':');
        self.skip_whitespace();
        Some((key, self.at))
    }

    pub(super) const fn finish(&mut self, end: usize, has_whitespace: bool) {
        self.at = end;
        self.has_whitespace |= has_whitespace;
    }

    /// Keys and values as text.
    pub(super) fn texts(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let text = self.text;
        self.filter_map(move |member| Some((text.get(member.key)?, text.get(member.value)?)))
    }
}

impl Iterator for Members<'_> {
    type Item = Member;

    fn next(&mut self) -> Option<Member> {
        let (key, start) = self.begin()?;
        let (end, has_whitespace) = value_end(self.text.as_bytes(), start);
        self.finish(end, has_whitespace);
        Some(Member { key, value: start..end })
    }
}

/// The position after the value that begins here, and whether there is whitespace between its tokens. Takes one pass
/// and no recursion, however deep the value is.
pub(super) fn value_end(bytes: &[u8], start: usize) -> (usize, bool) {
    let (mut at, mut depth, mut has_whitespace) = (start, 0_usize, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                if depth == 0 {
                    return (at, false);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return (if depth == 0 { at } else { at + 1 }, has_whitespace),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return (at, false),
            b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return (at, false),
            b' ' | b'\t' | b'\n' | b'\r' => has_whitespace = true,
            _ => {}
        }
        at += 1;
    }
    (at, has_whitespace)
}

/// The position after the string whose opening quote is here.
pub(super) fn string_end(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    // Names and most values are short, and a search for more would cost more than it saves.
    for _ in 0..4 {
        let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { break };
        match quote_or_backslash(*chunk) {
            None => at += chunk.len(),
            Some(found) if chunk[found] == b'"' => return at + found + 1,
            Some(found) => {
                at += found;
                break;
            }
        }
    }
    while let Some(rest) = bytes.get(at..) {
        match memchr2(b'"', b'\\', rest) {
            Some(found) if rest[found] == b'"' => return at + found + 1,
            Some(found) => at += found + 2,
            None => break,
        }
    }
    bytes.len()
}

/// Where the first of them is among eight bytes, by the usual trick for finding a zero byte in a word.
fn quote_or_backslash(chunk: [u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(chunk);
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let quotes = zero_bytes(word ^ (ONES * u64::from(b'"')));
    let found = quotes | zero_bytes(word ^ (ONES * u64::from(b'\\')));
    (found != 0).then_some(found.trailing_zeros() as usize / 8)
}

pub(super) fn skip_whitespace(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The position of the next whitespace or string.
pub(super) fn token_end(bytes: &[u8], start: usize) -> usize {
    let is_end = |byte: &u8| matches!(byte, b'"' | b' ' | b'\t' | b'\n' | b'\r');
    bytes[start..].iter().position(is_end).map_or(bytes.len(), |length| start + length)
}

/// The text of a JSON string (with its quotes) or number: `None` for anything else. Peers write times either way.
pub(super) fn scalar(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first()? {
        b'"' => unescape(value),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value)),
        _ => None,
    }
}

/// A time or a number of seconds, written as a number or a string. Fractions are cut off, negative ones are 0, and what
/// is too large is as large as can be. What is no number is no time.
pub(super) fn seconds(value: &str) -> Option<u64> {
    let text = scalar(value)?;
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let is_number = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    Some(number as u64)
}

/// The text of a JSON string, given with its quotes. A lone surrogate has no text.
///
/// An owned text may be a secret: the caller wipes it.
pub(super) fn unescape(string: &str) -> Option<Cow<'_, str>> {
    let inner = string.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { unescaped(inner).map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// In one buffer that is large enough from the start: serde_json would leave a copy of the token behind.
fn unescaped(inner: &str) -> Option<String> {
    let mut out = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let (c, after) = escaped_char(escape)?;
        out.push(c);
        rest = after;
    }
    out.push_str(rest);
    Some(std::mem::take(&mut *out))
}

/// The character of an escape, given from after its backslash; and what follows.
fn escaped_char(escape: &str) -> Option<(char, &str)> {
    let mut chars = escape.chars();
    let c = match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return utf16_char(chars.as_str()),
        c @ ('"' | '\\' | '/') => c,
        _ => return None,
    };
    Some((c, chars.as_str()))
}

fn utf16_char(digits: &str) -> Option<(char, &str)> {
    let (unit, rest) = utf16_unit(digits)?;
    if let Some(c) = char::from_u32(unit.into()) {
        return Some((c, rest));
    }
    let (low, rest) = utf16_unit(rest.strip_prefix("\\u")?)?;
    let c = char::decode_utf16([unit, low]).next()?.ok()?;
    Some((c, rest))
}

fn utf16_unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

/// What is between the quotes of a key, without escapes. One without a text is taken as it is written.
pub(super) fn name(key: &str) -> Cow<'_, str> {
    unescape(key).unwrap_or(Cow::Borrowed(key))
}

/// What a field of an entry says of its identity: absent, null and empty mean the same to every reader. A string without
/// a text is taken as it is written, so that it is nobody else's.
pub(super) fn identifier(value: &str) -> Cow<'_, str> {
    scalar(value).unwrap_or(if value.starts_with('"') { Cow::Borrowed(value) } else { Cow::Borrowed("") })
}

/// Whether the text has no whitespace between its tokens and no byte beyond ASCII, so that it can be written as it is.
pub(super) fn is_compact(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => return false,
            _ => at += 1,
        }
    }
    text.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Vec<(&str, &str)> {
        Members::of(text, 0).texts().collect()
    }

    #[test]
    fn members_of_an_object_with_everything_in_it() {
        let text = r#" { "a" : 1 ,"b":[{"c":"]}\""},2] , "d\"" : "x,y" ,"e":null, "f":{"g":{}} } "#.trim();
        assert_eq!(
            members(text),
            [
                ("\"a\"", "1"),
                ("\"b\"", r#"[{"c":"]}\""},2]"#),
                (r#""d\"""#, "\"x,y\""),
                ("\"e\"", "null"),
                ("\"f\"", r#"{"g":{}}"#)
            ]
        );
        assert_eq!(members("{}"), []);
        assert_eq!(members("[]"), []);
    }

    #[test]
    fn text_that_is_not_json_ends_the_walk() {
        for text in
            ["", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "{\"a\\", "{,", "}", "{\"a\":\"\\"]
        {
            let _ = members(text);
        }
    }

    #[test]
    fn unescaping_is_as_serde_json_does_it() {
        for string in
            [r#""""#, r#""a\\\"\/\b\f\n\r\tz""#, r#""\u00e9\u0041é""#, r#""\ud83d\ude00""#, r#""A\u002BB""#]
        {
            assert_eq!(unescape(string).as_deref(), serde_json::from_str::<String>(string).ok().as_deref());
        }
        for string in
            [r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\ud83dx""#, r#""\u12""#, r#""\u12é4""#, r#""\x""#, "\\"]
        {
            assert_eq!(unescape(string), None, "{string}");
        }
    }

    #[test]
    fn times_in_every_spelling() {
        for (value, expected) in [
            ("17", Some(17)),
            ("\"17\"", Some(17)),
            ("\" 17 \"", Some(17)),
            ("17.9", Some(17)),
            ("1.79e9", Some(1_790_000_000)),
            ("\"1e3\"", Some(1000)),
            ("-5", Some(0)),
            ("99999999999999999999", Some(u64::MAX)),
            ("1e999", Some(u64::MAX)),
            ("\"\"", None),
            ("null", None),
            ("\"inf\"", None),
            ("\"soon\"", None),
            ("true", None),
        ] {
            assert_eq!(seconds(value), expected, "{value}");
        }
    }

    #[test]
    fn compact_is_without_whitespace_between_tokens() {
        assert!(is_compact(r#"{"a b":[1,"c d"]}"#));
        assert!(!is_compact(r#"{"a": 1}"#));
        assert!(!is_compact("{\"a\":\"é\"}"));
    }
}
