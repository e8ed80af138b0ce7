//! The folders in which caches and keys lie: are they there, this user's alone, and can they be written?

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sealed_cache_platform::{file, file_system};

use super::{Finding, home_folders};
use crate::presets;

/// The folder of data first: what is in it matters most.
pub(crate) fn of_interest() -> Vec<PathBuf> {
    let Some((_, data, state)) = home_folders() else { return Vec::new() };
    let mut folders: Vec<_> = std::iter::once(data).chain(state).collect();
    let shared =
        presets::usual().into_iter().filter_map(|(_, layout)| layout.file().parent().map(PathBuf::from));
    folders.extend(shared.filter(|folder| folder.exists()));
    let mut seen = Vec::new();
    folders.retain(|folder| {
        let is_new = !seen.contains(folder);
        seen.push(folder.clone());
        is_new
    });
    folders
}

pub(crate) fn look(folders: &[PathBuf]) -> Vec<Finding> {
    if folders.is_empty() {
        return vec![Finding::problem("home", "this user has no home folder", "set HOME")];
    }
    folders.iter().flat_map(|folder| of_folder(folder)).collect()
}

fn of_folder(folder: &Path) -> Vec<Finding> {
    let what = folder.display().to_string();
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let mut findings = vec![rights(folder, existing, &what)];
    // Of a folder to be, what can be told is that of the one above.
    if let Ok(Some(system)) = file_system::of(existing)
        && system.is_network
    {
        findings.push(on_network(&system.name, &what));
    }
    if existing == folder {
        findings.extend(foreign(folder));
    }
    findings
}

/// Folders with caches or keys that belong to somebody else, which is how a program leaves them that was once run with sudo.
fn foreign(folder: &Path) -> Vec<Finding> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let folders = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && may_hold_ours(path));
    let other = folders.filter_map(|path| {
        let problem = file::check_folder(&path).ok()??;
        problem.is_other_owner().then(|| {
            Finding::problem(
                path.display().to_string(),
                format!("the folder {problem}"),
                &problem.remedy(&path),
            )
        })
    });
    other.collect()
}

/// Also one that cannot be looked into.
fn may_hold_ours(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return true };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files.filter_map(|path| path.extension().map(|it| it == "sealed" || it == "key")).any(|is_ours| is_ours)
}

fn rights(folder: &Path, existing: &Path, what: &str) -> Finding {
    match file::check_folder(existing) {
        Ok(Some(problem)) if !is_harmless(&problem) => {
            Finding::problem(what, format!("it {problem}"), &problem.remedy(existing))
        }
        Ok(_) => match can_write(existing) {
            Ok(()) if folder == existing => Finding::good(what, "is this user's, and can be written"),
            Ok(()) => Finding::note(what, "is not there yet; it will be made"),
            Err(error) => not_written(what, &error),
        },
        Err(error) => {
            Finding::problem(what, format!("it cannot be looked at: {error}"), "check the folders above it")
        }
    }
}

/// A data folder may be writable for the group of its user, where each has one's own.
fn is_harmless(problem: &file::Problem) -> bool {
    problem.is_writable_by_own_group_only() || matches!(problem, file::Problem::SymbolicLink)
}

fn can_write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".sealed-cache-doctor-{}", std::process::id()));
    file::create_private(&path)?;
    file::remove(&path)
}

fn not_written(what: &str, error: &io::Error) -> Finding {
    let remedy = match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            "nothing can be kept here: mount it so that it can be written, or set XDG_DATA_HOME to a folder that can"
        }
        io::ErrorKind::PermissionDenied => "give this user the right to write: `ls -ld` shows whose it is",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space",
        _ => "look into the log of the system",
    };
    Finding::problem(what, format!("it cannot be written: {error}"), remedy)
}

fn on_network(system: &str, what: &str) -> Finding {
    Finding::warning(
        what,
        format!("lies on a network file system ({system}), where locks and times are the server's"),
        "programs on two machines can overwrite each other's tokens: give each machine a folder of its own (XDG_DATA_HOME), \
         best on a local disk",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_told() {
        assert!(on_network("nfs", "home").message.contains("network file system (nfs)"));
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_no_problem() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("a/b");
        assert_eq!(rights(&missing, folder.path(), "x").message, "is not there yet; it will be made");
        assert!(!missing.exists());
    }
}
