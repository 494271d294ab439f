//! The claim of one copy of greenpatch on the process.
//!
//! A process can contain two copies: a program, and a library that it loads at run time, each linked with its own. They
//! do not know of each other. If both patched, each would make the main thread its own hub, on stacks that are unknown
//! to the other. Therefore the copy that first patches a built-in feature claims the process. An attempt of another copy is
//! an error, and its built-in features stay native. Two versions in one program are rejected by cargo, because of `links`
//! in the manifest.
//!
//! A claim is a page of memory at an address that all copies agree on. The kernel decides which copy is
//! first (`MAP_FIXED_NOREPLACE`). The page appears together with its contents, because it maps a
//! file (`memfd`) that was written before. A forked child inherits the page together with the statics of the copy that
//! created it; `exec` drops both. Other means do not work: an executable does not export symbols to the libraries that it
//! loads; an environment variable survives `exec`, and setting one races with every reader; a descriptor is closed
//! by programs that become daemons; a file or a socket named after the process ID does not belong to a forked child.
//!
//! Something else may be mapped at that address. Therefore there are several addresses, and they are read by the kernel,
//! which reports an error for memory that is not readable.
//!
//! On platforms other than Linux nothing is claimed, and a second copy is not detected.
//!
//! Invariants:
//! 1. `MAGIC`, `PLACES` and the layout of `Page` are the same in all versions of greenpatch.
//! 2. One OS thread at a time calls these functions: the one that holds the turn to patch.
#![allow(unsafe_code)]

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::refused::Refused;

/// The other copy of greenpatch that has claimed the process.
#[derive(Debug)]
pub(crate) struct Other {
    version: String,
    /// The file that the copy was loaded from, if the dynamic linker knows it.
    file: Option<String>,
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}", self.version)?;
        match &self.file {
            Some(file) => write!(f, ", in {file}"),
            None => Ok(()),
        }
    }
}

/// Whether this copy has claimed the process. Relaxed suffices by invariant 2.
static OURS: AtomicBool = AtomicBool::new(false);

/// Returns the copy that has claimed the process, if it is another one.
pub(crate) fn other() -> Result<Option<Other>, Refused> {
    if OURS.load(Ordering::Relaxed) {
        return Ok(None);
    }
    page::find()
}

/// Claims the process permanently, or returns the other copy that has claimed it.
pub(crate) fn take() -> Result<Option<Other>, Refused> {
    if let Some(other) = other()? {
        return Ok(Some(other));
    }
    if !OURS.load(Ordering::Relaxed) {
        if let Some(other) = page::put()? {
            return Ok(Some(other));
        }
        OURS.store(true, Ordering::Relaxed);
    }
    Ok(None)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod page {
    use super::{Other, Refused};

    pub(crate) fn find() -> Result<Option<Other>, Refused> {
        Ok(None)
    }

    pub(crate) fn put() -> Result<Option<Other>, Refused> {
        Ok(None)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod page {
    use std::ffi::{CStr, c_void};
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::mem::{self, MaybeUninit};
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::ptr;

    use super::{Other, Refused};

    const MAGIC: [u8; 16] = *b"greenpatch claim";

    /// The addresses of a claim, in the order in which they are tried: one near the end of the address space of x86-64 and
    /// AArch64, one that is free under valgrind, and two for smaller address spaces.
    #[cfg(target_pointer_width = "64")]
    const PLACES: [usize; 4] = [
        0x2067_7265_0000,
        0x0867_7265_0000,
        0x0026_7265_0000,
        0x0006_7265_0000,
    ];
    #[cfg(not(target_pointer_width = "64"))]
    const PLACES: [usize; 3] = [0x2772_0000, 0x3772_0000, 0x6772_0000];

    /// The contents of a claim. In the file, zeros follow.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Page {
        magic: [u8; 16],
        /// Padded with zeros.
        version: [u8; 40],
        /// An address in the copy.
        mark: u64,
    }

    const LENGTH: usize = mem::size_of::<Page>();

    /// Returns the copy that has made a claim.
    pub(crate) fn find() -> Result<Option<Other>, Refused> {
        for place in PLACES {
            if let Some(page) = read(place)? {
                return Ok(Some(page.copy()));
            }
        }
        Ok(None)
    }

    /// Maps this copy's claim at the first free address, or returns the copy that has a claim at an earlier one.
    pub(crate) fn put() -> Result<Option<Other>, Refused> {
        let file = file()?;
        let mut refused = None;
        for place in PLACES {
            match map(&file, place) {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(error) => refused = Some(error),
            }
            if let Some(page) = read(place)? {
                return Ok(Some(page.copy()));
            }
        }
        let what =
            "every address at which a process is claimed for one copy of greenpatch is taken";
        let error = refused.unwrap_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, what));
        Err(Refused::by("mmap")(error))
    }

    /// Creates a file with this copy's claim.
    fn file() -> Result<File, Refused> {
        static MARK: u8 = 0;
        let mut version = [0; 40];
        let name = env!("CARGO_PKG_VERSION").as_bytes();
        let length = name.len().min(version.len());
        version[..length].copy_from_slice(&name[..length]);
        let page = Page {
            magic: MAGIC,
            version,
            mark: ptr::from_ref(&MARK).addr() as u64,
        };
        // SAFETY: the name is a string that ends in NUL.
        let fd = unsafe { libc::memfd_create(c"greenpatch".as_ptr(), libc::MFD_CLOEXEC) };
        if fd == -1 {
            return Err(Refused::by("memfd_create")(io::Error::last_os_error()));
        }
        // SAFETY: the descriptor was created above and has no other owner.
        let mut file = unsafe { File::from_raw_fd(fd) };
        // SAFETY: a `Page` has no padding: 16, 40 and 8 bytes, the last at a multiple of 8.
        let bytes = unsafe { mem::transmute::<Page, [u8; LENGTH]>(page) };
        file.write_all(&bytes).map_err(Refused::by("write"))?;
        Ok(file)
    }

    /// Maps the file at an address. Returns false if something is mapped there already.
    fn map(file: &File, place: usize) -> io::Result<bool> {
        let wanted = ptr::without_provenance_mut::<c_void>(place);
        let flags = libc::MAP_PRIVATE | libc::MAP_FIXED_NOREPLACE;
        let fd = file.as_raw_fd();
        // SAFETY: this creates a mapping and replaces none. A kernel older than the flag takes the address as a hint.
        let got = unsafe { libc::mmap(wanted, LENGTH, libc::PROT_READ, flags, fd, 0) };
        if got == wanted {
            return Ok(true);
        }
        if got == libc::MAP_FAILED {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::EEXIST) => Ok(false),
                _ => Err(error),
            };
        }
        // SAFETY: it was mapped above, and there is no reference into it.
        unsafe { libc::munmap(got, LENGTH) };
        Ok(false)
    }

    /// Returns the claim at an address, if there is one.
    fn read(place: usize) -> Result<Option<Page>, Refused> {
        let from = ptr::without_provenance_mut::<c_void>(place);
        let mut resident = [0; 1];
        // SAFETY: a claim lies in one page, for which `mincore` writes one byte.
        if unsafe { libc::mincore(from, LENGTH, resident.as_mut_ptr()) } == -1 {
            // Nothing is mapped there. Other errors are found by the write below.
            if io::Error::last_os_error().raw_os_error() == Some(libc::ENOMEM) {
                return Ok(None);
            }
        }
        let (mut reader, writer) = io::pipe().map_err(Refused::by("pipe"))?;
        // Not libc's `write`, because a sanitizer would read the bytes itself.
        let fd = writer.as_raw_fd();
        // SAFETY: the kernel reads the memory, and returns an error if it cannot. The bytes fit into an empty pipe.
        let written = unsafe { libc::syscall(libc::SYS_write, fd, from, LENGTH) };
        let Ok(written) = usize::try_from(written) else {
            return match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::EFAULT) => Ok(None),
                error => Err(Refused::by("write")(error)),
            };
        };
        let mut bytes = [0; LENGTH];
        let read = reader.read_exact(&mut bytes[..written]);
        read.map_err(Refused::by("read"))?;
        // SAFETY: a `Page` consists of bytes and a number, for which every bit pattern is valid.
        let page = unsafe { mem::transmute::<[u8; LENGTH], Page>(bytes) };
        Ok((page.magic == MAGIC).then_some(page))
    }

    impl Page {
        /// Returns the copy that made the claim.
        fn copy(&self) -> Other {
            let version = CStr::from_bytes_until_nul(&self.version).map(CStr::to_bytes);
            Other {
                version: String::from_utf8_lossy(version.unwrap_or(&self.version)).into_owned(),
                file: file_of(self.mark),
            }
        }
    }

    /// Returns the file that the code or data at an address was loaded from.
    fn file_of(address: u64) -> Option<String> {
        let address = ptr::without_provenance::<c_void>(usize::try_from(address).ok()?);
        let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: the linker compares the address and does not read through it; `info` is writable.
        let found = unsafe { libc::dladdr(address, info.as_mut_ptr()) };
        // SAFETY: all zeros are a valid `Dl_info`.
        let name = unsafe { info.assume_init() }.dli_fname;
        if found == 0 || name.is_null() {
            return None;
        }
        // SAFETY: the string belongs to the linker and is valid while the file is loaded.
        let name = unsafe { CStr::from_ptr(name) };
        Some(name.to_string_lossy().into_owned())
    }
}
