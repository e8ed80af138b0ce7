//! Who keeps the key of a sealed cache, from what the command line, the environment and the person at the terminal give.
//! A secret is never an argument, which every user of the machine could read.

use std::{
    cell::RefCell,
    env, fs,
    io::{self, IsTerminal, stdin},
    path::{Path, PathBuf},
    sync::Arc,
};

use sealed_cache::{
    Dpapi, Error, ErrorKind, KernelKeyring, KeyFile, MacKeychain, Passphrase, SecretService,
    SystemdCredential, persistence::SealedFileInfo, protect::Protector,
};
use sealed_cache_platform::{KEYCHAIN, Keychain, terminal};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    options::{Options, ProtectorChoice},
};

const PASSPHRASE: &str = "SEALED_CACHE_PASSPHRASE";
const NEW_PASSPHRASE: &str = "SEALED_CACHE_NEW_PASSPHRASE";

pub(crate) type Kept = Arc<dyn Protector>;

/// Where keys may be.
pub(crate) struct Keys {
    key_folder: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    new_passphrase_file: Option<PathBuf>,
    credential: Option<String>,
    may_ask: bool,
    /// Asked for once, however often a cache is opened: by the question.
    answered: RefCell<Vec<(String, Zeroizing<String>)>>,
}

impl Keys {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            key_folder: options.key_file.clone(),
            passphrase_file: options.passphrase_file.clone(),
            new_passphrase_file: options.new_passphrase_file.clone(),
            credential: options.credential.clone(),
            may_ask: !options.no_prompt,
            answered: RefCell::default(),
        }
    }

    /// The same without anybody who could be asked.
    pub(crate) fn silent(&self) -> Self {
        Self {
            key_folder: self.key_folder.clone(),
            passphrase_file: self.passphrase_file.clone(),
            new_passphrase_file: None,
            credential: self.credential.clone(),
            may_ask: false,
            answered: RefCell::default(),
        }
    }

    /// The protector that the header of a sealed file names.
    pub(crate) fn of_file(&self, info: &SealedFileInfo) -> Result<Kept, Failure> {
        match &*info.protector {
            "secret-service" => Ok(Arc::new(SecretService::new())),
            "mac-keychain" => Ok(Arc::new(MacKeychain::new())),
            "dpapi" => Ok(Arc::new(Dpapi::new())),
            "dpapi-machine" => Ok(Arc::new(Dpapi::for_every_user_of_this_machine())),
            "kernel-keyring" => Ok(Arc::new(KernelKeyring::new())),
            "key-file" => Ok(Arc::new(self.key_file())),
            "systemd-credential" => {
                Ok(Arc::new(SystemdCredential::new(String::from_utf8_lossy(&info.protector_data))))
            }
            "passphrase" => {
                let question = format!("Passphrase of cache {}: ", info.id);
                let passphrase = self.secret(&question, self.passphrase_file.as_deref(), PASSPHRASE)?;
                Ok(Arc::new(Passphrase::new(&**passphrase)))
            }
            other => Err(not_ours(info, other).into()),
        }
    }

    /// A protector for a new cache or a new key. `None`: the keychain of this system.
    pub(crate) fn chosen(&self, choice: ProtectorChoice) -> Result<Kept, Failure> {
        Ok(match choice {
            ProtectorChoice::Keychain => keychain()?,
            ProtectorChoice::KernelKeyring => Arc::new(KernelKeyring::new()),
            ProtectorChoice::KeyFile => Arc::new(self.key_file()),
            ProtectorChoice::SystemdCredential => {
                let name = self.credential.as_deref().ok_or_else(|| {
                    Failure::usage("a systemd credential has a name", "give it with --credential NAME")
                })?;
                Arc::new(SystemdCredential::new(name))
            }
            ProtectorChoice::Passphrase => {
                let passphrase = self.new_secret(self.passphrase_file.as_deref(), PASSPHRASE)?;
                Arc::new(Passphrase::new(&**passphrase))
            }
        })
    }

    /// The same for a new key of a cache that may have a passphrase already.
    pub(crate) fn chosen_anew(&self, choice: ProtectorChoice) -> Result<Kept, Failure> {
        if choice != ProtectorChoice::Passphrase {
            return self.chosen(choice);
        }
        let passphrase = self.new_secret(self.new_passphrase_file.as_deref(), NEW_PASSPHRASE)?;
        Ok(Arc::new(Passphrase::new(&**passphrase)))
    }

    fn key_file(&self) -> KeyFile {
        self.key_folder.as_ref().map_or_else(KeyFile::in_state_dir, KeyFile::in_folder)
    }

    /// One that is typed is typed twice.
    fn new_secret(&self, file: Option<&Path>, variable: &str) -> Result<Zeroizing<String>, Failure> {
        const QUESTION: &str = "New passphrase: ";
        let is_asked = file.is_none() && env::var_os(variable).is_none();
        let first = self.secret(QUESTION, file, variable)?;
        if is_asked && *self.ask("The same once more: ", variable)? != *first {
            return Err(Failure::usage("the two passphrases are not the same", "try again"));
        }
        Ok(first)
    }

    fn secret(
        &self,
        question: &str,
        file: Option<&Path>,
        variable: &str,
    ) -> Result<Zeroizing<String>, Failure> {
        if let Some(path) = file {
            return first_line(path);
        }
        if let Some(value) = env::var_os(variable) {
            return value.into_string().map(Zeroizing::new).map_err(|_| {
                Failure::usage(
                    format!("{variable} is not UTF-8"),
                    "put the passphrase into a file: --passphrase-file",
                )
            });
        }
        if let Some((_, answer)) = self.answered.borrow().iter().find(|(asked, _)| asked == question) {
            return Ok(answer.clone());
        }
        let answer = self.ask(question, variable)?;
        self.answered.borrow_mut().push((question.to_owned(), answer.clone()));
        Ok(answer)
    }

    fn ask(&self, question: &str, variable: &str) -> Result<Zeroizing<String>, Failure> {
        let option = if variable == PASSPHRASE { "--passphrase-file" } else { "--new-passphrase-file" };
        let answer =
            if self.may_ask && stdin().is_terminal() { terminal::ask_secret(question) } else { Ok(None) };
        match answer {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Error::new(
                ErrorKind::KeychainLocked,
                "a passphrase is needed, and there is nobody to ask for it",
            )
            .with_remedy(format!("put it into {variable}, or into a file that is named with {option}"))
            .into()),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof) =>
            {
                Err(Failure::Interrupted)
            }
            Err(error) => Err(Error::io("cannot ask for the passphrase", error).into()),
        }
    }
}

/// The keychain of this system.
pub(crate) fn keychain() -> Result<Kept, Failure> {
    Ok(match KEYCHAIN {
        Keychain::SecretService => Arc::new(SecretService::new()),
        Keychain::Dpapi => Arc::new(Dpapi::new()),
        Keychain::MacKeychain => Arc::new(MacKeychain::new()),
        _ => {
            return Err(Failure::usage(
                "this system has no keychain that we know",
                "choose who is to keep the key: --protector passphrase, or key-file",
            ));
        }
    })
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Error::io("cannot read the file with the passphrase", error).with_path(path))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::usage(
            format!("there is no passphrase in the first line of {}", path.display()),
            "put it there, alone on its line",
        ));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// A key that only the program itself has.
fn not_ours(info: &SealedFileInfo, protector: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("cache {} is sealed by `{protector}`, whose key only the program that made it has", info.id),
    )
    .with_remedy("let that program do it; list, clear and unlock-stale work without the key")
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("key_folder", &self.key_folder).finish_non_exhaustive()
    }
}
