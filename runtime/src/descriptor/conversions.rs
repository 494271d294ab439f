//! The traits of types that own one file descriptor: conversions from and to descriptors and std's types.
//!
//! Each macro takes `$ours`, a tuple struct, and `$std`, the type of std to which it corresponds.
#![allow(unsafe_code)]

/// Implements `AsFd`, `AsRawFd`, `IntoRawFd`, the conversions from and to `OwnedFd`, and `Debug`. The first field of
/// `$ours` has the borrowing traits; `$ours` converts from and to `$std`.
macro_rules! descriptor_traits {
    ($ours:ident, $std:ty) => {
        impl ::std::os::fd::AsFd for $ours {
            #[inline]
            fn as_fd(&self) -> ::std::os::fd::BorrowedFd<'_> {
                ::std::os::fd::AsFd::as_fd(&self.0)
            }
        }

        impl ::std::os::fd::AsRawFd for $ours {
            #[inline]
            fn as_raw_fd(&self) -> ::std::os::fd::RawFd {
                ::std::os::fd::AsRawFd::as_raw_fd(&self.0)
            }
        }

        impl ::std::os::fd::IntoRawFd for $ours {
            #[inline]
            fn into_raw_fd(self) -> ::std::os::fd::RawFd {
                ::std::os::fd::IntoRawFd::into_raw_fd(<$std>::from(self))
            }
        }

        impl From<::std::os::fd::OwnedFd> for $ours {
            /// Takes ownership of a descriptor.
            #[inline]
            fn from(fd: ::std::os::fd::OwnedFd) -> $ours {
                $ours::from(<$std>::from(fd))
            }
        }

        impl From<$ours> for ::std::os::fd::OwnedFd {
            /// Returns the descriptor.
            #[inline]
            fn from(ours: $ours) -> ::std::os::fd::OwnedFd {
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

/// Implements the conversions from and to `$std`, where `$ours` is a tuple struct of a `Watched<$std>`.
macro_rules! std_conversions {
    ($ours:ident, $std:ty) => {
        impl From<$std> for $ours {
            /// Takes ownership of a value of std, such as one created by a crate that does not use greenpatch.
            fn from(std: $std) -> $ours {
                $ours($crate::descriptor::watch::Watched::new(std))
            }
        }

        impl From<$ours> for $std {
            /// Returns the value of std, for example for a crate that does not use greenpatch.
            fn from(ours: $ours) -> $std {
                ours.0.into_inner()
            }
        }
    };
}

/// Implements the conversion into a standard stream of a child process.
macro_rules! into_stdio {
    ($ours:ident, $std:ty) => {
        impl From<$ours> for ::std::process::Stdio {
            /// Converts it into a standard stream of a child process.
            fn from(ours: $ours) -> ::std::process::Stdio {
                <$std>::from(ours).into()
            }
        }
    };
}

/// Implements `FromRawFd` for a type that has [`descriptor_traits`].
macro_rules! from_raw_fd {
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

pub(crate) use {descriptor_traits, from_raw_fd, into_stdio, std_conversions};
