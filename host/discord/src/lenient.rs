//! Lenient reading of Discord's JSON: field by field and item by item, so that what is odd in one place costs that place alone.
//!
//! Discord adds fields, kinds and values at any time. Whoever reads here says of each field whether it is there, absent, or
//! unreadable, and what that means; [`Faults`] collects where something was unreadable, never what stood there.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

/// The fields of an object, unread.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A field that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field<T> {
    /// It is not there, or null.
    Absent,
    /// It is there, and can't be read.
    Unreadable,
    /// It is this.
    Is(T),
}

/// Paths of what could not be read, such as `roles[3].permissions`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Faults(Vec<String>);

/// Most places that are remembered of one event.
const PLACES: usize = 8;

impl<'a> Fields<'a> {
    /// The fields of an object; `None` if it is none.
    #[must_use]
    pub fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// A field's JSON; `None` if it is not there, or null.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        // Of a name that is there twice, the last one counts, as with every other reader.
        let (_, raw) = self.0.iter().rev().find(|(it, _)| it == name)?;
        Some(raw.get()).filter(|raw| *raw != "null")
    }

    /// A field, read by `read`.
    #[must_use]
    pub fn get<T>(&self, name: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Field<T> {
        match self.raw(name) {
            None => Field::Absent,
            Some(raw) => read(raw).map_or(Field::Unreadable, Field::Is),
        }
    }

    /// A field that is an id.
    #[must_use]
    pub fn id(&self, name: &str) -> Field<u64> {
        self.get(name, id)
    }

    /// A field that is an object.
    #[must_use]
    pub fn object(&self, name: &str) -> Field<Self> {
        self.get(name, Self::read)
    }

    /// A field that is a list, its items unread.
    #[must_use]
    pub fn list(&self, name: &str) -> Field<Vec<&'a str>> {
        self.get(name, items)
    }

    /// All fields with their JSON, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (&**name, raw.get()))
    }
}

impl<T> Field<T> {
    /// What it is, if it could be read.
    #[must_use]
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unreadable => None,
        }
    }

    /// Notes where it stands if it could not be read.
    #[must_use]
    pub fn noted(self, faults: &mut Faults, path: &str) -> Self {
        if matches!(self, Self::Unreadable) {
            faults.note(path);
        }
        self
    }
}

impl Faults {
    /// Something could not be read there.
    pub fn note(&mut self, path: impl Into<String>) {
        if self.0.len() < PLACES {
            self.0.push(path.into());
        }
    }

    /// Reads something inside: what it notes gets this path in front.
    pub fn inside<T>(
        &mut self,
        path: impl FnOnce() -> String,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.0.len();
        let value = read(self);
        if self.0.len() > before {
            let path = path();
            for place in &mut self.0[before..] {
                *place = if place.is_empty() {
                    path.clone()
                } else {
                    format!("{path}.{place}")
                };
            }
        }
        value
    }

    /// What was found elsewhere in the same event.
    pub fn add(&mut self, others: Self) {
        for place in others.0 {
            if !self.0.contains(&place) {
                self.note(place);
            }
        }
    }

    /// Whether all could be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// An id: digits in quotes, as Discord writes them, or without.
#[must_use]
pub fn id(raw: &str) -> Option<u64> {
    number(raw).filter(|id| *id != 0)
}

/// A number of 64 bits: digits in quotes or without.
#[must_use]
pub fn number(raw: &str) -> Option<u64> {
    let inside = raw
        .strip_prefix('"')
        .and_then(|raw| raw.strip_suffix('"'))
        .unwrap_or(raw);
    // Not `+5`, which `parse` takes.
    let is_number = !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| inside.parse().ok()).flatten()
}

/// `true` or `false`.
#[must_use]
pub fn flag(raw: &str) -> Option<bool> {
    match raw {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A text.
#[must_use]
pub fn text(raw: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(raw).ok().map(|Text(text)| text)
}

/// The items of a list, unread.
#[must_use]
pub fn items(raw: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// Reads `T` from an object on top of `template`, which has all that `T` can't do without. What `T` can't read is left out, field by
/// field; the object without it comes along.
#[must_use]
pub fn fitting<T: DeserializeOwned>(json: &str, template: Value) -> Option<(Value, T)> {
    let fields = Fields::read(json)?;
    let values = fields.iter().map(|(name, raw)| {
        let value = serde_json::from_str(raw).unwrap_or(Value::Null);
        (name.to_owned(), value)
    });
    // Of a name that is there twice, the last one counts, also if it is null or can't be read.
    let mut values: Map<String, Value> = values.collect();
    values.retain(|_, value| !value.is_null());
    let mut whole = template.clone();
    whole.as_object_mut()?.extend(values.clone());
    if let Ok(read) = T::deserialize(&whole) {
        return Some((whole, read));
    }
    let mut fitting = template;
    for (name, value) in values {
        let mut tried = fitting.clone();
        tried.as_object_mut()?.insert(name, value);
        if T::deserialize(&tried).is_ok() {
            fitting = tried;
        }
    }
    let read = T::deserialize(&fitting).ok()?;
    Some((fitting, read))
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                #[derive(Deserialize)]
                struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
                let mut fields = Vec::new();
                while let Some((Name(name), raw)) = map.next_entry()? {
                    fields.push((name, raw));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_field_costs_itself_alone() {
        let json = r#"{"id":"5","id":"7","bot":"yes","name":"a\"b","n":1e400,"half":"\ud800","none":null,"list":[{},5,"x"]}"#;
        let fields = Fields::read(json).unwrap();
        assert_eq!(fields.id("id"), Field::Is(7), "the last one counts");
        assert_eq!(fields.get("bot", flag), Field::Unreadable);
        assert_eq!(fields.get("name", text), Field::Is("a\"b".into()));
        assert_eq!(fields.id("n"), Field::Unreadable);
        assert_eq!(fields.get("half", text), Field::Unreadable);
        assert_eq!(fields.id("none"), Field::Absent);
        assert_eq!(fields.id("gone"), Field::Absent);
        assert_eq!(fields.list("list"), Field::Is(vec!["{}", "5", "\"x\""]));
        assert!(Fields::read("[]").is_none() && Fields::read("5").is_none());
    }

    #[test]
    fn of_a_field_that_is_there_twice_a_model_has_the_last_one() {
        let read = |json| {
            fitting::<Value>(json, serde_json::json!({"a": 0}))
                .unwrap()
                .1
        };
        for (json, expected) in [
            (r#"{"a":1,"a":2}"#, 2),
            (r#"{"a":1,"a":null}"#, 0),
            (r#"{"a":1,"a":1e400}"#, 0),
            (r#"{"a":1e400,"a":3}"#, 3),
        ] {
            assert_eq!(read(json), serde_json::json!({"a": expected}), "{json}");
        }
    }

    #[test]
    fn ids_are_numbers_and_nothing_else() {
        let read = ["\"5\"", "5", "\"18446744073709551615\""].map(id);
        assert_eq!(read, [Some(5), Some(5), Some(u64::MAX)]);
        for odd in [
            "\"0\"",
            "0",
            "-5",
            "\"-5\"",
            "\"+5\"",
            "5.0",
            "\"\"",
            "\"5 \"",
            "true",
            "{}",
            "\"18446744073709551616\"",
            "\"",
        ] {
            assert_eq!(id(odd), None, "{odd}");
        }
    }

    #[test]
    fn faults_tell_where_and_not_what() {
        let mut faults = Faults::default();
        faults.inside(
            || "roles[3]".into(),
            |faults| faults.inside(|| "tags".into(), |faults| faults.note("bot_id")),
        );
        faults.inside(|| "threads[0]".into(), |faults| faults.note(""));
        assert_eq!(faults.to_string(), "roles[3].tags.bot_id, threads[0]");
    }
}
