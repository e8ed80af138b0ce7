//! Access control lists: files and folders that only this user and the system can open, and who else can open one.

use std::{
    fs::File,
    io,
    os::windows::{
        ffi::OsStrExt,
        io::{AsRawHandle, FromRawHandle},
    },
    path::Path,
    ptr,
};

use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
    Storage::FileSystem::{
        CreateDirectoryW, CreateFileW, FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ,
        FILE_SHARE_WRITE,
    },
};

use super::{
    super::Problem,
    security::{self, Held, Owner},
};

/// The system itself, which reads and writes everything anyhow: backups, indexing, virus scanners.
const SYSTEM: &str = "S-1-5-18";
const ADMINISTRATORS: &str = "S-1-5-32-544";

/// Those who are never this user alone. Domains end the identifiers of their own groups of everybody alike.
const GROUPS: [(&str, &str); 7] = [
    ("S-1-1-0", "Everyone"),
    ("S-1-5-2", "everybody on the network"),
    ("S-1-5-4", "everybody who is logged on"),
    ("S-1-5-7", "anonymous users"),
    ("S-1-5-11", "all authenticated users"),
    ("S-1-5-32-545", "all users of the machine"),
    ("S-1-5-32-546", "guests"),
];
const DOMAIN: &str = "S-1-5-21-";
const DOMAIN_GROUPS: [(&str, &str); 2] =
    [("-513", "all users of the domain"), ("-514", "guests of the domain")];

const READ_DATA: u32 = 0x1;
const WRITE_DATA: u32 = 0x2;
const DELETE_CHILD: u32 = 0x40;
const DELETE: u32 = 0x1_0000;
const CHANGE_RIGHTS_OR_OWNER: u32 = 0xC_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_READ: u32 = 0x8000_0000;
const CHANGE: u32 = WRITE_DATA | DELETE_CHILD | DELETE | CHANGE_RIGHTS_OR_OWNER | GENERIC_ALL | GENERIC_WRITE;

/// Others may do everything with the file meanwhile.
pub(super) const SHARED: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// Open or create a file. One that is created is for this user and the system only, whatever its folder says.
pub(super) fn open(path: &Path, access: u32, disposition: u32, share: u32, flags: u32) -> io::Result<File> {
    let (path, descriptor) = (wide(path)?, owner_only()?);
    let attributes = attributes(&descriptor);
    // SAFETY: the path ends with a zero, the attributes point to a descriptor, and both live until after the call; no
    // template is given.
    let handle = unsafe {
        CreateFileW(
            path.as_ptr(),
            access,
            share,
            &raw const attributes,
            disposition,
            flags | FILE_FLAG_OPEN_REPARSE_POINT,
            ptr::null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so this is an open handle of a file, and nobody else has it.
    Ok(unsafe { File::from_raw_handle(handle) })
}

/// Create a folder for this user and the system only, and so everything that will be created in it.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let (path, descriptor) = (wide(path)?, owner_only()?);
    let attributes = attributes(&descriptor);
    // SAFETY: as in `open`.
    let done = unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Who else has rights on an open file or folder, as far as it is a problem.
#[derive(Debug, Default)]
pub(super) struct Others {
    pub(super) owner: Option<Problem>,
    pub(super) readers: Option<Problem>,
    pub(super) writers: Option<Problem>,
}

pub(super) fn others(file: &File) -> io::Result<Others> {
    let us = security::this_user()?;
    // A file system without rights, such as that of a memory stick, has none to ask for.
    let Some(Owner { owner, granted }) = security::of(file.as_raw_handle())? else {
        let readers = Some(Problem::OpenToGroup("everybody: its file system keeps no rights"));
        return Ok(Others { readers, ..Others::default() });
    };
    let is_ours = owner == us || owner == SYSTEM || owner == ADMINISTRATORS;
    let group = |mask: u32| {
        granted.iter().filter(|(_, rights)| rights & mask != 0).find_map(|(identifier, _)| group(identifier))
    };
    Ok(Others {
        owner: (!is_ours).then_some(Problem::OtherAccount(owner)),
        readers: group(READ_DATA | GENERIC_READ | CHANGE).map(Problem::OpenToGroup),
        writers: group(CHANGE).map(Problem::WritableByGroup),
    })
}

/// What the group of this identifier is called, if it is one of everybody.
fn group(identifier: &str) -> Option<&'static str> {
    let known = GROUPS.iter().find(|(of, _)| *of == identifier);
    let of_domain =
        || DOMAIN_GROUPS.iter().find(|(end, _)| identifier.starts_with(DOMAIN) && identifier.ends_with(end));
    known.or_else(of_domain).map(|(_, name)| *name)
}

/// Full access for this user and the system, inherited by what is in a folder, and nothing inherited from above.
fn owner_only() -> io::Result<Held> {
    let text = format!("D:P(A;OICI;FA;;;{})(A;OICI;FA;;;{SYSTEM})", security::this_user()?);
    let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: the text ends with a zero; the descriptor is taken over if it is set; its size is not asked for.
    let done = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            ptr::null_mut(),
        )
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Held::new(descriptor)) }
}

fn attributes(descriptor: &Held) -> SECURITY_ATTRIBUTES {
    SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).expect("a small structure"),
        lpSecurityDescriptor: descriptor.pointer(),
        bInheritHandle: 0,
    }
}

fn wide(path: &Path) -> io::Result<Vec<u16>> {
    let wide: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    if wide[..wide.len() - 1].contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path contains a NUL character"));
    }
    Ok(wide)
}
