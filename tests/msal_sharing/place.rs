//! Where the parties meet: a plain file, or an item of the Secret Service as one half of the family has it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::party::Kind;

/// A cache that several libraries open.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    form: Form,
    /// Java knows no other lock than one for the whole folder.
    with_java: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    PlainFile,
    /// The text as it is, as Python and Node keep it.
    RawItem,
    /// The same, under the name that Python makes of the path where nobody gives it one.
    PythonDefault,
    /// As base64, as .NET, Java and Go keep it.
    EncodedItem,
}

pub(crate) const SERVICE: &str = "Contoso Todo";
pub(crate) const ACCOUNT: &str = "tokens";
/// Of keytar, which lets nobody choose.
pub(crate) const RAW_SCHEMA: &str = "org.freedesktop.Secret.Generic";
pub(crate) const ENCODED_SCHEMA: &str = "msal.cache";

impl Place {
    pub(crate) fn plain_file(folder: &Path) -> Self {
        Self::new(folder, Form::PlainFile)
    }

    pub(crate) fn raw_item(folder: &Path) -> Self {
        Self::new(folder, Form::RawItem)
    }

    pub(crate) fn default_item_of_python(folder: &Path) -> Self {
        Self::new(folder, Form::PythonDefault)
    }

    pub(crate) fn encoded_item(folder: &Path) -> Self {
        Self::new(folder, Form::EncodedItem)
    }

    fn new(folder: &Path, form: Form) -> Self {
        Self { file: folder.join("msal.cache"), form, with_java: false }
    }

    pub(crate) fn with(mut self, kinds: &[Kind]) -> Self {
        self.with_java = kinds.contains(&Kind::JavaModel);
        self
    }

    /// How this library is told of it.
    pub(crate) fn layout(&self, kind: Kind) -> Value {
        let mut layout = json!({"kind": "file", "path": self.file});
        let more = match (self.form, kind) {
            (Form::PlainFile, _) => json!({}),
            (_, Kind::Node) => json!({"service": SERVICE, "account": ACCOUNT}),
            (Form::PythonDefault, Kind::Ours) => {
                let schema = hexadecimal(&Sha256::digest(self.file.to_str().unwrap()));
                json!({"schema": schema, "attributes": {}})
            }
            (Form::PythonDefault, _) => json!({}),
            (form, _) => item(form),
        };
        if self.form != Form::PlainFile {
            layout["kind"] = json!("keyring");
        }
        layout.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if kind == Kind::Ours {
            layout["encoded"] = json!(self.form == Form::EncodedItem);
            layout["folder_lock"] = json!(self.with_java);
        }
        layout
    }
}

fn item(form: Form) -> Value {
    if form == Form::RawItem {
        let attributes = json!({"service": SERVICE, "account": ACCOUNT});
        return json!({"schema": RAW_SCHEMA, "attributes": attributes, "label": format!("{SERVICE}/{ACCOUNT}")});
    }
    let application = "Microsoft.Developer.IdentityService";
    let attributes = json!({"MsalClientID": application, application: "1.0.0.0"});
    json!({"schema": ENCODED_SCHEMA, "attributes": attributes, "label": "MSALCache"})
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
