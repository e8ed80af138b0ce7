//! The shortest use: keep a type of your own sealed. `cargo run --example any_serde_type -- milk eggs`

#![allow(clippy::print_stdout, reason = "a command-line application prints")]

use sealed_cache::{Json, KeyFile, PersistedCache};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct ShoppingList {
    items: Vec<String>,
}

fn main() -> sealed_cache::Result<()> {
    let list = PersistedCache::<Json<ShoppingList>>::builder("com.example.shopping")
        .fallback(KeyFile::in_state_dir()) // where there is no keychain
        .open()?;

    list.update(|list| list.items.extend(std::env::args().skip(1)))?;
    let items = list.read(|list| list.items.join(", "))?;

    println!("to buy: {items}");
    println!("kept in: {}", list.protection()?);
    Ok(())
}
