//! Owner commands for the databases.

use serde_json::Value;

use super::{Owner, embeds};

/// What has to be written to erase.
const CONFIRMATION: &str = "erase";

impl Owner {
    pub(super) async fn backup(&self) -> Value {
        match self.services.storage.backup().await {
            Ok(report) => embeds::backup(&report),
            Err(error) => embeds::failed("Not backed up", "fw_backup", &error.to_string()),
        }
    }

    pub(super) async fn migrations(&self) -> Value {
        match self.services.storage.migrations().await {
            Ok(states) => embeds::migrations(&states),
            Err(error) => embeds::failed("Not read", "fw_migrations", &error.to_string()),
        }
    }

    pub(super) async fn migrate(&self, line: &str) -> Value {
        let storage = &self.services.storage;
        let migrated = match line.trim() {
            "" => storage.migrate_all().await,
            name => match self.plugins.loaded_name(name) {
                Ok(plugin) => storage.migrate_plugin(&plugin).await,
                Err(error) => return embeds::failed("Not migrated", name, &error.to_string()),
            },
        };
        match migrated {
            Ok((ran, failed)) => {
                let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
                embeds::migrated(ran, &failed)
            }
            Err(error) => embeds::failed("Not migrated", "fw_migrate", &error.to_string()),
        }
    }

    pub(super) async fn export_data(&self, line: &str) -> Value {
        let Some(user) = user_id(line) else {
            return embeds::usage(
                "fw_export_data @USER",
                "Writes all that is kept about a user into a file in the data folder.",
            );
        };
        match self.services.storage.export_subject(user).await {
            Ok(exported) => embeds::exported(user, &exported),
            Err(error) => embeds::failed("Not exported", "fw_export_data", &error.to_string()),
        }
    }

    pub(super) async fn erase_data(&self, line: &str) -> Value {
        let (user, confirmation) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (Some(user), CONFIRMATION) = (user_id(user), confirmation.trim()) else {
            return embeds::usage(
                "fw_erase_data @USER erase",
                "Erases all that is kept about a user, in every database and in the backups. It can't be undone, which is why \
                 the word `erase` has to stand behind the user.",
            );
        };
        match self.services.storage.erase_subject(user).await {
            Ok(erased) => embeds::erased(user, &erased),
            Err(error) => embeds::failed("Not erased", "fw_erase_data", &error.to_string()),
        }
    }
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
