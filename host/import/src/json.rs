//! JSON as Python writes it: with a byte order mark, and with `NaN` and `Infinity` where a number should be.

use serde_json::Value;

/// Reads a file's bytes. The error says what is wrong and where.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("byte {} is no UTF-8", error.valid_up_to() + 1))?;
    serde_json::from_str(text).or_else(|error| {
        let told = || error.to_string();
        let without = without_odd_numbers(text).ok_or_else(told)?;
        serde_json::from_str(&without).map_err(|_| told())
    })
}

/// The text with `null` in the place of what JSON has no number for; `None` if there is no such thing.
fn without_odd_numbers(text: &str) -> Option<String> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return None;
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    let (mut in_text, mut escaped) = (false, false);
    while let Some(c) = rest.chars().next() {
        let odd = ["NaN", "-Infinity", "Infinity"]
            .iter()
            .find(|word| !in_text && rest.starts_with(**word));
        if let Some(word) = odd {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        for (text, wanted) in [
            ("\u{feff}{\"a\": 1}", json!({"a": 1})),
            (r#"[NaN, -Infinity, Infinity]"#, json!([null, null, null])),
            (
                r#"{"say \"NaN": "NaN\\", "b": NaN}"#,
                json!({"say \"NaN": "NaN\\", "b": null}),
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_can_not_be_read_is_told_with_its_place() {
        let deep = "[".repeat(100_000);
        for (bytes, wanted) in [
            (&b"{\"a\": "[..], "line 1"),
            (b"", "line 1"),
            (b"\xff\xfe", "byte 1 is no UTF-8"),
            (b"{\n\"a\": nan}", "line 2"),
            (deep.as_bytes(), "recursion limit"),
        ] {
            let told = parse(bytes).unwrap_err();
            assert!(told.contains(wanted), "{told}");
        }
    }
}
