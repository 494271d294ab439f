//! The traits of types that are made of one file descriptor, for our types that hold one of std's.
//!
//! Layer: beside the facades. Called by: `fs`, `io`, `process`. Calls: std.
//! Never: reads, writes or waits.
#![allow(unsafe_code)]

/// Gives `$ours`, a tuple struct whose first field is `$std`, the conversions that `$std` has from and
/// to descriptors, and those from and to `$std` itself.
macro_rules! owns_a_descriptor {
    ($ours:ident, $std:ty) => {
        impl ::std::os::fd::AsFd for $ours {
            #[inline]
            fn as_fd(&self) -> ::std::os::fd::BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        impl ::std::os::fd::AsRawFd for $ours {
            #[inline]
            fn as_raw_fd(&self) -> ::std::os::fd::RawFd {
                self.0.as_raw_fd()
            }
        }

        impl ::std::os::fd::IntoRawFd for $ours {
            #[inline]
            fn into_raw_fd(self) -> ::std::os::fd::RawFd {
                ::std::os::fd::OwnedFd::from(self).into_raw_fd()
            }
        }

        impl From<::std::os::fd::OwnedFd> for $ours {
            /// Takes a descriptor over.
            #[inline]
            fn from(fd: ::std::os::fd::OwnedFd) -> $ours {
                $ours::from(<$std>::from(fd))
            }
        }

        impl From<$ours> for ::std::os::fd::OwnedFd {
            /// Gives the descriptor away.
            #[inline]
            fn from(ours: $ours) -> ::std::os::fd::OwnedFd {
                <$std>::from(ours).into()
            }
        }

        impl From<$ours> for ::std::process::Stdio {
            /// Has a child process use it as one of its standard streams.
            fn from(ours: $ours) -> ::std::process::Stdio {
                <$std>::from(ours).into()
            }
        }

        impl ::std::fmt::Debug for $ours {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}
pub(crate) use owns_a_descriptor;

/// `FromRawFd` for a type that [`owns_a_descriptor`], where std's has it.
macro_rules! made_from_a_raw_descriptor {
    ($ours:ident) => {
        impl ::std::os::fd::FromRawFd for $ours {
            #[inline]
            unsafe fn from_raw_fd(fd: ::std::os::fd::RawFd) -> $ours {
                // SAFETY: the caller guarantees that the descriptor is open and owned by no other value.
                unsafe { <::std::os::fd::OwnedFd as ::std::os::fd::FromRawFd>::from_raw_fd(fd) }
                    .into()
            }
        }
    };
}
pub(crate) use made_from_a_raw_descriptor;
