//! Writes JSON text: compact and ASCII only, which every reader of the family takes.

use super::text::{skip_whitespace, string_end, token_end};
use crate::SecretBytes;

/// Append a string, with its quotes.
pub(super) fn push_string(out: &mut SecretBytes, text: &str) {
    out.extend_from_slice(b"\"");
    let mut rest = text;
    while let Some(special) =
        rest.find(|c: char| c == '"' || c == '\\' || c.is_ascii_control() || !c.is_ascii())
    {
        let (plain, from) = rest.split_at(special);
        out.extend_from_slice(plain.as_bytes());
        let Some(c) = from.chars().next() else { break };
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            other => push_escaped(out, other),
        }
        rest = &from[c.len_utf8()..];
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(b"\"");
}

/// Append a character as `\uXXXX`, beyond the basic plane as two of them (RFC 8259, section 7).
fn push_escaped(out: &mut SecretBytes, c: char) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for unit in c.encode_utf16(&mut [0; 2]) {
        let digit = |shift: u16| HEX[usize::from(*unit >> shift & 0xf)];
        out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
    }
}

/// Append valid JSON text without its whitespace between tokens, and with escapes for what is not ASCII. Numbers,
/// escapes and order stay as they are.
pub(super) fn push_compacted(out: &mut SecretBytes, text: &str) {
    out.reserve(text.len());
    let (bytes, mut at) = (text.as_bytes(), 0);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => at = skip_whitespace(bytes, at),
            b'"' => {
                at = string_end(bytes, at);
                push_ascii(out, &text[start..at]);
            }
            _ => {
                at = token_end(bytes, at);
                out.extend_from_slice(&bytes[start..at]);
            }
        }
    }
}

/// Append a string as it is written, but for what is not ASCII.
fn push_ascii(out: &mut SecretBytes, string: &str) {
    if string.is_ascii() {
        return out.extend_from_slice(string.as_bytes());
    }
    for c in string.chars() {
        if c.is_ascii() {
            out.extend_from_slice(&[c as u8]);
        } else {
            push_escaped(out, c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> String {
        let mut out = SecretBytes::new();
        push_string(&mut out, text);
        String::from_utf8(out.to_vec()).expect("ASCII")
    }

    fn compacted(text: &str) -> String {
        let mut out = SecretBytes::new();
        push_compacted(&mut out, text);
        String::from_utf8(out.to_vec()).expect("ASCII")
    }

    #[test]
    fn strings_are_ascii_and_read_back() {
        for text in ["", "plain", "a\"b\\c\n\r\t\u{1}\u{7f}", "Zoë", "😀 grin", "\u{ffff}\u{2028}"] {
            let written = string(text);
            assert!(written.is_ascii(), "{written}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    #[test]
    fn compacting_keeps_numbers_escapes_and_order() {
        let text = "{ \"b\" : 1.0e+5 ,\n \"a\" : [ \"x \\\" y\\\\\" , \"é\" , 12345678901234567890123 ] }";
        assert_eq!(compacted(text), r#"{"b":1.0e+5,"a":["x \" y\\","\u00e9",12345678901234567890123]}"#);
    }
}
