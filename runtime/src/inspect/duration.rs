//! A time that an environment variable or the program asks for.
#![forbid(unsafe_code)]

use std::env;
use std::time::Duration;

/// Returns the time in an environment variable, or else `given`. Zero is none.
///
/// # Errors
///
/// If the variable has a value without a meaning.
pub(super) fn asked(variable: &str, given: Option<Duration>) -> Result<Option<Duration>, String> {
    let asked = match env::var(variable) {
        Ok(value) => Some(parse(&value).ok_or_else(|| {
            format!("{variable} is {value:?}; it can be a time such as 100ms or 2s")
        })?),
        Err(_) => given,
    };
    Ok(asked.filter(|time| !time.is_zero()))
}

fn parse(value: &str) -> Option<Duration> {
    let (number, unit) = value.split_at(value.find(|char: char| !char.is_ascii_digit())?);
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "us" => Duration::from_micros(number),
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(parse("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(parse("2s"), Some(Duration::from_secs(2)));
        assert_eq!(parse("50us"), Some(Duration::from_micros(50)));
        for value in ["", "100", "ms", "1h", "-1s", "1.5s"] {
            assert_eq!(parse(value), None, "{value}");
        }
    }
}
