//! Reads, writes, messages and clients.
use std::ffi::{c_int, c_void};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};
use std::{io, mem, ptr};

use greenpatch::thread;
use greenpatch_libc_tests::patch;

use super::{fails, gives_way, ok, pipe, read_some, sockets, write_all};

fn vectors<const N: usize>(parts: [&mut [u8]; N]) -> [libc::iovec; N] {
    parts.map(|part| libc::iovec {
        iov_base: part.as_mut_ptr().cast(),
        iov_len: part.len(),
    })
}

pub(super) fn reads() {
    patch();
    let (pipe_end, pipe_writer) = pipe();
    let (socket, other) = sockets(libc::SOCK_STREAM);
    for (reader, writer) in [
        (pipe_end.as_raw_fd(), pipe_writer.as_raw_fd()),
        (socket.as_raw_fd(), other.as_raw_fd()),
    ] {
        gives_way(
            move || read_some(reader),
            move || write_all(writer, b"abc"),
            |read| assert_eq!(read, b"abc"),
        );
        gives_way(
            move || {
                let (mut one, mut two) = ([0_u8; 2], [0_u8; 9]);
                let parts = vectors([&mut one, &mut two]);
                let length = ok(unsafe { libc::readv(reader, parts.as_ptr(), 2) });
                (length, one, two[0])
            },
            move || write_all(writer, b"abc"),
            |read| assert_eq!(read, (3, *b"ab", b'c')),
        );
        // Without bytes asked for there is nothing to wait for.
        let none = ptr::null_mut::<c_void>();
        assert_eq!(unsafe { libc::read(reader, none, 0) }, 0);
    }
    drop((pipe_writer, other));
    assert_eq!(read_some(pipe_end.as_raw_fd()), b"");
    assert_eq!(read_some(socket.as_raw_fd()), b"");
    let mut byte = 0_u8;
    fails(
        unsafe { libc::read(-1, (&raw mut byte).cast(), 1) },
        libc::EBADF,
    );
    // Files in storage are read in whole.
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let mut bytes = vec![0_u8; 1 << 20];
    let length =
        ok(unsafe { libc::read(file.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len()) });
    assert_eq!(length, 1 << 20);
}

pub(super) fn writes() {
    patch();
    const LENGTH: usize = 1 << 20;
    let (pipe_end, pipe_writer) = pipe();
    let (socket, other) = sockets(libc::SOCK_STREAM);
    let bytes: &'static [u8] = (0..LENGTH)
        .map(|n| (n % 251) as u8)
        .collect::<Vec<_>>()
        .leak();
    let drain = |fd: RawFd| {
        move || {
            let mut got = Vec::with_capacity(LENGTH);
            while got.len() < LENGTH {
                let mut buffer = [0_u8; 10_000];
                let length =
                    ok(unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) });
                got.extend_from_slice(&buffer[..length as usize]);
            }
            assert!(got == bytes);
        }
    };
    for (reader, writer) in [
        (pipe_end.as_raw_fd(), pipe_writer.as_raw_fd()),
        (socket.as_raw_fd(), other.as_raw_fd()),
    ] {
        gives_way(
            move || ok(unsafe { libc::write(writer, bytes.as_ptr().cast(), LENGTH) }),
            drain(reader),
            |written| assert_eq!(written as usize, LENGTH),
        );
        gives_way(
            move || {
                let parts = [
                    (0, 5),
                    (5, 0),
                    (5, LENGTH / 2),
                    (LENGTH / 2 + 5, LENGTH / 2 - 5),
                ];
                let parts = parts.map(|(start, length)| libc::iovec {
                    iov_base: bytes[start..].as_ptr().cast_mut().cast(),
                    iov_len: length,
                });
                ok(unsafe { libc::writev(writer, parts.as_ptr(), 4) })
            },
            drain(reader),
            |written| assert_eq!(written as usize, LENGTH),
        );
    }
    let (socket_fd, other_fd) = (socket.as_raw_fd(), other.as_raw_fd());
    gives_way(
        move || ok(unsafe { libc::send(other_fd, bytes.as_ptr().cast(), LENGTH, 0) }),
        drain(socket_fd),
        |sent| assert_eq!(sent as usize, LENGTH),
    );
    gives_way(
        move || {
            let mut part = libc::iovec {
                iov_base: bytes.as_ptr().cast_mut().cast(),
                iov_len: LENGTH,
            };
            let mut message: libc::msghdr = unsafe { mem::zeroed() };
            message.msg_iov = &raw mut part;
            message.msg_iovlen = 1;
            ok(unsafe { libc::sendmsg(other_fd, &raw const message, 0) })
        },
        drain(socket_fd),
        |sent| assert_eq!(sent as usize, LENGTH),
    );
    // The signal of a broken pipe is ignored, as in any program of Rust.
    drop((pipe_end, socket));
    fails(
        unsafe { libc::write(pipe_writer.as_raw_fd(), bytes.as_ptr().cast(), 9) },
        libc::EPIPE,
    );
    fails(
        unsafe { libc::write(other_fd, bytes.as_ptr().cast(), 9) },
        libc::EPIPE,
    );
}

pub(super) fn messages() {
    patch();
    let (socket, other) = sockets(libc::SOCK_STREAM);
    let (reader, writer) = (socket.as_raw_fd(), other.as_raw_fd());
    let receive = |flags: c_int| {
        move || {
            let mut buffer = [0_u8; 6];
            let length = ok(unsafe { libc::recv(reader, buffer.as_mut_ptr().cast(), 6, flags) });
            buffer[..length as usize].to_vec()
        }
    };
    gives_way(
        receive(0),
        move || write_all(writer, b"abc"),
        |got| assert_eq!(got, b"abc"),
    );
    gives_way(
        receive(libc::MSG_WAITALL),
        move || {
            write_all(writer, b"abc");
            thread::yield_now();
            write_all(writer, b"def");
        },
        |got| assert_eq!(got, b"abcdef"),
    );
    gives_way(
        receive(libc::MSG_PEEK),
        move || write_all(writer, b"p"),
        |got| {
            assert_eq!(got, b"p");
            assert_eq!(read_some(reader), b"p");
        },
    );
    // Of all that a call waits for and only looks at, a helper waits.
    gives_way(
        receive(libc::MSG_PEEK | libc::MSG_WAITALL),
        move || write_all(writer, b"abcdef"),
        |got| {
            assert!(b"abcdef".starts_with(&got));
            assert_eq!(read_some(reader), b"abcdef");
        },
    );

    let (socket, other) = sockets(libc::SOCK_DGRAM);
    let (reader, writer) = (socket.as_raw_fd(), other.as_raw_fd());
    gives_way(
        move || {
            let mut buffer = [0_u8; 9];
            let mut address: libc::sockaddr_storage = unsafe { mem::zeroed() };
            let mut length = size_of_val(&address) as libc::socklen_t;
            let result = unsafe {
                let address = (&raw mut address).cast();
                libc::recvfrom(
                    reader,
                    buffer.as_mut_ptr().cast(),
                    9,
                    0,
                    address,
                    &raw mut length,
                )
            };
            buffer[..ok(result) as usize].to_vec()
        },
        move || {
            ok(unsafe { libc::sendto(writer, b"data".as_ptr().cast(), 4, 0, ptr::null(), 0) });
        },
        |got| assert_eq!(got, b"data"),
    );
    let receive_several = |flags: c_int| {
        move || {
            let mut buffers = [[0_u8; 4]; 3];
            let mut parts = buffers.each_mut().map(|buffer| libc::iovec {
                iov_base: buffer.as_mut_ptr().cast(),
                iov_len: 4,
            });
            let mut messages: [libc::mmsghdr; 3] = unsafe { mem::zeroed() };
            for (message, part) in messages.iter_mut().zip(&mut parts) {
                message.msg_hdr.msg_iov = part;
                message.msg_hdr.msg_iovlen = 1;
            }
            let time = ptr::null_mut();
            let count =
                ok(unsafe { libc::recvmmsg(reader, messages.as_mut_ptr(), 3, flags as _, time) });
            messages[..count as usize]
                .iter()
                .map(|message| message.msg_len)
                .collect::<Vec<_>>()
        }
    };
    let send_several = move || {
        let mut parts = [1, 2, 3].map(|length| libc::iovec {
            iov_base: b"data".as_ptr().cast_mut().cast(),
            iov_len: length,
        });
        let mut messages: [libc::mmsghdr; 3] = unsafe { mem::zeroed() };
        for (message, part) in messages.iter_mut().zip(&mut parts) {
            message.msg_hdr.msg_iov = part;
            message.msg_hdr.msg_iovlen = 1;
        }
        assert_eq!(
            ok(unsafe { libc::sendmmsg(writer, messages.as_mut_ptr(), 3, 0) }),
            3
        );
    };
    gives_way(receive_several(0), send_several, |lengths| {
        assert_eq!(lengths, [1, 2, 3])
    });
    gives_way(
        receive_several(libc::MSG_WAITFORONE),
        send_several,
        |lengths| {
            assert_eq!(lengths, [1, 2, 3]);
        },
    );
    // A descriptor comes with a message.
    let (socket, other) = sockets(libc::SOCK_STREAM);
    let (reader, writer) = (socket.as_raw_fd(), other.as_raw_fd());
    gives_way(
        move || message_with_descriptor(reader, None),
        move || {
            message_with_descriptor(writer, Some(writer));
        },
        |received| {
            let received = unsafe { OwnedFd::from_raw_fd(received) };
            write_all(received.as_raw_fd(), b"by it");
            assert_eq!(read_some(reader), b"by it");
        },
    );
}

/// Sends a descriptor, or receives one and returns it.
fn message_with_descriptor(fd: RawFd, sent: Option<RawFd>) -> RawFd {
    let mut control = [0_u64; 8];
    let mut byte = [0_u8; 1];
    let mut parts = vectors([&mut byte]);
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = unsafe { libc::CMSG_SPACE(4) } as usize;
    let first = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    if let Some(sent) = sent {
        unsafe {
            (*first).cmsg_level = libc::SOL_SOCKET;
            (*first).cmsg_type = libc::SCM_RIGHTS;
            (*first).cmsg_len = libc::CMSG_LEN(4) as usize;
            libc::CMSG_DATA(first).cast::<RawFd>().write_unaligned(sent);
        }
        return ok(unsafe { libc::sendmsg(fd, &raw const message, 0) }) as RawFd;
    }
    assert_eq!(ok(unsafe { libc::recvmsg(fd, &raw mut message, 0) }), 1);
    unsafe { libc::CMSG_DATA(first).cast::<RawFd>().read_unaligned() }
}

pub(super) fn calls_that_do_not_wait() {
    patch();
    thread::spawn(|| {
        let (reader, writer) = pipe();
        let (socket, _other) = sockets(libc::SOCK_STREAM);
        let mut buffer = vec![0_u8; 1 << 20];
        let at = buffer.as_mut_ptr().cast::<c_void>();
        fails(
            unsafe { libc::recv(socket.as_raw_fd(), at, 1, libc::MSG_DONTWAIT) },
            libc::EAGAIN,
        );
        for fd in [&reader, &writer, &socket] {
            ok(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) });
        }
        for fd in [&reader, &socket] {
            fails(unsafe { libc::read(fd.as_raw_fd(), at, 1) }, libc::EAGAIN);
        }
        fails(
            unsafe { libc::recv(socket.as_raw_fd(), at, 1, 0) },
            libc::EAGAIN,
        );
        for fd in [&writer, &socket] {
            let written = ok(unsafe { libc::write(fd.as_raw_fd(), at, 1 << 20) });
            assert!((1..1 << 20).contains(&written), "a part: {written}");
            fails(
                unsafe { libc::write(fd.as_raw_fd(), at, 1 << 20) },
                libc::EAGAIN,
            );
        }
    })
    .join()
    .unwrap();
}

fn set_timeout(fd: RawFd, option: c_int, milliseconds: i64) {
    let time = libc::timeval {
        tv_sec: 0,
        tv_usec: milliseconds * 1000,
    };
    let length = size_of_val(&time) as libc::socklen_t;
    let time = (&raw const time).cast();
    ok(unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, option, time, length) });
}

pub(super) fn timeouts_of_sockets() {
    patch();
    thread::spawn(|| {
        let (socket, _other) = sockets(libc::SOCK_STREAM);
        let fd = socket.as_raw_fd();
        set_timeout(fd, libc::SO_RCVTIMEO, 40);
        set_timeout(fd, libc::SO_SNDTIMEO, 40);
        let mut buffer = vec![0_u8; 1 << 20];
        let at = buffer.as_mut_ptr().cast::<c_void>();
        let calls: [&dyn Fn() -> isize; 2] = [&|| unsafe { libc::read(fd, at, 1) }, &|| unsafe {
            libc::recv(fd, at, 1, 0)
        }];
        for call in calls {
            let begun = Instant::now();
            fails(call(), libc::EAGAIN);
            assert!(begun.elapsed() >= Duration::from_millis(40));
        }
        let begun = Instant::now();
        let written = ok(unsafe { libc::write(fd, at, 1 << 20) });
        assert!((1..1 << 20).contains(&written), "a part: {written}");
        assert!(begun.elapsed() >= Duration::from_millis(40));
        fails(unsafe { libc::send(fd, at, 1, 0) }, libc::EAGAIN);
    })
    .join()
    .unwrap();
}

pub(super) fn clients() {
    patch();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fd = listener.as_raw_fd();
    let connect = move || {
        let socket = ok(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) }) as RawFd;
        let mut address: libc::sockaddr_in = unsafe { mem::zeroed() };
        address.sin_family = libc::AF_INET as _;
        address.sin_port = port.to_be();
        address.sin_addr.s_addr = u32::from(std::net::Ipv4Addr::LOCALHOST).to_be();
        let length = size_of_val(&address) as libc::socklen_t;
        let result = unsafe { libc::connect(socket, (&raw const address).cast(), length) };
        let error = io::Error::last_os_error();
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        assert_eq!(
            unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_GETFL) } & libc::O_NONBLOCK,
            0
        );
        if result == -1 { Err(error) } else { Ok(socket) }
    };
    gives_way(
        move || ok(unsafe { libc::accept(fd, ptr::null_mut(), ptr::null_mut()) }) as RawFd,
        move || mem::forget(connect().unwrap()),
        |client| assert_eq!(ok(unsafe { libc::close(client) }), 0),
    );
    gives_way(
        move || {
            let mut address: libc::sockaddr_in = unsafe { mem::zeroed() };
            let mut length = size_of_val(&address) as libc::socklen_t;
            let client = ok(unsafe {
                let address = (&raw mut address).cast();
                libc::accept4(fd, address, &raw mut length, libc::SOCK_CLOEXEC)
            });
            assert_eq!(address.sin_family, libc::AF_INET as u16);
            client as RawFd
        },
        move || drop(connect().unwrap()),
        |client| assert_eq!(ok(unsafe { libc::close(client) }), 0),
    );
    assert_eq!(
        unsafe { libc::fcntl(fd, libc::F_GETFL) } & libc::O_NONBLOCK,
        0
    );
    drop(listener);
    let refused = thread::spawn(connect).join().unwrap().unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::ECONNREFUSED));

    // A server of the Unix domain whose queue is full.
    let path = std::env::temp_dir().join(format!("greenpatch-libc-{}", std::process::id()));
    let server = std::os::unix::net::UnixListener::bind(&path).unwrap();
    ok(unsafe { libc::listen(server.as_raw_fd(), 0) });
    let mut address: libc::sockaddr_un = unsafe { mem::zeroed() };
    address.sun_family = libc::AF_UNIX as _;
    for (to, from) in address
        .sun_path
        .iter_mut()
        .zip(path.as_os_str().as_encoded_bytes())
    {
        *to = *from as _;
    }
    let connect = move || {
        let socket = ok(unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0) }) as RawFd;
        let length = size_of_val(&address) as libc::socklen_t;
        ok(unsafe { libc::connect(socket, (&raw const address).cast(), length) });
        socket
    };
    connect();
    let fd = server.as_raw_fd();
    gives_way(
        connect,
        move || {
            ok(unsafe { libc::accept(fd, ptr::null_mut(), ptr::null_mut()) });
        },
        |_| (),
    );
    std::fs::remove_file(path).unwrap();
}

pub(super) fn counters() {
    patch();
    let event = ok(unsafe { libc::eventfd(0, 0) }) as RawFd;
    gives_way(
        move || {
            let mut value = 0;
            ok(unsafe { libc::eventfd_read(event, &raw mut value) });
            value
        },
        move || assert_eq!(ok(unsafe { libc::eventfd_write(event, 3) }), 0),
        |value| assert_eq!(value, 3),
    );
    gives_way(
        move || read_some(event),
        move || write_all(event, &9_u64.to_ne_bytes()),
        |read| {
            assert_eq!(read, 9_u64.to_ne_bytes());
        },
    );
    let timer = ok(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, 0) }) as RawFd;
    gives_way(
        move || read_some(timer),
        move || {
            let mut time: libc::itimerspec = unsafe { mem::zeroed() };
            time.it_value.tv_nsec = 1_000_000;
            ok(unsafe { libc::timerfd_settime(timer, 0, &raw const time, ptr::null_mut()) });
        },
        |read| assert_eq!(read, 1_u64.to_ne_bytes()),
    );
}
