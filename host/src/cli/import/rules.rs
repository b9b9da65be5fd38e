//! Rules of servers that are imported: prefixes and the roles that commands need, where the server has none of its own here.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use host_commands::{GuildRules, Rules};
use host_import::{Entry, Kind, Outcome, Rule, ServerRule, table_of};
use host_ops::config::check_prefix;
use host_store::{Storage, storage::DatabaseId};
use twilight_model::id::Id;

/// What becomes of each.
pub(super) fn compare(data: &Path, rules: &[ServerRule]) -> Vec<Outcome> {
    let mut known: BTreeMap<u64, Result<GuildRules, String>> = BTreeMap::new();
    let outcome = |rule: &ServerRule| {
        let here = known
            .entry(rule.server)
            .or_insert_with(|| of_server(data, rule.server));
        match here {
            Ok(here) => outcome(here, &rule.rule),
            Err(why) => Outcome::Left(format!(
                "{}: {why}",
                DatabaseId::Guild(rule.server).file(data).display()
            )),
        }
    };
    rules.iter().map(outcome).collect()
}

fn outcome(here: &GuildRules, rule: &Rule) -> Outcome {
    match rule {
        Rule::Prefix(prefix) => match &here.prefix {
            Some(ours) if ours == prefix => Outcome::There(String::new()),
            Some(ours) => Outcome::Kept(format!("it is `{ours}`")),
            None if prefix.contains(char::is_whitespace) => {
                Outcome::Left("there is a blank in it".into())
            }
            None => match check_prefix(prefix) {
                Ok(()) => Outcome::Comes(String::new()),
                Err(why) => Outcome::Left(why),
            },
        },
        Rule::MentionPrefix(on) => match here.mention_prefix {
            Some(ours) if ours == *on => Outcome::There(String::new()),
            Some(ours) => Outcome::Kept(format!("it is {ours}")),
            None => Outcome::Comes(String::new()),
        },
        Rule::Roles { command, roles } => match here.roles.get(command) {
            Some(ours) if ours == roles => Outcome::There(String::new()),
            Some(ours) => Outcome::Kept(format!("it is for {ours:?}")),
            None => Outcome::Comes("in force from the start".into()),
        },
    }
}

/// What a server has set here, read from a copy: an import that brings nothing opens no database.
fn of_server(data: &Path, server: u64) -> Result<GuildRules, String> {
    let file = DatabaseId::Guild(server).file(data);
    if !file.exists() {
        return Ok(GuildRules::default());
    }
    let rows = table_of(&file, "cogwright__settings", &["plugin", "name", "value"])?;
    let rows = rows.ok_or("it is a database, but not one of Cogwright's")?;
    let texts = rows.iter().filter_map(|row| {
        Some((
            row["plugin"].as_str()?,
            row["name"].as_str()?,
            row["value"].as_str()?,
        ))
    });
    Ok(GuildRules::of_settings(texts))
}

/// Writes those that are new.
pub(super) async fn write(storage: &Arc<Storage>, rules: &[ServerRule], outcomes: &mut [Outcome]) {
    let kept = Rules::new(Arc::clone(storage));
    for (rule, outcome) in rules.iter().zip(outcomes) {
        let (Outcome::Comes(_), Some(server)) = (&*outcome, Id::new_checked(rule.server)) else {
            continue;
        };
        let written = match &rule.rule {
            Rule::Prefix(prefix) => kept.set_prefix(server, Some(prefix)).await,
            Rule::MentionPrefix(on) => kept.set_mention_prefix(server, Some(*on)).await,
            Rule::Roles { command, roles } => kept.set_roles(server, command, roles).await,
        };
        if let Err(error) = written {
            *outcome = Outcome::Left(error.to_string());
        }
    }
}

pub(super) fn entry(rule: &ServerRule) -> Entry {
    let (kind, what) = match &rule.rule {
        Rule::Prefix(prefix) => (Kind::Prefix, format!("prefix `{prefix}`")),
        Rule::MentionPrefix(true) => (Kind::Prefix, "a mention works like the prefix".to_owned()),
        Rule::MentionPrefix(false) => (
            Kind::Prefix,
            "a mention does not work like the prefix".to_owned(),
        ),
        Rule::Roles { command, roles } => (
            Kind::CommandRule,
            format!("`{command}` needs one of the roles {roles:?}"),
        ),
    };
    Entry {
        kind,
        server: Some(rule.server),
        what,
        place: rule.place.clone(),
        outcome: Outcome::Comes(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_has_set_here_stays() {
        let here = GuildRules::of_settings([
            ("cogwright", "prefix", "\"?\""),
            ("cogwright", "mention_prefix", "false"),
            ("cogwright", "roles help", "[\"5\"]"),
            ("shop", "prefix", "\"x\""),
        ]);
        let none = GuildRules::default();
        let prefix = |text: &str| Rule::Prefix(text.to_owned());
        let roles = |role| Rule::Roles {
            command: "help".into(),
            roles: vec![role],
        };
        for (rules, rule, wanted) in [
            (&here, prefix("?"), "There"),
            (&here, prefix("$"), "Kept"),
            (&none, prefix("$"), "Comes"),
            (&none, prefix("</"), "Left"),
            (&none, prefix("a b"), "Left"),
            (&none, prefix("toolong"), "Left"),
            (&here, Rule::MentionPrefix(false), "There"),
            (&here, Rule::MentionPrefix(true), "Kept"),
            (&none, Rule::MentionPrefix(true), "Comes"),
            (&here, roles(5), "There"),
            (&here, roles(6), "Kept"),
            (&none, roles(6), "Comes"),
        ] {
            let told = format!("{:?}", outcome(rules, &rule));
            assert!(told.starts_with(wanted), "{rule:?}: {told}");
        }
    }
}
