//! Form reader: bodies read by a table of fields; what is wrong is reported at once, in Discord's words.
//!
//! The limits in the tables are those of Discord's own description (openapi.json) and of the page of the resource.

use serde_json::{Value, json};

use crate::{
    rest::{
        call::{body_id, time},
        error::{ApiError, FormErrors},
    },
    world::Record,
};

/// A field of a body. Absent ones are left out of what is read.
#[derive(Clone, Copy, Debug)]
pub(in crate::rest) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
    nullable: bool,
}

/// What a field holds, with its bounds.
#[derive(Clone, Copy, Debug)]
pub(in crate::rest) enum Kind {
    /// A text of so many characters.
    Text(usize, usize),
    /// A whole number in these bounds.
    Int(i64, i64),
    /// A number in these bounds.
    Float(f64, f64),
    Bool,
    /// A snowflake, read as text.
    Id,
    /// One of these numbers.
    Choice(&'static [i64]),
    /// Permission bits, read as text.
    Permissions,
    /// A time in ISO 8601.
    Time,
    /// A data URI of an image of at most so many KiB, kept as it is.
    Image(usize),
    /// A dictionary.
    Object(&'static [Field]),
    /// A list of at most so many.
    List(&'static Kind, usize),
    /// Anything.
    Any,
}

impl Field {
    /// A field that may be left out and may not be `null`.
    pub(in crate::rest) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            required: false,
            nullable: false,
        }
    }

    /// A field that must be there when something is made.
    pub(in crate::rest) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A field that may be `null`.
    pub(in crate::rest) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// Reads a body that makes something: required fields must be there.
pub(in crate::rest) fn read(table: &[Field], body: &Value) -> Result<Record, ApiError> {
    let mut errors = FormErrors::default();
    let record = record(table, body, "", true, &mut errors);
    errors.check().map(|()| record)
}

/// Reads a body that changes something: every field may be left out.
pub(in crate::rest) fn read_patch(table: &[Field], body: &Value) -> Result<Record, ApiError> {
    let mut errors = FormErrors::default();
    let record = record(table, body, "", false, &mut errors);
    errors.check().map(|()| record)
}

/// Reads the dictionary at a path; what is wrong goes to `errors`.
pub(in crate::rest) fn record(
    table: &[Field],
    body: &Value,
    at: &str,
    whole: bool,
    errors: &mut FormErrors,
) -> Record {
    let mut record = Record::new();
    if !(body.is_object() || body.is_null() && at.is_empty()) {
        let message = "Only dictionaries may be used in a ModelType";
        errors.add(at, "MODEL_TYPE_CONVERT", message);
        return record;
    }
    for field in table {
        let path = join(at, field.name);
        match body.get(field.name) {
            None if field.required && whole => errors.required(&path),
            None => {}
            Some(Value::Null) if field.nullable => {
                record.insert(field.name.to_owned(), Value::Null);
            }
            Some(Value::Null) => errors.required(&path),
            Some(value) => {
                if let Some(value) = field.kind.read(value, &path, errors) {
                    record.insert(field.name.to_owned(), value);
                }
            }
        }
    }
    record
}

impl Kind {
    /// The value as it is kept; `None` if something is wrong.
    fn read(&self, value: &Value, at: &str, errors: &mut FormErrors) -> Option<Value> {
        let read = match *self {
            Self::Text(min, max) => {
                let text = text(value)?;
                let text = text.trim();
                if !(min..=max).contains(&text.chars().count()) {
                    errors.length(at, text.chars().count(), min, max);
                    return None;
                }
                Some(json!(text))
            }
            Self::Int(min, max) => {
                let number = match value {
                    Value::Number(number) => number.as_i64(),
                    other => other.as_str().and_then(|text| text.parse().ok()),
                };
                return within(number, min, max, "int", value, at, errors);
            }
            Self::Float(min, max) => {
                return within(value.as_f64(), min, max, "float", value, at, errors);
            }
            Self::Bool => value.as_bool().map(Value::Bool),
            Self::Id => body_id(value).map(|id| json!(id.to_string())),
            Self::Choice(known) => {
                let number = value.as_i64();
                number
                    .filter(|number| known.contains(number))
                    .map(Value::from)
            }
            Self::Permissions => body_id(value).map(|bits| json!(bits.to_string())),
            Self::Time => {
                let time = value.as_str().and_then(time);
                time.map(|time| json!(time.iso_8601().to_string()))
            }
            Self::Image(most) => return image(value, most, at, errors),
            Self::Object(table) => {
                let before = errors.count();
                let read = record(table, value, at, true, errors);
                return (errors.count() == before).then_some(Value::Object(read));
            }
            Self::List(kind, most) => return list(value, kind, most, at, errors),
            Self::Any => Some(value.clone()),
        };
        if read.is_none() {
            let (code, message) = self.complaint(value);
            errors.add(at, code, message);
        }
        read
    }

    fn complaint(&self, value: &Value) -> (&'static str, String) {
        let shown = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        match self {
            Self::Text(..) => ("BASE_TYPE_STRING", "Must be a string.".to_owned()),
            Self::Bool => (
                "BOOLEAN_TYPE_CONVERT",
                "Must be either true or false.".to_owned(),
            ),
            Self::Choice(known) => ("BASE_TYPE_CHOICES", one_of(known.iter())),
            Self::Time => (
                "DATE_TIME_TYPE_PARSE",
                format!("Could not parse {shown}. Should be ISO8601."),
            ),
            Self::Permissions => (
                "NUMBER_TYPE_COERCE",
                format!("Value \"{shown}\" is not int."),
            ),
            _ => (
                "NUMBER_TYPE_COERCE",
                format!("Value \"{shown}\" is not snowflake."),
            ),
        }
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

fn one_of(known: impl Iterator<Item = impl ToString>) -> String {
    let known: Vec<_> = known.map(|one| one.to_string()).collect();
    format!("Value must be one of {{{}}}.", known.join(", "))
}

/// A text; Discord takes numbers for texts, too.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn within<N: PartialOrd + ToString + Into<Value>>(
    number: Option<N>,
    min: N,
    max: N,
    kind: &str,
    value: &Value,
    at: &str,
    errors: &mut FormErrors,
) -> Option<Value> {
    let (code, message) = match number {
        None => (
            "NUMBER_TYPE_COERCE",
            format!("Value {value} is not {kind}."),
        ),
        Some(number) if number < min => (
            "NUMBER_TYPE_MIN",
            format!(
                "{kind} value should be greater than or equal to {}.",
                min.to_string()
            ),
        ),
        Some(number) if number > max => (
            "NUMBER_TYPE_MAX",
            format!(
                "{kind} value should be less than or equal to {}.",
                max.to_string()
            ),
        ),
        Some(number) => return Some(number.into()),
    };
    errors.add(at, code, message);
    None
}

fn image(value: &Value, most_kib: usize, at: &str, errors: &mut FormErrors) -> Option<Value> {
    let uri = value.as_str().and_then(|text| text.strip_prefix("data:"));
    let Some((_, data)) = uri.and_then(|uri| uri.split_once(";base64,")) else {
        let message = "Only data uri strings can be used.";
        errors.add(at, "BINARY_TYPE_INVALID_DATA_URI", message);
        return None;
    };
    // Base64 writes three bytes in four letters.
    if data.len() / 4 * 3 > most_kib * 1024 {
        let message = format!("File cannot be larger than {most_kib}.0 kb.");
        errors.add(at, "BINARY_TYPE_MAX_SIZE", message);
        return None;
    }
    Some(value.clone())
}

fn list(
    value: &Value,
    kind: &Kind,
    most: usize,
    at: &str,
    errors: &mut FormErrors,
) -> Option<Value> {
    let Some(items) = value.as_array() else {
        let message = "Only iterables may be used in a ListType";
        errors.add(at, "LIST_TYPE_CONVERT", message);
        return None;
    };
    let before = errors.count();
    errors.length(at, items.len(), 0, most);
    let read: Vec<_> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| kind.read(item, &join(at, &index.to_string()), errors))
        .collect();
    (errors.count() == before).then_some(Value::Array(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Field] = &[
        Field::new("name", Kind::Text(1, 5)).required(),
        Field::new("topic", Kind::Text(0, 9)).nullable(),
        Field::new("slow", Kind::Int(0, 10)),
        Field::new("kind", Kind::Choice(&[0, 2])),
        Field::new("tags", Kind::List(&Kind::Object(TAG), 2)),
        Field::new("parent", Kind::Id),
    ];
    const TAG: &[Field] = &[Field::new("name", Kind::Text(1, 3)).required()];

    /// The path, code and message of each error, or what was read.
    fn check(body: Value, expect: Value) {
        let read =
            read(TABLE, &body).map_or_else(|error| error.body["errors"].clone(), Value::Object);
        assert_eq!(read, expect);
    }

    #[test]
    fn what_is_right_is_kept() {
        check(
            json!({"name": " ab ", "topic": null, "parent": 12, "unknown": 1, "tags": [{"name": "a"}]}),
            json!({"name": "ab", "topic": null, "parent": "12", "tags": [{"name": "a"}]}),
        );
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let error =
            |code: &str, message: &str| json!({"_errors": [{"code": code, "message": message}]});
        check(
            json!({"slow": 11, "kind": 1, "tags": [{}, 5], "parent": "x"}),
            json!({
                "name": error("BASE_TYPE_REQUIRED", "This field is required"),
                "slow": error("NUMBER_TYPE_MAX", "int value should be less than or equal to 10."),
                "kind": error("BASE_TYPE_CHOICES", "Value must be one of {0, 2}."),
                "parent": error("NUMBER_TYPE_COERCE", "Value \"x\" is not snowflake."),
                "tags": {
                    "0": {"name": error("BASE_TYPE_REQUIRED", "This field is required")},
                    "1": error("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"),
                },
            }),
        );
    }

    #[test]
    fn a_change_needs_no_field() {
        assert_eq!(read_patch(TABLE, &json!({})).unwrap(), Record::new());
        assert!(read_patch(TABLE, &json!({"name": null})).is_err());
    }
}
