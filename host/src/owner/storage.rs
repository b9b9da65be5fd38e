//! Owner commands for the databases: backups, migrations, a user's data.

use host_base::shown;
use host_store::storage::{BackupReport, Exported, MigrationState};
use serde_json::Value;

use super::{Owner, embeds};
use crate::services::erasure::{self, Erasure};

/// What has to be written to erase.
const CONFIRMATION: &str = "erase";

impl Owner {
    pub(super) async fn backup(&self) -> Value {
        match self.services.storage.backup().await {
            Ok(report) => backed_up(&report),
            Err(error) => embeds::failed("Not backed up", "cogwright backup", &error.to_string()),
        }
    }

    pub(super) async fn migrations(&self) -> Value {
        match self.services.storage.migrations().await {
            Ok(states) => migration_states(&states),
            Err(error) => embeds::failed("Not read", "cogwright migrations", &error.to_string()),
        }
    }

    pub(super) async fn migrate(&self, line: &str) -> Value {
        let storage = &self.services.storage;
        let migrated = match line.trim() {
            "" => storage.migrate_all().await,
            name => match self.plugins.loaded_name(name).await {
                Ok(plugin) => storage.migrate_plugin(&plugin).await,
                Err(error) => return embeds::failed("Not migrated", name, &error.to_string()),
            },
        };
        match migrated {
            Ok((ran, failed)) => {
                let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
                migrations_run(ran, &failed)
            }
            Err(error) => embeds::failed("Not migrated", "cogwright migrate", &error.to_string()),
        }
    }

    pub(super) async fn export_data(&self, line: &str) -> Value {
        let Some(user) = user_id(line) else {
            let usage = "cogwright export-data @USER";
            let what = "Writes all that is kept about a user into a file in the data folder.";
            return match line.trim() {
                "" => embeds::usage(usage, what),
                word => embeds::misused(&no_user(word), usage, what),
            };
        };
        match self.services.storage.export_subject(user).await {
            Ok(exported) => export_written(user, &exported),
            Err(error) => {
                embeds::failed("Not exported", "cogwright export-data", &error.to_string())
            }
        }
    }

    pub(super) async fn erase_data(&self, line: &str) -> Value {
        let usage = "cogwright erase-data @USER erase";
        let what = "Erases all that is kept about a user, in every database, in the backups and in what plugins remember. It can't be \
            undone, which is why the word `erase` has to stand behind the user.";
        let (user, confirmation) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let user = match (user_id(user), confirmation.trim()) {
            (None, _) if user.is_empty() => return embeds::usage(usage, what),
            (None, _) => return embeds::misused(&no_user(user), usage, what),
            (Some(user), CONFIRMATION) => user,
            (Some(_), "") => {
                let why = format!("nothing was erased: the word `{CONFIRMATION}` is missing");
                return embeds::misused(&why, usage, what);
            }
            (Some(_), other) => {
                let why =
                    format!("nothing was erased: there is `{other}` in place of `{CONFIRMATION}`");
                return embeds::misused(&why, usage, what);
            }
        };
        match erasure::erase(&self.services, &self.plugins, user).await {
            Ok(erased) => data_erased(user, &erased),
            Err(error) => embeds::failed("Not erased", "cogwright erase-data", &error.to_string()),
        }
    }
}

fn backed_up(report: &BackupReport) -> Value {
    let description = format!(
        "{} copied and checked, {} unchanged since the last one\n`{}`",
        embeds::plural(report.copied, "database"),
        report.unchanged,
        report.folder.display()
    );
    let failed: Vec<String> = report
        .failed
        .iter()
        .map(|(place, error)| shown::said(&format!("{place}: {error}")))
        .collect();
    with_failures("Backed up", &description, &failed)
}

fn migration_states(states: &[MigrationState]) -> Value {
    let mut plugins: Vec<(&str, Vec<String>)> = Vec::new();
    for state in states {
        let line = format!(
            "{} for {}: run in {} of {}{}",
            state.number,
            if state.for_guilds {
                "servers"
            } else {
                "the bot"
            },
            state.applied,
            state.databases,
            if state.declared {
                ""
            } else {
                ", and no loaded plugin declares it"
            }
        );
        match plugins.last_mut() {
            Some((plugin, lines)) if *plugin == state.plugin => lines.push(line),
            _ => plugins.push((&state.plugin, vec![line])),
        }
    }
    let fields: Vec<Value> = plugins
        .iter()
        .take(embeds::FIELDS)
        .map(|(plugin, lines)| embeds::field(plugin, &lines.join("\n")))
        .collect();
    let description = if fields.is_empty() {
        "No plugin has declared any."
    } else {
        "A server's database is migrated when it is first used. `cogwright migrate` does it for all."
    };
    embeds::embed("Migrations", embeds::BLUE, description, &fields)
}

fn migrations_run(ran: usize, failed: &[String]) -> Value {
    with_failures(
        "Migrated",
        &format!("{} run", embeds::plural(ran, "migration")),
        failed,
    )
}

fn export_written(user: u64, exported: &Exported) -> Value {
    let description = format!(
        "What is kept about <@{user}>, from {}, is in\n`{}`",
        embeds::plural(exported.databases, "database"),
        exported.file.display()
    );
    let failed: Vec<String> = exported
        .failed
        .iter()
        .map(|(place, error)| shown::said(&format!("{place}: {error}")))
        .collect();
    with_failures("Exported", &description, &failed)
}

fn data_erased(user: u64, erasure: &Erasure) -> Value {
    let erased = &erasure.stored;
    let mut description = format!(
        "What was kept about <@{user}>: {} in {}, and the copies of it in {} of backups and exports",
        embeds::plural(usize::try_from(erased.rows).unwrap_or(usize::MAX), "entry")
            .replace("entrys", "entries"),
        embeds::plural(erased.databases, "database"),
        embeds::plural(erased.copies, "file"),
    );
    if erasure.plugins > 0 {
        let plugins = embeds::plural(erasure.plugins, "plugin");
        description = format!("{description}; and what {plugins} remembered");
    }
    for left in &erasure.left {
        description = format!("{description}\n\u{26a0} {}", shown::said(left));
    }
    let failed: Vec<String> = erased
        .failed
        .iter()
        .map(|(place, error)| shown::said(&format!("{place}: {error}")))
        .collect();
    with_failures("Erased", &description, &failed)
}

/// Green, or red with what failed.
fn with_failures(title: &str, description: &str, failed: &[String]) -> Value {
    if failed.is_empty() {
        return embeds::embed(title, embeds::GREEN, description, &[]);
    }
    let name = format!("{} failed", failed.len());
    embeds::embed(
        title,
        embeds::RED,
        description,
        &[embeds::field(&name, &failed.join("\n"))],
    )
}

fn no_user(word: &str) -> String {
    format!("`{word}` is no user: mention one, or write their id")
}

/// The user of a mention, or of an id.
fn user_id(text: &str) -> Option<u64> {
    let text = text.trim();
    let id = text
        .strip_prefix("<@")
        .and_then(|rest| rest.strip_suffix('>'))
        .map_or(text, |id| id.trim_start_matches('!'));
    id.parse().ok().filter(|id| *id != 0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn users_are_mentions_or_ids() {
        for text in ["<@12>", "<@!12>", " 12 "] {
            assert_eq!(super::user_id(text), Some(12));
        }
        for text in ["", "0", "ann", "<@&12>", "<#12>", "-3"] {
            assert_eq!(super::user_id(text), None, "{text}");
        }
    }
}
