//! `FromRawFd` of the sockets. The SAFETY comment is in `from_raw_fd!`.
#![allow(unsafe_code)]

use super::{TcpListener, TcpStream, UdpSocket};
use crate::descriptor::conversions::from_raw_fd;

from_raw_fd!(TcpStream);
from_raw_fd!(TcpListener);
from_raw_fd!(UdpSocket);
