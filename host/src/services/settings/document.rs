//! Edits of single values in config.toml, with comments and layout kept.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// Path of a value: the tables' names, and the key's.
pub(crate) type Path<'a> = &'a [&'a str];

/// The text with another value at `path`. Tables that are missing are made at the end.
///
/// # Errors
///
/// The text is no TOML, or something that is no table stands where a table should.
pub(crate) fn set(text: &str, path: Path<'_>, value: Value) -> Result<String, String> {
    let mut document = parse(text)?;
    let (key, tables) = path.split_last().ok_or("an empty path")?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, name) in tables.iter().enumerate() {
        if !table.contains_key(name) {
            let mut new = Table::new();
            // `[plugins.shop]` needs no `[plugins]` above it.
            new.set_implicit(depth + 1 < tables.len());
            table.insert(name, Item::Table(new));
        }
        table = table
            .get_mut(name)
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| format!("`{name}` is no table"))?;
    }
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            // What stands around the value: the comment behind it.
            let around = old.decor().clone();
            *old = value;
            *old.decor_mut() = around;
        }
        Some(Item::None) | None => {
            table.insert(key, Item::Value(value));
        }
        Some(_) => return Err(format!("`{key}` is a table")),
    }
    Ok(document.to_string())
}

/// The text without the value at `path`; `None` when there is none.
///
/// # Errors
///
/// The text is no TOML.
pub(super) fn unset(text: &str, path: Path<'_>) -> Result<Option<String>, String> {
    let mut document = parse(text)?;
    let (key, tables) = path.split_last().ok_or("an empty path")?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for name in tables {
        match table.get_mut(name).and_then(Item::as_table_like_mut) {
            Some(inside) => table = inside,
            None => return Ok(None),
        }
    }
    Ok(table.remove(key).map(|_| document.to_string()))
}

fn parse(text: &str) -> Result<DocumentMut, String> {
    text.parse::<DocumentMut>()
        .map_err(|error| error.to_string())
}

/// A JSON value as TOML has it; `None` for what it has no words for.
pub(crate) fn toml_of(json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Bool(yes) => (*yes).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        serde_json::Value::Array(items) => Value::Array(
            items
                .iter()
                .map(toml_of)
                .collect::<Option<toml_edit::Array>>()?,
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Ours.\n[bot]\n# What starts a command.\nprefix = \"!\"   # one character\n\n# The rest.\n\
                        status = { kind = \"playing\" } # inline\n\n[plugins.shop]\n  limit   =  3 # cups\n# the end\n";

    #[test]
    fn a_change_changes_nothing_else() {
        let changed = set(TEXT, &["bot", "prefix"], "?".into()).unwrap();
        assert_eq!(changed, TEXT.replace("\"!\"", "\"?\""));
        let changed = set(TEXT, &["plugins", "shop", "limit"], 5.into()).unwrap();
        assert_eq!(changed, TEXT.replace("=  3 #", "=  5 #"));
        let changed = set(TEXT, &["bot", "status", "kind"], "watching".into()).unwrap();
        assert_eq!(changed, TEXT.replace("playing", "watching"));
        let crlf = TEXT.replace('\n', "\r\n");
        let changed = set(&crlf, &["bot", "prefix"], "?".into()).unwrap();
        assert_eq!(
            changed.replace("\r\n", "\n"),
            TEXT.replace("\"!\"", "\"?\"")
        );
    }

    #[test]
    fn what_is_missing_is_made() {
        assert_eq!(
            set("", &["plugins", "shop", "limit"], 5.into()).unwrap(),
            "[plugins.shop]\nlimit = 5\n"
        );
        let changed = set(TEXT, &["plugins", "bank", "name"], "b".into()).unwrap();
        assert!(
            changed.starts_with(TEXT.trim_end_matches("# the end\n"))
                && changed.contains("\n[plugins.bank]\nname = \"b\"\n"),
            "{changed}"
        );
        assert!(
            set("bot = 3", &["bot", "prefix"], "?".into())
                .unwrap_err()
                .contains("no table")
        );
        assert!(set("[bot]\nprefix = [", &["bot", "prefix"], "?".into()).is_err());
    }

    #[test]
    fn a_value_is_taken_away() {
        assert_eq!(
            unset(
                "[bot]\nprefix = \"?\"\nmention_prefix = false\n",
                &["bot", "prefix"]
            )
            .unwrap()
            .unwrap(),
            "[bot]\nmention_prefix = false\n"
        );
        assert_eq!(unset(TEXT, &["bot", "owner_ids"]).unwrap(), None);
        assert_eq!(unset(TEXT, &["plugins", "bank", "x"]).unwrap(), None);
    }
}
