//! Readers of single values: each says what it expected, and what came.

use std::{ops::RangeInclusive, path::PathBuf};

use host_base::shown;
use toml::de::{DeInteger, DeValue};

use super::fault::{Fault, Item, expected, nearest, quoted_list};

/// Result of a reader: the value, or everything that is wrong with it.
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
pub(super) fn text(
    check: impl Fn(&str) -> Result<(), String>,
) -> impl Fn(&Item<'_>) -> Reading<String> {
    move |item| {
        let text = string(item)?;
        check(&text).map_err(|message| vec![Fault::new(item, message)])?;
        Ok(text)
    }
}

pub(super) fn folder(item: &Item<'_>) -> Reading<PathBuf> {
    let hint =
        "expected a folder, found an empty string; `.` is the folder that the host was started in";
    path(item, hint)
}

pub(super) fn file(item: &Item<'_>) -> Reading<PathBuf> {
    path(item, "expected a file, found an empty string")
}

fn path(item: &Item<'_>, if_blank: &str) -> Reading<PathBuf> {
    let check = |text: &str| match text.trim() {
        "" => Err(if_blank.to_owned()),
        _ => Ok(()),
    };
    text(check)(item).map(PathBuf::from)
}

/// What may be left out.
pub(super) fn optional<T>(
    reader: impl Fn(&Item<'_>) -> Reading<T>,
) -> impl Fn(&Item<'_>) -> Reading<Option<T>> {
    move |item| reader(item).map(Some)
}

/// One of a few words.
pub(super) fn word<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Item<'_>) -> Reading<T> {
    move |item| {
        let names = || words.iter().map(|(name, _)| *name);
        let known = quoted_list(names());
        let Some(text) = item.get_ref().as_str() else {
            return Err(vec![expected(&format!("one of {known}"), item)]);
        };
        let word = words.iter().find(|(name, _)| *name == text);
        word.map(|(_, value)| *value).ok_or_else(|| {
            let hint = nearest(text, names())
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            let message = format!("expected one of {known}, found `{text}`{hint}");
            vec![Fault::new(item, message)]
        })
    }
}

/// A whole number of something.
pub(super) fn number<N: TryFrom<u64>>(
    allowed: RangeInclusive<u64>,
    unit: &str,
) -> impl Fn(&Item<'_>) -> Reading<N> {
    move |item| {
        let Some(number) = item.get_ref().as_integer() else {
            return Err(vec![expected(&format!("a whole number of {unit}"), item)]);
        };
        number_of(number)
            .filter(|number| allowed.contains(number))
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| {
                let bound = |bound: &u64| shown::number(bound);
                let (low, high) = (bound(allowed.start()), bound(allowed.end()));
                let message = format!("expected {low} to {high} {unit}, found {number}");
                vec![Fault::new(item, message)]
            })
    }
}

/// A duration in whole milliseconds.
pub(super) fn milliseconds(allowed: RangeInclusive<u64>) -> impl Fn(&Item<'_>) -> Reading<u64> {
    number(allowed, "milliseconds")
}

/// A duration in whole seconds.
pub(super) fn seconds(allowed: RangeInclusive<u64>) -> impl Fn(&Item<'_>) -> Reading<u64> {
    number(allowed, "seconds")
}

/// A timeout: 1 ms to an hour, since more is a slip of the keyboard.
pub(super) fn timeout(item: &Item<'_>) -> Reading<u64> {
    milliseconds(1..=3_600_000)(item)
}

/// Kind of a Discord id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdOf {
    User,
    Channel,
    Server,
    Role,
}

impl IdOf {
    /// As one says it, and as Discord's menu does.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("user", "User"),
            Self::Channel => ("channel", "Channel"),
            Self::Server => ("server", "Server"),
            Self::Role => ("role", "Role"),
        }
    }
}

/// A Discord id: an integer, or a string of digits.
pub(super) fn id(of: IdOf) -> impl Fn(&Item<'_>) -> Reading<u64> {
    move |item| {
        let (name, menu) = of.names();
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
                 right-click the {name} > Copy {menu} ID"
            );
            vec![Fault::new(item, message)]
        })
    }
}

/// A list whose items `reader` reads. Reports every item that is wrong.
pub(super) fn list<T>(
    what: &str,
    reader: impl Fn(&Item<'_>) -> Reading<T>,
) -> impl Fn(&Item<'_>) -> Reading<Vec<T>> {
    move |item| {
        let Some(items) = item.get_ref().as_array() else {
            return Err(vec![expected(what, item)]);
        };
        let (mut values, mut faults) = (Vec::new(), Vec::new());
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
}

/// The number as written, if it fits.
fn number_of(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
