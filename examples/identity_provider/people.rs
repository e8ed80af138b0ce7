//! The people whom the provider knows.

use serde_json::{Value, json};

/// Somebody who can sign in.
pub(super) struct Person {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    username: &'static str,
}

pub(super) static PEOPLE: [Person; 2] = [
    Person { id: "u1", name: "Alex", username: "alex@contoso.example" },
    Person { id: "u2", name: "Robin", username: "robin@contoso.example" },
];

impl Person {
    pub(super) fn of_id(id: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.id == id)
    }

    /// As OpenID Connect names them.
    pub(super) fn claims(&self) -> Value {
        json!({ "sub": self.id, "name": self.name, "preferred_username": self.username })
    }
}
