//! Bodies that have impls of their own.

/// Bodies with impls and traits of their own, in which `Self` is another type.
#[greenpatch::patchable(strict, dispatch)]
mod nested {
    use std::str::FromStr;

    pub struct Name(pub String);

    impl FromStr for Name {
        type Err = String;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            struct Byte;

            impl FromStr for Byte {
                type Err = u8;

                fn from_str(_: &str) -> Result<Self, Self::Err> {
                    let error: Self::Err = 3;
                    Err(error)
                }
            }

            trait Kind {
                type Err;

                fn none() -> Option<Self::Err> {
                    let none: Option<Self::Err> = None;
                    none
                }
            }

            #[allow(unused)]
            impl Kind for Byte {
                type Err = u16;

                fn none() -> Option<Self::Err> {
                    Some(4_u16)
                }
            }

            macro_rules! own {
                () => {
                    Self::Err
                };
            }

            fn all(of: impl Into<u64>) -> impl Iterator<Item = u64> {
                std::iter::once(of.into())
            }

            let three = match text.parse::<Byte>() {
                Ok(_) => 0,
                Err(error) => error,
            };
            let closure = |text: &str| -> Self::Err { text.to_owned() };
            let bracketed: Option<<Self>::Err> = None;
            let by_macro: Option<own!()> = bracketed;
            assert!(by_macro.is_none());
            assert_eq!(stringify!(Self::Err), "Self::Err");
            let four = <Byte as Kind>::none()
                .into_iter()
                .flat_map(all)
                .sum::<u64>();
            if text.is_empty() {
                return Err(closure("empty"));
            }
            Ok(Self(format!("{text}{three}{four}")))
        }
    }

    /// Its variants have the names of associated types.
    #[derive(Debug, PartialEq)]
    pub enum Token {
        Error(u8),
        Other,
    }

    impl TryFrom<u8> for Token {
        type Error = u16;

        fn try_from(byte: u8) -> Result<Self, u16> {
            if byte == 1 {
                return Ok(Self::Error(byte));
            }
            let token = Self::Other;
            match token {
                Self::Error(_) => Err(1),
                Self::Other => Ok(token),
            }
        }
    }
}

#[test]
fn bodies_with_impls_of_their_own() {
    use nested::{Name, Token};
    assert_eq!("a".parse::<Name>().unwrap().0, "a34");
    assert_eq!("".parse::<Name>().err().unwrap(), "empty");
    assert_eq!(Token::try_from(1), Ok(Token::Error(1)));
    assert_eq!(Token::try_from(2), Ok(Token::Other));
}
