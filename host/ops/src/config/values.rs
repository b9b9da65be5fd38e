//! Readers of single values: each says what it expected, and what came.

use std::{ops::RangeInclusive, path::PathBuf};

use toml::de::{DeInteger, DeValue};

use super::fault::{Fault, Item, expected, nearest, quoted_list};

/// What a reader gives: the value, or everything that is wrong with it.
pub(super) type Reading<T> = Result<T, Vec<Fault>>;

pub(super) fn boolean(item: &Item<'_>) -> Reading<bool> {
    item.get_ref()
        .as_bool()
        .ok_or_else(|| vec![expected("true or false", item)])
}

pub(super) fn string(item: &Item<'_>) -> Reading<String> {
    item.get_ref()
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| vec![expected("a string", item)])
}

/// A string that `check` finds nothing wrong with.
pub(super) fn string_that(
    item: &Item<'_>,
    check: impl FnOnce(&str) -> Result<(), String>,
) -> Reading<String> {
    let text = string(item)?;
    check(&text).map_err(|message| vec![Fault::new(item, message)])?;
    Ok(text)
}

pub(super) fn folder(item: &Item<'_>) -> Reading<PathBuf> {
    let not_blank = |text: &str| {
        match text.trim() {
        "" => Err("expected a folder, found an empty string; `.` is the folder that the host was started in".to_owned()),
        _ => Ok(()),
    }
    };
    string_that(item, not_blank).map(PathBuf::from)
}

/// One of a few words.
pub(super) fn word<T: Copy>(item: &Item<'_>, words: &[(&'static str, T)]) -> Reading<T> {
    let names = || words.iter().map(|(name, _)| *name);
    let Some(text) = item.get_ref().as_str() else {
        return Err(vec![expected(
            &format!("one of {}", quoted_list(names())),
            item,
        )]);
    };
    words
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let hint = nearest(text, names())
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            vec![Fault::new(
                item,
                format!(
                    "expected one of {}, found `{text}`{hint}",
                    quoted_list(names())
                ),
            )]
        })
}

/// A duration in whole milliseconds.
pub(super) fn milliseconds(item: &Item<'_>, allowed: RangeInclusive<u64>) -> Reading<u64> {
    integer(item, allowed, "milliseconds")
}

/// A duration in whole seconds.
pub(super) fn seconds(item: &Item<'_>, allowed: RangeInclusive<u64>) -> Reading<u64> {
    integer(item, allowed, "seconds")
}

/// A number of something.
pub(super) fn count(item: &Item<'_>, allowed: RangeInclusive<u64>, what: &str) -> Reading<u64> {
    integer(item, allowed, what)
}

/// What a Discord id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdOf {
    User,
    Channel,
    Server,
}

impl IdOf {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Channel => "channel",
            Self::Server => "server",
        }
    }
}

/// A Discord id: an integer, or a string of digits.
pub(super) fn id(item: &Item<'_>, of: IdOf) -> Reading<u64> {
    let name = of.name();
    let id = match item.get_ref() {
        DeValue::Integer(number) => number_of(number),
        DeValue::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok()
        }
        DeValue::String(_) => None,
        _ => return Err(vec![expected(&format!("a {name} id"), item)]),
    };
    // The first snowflakes have 17 digits.
    id.filter(|id| *id > u64::from(u32::MAX)).ok_or_else(|| {
        let message = format!(
            "expected a {name} id, which is a number of 17 to 20 digits; in Discord: Settings > Advanced > Developer Mode, then \
             right-click the {name} > Copy {} ID",
            match of {
                IdOf::User => "User",
                IdOf::Channel => "Channel",
                IdOf::Server => "Server",
            }
        );
        vec![Fault::new(item, message)]
    })
}

/// A list whose items `reader` reads. Reports every item that is wrong.
pub(super) fn list<T>(
    item: &Item<'_>,
    what: &str,
    reader: impl Fn(&Item<'_>) -> Reading<T>,
) -> Reading<Vec<T>> {
    let Some(items) = item.get_ref().as_array() else {
        return Err(vec![expected(what, item)]);
    };
    let mut values = Vec::new();
    let mut faults = Vec::new();
    for item in items {
        match reader(item) {
            Ok(value) => values.push(value),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() {
        Ok(values)
    } else {
        Err(faults)
    }
}

/// The number as written, if it fits.
fn number_of(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A whole number of something.
pub(super) fn integer(item: &Item<'_>, allowed: RangeInclusive<u64>, unit: &str) -> Reading<u64> {
    let Some(number) = item.get_ref().as_integer() else {
        return Err(vec![expected(&format!("a whole number of {unit}"), item)]);
    };
    number_of(number)
        .filter(|number| allowed.contains(number))
        .ok_or_else(|| {
            let (low, high) = allowed.into_inner();
            vec![Fault::new(
                item,
                format!("expected {low} to {high} {unit}, found {number}"),
            )]
        })
}
