//! Descriptions of the host's keys, with their defaults: read from the commented `default.toml`, where both stand. The
//! checkout's `config.toml` is a copy for people: what they change in theirs rebuilds nothing.

use std::sync::LazyLock;

use toml::{Table, Value};

use super::{Subject, live::is_live, shipped::COMMENTED};

/// Whether a file is the commented example as it came, which changes nothing.
#[must_use]
pub fn is_example(text: &str) -> bool {
    text.lines().eq(COMMENTED.lines())
}

/// A key of the host's.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub key: &'static str,
    /// What it is for.
    pub description: String,
    /// Its value when the file has none; `None` where it is unset then.
    pub default: Option<Value>,
    /// Whether a running bot takes a change over.
    pub live: bool,
}

/// Every key of the host's, in the order of the file. Tables of plugins are not among them.
#[must_use]
pub fn described() -> &'static [Described] {
    static ALL: LazyLock<Vec<Described>> = LazyLock::new(read);
    &ALL
}

fn read() -> Vec<Described> {
    let defaults: Table = COMMENTED.parse().unwrap_or_default();
    let mut all = Vec::new();
    let mut table = None;
    let mut comment = Vec::new();
    for line in COMMENTED.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            (table, comment) = (Some(name), Vec::new());
        } else if line.starts_with("#[") {
            // An example of a table that is a plugin's.
            (table, comment) = (None, Vec::new());
        } else if let Some(words) = line.strip_prefix("# ") {
            comment.push(words);
        } else if let (Some(table), Some((key, _))) = (table, line.split_once(" = ")) {
            let key = key.trim_start_matches('#');
            all.push(Described {
                table,
                key,
                description: std::mem::take(&mut comment).join(" "),
                default: value(&defaults, table, key).cloned(),
                live: is_live(table, key),
            });
        } else {
            comment.clear();
        }
    }
    all
}

/// A text that was read before, and so is TOML, as a document.
pub fn toml_table(text: &str) -> Table {
    let text = text.trim_start_matches('\u{feff}');
    text.parse().unwrap_or_default()
}

/// A key's value in a document.
fn value<'a>(document: &'a Table, table: &str, key: &str) -> Option<&'a Value> {
    document.get(table)?.get(key)
}

/// A key's value as a document has it, or else its default.
#[must_use]
pub fn effective(document: &Table, known: &Described) -> Option<Value> {
    value(document, known.table, known.key)
        .or(known.default.as_ref())
        .cloned()
}

/// The dotted paths whose values differ between two documents: `bot.prefix`, `grants.shop`, `plugins.shop.limit`.
#[must_use]
pub fn differences(before: &Table, after: &Table) -> Vec<String> {
    let mut paths: Vec<String> = described()
        .iter()
        .filter(|known| effective(before, known) != effective(after, known))
        .map(|known| format!("{}.{}", known.table, known.key))
        .collect();
    let empty = Value::Table(Table::new());
    let entries = |document: &Table, name: &str| -> Table {
        let table = document.get(name).unwrap_or(&empty);
        table.as_table().cloned().unwrap_or_default()
    };
    let differing = |before: &Table, after: &Table| -> Vec<String> {
        let mut keys: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        keys.retain(|key| before.get(key) != after.get(key));
        keys
    };
    let (grants, granted) = (entries(before, "grants"), entries(after, "grants"));
    paths.extend(
        differing(&grants, &granted)
            .iter()
            .map(|plugin| format!("grants.{plugin}")),
    );
    let (alerts, next) = (entries(before, "alerts"), entries(after, "alerts"));
    let subjects = differing(&alerts, &next).into_iter();
    let subjects = subjects.filter(|key| !Subject::KEYS.contains(&&**key));
    paths.extend(subjects.map(|subject| format!("alerts.{subject}")));
    let (plugins, changed) = (entries(before, "plugins"), entries(after, "plugins"));
    for plugin in differing(&plugins, &changed) {
        let (before, after) = (entries(&plugins, &plugin), entries(&changed, &plugin));
        paths.extend(
            differing(&before, &after)
                .iter()
                .map(|key| format!("plugins.{plugin}.{key}")),
        );
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_words_and_defaults() {
        let find = |table, key| {
            let mut all = described().iter();
            all.find(|known| (known.table, known.key) == (table, key))
                .unwrap()
        };
        let prefix = find("bot", "prefix");
        assert_eq!(prefix.default, Some("!".into()));
        assert_eq!(
            prefix.description,
            "What a text command starts with: 1 to 5 characters."
        );
        assert!(prefix.live && !find("data", "folder").live);
        assert_eq!(find("alerts", "channel_id").default, None);
        assert!(described().iter().all(|known| known.table != "plugins"
            && known.table != "grants"
            && !known.description.is_empty()));
    }

    #[test]
    fn a_default_that_is_written_out_is_no_difference() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let (before, after) = (
            table("[bot]\nprefix = '!'\n[plugins.shop]\na = 1\nb = 2"),
            table(
                "[status]\ninterval_s = 60\n[plugins.shop]\na = 1\nb = 3\n[grants.shop]\nsecrets = ['x']\n[alerts.hooks]\ncool_down_s = 9",
            ),
        );
        assert_eq!(
            differences(&before, &after),
            [
                "status.interval_s",
                "grants.shop",
                "alerts.hooks",
                "plugins.shop.b"
            ]
        );
        assert_eq!(differences(&before, &before), Vec::<String>::new());
    }
}
