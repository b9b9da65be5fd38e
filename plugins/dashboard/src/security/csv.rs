//! Entries as a table for other programs, as [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180) has it.

use plugin_api::{RouteContext, RouteReply, abi::AuditEntry, prelude::*};

use super::journal::Search;
use crate::{Dashboard, ui};

/// Entries of one file; the last line says where the next one begins.
const ENTRIES: usize = 5_000;

/// Entries that the host gives at once.
const AT_ONCE: u32 = 500;

const COLUMNS: &str =
    "number,time,user,server,channel,plugin,way,call,parameters,before,after,result\r\n";

pub(super) async fn download(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let search = Search::read(&ctx)?;
    let mut call = search.call(AT_ONCE);
    let mut text = COLUMNS.to_owned();
    let mut count = 0;
    loop {
        let entries = ctx.host().audit(&call).await?;
        for entry in &entries {
            line(&mut text, entry);
        }
        count += entries.len();
        let last = entries.last().map(|it| it.sequence);
        match last.filter(|_| entries.len() == AT_ONCE as usize) {
            Some(last) if count < ENTRIES => call.before = Some(last),
            Some(last) => {
                text.push_str(&format!(
                    "more,before entry {last}: add before={last} to the address,,,,,,,,,,\r\n"
                ));
                break;
            }
            None => break,
        }
    }
    Ok(RouteReply::bytes("text/csv; charset=utf-8", text).download("audit-journal.csv"))
}

fn line(text: &mut String, entry: &AuditEntry) {
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        value => value.to_string(),
    };
    let id = |id: u64| match id {
        0 => String::new(),
        id => id.to_string(),
    };
    let cells = [
        entry.sequence.to_string(),
        ui::iso(entry.at_ms).unwrap_or_default(),
        id(entry.user),
        id(entry.guild),
        id(entry.channel),
        entry.plugin.clone(),
        entry.way.clone(),
        entry.call.clone(),
        value(&entry.params),
        value(&entry.before),
        value(&entry.after),
        entry.result.clone(),
    ];
    let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

/// A cell, which no spreadsheet takes for a formula
/// ([CSV injection](https://owasp.org/www-community/attacks/CSV_Injection)): others' words stand in it.
fn cell(text: &str) -> String {
    let looks_like_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = match looks_like_formula {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains(['"', ',', '\r', '\n', ';', '\'']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("tea", "tea"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("a,b", "\"a,b\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_entry_is_one_record_of_as_many_cells_as_there_are_columns() {
        let mut entry = AuditEntry::default();
        entry.sequence = 7;
        entry.at_ms = 1_767_225_600_000;
        entry.call = "pages.login".to_owned();
        entry.params = json!({"by": "=1", "from": "a\"b"});
        let mut text = String::new();
        line(&mut text, &entry);
        assert!(text.starts_with("7,2026-01-01T00:00:00"), "{text}");
        assert!(
            text.ends_with("\r\n") && text.matches("\r\n").count() == 1,
            "{text}"
        );
        assert!(
            text.contains(r#""{""by"":""=1"",""from"":""a\""b""}""#),
            "{text}"
        );
        assert_eq!(COLUMNS.matches(',').count(), 11);
    }
}
