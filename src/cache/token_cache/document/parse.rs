//! From the text of a token cache to a [`Document`]: one check that it is JSON, one walk that cuts it into entries.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::{Document, Entry, EntryId, Section, Text, TopLevel};
use crate::{
    Error, ErrorKind, Result, SecretBytes,
    cache::token_cache::{
        fields::Identity,
        text::{Members, skip_whitespace, unescape, value_end},
    },
};

const BYTE_ORDER_MARK: char = '\u{feff}';
const REMEDY: &str = "it was left as it is; another program may have written it, or half of it";

impl Document {
    /// Cut the text of a token cache into entries. Nothing at all, or whitespace only, is an empty cache.
    ///
    /// What identifies each entry is told on the way, since it is read anyway.
    pub(in crate::cache::token_cache) fn parse(
        source: SecretBytes,
        mut met: impl FnMut(EntryId, Section, &str, &Identity<'_>),
    ) -> Result<Self> {
        let source = source
            .into_text()
            .map_err(|(bytes, at)| not_accepted(&bytes, at, "the token cache is not UTF-8"))?;
        let mut document = Self::default();
        if let Some(start) = check(&source)? {
            let mut cut = Cut { document: &mut document, text: &source, is_ascii: source.is_ascii() };
            cut.all(start, &mut met)?;
        }
        document.source = source;
        Ok(document)
    }
}

/// A text on its way into a document.
struct Cut<'a> {
    document: &'a mut Document,
    text: &'a str,
    is_ascii: bool,
}

impl Cut<'_> {
    fn all(
        &mut self,
        start: usize,
        met: &mut impl FnMut(EntryId, Section, &str, &Identity<'_>),
    ) -> Result<()> {
        let mut members = Members::of(self.text, start);
        while let Some((key, value)) = members.begin() {
            let name = unescape(&self.text[key.clone()]);
            let section = Section::ALL.into_iter().find(|section| name.as_deref() == Some(section.name()));
            let (end, has_whitespace) = match (section, self.text.as_bytes()[value]) {
                (Some(section), b'{') => self.section(section, value, met)?,
                (section, _) => {
                    let (end, has_whitespace) = value_end(self.text.as_bytes(), value);
                    self.other(section, key, value..end)?;
                    (end, has_whitespace)
                }
            };
            members.finish(end, has_whitespace);
        }
        Ok(())
    }

    fn other(&mut self, section: Option<Section>, key: Range<usize>, value: Range<usize>) -> Result<()> {
        let Some(section) = section else {
            self.document.members.push(TopLevel::Other { key: Text::at(key)?, value: Text::at(value)? });
            return Ok(());
        };
        // Written by nobody we know, and read by some as an empty section.
        if self.text[value.clone()] == *"null" {
            self.document.section(section);
            return Ok(());
        }
        let what = format!("the section `{}` is not an object", section.name());
        Err(not_accepted(self.text.as_bytes(), value.start, &what))
    }

    /// The position after the section, and whether there is whitespace between its tokens.
    fn section(
        &mut self,
        section: Section,
        start: usize,
        met: &mut impl FnMut(EntryId, Section, &str, &Identity<'_>),
    ) -> Result<(usize, bool)> {
        let place = self.document.section(section);
        let text = self.text;
        let mut members = Members::of(text, start);
        while let Some((key, value)) = members.begin() {
            let (identity, (mut end, mut has_whitespace)) = Identity::read(text, value);
            if text.as_bytes()[value] != b'{' {
                (end, has_whitespace) = value_end(text.as_bytes(), value);
            }
            members.finish(end, has_whitespace);
            let is_compact = !has_whitespace && (self.is_ascii || text[key.start..end].is_ascii());
            let (name, key) = (&text[key.clone()], Text::at(key)?);
            let entry = Entry { section, key, value: Text::at(value..end)?, is_compact };
            met(self.document.append(place, entry), section, name, &identity);
        }
        Ok(members.end())
    }
}

impl Text {
    fn at(range: Range<usize>) -> Result<Self> {
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            (Ok(start), Ok(end)) => Ok(Self::Source { start, end }),
            _ => Err(Error::new(ErrorKind::InvalidContents, "the token cache is larger than 4 GiB")
                .with_remedy(
                    "it was left as it is; remove what is no longer needed with the program that wrote it",
                )),
        }
    }
}

/// Check that it is JSON, and an object: the position where it begins, after a byte order mark. `None` if there is
/// nothing at all.
fn check(source: &str) -> Result<Option<usize>> {
    let mark = if source.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let start = skip_whitespace(source.as_bytes(), mark);
    if start == source.len() {
        return Ok(None);
    }
    // It keeps nothing of the text, not even in memory, and its words quote none.
    serde_json::from_str::<IgnoredAny>(&source[mark..]).map_err(|error| {
        Error::new(ErrorKind::InvalidContents, format!("the token cache is not JSON: {error}"))
            .with_remedy(REMEDY)
    })?;
    if source.as_bytes()[start] == b'{' {
        return Ok(Some(start));
    }
    Err(not_accepted(source.as_bytes(), start, "the token cache is not a JSON object"))
}

fn not_accepted(text: &[u8], at: usize, what: &str) -> Error {
    let before = &text[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Error::new(ErrorKind::InvalidContents, format!("{what}, at line {line} column {column}"))
        .with_remedy(REMEDY)
}
