//! Rows that a statement found: as a table, and as CSV.

use maud::{Markup, html};
use plugin_api::{
    Rows,
    prelude::*,
    text::{clip, size},
};

use crate::ui;

/// Characters of a value that are shown.
const SHOWN: usize = 200;

/// Rows as a table; long values are cut.
pub(super) fn table(rows: &Rows) -> Markup {
    let columns: Vec<&str> = rows.columns().iter().map(String::as_str).collect();
    let body = html! {
        @for row in rows.iter() {
            tr { @for value in row.values() { td { (cell(value)) } } }
        }
    };
    html! { div.rows { (ui::table("Rows", &columns, body)) } }
}

fn cell(value: &Value) -> Markup {
    match value {
        Value::Null => html! { span.muted { "NULL" } },
        Value::Integer(number) => html! { span.mono { (number) } },
        Value::Real(number) => html! { span.mono { (number) } },
        Value::Text(text) if text.is_empty() => html! { span.muted { "empty" } },
        Value::Text(text) => html! { bdi { (clip(text, SHOWN)) } },
        Value::Blob(bytes) => html! { span.muted { "BLOB, " (size(bytes.len() as u64)) } },
    }
}

/// Rows as [CSV](https://www.rfc-editor.org/rfc/rfc4180): nothing stands for `NULL`, hexadecimal digits for a BLOB.
pub(super) fn csv(rows: &Rows) -> String {
    let mut csv = String::new();
    let columns: Vec<String> = rows.columns().iter().map(|name| field(name)).collect();
    csv.push_str(&columns.join(","));
    csv.push_str("\r\n");
    for row in rows.iter() {
        let values: Vec<String> = row.values().iter().map(value).collect();
        csv.push_str(&values.join(","));
        csv.push_str("\r\n");
    }
    csv
}

fn value(value: &Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => field(text),
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => String::new(),
    }
}

/// A text in quotes where it needs them. One that spreadsheets take for a formula gets an apostrophe in front: what members have written is
/// not carried out there (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn field(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains(['"', ',', ';', '\n', '\r']) || text.is_empty() {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_csv_is_quoted_where_it_has_to_be_and_is_no_formula() {
        for (text, written) in [
            ("tea", "tea"),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"tea\"", "\"say \"\"tea\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("=1+1", "'=1+1"),
            ("@sum", "'@sum"),
        ] {
            assert_eq!(field(text), written);
        }
        assert_eq!(value(&Value::Null), "");
        assert_eq!(value(&Value::Integer(-7)), "-7");
        assert_eq!(value(&Value::Blob(vec![0xBE, 0x0F])), "be0f");
    }

    #[test]
    fn what_a_member_has_written_is_escaped_and_cut() {
        let long = format!("<script>{}", "x".repeat(1_000));
        let shown = cell(&Value::Text(long)).into_string();
        assert!(!shown.contains("<script>") && shown.len() < 400, "{shown}");
    }
}
