//! What to store: what is ours, and what others have stored since we looked.

use crate::{Result, SecretBytes, SerializableCache, TokenCache};

/// What a save has to do.
pub(super) enum ToStore {
    /// Ours, as given.
    AsGiven,
    /// Ours, merged with what others have stored.
    Merged(SecretBytes),
    /// Nothing: all of ours is stored already.
    Nothing,
}

/// What to store if `base` was loaded and became `ours`, while the store now has `theirs`. No text is an empty cache.
///
/// Fails if one of them is not a token cache, and there is something to merge.
pub(super) fn to_store(
    base: Option<&SecretBytes>,
    ours: &SecretBytes,
    theirs: Option<&SecretBytes>,
) -> Result<ToStore> {
    let text = |side: Option<&SecretBytes>| side.filter(|text| !text.trim_ascii().is_empty()).cloned();
    let (base, theirs) = (text(base), text(theirs));
    if theirs.as_deref() == base.as_deref() {
        return Ok(ToStore::AsGiven);
    }
    if theirs.as_deref() == Some(&**ours) {
        return Ok(ToStore::Nothing);
    }
    let [base, theirs] = [base, theirs].map(|text| TokenCache::deserialize(text.unwrap_or_default()));
    let merged = TokenCache::deserialize(ours.clone())?.merge(&base?, &theirs?);
    if merged.has_state_changed() { merged.serialize().map(ToStore::Merged) } else { Ok(ToStore::Nothing) }
}
