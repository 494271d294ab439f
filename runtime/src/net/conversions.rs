//! The way in and out of our types, for those who have std's, or a descriptor.
#![allow(unsafe_code)]

use std::net::{
    TcpListener as StdTcpListener, TcpStream as StdTcpStream, UdpSocket as StdUdpSocket,
};

use super::{TcpListener, TcpStream, UdpSocket};

/// Implements the conversions of a type whose only field is a `Watched` of std's type.
macro_rules! conversions {
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
            fn into_raw_fd(self) -> ::std::os::fd::RawFd {
                ::std::os::fd::IntoRawFd::into_raw_fd(self.0.into_inner())
            }
        }

        impl From<::std::os::fd::OwnedFd> for $ours {
            fn from(fd: ::std::os::fd::OwnedFd) -> Self {
                <$std>::from(fd).into()
            }
        }

        impl From<$ours> for ::std::os::fd::OwnedFd {
            fn from(ours: $ours) -> Self {
                ours.0.into_inner().into()
            }
        }

        impl From<$std> for $ours {
            /// Takes over std's, made by a crate that knows nothing of greenpatch.
            fn from(std: $std) -> Self {
                $ours($crate::descriptor::watch::Watched::new(std))
            }
        }

        impl From<$ours> for $std {
            /// Gives std's away, to a crate that knows nothing of greenpatch.
            fn from(ours: $ours) -> Self {
                ours.0.into_inner()
            }
        }

        impl ::std::fmt::Debug for $ours {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

/// Implements the conversion that is not safe.
macro_rules! from_raw_fd {
    ($ours:ident, $std:ty) => {
        impl ::std::os::fd::FromRawFd for $ours {
            unsafe fn from_raw_fd(fd: ::std::os::fd::RawFd) -> Self {
                // SAFETY: the caller promises what std's type asks for.
                unsafe { <$std>::from_raw_fd(fd) }.into()
            }
        }
    };
}

from_raw_fd!(TcpStream, StdTcpStream);
from_raw_fd!(TcpListener, StdTcpListener);
from_raw_fd!(UdpSocket, StdUdpSocket);

pub(crate) use {conversions, from_raw_fd};
