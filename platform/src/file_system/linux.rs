//! Linux: `statfs(2)`.

use std::{borrow::Cow, ffi::CString, io, mem, os::unix::ffi::OsStrExt, path::Path};

use super::FileSystem;

/// Magic number, name, and whether it is a network file system: see `statfs(2)` and `linux/magic.h`.
const KNOWN: [(u32, &str, bool); 16] = [
    (0x0000_6969, "nfs", true),
    (0x0000_517b, "smb", true),
    (0xff53_4d42, "cifs", true),
    (0xfe53_4d42, "smb2", true),
    (0x0102_1997, "9p", true), // also the disks of Windows, seen from WSL 2
    (0x5346_414f, "afs", true),
    (0x00c3_6400, "ceph", true),
    (0x7461_636f, "ocfs2", true),
    (0x0bd0_0bd0, "lustre", true),
    (0x6573_5546, "fuse", false), // may be one (sshfs), or not (a disk with NTFS)
    (0x0000_ef53, "ext4", false),
    (0x5846_5342, "xfs", false),
    (0x9123_683e, "btrfs", false),
    (0x0102_1994, "tmpfs", false),
    (0x794c_7630, "overlay", false),
    (0x2fc1_2fc1, "zfs", false),
];

pub(super) fn of(path: &Path) -> io::Result<Option<FileSystem>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: both structures are plain numbers, for which zeros are valid.
    let (mut found, mut mounted): (libc::statfs, libc::statvfs) = unsafe { (mem::zeroed(), mem::zeroed()) };
    // SAFETY: the path ends with a zero, and the structures are ours.
    let failed = unsafe {
        libc::statfs(path.as_ptr(), &raw mut found) != 0
            || libc::statvfs(path.as_ptr(), &raw mut mounted) != 0
    };
    if failed {
        return Err(io::Error::last_os_error());
    }
    // The number has 32 bits; the type of the field differs between C libraries, and some extend its sign.
    Ok(Some(named(found.f_type as u32, mounted.f_flag & libc::ST_RDONLY != 0)))
}

fn named(magic: u32, is_read_only: bool) -> FileSystem {
    match KNOWN.iter().find(|(known, ..)| *known == magic) {
        Some((_, name, is_network)) => {
            FileSystem { name: Cow::Borrowed(name), is_network: *is_network, is_read_only }
        }
        None => FileSystem { name: Cow::Owned(format!("{magic:#x}")), is_network: false, is_read_only },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_known_by_its_number() {
        for (magic, name, is_network) in
            [(0x6969, "nfs", true), (0xff53_4d42, "cifs", true), (0xef53, "ext4", false), (7, "0x7", false)]
        {
            let found = named(magic, false);
            assert_eq!((&*found.name, found.is_network), (name, is_network));
        }
    }

    #[test]
    fn no_number_is_there_twice() {
        for (at, (magic, ..)) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..at].iter().all(|(other, ..)| other != magic), "{magic:#x}");
        }
    }

    #[test]
    fn this_machine_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let found = of(folder.path()).unwrap().unwrap();
        assert!(!found.is_read_only && !found.name.is_empty(), "{found:?}");
        assert_eq!(of(Path::new("/proc/self")).unwrap().unwrap().name, "0x9fa0");
        assert_eq!(of(&folder.path().join("no")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
