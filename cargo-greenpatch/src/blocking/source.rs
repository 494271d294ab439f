//! The search of one source.

use super::cause::{Cause, cause};
use super::imports::Imports;
use crate::tokens::{Kind, Token, tokens};

/// The numbers of system calls that wait, with what they are.
const NUMBERS: &[(&str, Cause)] = &[
    ("SYS_futex", Cause::Futex),
    ("SYS_futex_wait", Cause::Futex),
    ("SYS_futex_waitv", Cause::Futex),
    ("SYS_epoll_pwait2", Cause::SystemCall),
    ("SYS_epoll_wait", Cause::SystemCall),
    ("SYS_io_uring_enter", Cause::SystemCall),
    ("SYS_nanosleep", Cause::SystemCall),
    ("SYS_poll", Cause::SystemCall),
    ("SYS_ppoll", Cause::SystemCall),
    ("SYS_read", Cause::SystemCall),
    ("SYS_recvfrom", Cause::SystemCall),
];

/// The instructions that enter the kernel.
const INSTRUCTIONS: &[&str] = &[
    "syscall",
    "sysenter",
    "int 0x80",
    "int $$0x80",
    "svc 0",
    "svc #0",
    "ecall",
];

/// What one source has that waits, with its line.
pub(super) fn search(source: &str) -> Vec<(Cause, String, usize)> {
    let tokens = without_tests(tokens(source));
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let is = |at: usize, sign: char| kind(at).is_some_and(|kind| kind.is(sign));
    let imports = Imports::of(&tokens);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Name(name) = token.kind else {
            continue;
        };
        let before = at.checked_sub(1).and_then(kind);
        let mut note = |cause, name: &str| found.push((cause, name.to_owned(), token.line));
        if let Some((_, cause)) = NUMBERS.iter().find(|(number, _)| *number == name) {
            // A crate like libc declares them.
            if before != Some(Kind::Name("const")) {
                note(*cause, name);
            }
        } else if matches!(name, "asm" | "global_asm" | "naked_asm") && is(at + 1, '!') {
            let literals = tokens[at..].iter().take_while(|token| !token.kind.is(';'));
            let texts = literals.filter_map(|token| match token.kind {
                Kind::Text(text) => Some(text),
                _ => None,
            });
            let enters = |text: &str| {
                let mut lines = text.split(['\n', ';']).map(str::trim);
                lines.find_map(|line| INSTRUCTIONS.iter().copied().find(|text| *text == line))
            };
            if let Some(instruction) = texts.into_iter().find_map(enters) {
                note(Cause::SystemCall, instruction);
            }
        } else if imports.names_libc(name) && kind(at + 1) == Some(Kind::Path) {
            // `libc::poll`, called or passed on; in `use libc::poll` it is not called yet.
            if let Some(Kind::Name(function)) = kind(at + 2)
                && let Some(cause) = cause(function)
                && !imports.covers(at)
            {
                note(cause, function);
            }
        } else if is(at + 1, '(') {
            let is_own = matches!(
                before,
                Some(Kind::Sign('.') | Kind::Path | Kind::Name("fn"))
            );
            let function = if in_a_call_macro(&tokens, at) {
                Some(name)
            } else {
                imports.function(name).filter(|_| !is_own)
            };
            if let Some(function) = function
                && let Some(cause) = cause(function)
            {
                note(cause, function);
            }
        }
    }
    found
}

/// Whether this is `NAME` in `syscall!(NAME(…))`, the macro that crates call the C library through.
fn in_a_call_macro(tokens: &[Token<'_>], at: usize) -> bool {
    let Some([name, not, open]) = at.checked_sub(3).map(|start| [start, start + 1, start + 2])
    else {
        return false;
    };
    let Kind::Name(name) = tokens[name].kind else {
        return false;
    };
    name.contains("syscall")
        && tokens[not].kind.is('!')
        && matches!(tokens[open].kind, Kind::Sign('(' | '{'))
}

/// The tokens without items under `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mark = [
        Kind::Sign('#'),
        Kind::Sign('['),
        Kind::Name("cfg"),
        Kind::Sign('('),
        Kind::Name("test"),
        Kind::Sign(')'),
        Kind::Sign(']'),
    ];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_mark = tokens[at..].len() > mark.len()
            && tokens[at..]
                .iter()
                .zip(mark)
                .all(|(token, kind)| token.kind == kind);
        if !is_mark {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += mark.len();
        // To the end of the item: a semicolon, or the brace that closes it.
        let mut depth = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.kind {
                Kind::Sign('(' | '[' | '{') => depth += 1,
                Kind::Sign(')' | ']') => depth -= 1,
                Kind::Sign('}') => {
                    depth -= 1;
                    if depth <= 0 {
                        break;
                    }
                }
                Kind::Sign(';') if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> String {
        let found = search(source).into_iter();
        let found = found.map(|(cause, name, line)| format!("{cause:?} {name} {line}"));
        found.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn calls_into_the_c_library_are_found_by_any_name() {
        assert_eq!(
            found("fn f() { unsafe { libc::poll(a, b, c) };\n ::libc::nanosleep(x, y) }"),
            "Libc poll 1, Libc nanosleep 2"
        );
        assert_eq!(
            found(
                "use libc::{self as c, read as r, poll, getpid};\nfn f() { c::accept(); r(); poll(); getpid() }"
            ),
            "Descriptor accept 2, Descriptor read 2, Libc poll 2"
        );
        assert_eq!(
            found("use libc as c; use libc::*; fn f() { c::recv(); usleep(1) }"),
            "Descriptor recv 1, Libc usleep 1"
        );
        assert_eq!(
            found("unsafe extern \"C\" { fn sem_wait(s: *mut u8); }\nfn f() { sem_wait(p) }"),
            "Libc sem_wait 2"
        );
        assert_eq!(
            found("let n = syscall!(epoll_wait(a, b))?;"),
            "Libc epoll_wait 1"
        );
        assert_eq!(found("map(libc::waitpid)"), "Libc waitpid 1");
    }

    #[test]
    fn what_only_looks_like_it_is_not_found() {
        for source in [
            "// libc::poll(x)\n/* libc::read() */ let x = \"libc::poll(y)\";",
            "use libc::poll;",
            "file.read(b); poll(); self.wait(); std::thread::sleep(d); fn read() {}",
            "use libc::{read, write}; impl Read for T { fn read(&self) { self.0.write(b) } }",
            "#[cfg(test)] mod tests { fn f() { libc::poll() } }",
            "#[cfg(test)] use libc::*; fn g() { poll(); }",
            "libc::getpid(); libc::close(f)",
            "pub const SYS_futex: c_long = 202;",
            "asm!(\"nop\"); let x = \"syscall\";",
        ] {
            assert_eq!(found(source), "", "{source}");
        }
        let after = "#[cfg(test)] mod tests { mod inner {} } fn f() { libc::poll() }";
        assert_eq!(found(after), "Libc poll 1");
    }

    #[test]
    fn futexes_and_system_calls_are_found() {
        assert_eq!(
            found("libc::syscall(libc::SYS_futex, a)"),
            "Futex SYS_futex 1"
        );
        assert_eq!(
            found("asm!(\n\"syscall\", in(\"rax\") n);"),
            "SystemCall syscall 1"
        );
        assert_eq!(
            found("core::arch::asm!(\"mov x8, 1; svc 0\")"),
            "SystemCall svc 0 1"
        );
    }
}
