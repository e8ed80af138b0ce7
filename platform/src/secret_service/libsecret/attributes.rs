//! The attributes of an item, as they travel: a dictionary `a{ss}`, of which the schema name is an entry.

use std::collections::BTreeMap;

use super::{
    super::{Item, Matching},
    api::{Api, Variant},
    failure::Failure,
    owned::Owned,
};

const SCHEMA: &str = "xdg:schema";

/// What KeePassXC tells as attributes of every item, beside those that it was given.
const OF_KEEPASSXC: [&str; 6] = ["Title", "UserName", "URL", "Notes", "Uuid", "Path"];

/// Those that an item must have to be found.
pub(super) fn to_find(api: &'static Api, item: &Item<'_>) -> Result<Owned<Variant>, Failure> {
    match item.matching {
        Matching::Attributes => dictionary(api, item.attributes.iter().copied()),
        Matching::SchemaAndAttributes | Matching::Exactly => to_store(api, item),
    }
}

/// Those that an item is stored with.
pub(super) fn to_store(api: &'static Api, item: &Item<'_>) -> Result<Owned<Variant>, Failure> {
    dictionary(api, all(item))
}

/// The label and the attributes that an item is stored with, type `a{sv}`.
pub(super) fn properties(api: &'static Api, item: &Item<'_>) -> Result<Owned<Variant>, Failure> {
    let entry = |name, value: &Owned<Variant>| -> Result<_, Failure> {
        Ok(Owned::entry(api, &Owned::string(api, name)?, &value.boxed()))
    };
    let entries = [
        entry("org.freedesktop.Secret.Item.Label", &Owned::string(api, item.label)?)?,
        entry("org.freedesktop.Secret.Item.Attributes", &to_store(api, item)?)?,
    ];
    Ok(Owned::array(api, c"{sv}", &entries))
}

/// Whether the attributes that the service tells are those of the item and no others.
pub(super) fn are_exactly(told: &Owned<Variant>, item: &Item<'_>) -> Result<bool, Failure> {
    if !told.is(c"a{ss}") {
        return Err(Failure::failed("the service does not tell the attributes of an item"));
    }
    let told = told.members().iter().map(pair).collect::<Result<_, _>>()?;
    Ok(are_those_of(told, item))
}

fn are_those_of(mut told: BTreeMap<String, String>, item: &Item<'_>) -> bool {
    let wanted: BTreeMap<_, _> = all(item).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if OF_KEEPASSXC.iter().all(|name| told.contains_key(*name)) {
        told.retain(|name, _| wanted.contains_key(name) || !OF_KEEPASSXC.contains(&name.as_str()));
    }
    told == wanted
}

fn all<'a>(item: &Item<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    item.attributes.iter().copied().chain([(SCHEMA, item.schema)])
}

fn dictionary<'a>(
    api: &'static Api,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Owned<Variant>, Failure> {
    let entry =
        |(name, value)| Ok(Owned::entry(api, &Owned::string(api, name)?, &Owned::string(api, value)?));
    let entries: Vec<_> = entries.map(entry).collect::<Result<_, Failure>>()?;
    Ok(Owned::array(api, c"{ss}", &entries))
}

/// The name and the value of an entry, whose type was checked.
fn pair(entry: &Owned<Variant>) -> Result<(String, String), Failure> {
    let [name, value] = entry.tuple_members()?;
    let text = |part: &Owned<Variant>| part.to_c_string().to_string_lossy().into_owned();
    Ok((text(&name), text(&value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_exact(told: &[(&str, &str)]) -> bool {
        let told = told.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        are_those_of(told, &Item::new("S", &[("a", "1")], "label"))
    }

    #[test]
    fn the_schema_name_and_every_attribute_count() {
        assert!(is_exact(&[("a", "1"), (SCHEMA, "S")]));
        assert!(!is_exact(&[("a", "1")]));
        assert!(!is_exact(&[("a", "1"), (SCHEMA, "other")]));
        assert!(!is_exact(&[("a", "2"), (SCHEMA, "S")]));
        assert!(!is_exact(&[("a", "1"), ("b", "2"), (SCHEMA, "S")]));
        assert!(!is_exact(&[("a", "1"), ("Title", "2"), (SCHEMA, "S")]));
    }

    #[test]
    fn what_keepassxc_adds_does_not_count() {
        let mut told = vec![("a", "1"), (SCHEMA, "S")];
        told.extend(OF_KEEPASSXC.map(|name| (name, "anything")));
        assert!(is_exact(&told));
        told.push(("b", "2"));
        assert!(!is_exact(&told));
    }
}
