//! JSON Schema validator (draft 2020-12), as far as Discord's description uses it; any other keyword or format stops
//! the tests.
//!
//! By hand, and not with the crate `jsonschema`: that one brings some 60 packages and a minute of cold build, and
//! of a union with 15 variants it can't say which one was meant.

use serde_json::Value;

/// What says nothing about a value, or is read together with another keyword.
const SILENT: [&str; 4] = ["title", "description", "contentEncoding", "x-discord-union"];

/// The schemas of a description.
#[derive(Clone, Copy)]
pub struct Schemas<'a> {
    pub api: &'a Value,
    /// Whether requests are checked, in which Discord takes an id as a number, too.
    pub of_requests: bool,
}

impl<'a> Schemas<'a> {
    /// What does not fit, each with its path in the value.
    pub fn faults(self, schema: &'a Value, value: &Value, at: &str) -> Vec<String> {
        let mut leaves = Vec::new();
        self.leaves(schema, value, &mut leaves);
        let mut found = Vec::new();
        for leaf in leaves {
            for (keyword, wanted) in leaf.as_object().into_iter().flatten() {
                self.keyword(keyword, wanted, leaf, value, at, &mut found);
            }
        }
        found
    }

    /// The fields of a value that its schema does not know. JSON Schema allows them; an answer that has one is
    /// misspelt, or an invention of ours.
    pub fn strangers(self, schema: &'a Value, value: &Value, at: &str) -> Vec<String> {
        let mut leaves = Vec::new();
        self.leaves(schema, value, &mut leaves);
        let mut found = Vec::new();
        if let Some(items) = value.as_array() {
            for (index, item) in items.iter().enumerate() {
                for schema in leaves.iter().filter_map(|leaf| leaf.get("items")) {
                    found.extend(self.strangers(schema, item, &format!("{at}.{index}")));
                }
            }
        }
        let names_none = leaves.iter().all(|leaf| leaf.get("properties").is_none());
        for (name, inner) in value.as_object().into_iter().flatten() {
            let described: Vec<_> = leaves
                .iter()
                .filter_map(|leaf| leaf.get("properties")?.get(name))
                .chain(
                    leaves
                        .iter()
                        .filter_map(|leaf| leaf.get("additionalProperties")),
                )
                .collect();
            if described.is_empty() && !names_none {
                found.push(format!("{at}.{name}: not described"));
            }
            for schema in described {
                found.extend(self.strangers(schema, inner, &format!("{at}.{name}")));
            }
        }
        found
    }

    fn resolve(self, reference: &Value) -> &'a Value {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        self.api.pointer(pointer.unwrap()).unwrap()
    }

    /// The schemas that speak about this very value: references followed, unions decided.
    fn leaves(self, schema: &'a Value, value: &Value, into: &mut Vec<&'a Value>) {
        into.push(schema);
        if let Some(reference) = schema.get("$ref") {
            self.leaves(self.resolve(reference), value, into);
        }
        for part in list(schema, "allOf") {
            self.leaves(part, value, into);
        }
        for union in ["oneOf", "anyOf"] {
            let variants = list(schema, union);
            if !variants.is_empty() && !are_constants(variants) {
                self.leaves(self.meant(variants, value), value, into);
            }
        }
    }

    /// The variant that a value means: of its JSON type, then with its `type`, then with the fewest faults.
    /// Discord's unions overlap, so "exactly one" is read as "one".
    fn meant(self, variants: &'a [Value], value: &Value) -> &'a Value {
        let nearest = variants
            .iter()
            .map(|variant| self.distance(variant, value))
            .min();
        let mut near = variants
            .iter()
            .filter(|variant| Some(self.distance(variant, value)) == nearest);
        let first = near.next().unwrap();
        let mut rest = near.peekable();
        if rest.peek().is_none() {
            return first;
        }
        std::iter::once(first)
            .chain(rest)
            .min_by_key(|variant| self.faults(variant, value, "").len())
            .unwrap()
    }

    fn distance(self, schema: &'a Value, value: &Value) -> u8 {
        if let Some(reference) = schema.get("$ref") {
            return self.distance(self.resolve(reference), value);
        }
        if !self.has_type(schema, value) {
            return 2;
        }
        let kind = schema.get("properties").and_then(|known| known.get("type"));
        match (kind, value.get("type")) {
            (Some(kind), Some(given)) if !self.faults(kind, given, "").is_empty() => 1,
            _ => 0,
        }
    }

    fn has_type(self, schema: &Value, value: &Value) -> bool {
        let is_id = schema
            .get("format")
            .is_some_and(|format| format == "snowflake");
        let kind = schema.get("type");
        kind.is_none_or(|kind| is_of(kind, value)) || (self.of_requests && is_id && value.is_u64())
    }

    fn keyword(
        self,
        keyword: &str,
        wanted: &'a Value,
        leaf: &'a Value,
        value: &Value,
        at: &str,
        found: &mut Vec<String>,
    ) {
        let mut wrong = |what: String| found.push(format!("{at}: {} {what}", short(value)));
        let texts = value.as_str().map(|text| text.chars().count() as f64);
        let items = value.as_array().map(|list| list.len() as f64);
        let members = value.as_object().map(|object| object.len() as f64);
        let bound = wanted.as_f64().unwrap_or_default();
        let below = |size: Option<f64>| size.is_some_and(|size| size < bound);
        let above = |size: Option<f64>| size.is_some_and(|size| size > bound);
        match keyword {
            "$ref" | "allOf" | "anyOf" => {}
            "type" if !self.has_type(leaf, value) => wrong(format!("is not of type {wanted}")),
            "const" if wanted != value => wrong(format!("is not {wanted}")),
            // One empty enum stands in the description, beside the schema that is meant.
            "enum" if !contains(wanted, value) && wanted != &Value::Array(Vec::new()) => {
                wrong(format!("is none of {wanted}"))
            }
            "oneOf" if are_constants(list(leaf, "oneOf")) => {
                let known: Vec<_> = list(leaf, "oneOf")
                    .iter()
                    .map(|variant| &variant["const"])
                    .collect();
                if !known.contains(&value) && !value.is_null() {
                    wrong(format!("is none of {}", short(&serde_json::json!(known))));
                }
            }
            "minimum" if below(value.as_f64()) => wrong(format!("is below {wanted}")),
            "maximum" if above(value.as_f64()) => wrong(format!("is above {wanted}")),
            "minLength" if below(texts) => wrong(format!("is shorter than {wanted}")),
            "maxLength" if above(texts) => wrong(format!("is longer than {wanted}")),
            "minItems" if below(items) => wrong(format!("has fewer items than {wanted}")),
            "maxItems" if above(items) => wrong(format!("has more items than {wanted}")),
            "minProperties" if below(members) => wrong(format!("has fewer fields than {wanted}")),
            "maxProperties" if above(members) => wrong(format!("has more fields than {wanted}")),
            "uniqueItems" if repeats(value) => wrong("has an item twice".to_owned()),
            "pattern" if !matches_pattern(wanted, value) => {
                wrong(format!("does not match {wanted}"))
            }
            "format" if !has_format(wanted, value) => wrong(format!("is no {wanted}")),
            "required" => {
                for name in wanted
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                {
                    if value
                        .as_object()
                        .is_some_and(|object| !object.contains_key(name))
                    {
                        found.push(format!("{at}.{name}: missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().into_iter().flatten() {
                    if let Some(inner) = value.get(name) {
                        found.extend(self.faults(schema, inner, &format!("{at}.{name}")));
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(self.faults(wanted, item, &format!("{at}.{index}")));
                }
            }
            "additionalProperties" => {
                let named = leaf.get("properties").and_then(Value::as_object);
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if named.is_none_or(|named| !named.contains_key(name)) {
                        match wanted {
                            Value::Bool(false) => found.push(format!("{at}.{name}: not allowed")),
                            _ => found.extend(self.faults(wanted, inner, &format!("{at}.{name}"))),
                        }
                    }
                }
            }
            "type" | "const" | "enum" | "oneOf" | "minimum" | "maximum" | "minLength"
            | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
            | "uniqueItems" | "pattern" | "format" => {}
            silent => assert!(
                SILENT.contains(&silent),
                "keyword {silent} is not known here"
            ),
        }
    }
}

fn list<'a>(schema: &'a Value, keyword: &str) -> &'a [Value] {
    schema
        .get(keyword)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether a union is a list of constants with their names.
fn are_constants(variants: &[Value]) -> bool {
    variants
        .iter()
        .all(|variant| variant.get("const").is_some())
}

fn contains(list: &Value, value: &Value) -> bool {
    list.as_array().is_some_and(|list| list.contains(value))
}

fn is_of(kinds: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        // A number without a fraction is an integer, however it is written.
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other} is not known here"),
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

fn repeats(value: &Value) -> bool {
    let Some(items) = value.as_array() else {
        return false;
    };
    (1..items.len()).any(|index| items[..index].contains(&items[index]))
}

fn matches_pattern(pattern: &Value, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    match pattern.as_str().unwrap() {
        "^(0|[1-9][0-9]*)$" => {
            text == "0" || (!text.starts_with('0') && !text.is_empty() && is_digits(text))
        }
        "^#(([0-9a-fA-F]{2}){3}|([0-9a-fA-F]){3})$" => text.strip_prefix('#').is_some_and(|hex| {
            matches!(hex.len(), 3 | 6) && hex.chars().all(|c| c.is_ascii_hexdigit())
        }),
        other => panic!("pattern {other} is not known here"),
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_format(format: &Value, value: &Value) -> bool {
    match (format.as_str().unwrap(), value) {
        ("snowflake", Value::String(text)) => text.parse::<u64>().is_ok(),
        ("date-time", Value::String(text)) => is_time(text),
        ("uri", Value::String(text)) => text.split_once("://").is_some_and(|(scheme, rest)| {
            !scheme.is_empty() && !rest.is_empty() && !text.contains(' ')
        }),
        ("nonce", Value::String(text)) => text.chars().count() <= 25,
        ("int32", Value::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        ("int64" | "nonce", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("snowflake" | "date-time" | "uri" | "nonce" | "int32" | "int64" | "double", _) => true,
        (other, _) => panic!("format {other} is not known here"),
    }
}

/// RFC 3339, as in `2026-01-31T23:59:59.123456+00:00`.
fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    let Some(zone) = time.find(['Z', '+', '-']) else {
        return false;
    };
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let numbers = |text: &str, mark: char, bounds: &[(u32, u32)]| {
        let parts: Vec<_> = text.split(mark).collect();
        parts.len() == bounds.len()
            && parts.iter().zip(bounds).all(|(part, (least, most))| {
                is_digits(part)
                    && part
                        .parse()
                        .is_ok_and(|number: u32| (*least..=*most).contains(&number))
            })
    };
    numbers(date, '-', &[(1, 9999), (1, 12), (1, 31)])
        && numbers(time, ':', &[(0, 23), (0, 59), (0, 60)])
        && (date.len(), time.len()) == (10, 8)
        && !fraction.is_empty()
        && is_digits(fraction)
        && (zone == "Z" || numbers(&zone[1..], ':', &[(0, 23), (0, 59)]))
}

/// A value, shortened for a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 160 {
        return text;
    }
    format!("{}…", text.chars().take(160).collect::<String>())
}
