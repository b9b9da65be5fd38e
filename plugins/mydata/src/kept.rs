//! Words for exports and erasures: what is in one, and what one came to.

use std::collections::BTreeMap;

use plugin_api::{
    EmbedBuilder, Json,
    abi::SubjectErasure,
    prelude::*,
    text::{counted, number, or_none, plain, word},
};

/// The name that the host has among plugins.
const HOST: &str = "cogwright";

/// What is kept about somebody: entries by plugin.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Kept {
    by_plugin: BTreeMap<String, u64>,
}

impl Kept {
    /// Counts what an export has in it.
    pub(crate) fn read(export: &[u8]) -> Result<Self> {
        let document: Json = serde_json::from_slice(export)?;
        let mut kept = Self::default();
        for database in items(&document["databases"]) {
            for table in items(&database["tables"]) {
                for row in items(&table["rows"]) {
                    // In the host's own tables, such as that of schedules, a row says whose it is.
                    let of_host = table["plugin"] == HOST && row["plugin"].is_string();
                    kept.add(if of_host {
                        &row["plugin"]
                    } else {
                        &table["plugin"]
                    });
                }
            }
            for entry in items(&database["key-value stores"]) {
                kept.add(&entry["plugin"]);
            }
        }
        Ok(kept)
    }

    fn add(&mut self, plugin: &Json) {
        let plugin = plugin.as_str().unwrap_or("unknown").to_owned();
        *self.by_plugin.entry(plugin).or_default() += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_plugin.is_empty()
    }

    /// `12 entries of 3 plugins`.
    pub(crate) fn total(&self) -> String {
        let entries = self.by_plugin.values().sum();
        let plugins = self.by_plugin.len() as u64;
        format!(
            "{} of {}",
            counted(entries, "entry"),
            counted(plugins, "plugin")
        )
    }

    /// A line for each plugin.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.by_plugin.iter();
        lines
            .map(|(plugin, entries)| format!("{}: {}", word(plugin), number(*entries)))
            .collect()
    }
}

fn items(list: &Json) -> &[Json] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// What an erasure came to, about `whom`: "you", or a mention.
pub(crate) fn erased(erased: &SubjectErasure, whom: &str) -> EmbedBuilder {
    let mut text = match erased.rows {
        0 => format!("No entry was kept about {whom}"),
        rows => format!(
            "What was kept about {whom}: {} in {}",
            counted(rows, "entry"),
            counted(erased.databases, "database")
        ),
    };
    if erased.copies > 0 {
        text += &format!(
            ", and the copies of it in {} of backups and exports",
            counted(erased.copies, "file")
        );
    }
    if erased.plugins > 0 {
        text += &format!(
            "; and what {} remembered",
            counted(erased.plugins, "plugin")
        );
    }
    text += ".";
    // First what failed, then what can't be reached: for the bot's owners alone.
    let failed = usize::try_from(erased.failed).unwrap_or(usize::MAX);
    let reasons: Vec<String> = erased.reasons.iter().map(|why| plain(why)).collect();
    let (failures, left) = reasons.split_at(failed.min(reasons.len()));
    for left in left {
        text += &format!("\n⚠ {left}");
    }
    if reasons.is_empty() && erased.left > 0 {
        let plugins = counted(erased.left, "plugin");
        text += &format!(
            "\n⚠ {plugins} may remember something still. The bot's owner can see to that: ask them."
        );
    }
    if erased.failed == 0 {
        return embed("Erased").success().description(text);
    }
    let failures = match failures {
        [] => "The bot's owner finds in the log what could not be erased: ask them.".to_owned(),
        failures => failures.join("\n"),
    };
    let title = format!("{} failed", number(erased.failed));
    embed("Erased")
        .error()
        .description(text)
        .field(title, or_none(&failures), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_entries_are_counted_by_plugin() {
        let export = br#"{"user_id": "1", "databases": [
            {"database": "bot", "tables": [{"plugin": "bank", "rows": [{}, {}]}], "key-value stores": [{"plugin": "notes", "key": "a"}]},
            {"database": "7", "tables": [{"plugin": "bank", "rows": [{"plugin": "x"}]}, {"plugin": "cogwright", "rows": [{"plugin": "remind"}]}], "key-value stores": []}]}"#;
        let kept = Kept::read(export).unwrap();
        assert_eq!(kept.total(), "5 entries of 3 plugins");
        assert_eq!(kept.lines(), ["bank: 3", "notes: 1", "remind: 1"]);
        assert!(Kept::read(br#"{"databases": []}"#).unwrap().is_empty());
    }
}
