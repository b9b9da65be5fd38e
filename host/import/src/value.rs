//! Values as they may stand in the source: ids as numbers or texts, switches as 0 and 1, lists as texts with commas.

use serde_json::Value;

/// An id of Discord's: a whole number above 0, or its digits.
pub(crate) fn id(value: &Value) -> Option<u64> {
    let id = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let digits = text.trim();
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        }
        _ => None,
    };
    // Above this, SQLite has no number for it, and Discord gives none.
    id.filter(|id| (1..=i64::MAX.cast_unsigned()).contains(id))
}

/// Ids in a list, or in a text with commas or blanks between. The error is the one that is none.
pub(crate) fn ids(value: &Value) -> Result<Vec<u64>, String> {
    let texts;
    let all: &[Value] = match value {
        Value::Null => &[],
        Value::Array(all) => all,
        Value::String(text) => {
            texts = text
                .split([',', ' ', '\n', ';'])
                .filter(|part| !part.trim().is_empty())
                .map(Value::from)
                .collect::<Vec<_>>();
            &texts
        }
        other => std::slice::from_ref(other),
    };
    let mut ids = Vec::new();
    for value in all {
        let id = id(value).ok_or_else(|| format!("`{}` is no id", short(value)))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Yes or no.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match &*text.trim().to_lowercase() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, also as digits or as `60.0`.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64().or_else(|| {
            let number = value.as_f64()?;
            // Beyond this a float skips whole numbers.
            let exact = number.fract() == 0.0 && number.abs() < 9e15;
            exact.then_some(number as i64)
        }),
    }
}

/// A text that says something.
pub(crate) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// A value that is told of: its beginning.
pub(crate) fn short(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// JSON inside of a text, as forms keep it.
pub(crate) fn unfolded(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => crate::json::parse(text.as_bytes()),
        other => Ok(other.clone()),
    }
}

/// A text on one line, cut behind so many characters.
pub(crate) fn clipped(said: &str, most: usize) -> String {
    let seen = said.chars().filter(|c| !c.is_control());
    seen.take(most).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_whole_and_above_nothing() {
        for (value, wanted) in [
            (json!(5), Some(5)),
            (json!(" 175928847299117063 "), Some(175_928_847_299_117_063)),
            (json!(0), None),
            (json!(-5), None),
            (json!(1.5), None),
            (json!(1.75e17), None),
            (json!("+5"), None),
            (json!("5x"), None),
            (json!(""), None),
            (json!(null), None),
            (json!([5]), None),
            (json!(u64::MAX), None),
        ] {
            assert_eq!(id(&value), wanted, "{value}");
        }
        assert_eq!(ids(&json!("5, 6 5")), Ok(vec![5, 6]));
        assert_eq!(ids(&json!([5, "6"])), Ok(vec![5, 6]));
        assert_eq!(ids(&json!(null)), Ok(vec![]));
        assert_eq!(ids(&json!("5,x")), Err("`x` is no id".to_owned()));
        assert_eq!(
            ids(&json!({"a": 1})),
            Err("`{\"a\":1}` is no id".to_owned())
        );
    }

    #[test]
    fn other_types_are_taken_for_what_they_mean() {
        assert_eq!(flag(&json!("1")), Some(true));
        assert_eq!(flag(&json!(0)), Some(false));
        assert_eq!(flag(&json!(2)), None);
        assert_eq!(whole(&json!("60")), Some(60));
        assert_eq!(whole(&json!(60.0)), Some(60));
        assert_eq!(whole(&json!(0.5)), None);
        assert_eq!(whole(&json!(1e300)), None);
        assert_eq!(unfolded(&json!("{\"a\": 1}")), Ok(json!({"a": 1})));
        assert_eq!(short(&json!("x".repeat(99))).chars().count(), 61);
    }
}
