//! Format of `data/SERVER/guild.db`: a server's prefix, and whether a mention of the bot works like it.

use serde_json::Value;

use super::{servers_in, told};
use crate::{
    Found, Kind, Rule, ServerRule, Source, sqlite,
    value::{flag, short, text},
};

const TABLE: &str = "guild_settings";

pub(super) fn read(source: &Source, data: &str, found: &mut Found) {
    for server in servers_in(source, data, found) {
        let file = format!("{data}/{server}/guild.db");
        let read = source.file(&file, sqlite::MOST).and_then(|full| {
            let Some(full) = full else {
                return Ok(Vec::new());
            };
            let rows = sqlite::table_of(&full, TABLE, &["key", "value"])?;
            rows.ok_or_else(|| format!("it has no table `{TABLE}`"))
        });
        for row in told(read, &file, found).unwrap_or_default() {
            rule(server, &file, &row["key"], &row["value"], found);
        }
    }
}

fn rule(server: u64, file: &str, key: &Value, value: &Value, found: &mut Found) {
    let Some(key) = key.as_str() else {
        return;
    };
    let place = format!("{file}, {TABLE}, {key}");
    let rule = match key {
        "prefix" => text(value).map(|prefix| Rule::Prefix(prefix.to_owned())),
        "mention_prefix_enabled" => flag(value).map(Rule::MentionPrefix),
        _ => {
            found.report.aside(place, "it is not known");
            return;
        }
    };
    match rule {
        Some(rule) => found.rules.push(ServerRule {
            server,
            rule,
            place,
        }),
        None => {
            let why = format!("`{}` is no value of it", short(value));
            found
                .report
                .left(Kind::Prefix, Some(server), key, &place, why);
        }
    }
}
