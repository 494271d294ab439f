//! Where the socket is, and opening it there.
//!
//! From the look at what is there to the end of `listen`, the folder is locked. So a socket that refuses connections is not one
//! that another process is about to open, and no two processes replace it both.
#![allow(unsafe_code)]

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{self, Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::inspect::os;
use crate::patch::Listen;

/// The variable that decides, whatever the program says.
const VARIABLE: &str = "GREENPATCH_LISTEN";
/// How many connections may wait to be accepted.
const BACKLOG: i32 = 16;
/// How often the lock of the folder is tried, ten milliseconds apart.
const ATTEMPTS: u32 = 200;

type Failure = Box<dyn Error + Send + Sync>;

/// The file of an open socket.
pub(super) struct Place {
    pub(super) path: PathBuf,
    device: u64,
    inode: u64,
}

impl Place {
    /// Removes the file, unless another has its name.
    pub(super) fn remove(&self) {
        let is_it = |file: &Metadata| (file.dev(), file.ino()) == (self.device, self.inode);
        if fs::symlink_metadata(&self.path).is_ok_and(|file| is_it(&file)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns what the environment asks for, or else the program. None if it is no socket.
pub(super) fn asked(by_program: Option<&Listen>) -> Result<Option<Listen>, Failure> {
    let value = env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let asked = match value {
        Some(value) => Some(parse(&value).ok_or_else(|| {
            format!("{VARIABLE} is {value:?}; it can be 1, 0, or a path that contains a `/`")
        })?),
        None => by_program.cloned(),
    };
    Ok(asked.filter(|listen| *listen != Listen::Off))
}

fn parse(value: &OsStr) -> Option<Listen> {
    match value.as_bytes() {
        b"0" => Some(Listen::Off),
        b"1" => Some(Listen::Default),
        path if path.contains(&b'/') => Some(Listen::At(value.into())),
        _ => None,
    }
}

/// Returns the path of the socket. Makes the folder of the default one.
pub(super) fn path(listen: &Listen) -> Result<PathBuf, Failure> {
    match listen {
        Listen::At(path) => Ok(path::absolute(os::with_process(path))?),
        Listen::Off | Listen::Default => {
            let folder = default_folder();
            make_own(&folder)?;
            Ok(folder.join(format!("{}.sock", process::id())))
        }
    }
}

/// Returns the folder of default sockets.
fn default_folder() -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute() && folder.is_dir());
    let base = runtime.unwrap_or_else(env::temp_dir);
    base.join(format!("greenpatch-{}", user()))
}

fn user() -> u32 {
    // SAFETY: geteuid has no preconditions.
    unsafe { libc::geteuid() }
}

/// Makes a folder that is open to this user alone. One that is there has to be such a folder: another user may have made it.
fn make_own(folder: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().mode(0o700).create(folder);
    if let Err(error) = made
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(said(folder, "cannot be made", &error));
    }
    let found = fs::symlink_metadata(folder)
        .map_err(|error| said(folder, "cannot be looked at", &error))?;
    let fault = if !found.is_dir() {
        "is no folder"
    } else if found.uid() != user() {
        "belongs to another user"
    } else if found.mode() & 0o077 != 0 {
        "is open to other users; its mode has to be 0700"
    } else {
        return Ok(());
    };
    Err(format!("{}, the folder for sockets, {fault}", folder.display()).into())
}

fn said(path: &Path, what: &str, error: &io::Error) -> Failure {
    format!("{} {what}: {error}", path.display()).into()
}

/// Opens a socket that accepts connections, and does not block.
///
/// # Errors
///
/// If another process has a socket there, something else is there, or the OS refuses.
pub(super) fn open(path: PathBuf) -> Result<(Socket, Place), Failure> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let _lock = lock(folder)?;
    if folder == default_folder() {
        remove_stale_ones(folder);
    }
    let refused = |error: io::Error| said(&path, "cannot be opened as a socket", &error);
    let address = SockAddr::unix(&path).map_err(refused)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(refused)?;
    match socket.bind(&address) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            make_way(&path, &address)?;
            socket.bind(&address).map_err(refused)?;
        }
        Err(error) => return Err(refused(error)),
    }
    let place = admit(&socket, &path).map_err(refused);
    if place.is_err() {
        let _ = fs::remove_file(&path);
    }
    Ok((socket, place?))
}

/// Lets clients of this user in. Until then there are none, since the socket does not listen.
fn admit(socket: &Socket, path: &Path) -> io::Result<Place> {
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    let file = fs::symlink_metadata(path)?;
    Ok(Place {
        path: path.to_owned(),
        device: file.dev(),
        inode: file.ino(),
    })
}

/// Locks a folder against other processes that open sockets there. None if its file system has no locks.
fn lock(folder: &Path) -> Result<Option<File>, Failure> {
    let file = File::open(folder).map_err(|error| said(folder, "cannot be read", &error))?;
    for _ in 0..ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => {
                return Err(said(folder, "cannot be locked", &error));
            }
        }
        #[expect(clippy::disallowed_methods, reason = "a patch takes the OS thread")]
        thread::sleep(Duration::from_millis(10));
    }
    Err(format!("{} stays locked by another process", folder.display()).into())
}

/// Removes the socket of a process that has ended.
fn make_way(path: &Path, address: &SockAddr) -> Result<(), Failure> {
    let found = fs::symlink_metadata(path);
    if found.is_ok_and(|file| !file.file_type().is_socket()) {
        return Err(format!("{} is there already, and is no socket", path.display()).into());
    }
    if !is_stale(address).map_err(|error| said(path, "cannot be tried", &error))? {
        return Err(format!(
            "{} is the socket of a process that runs; `%p` in the path gives each process its own",
            path.display()
        )
        .into());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(said(path, "cannot be replaced", &error))
        }
        _ => Ok(()),
    }
}

/// Whether the socket has no process that would accept a connection.
fn is_stale(address: &SockAddr) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(address) {
        Ok(()) => Ok(false),
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Ok(true),
            // It is busy.
            ErrorKind::WouldBlock => Ok(false),
            _ => Err(error),
        },
    }
}

/// Removes what processes that were killed have left in the folder of default sockets.
fn remove_stale_ones(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_socket = entry.file_type().is_ok_and(|kind| kind.is_socket());
        if !is_socket || path.extension() != Some(OsStr::new("sock")) {
            continue;
        }
        if SockAddr::unix(&path).is_ok_and(|address| is_stale(&address).is_ok_and(|stale| stale)) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_a_meaning_or_none() {
        assert_eq!(parse(OsStr::new("1")), Some(Listen::Default));
        assert_eq!(parse(OsStr::new("0")), Some(Listen::Off));
        let path = OsStr::new("./here.sock");
        assert_eq!(parse(path), Some(Listen::At(path.into())));
        for value in ["on", "yes", "2", "here.sock"] {
            assert_eq!(parse(OsStr::new(value)), None, "{value}");
        }
    }
}
