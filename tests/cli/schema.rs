//! Whether a document is as `docs/cli-schema.json` says. Every word of JSON Schema that is used there is known here, and any
//! other is an error; `python3-jsonschema`, which knows them all, judges the same documents in the stage `keychain`.

use serde_json::{Map, Value};

pub(crate) fn schema() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli-schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Panics if it is not.
#[track_caller]
pub(crate) fn check(document: &Value) {
    let root = schema();
    let command = document["command"].as_str().unwrap_or_else(|| panic!("no command: {document}"));
    let definition = &root["$defs"][format!("command-{command}")];
    assert!(definition.is_object(), "the schema does not know the command {command}");
    if let Err(why) = (Checker { root: &root }).value(definition, document, command) {
        panic!("{why}\nin {document:#}");
    }
}

struct Checker<'a> {
    root: &'a Value,
}

type Checked = Result<(), String>;

impl Checker<'_> {
    fn value(&self, schema: &Value, value: &Value, at: &str) -> Checked {
        let schema = schema.as_object().ok_or("a schema is an object")?;
        for (word, argument) in schema {
            self.word(schema, word, argument, value, at)?;
        }
        Ok(())
    }

    fn word(
        &self,
        schema: &Map<String, Value>,
        word: &str,
        argument: &Value,
        value: &Value,
        at: &str,
    ) -> Checked {
        let fine = match word {
            "description" | "properties" | "additionalProperties" => true,
            "$ref" => return self.value(self.definition(argument), value, at),
            "const" => value == argument,
            "enum" => argument.as_array().unwrap().contains(value),
            "type" => is_of_type(argument, value),
            "minimum" => value.as_i64() >= argument.as_i64(),
            "pattern" => value.as_str().is_none_or(is_time),
            "required" => {
                argument.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "items" => return self.items(argument, value, at),
            "anyOf" => return self.any(argument, value, at),
            _ => panic!("the word {word} is not known here"),
        };
        if !fine {
            return Err(format!("{at} is not {word} {argument}: {value}"));
        }
        if word == "properties" { self.properties(schema, argument, value, at) } else { Ok(()) }
    }

    fn definition(&self, reference: &Value) -> &Value {
        let name = reference.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
        self.root["$defs"].get(name).unwrap_or_else(|| panic!("no definition {name}"))
    }

    fn properties(&self, schema: &Map<String, Value>, known: &Value, value: &Value, at: &str) -> Checked {
        let is_open = schema.get("additionalProperties") != Some(&Value::Bool(false));
        for (name, field) in value.as_object().into_iter().flatten() {
            match known.get(name) {
                Some(schema) => self.value(schema, field, &format!("{at}.{name}"))?,
                None if is_open => {}
                None => return Err(format!("{at} has a field that is not in the schema: {name}")),
            }
        }
        Ok(())
    }

    fn items(&self, schema: &Value, value: &Value, at: &str) -> Checked {
        let mut items = value.as_array().into_iter().flatten().enumerate();
        items.try_for_each(|(number, item)| self.value(schema, item, &format!("{at}[{number}]")))
    }

    fn any(&self, schemas: &Value, value: &Value, at: &str) -> Checked {
        let tried = schemas.as_array().unwrap().iter().map(|schema| self.value(schema, value, at));
        let failed: Result<Vec<_>, ()> = tried.map(|tried| tried.err().ok_or(())).collect();
        failed.map_or(Ok(()), |why| Err(why.join("; or ")))
    }
}

fn is_of_type(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => panic!("the type {name} is not known here"),
    };
    match types {
        Value::Array(types) => types.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}

/// The one pattern of the schema.
fn is_time(text: &str) -> bool {
    let form = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
    form.collect::<String>() == "0000-00-00T00:00:00Z"
}

#[test]
fn a_document_that_is_not_as_the_schema_says_is_found() {
    let good = serde_json::json!({"version": 1, "command": "rekey", "name": "a", "protection": "b"});
    check(&good);
    let root = schema();
    let checker = Checker { root: &root };
    let with = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        bad
    };
    let mut without = good.clone();
    without.as_object_mut().unwrap().remove("name");
    for bad in [with("more", 1.into()), with("name", 1.into()), with("version", 2.into()), without] {
        assert!(checker.value(&root["$defs"]["command-rekey"], &bad, "it").is_err(), "{bad}");
    }
    assert!(checker.value(&root["$defs"]["time"], &"2026-1-1".into(), "it").is_err());
    assert!(checker.value(&root["$defs"]["lock"]["properties"]["state"], &"gone".into(), "it").is_err());
}
