//! Lifetimes that cannot be seen: `Iter<T>` may be declared `Iter<'a, T>`.

use std::collections::HashSet;
use syn::{GenericArgument, Path, PathArguments, Type};

/// Whether a path in `ty` may hide a lifetime, as `Iter<T>` does that is declared `Iter<'a, T>`.
/// `plain` holds the names that are known to have none.
pub(crate) fn may_hide_lifetime(ty: &Type, plain: &HashSet<String>) -> bool {
    match ty {
        Type::Path(ty) if ty.qself.is_some() => false,
        Type::Path(ty) => {
            let Some(last) = ty.path.segments.last() else {
                return false;
            };
            let first = &ty.path.segments[0].ident;
            // `Self::Item` and `T::Item` are what the impl says they are.
            if first == "Self"
                || ty.path.segments.len() > 1 && plain.contains(&format!("<{first}>"))
            {
                return false;
            }
            match &last.arguments {
                PathArguments::AngleBracketed(args) => {
                    let explicit = args
                        .args
                        .iter()
                        .any(|arg| matches!(arg, GenericArgument::Lifetime(_)));
                    let inside = args.args.iter().any(|arg| match arg {
                        GenericArgument::Type(ty) => may_hide_lifetime(ty, plain),
                        _ => false,
                    });
                    inside || !explicit && !is_plain(&ty.path, plain)
                }
                PathArguments::None => !is_plain(&ty.path, plain),
                PathArguments::Parenthesized(_) => false,
            }
        }
        Type::Reference(ty) => may_hide_lifetime(&ty.elem, plain),
        Type::Array(ty) => may_hide_lifetime(&ty.elem, plain),
        Type::Slice(ty) => may_hide_lifetime(&ty.elem, plain),
        Type::Ptr(ty) => may_hide_lifetime(&ty.elem, plain),
        Type::Group(ty) => may_hide_lifetime(&ty.elem, plain),
        Type::Paren(ty) => may_hide_lifetime(&ty.elem, plain),
        Type::Tuple(ty) => ty.elems.iter().any(|ty| may_hide_lifetime(ty, plain)),
        Type::Never(_) | Type::FnPtr(_) => false,
        _ => true,
    }
}

fn is_plain(path: &Path, plain: &HashSet<String>) -> bool {
    let names: Vec<_> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        [name] => STD.contains(name) || plain.contains(*name),
        ["io", "Result" | "Error" | "ErrorKind"] | ["fmt", "Result" | "Error"] => true,
        ["std" | "core" | "alloc", .., name] => {
            STD.contains(name) || matches!(*name, "Error" | "ErrorKind")
        }
        [
            "collections" | "sync" | "time" | "net" | "path" | "cmp" | "string" | "rc",
            name,
        ] => STD.contains(name),
        _ => false,
    }
}

/// Types of std that have no lifetime parameter, where the name alone says that they are std's.
const STD: &[&str] = &[
    "bool",
    "char",
    "str",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "String",
    "Vec",
    "Option",
    "Result",
    "Box",
    "Rc",
    "Arc",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "VecDeque",
    "BinaryHeap",
    "PathBuf",
    "Path",
    "OsString",
    "OsStr",
    "CString",
    "CStr",
    "Duration",
    "Instant",
    "SystemTime",
    "Ordering",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "File",
    "Mutex",
    "RwLock",
    "Condvar",
    "Cell",
    "RefCell",
    "PhantomData",
    "TypeId",
    "Layout",
    "Pin",
    "ControlFlow",
    "Poll",
    "Bound",
    "Range",
    "NonZeroU8",
    "NonZeroU16",
    "NonZeroU32",
    "NonZeroU64",
    "NonZeroUsize",
    "NonNull",
    "ThreadId",
];
