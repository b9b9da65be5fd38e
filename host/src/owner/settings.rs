//! Owner commands that change a setting: `set` and `unset`.

use serde_json::Value;

use super::{Owner, embeds};
use crate::services::settings::Changed;

const USAGE_SET: &str = "cogwright set PLUGIN.NAME VALUE";

impl Owner {
    /// `cogwright set PATH VALUE`.
    pub(super) async fn set(&self, line: &str) -> Value {
        let Some((path, value)) = line.split_once(char::is_whitespace) else {
            let what = "Changes a setting of a plugin, or of the host, as in `cogwright set bot.prefix ?`.";
            return match line {
                "" => embeds::usage(USAGE_SET, what),
                path => embeds::misused(&no_value(path), USAGE_SET, what),
            };
        };
        match self.services.settings.set(path, value).await {
            Ok(changed) => embeds::changed("Set", path, &in_words(path, &changed)),
            Err(error) => embeds::failed("Not set", path, &error.to_string()),
        }
    }

    /// `cogwright unset PATH`.
    pub(super) async fn unset(&self, line: &str) -> Value {
        if line.is_empty() {
            return embeds::usage(
                "cogwright unset PLUGIN.NAME",
                "Gives a setting its default again.",
            );
        }
        match self.services.settings.unset(line).await {
            Ok(changed) => embeds::changed("Unset", line, &in_words(line, &changed)),
            Err(error) => embeds::failed("Not unset", line, &error.to_string()),
        }
    }
}

/// What has become of a change of this one value, whose name stands above; of more than that, all of it by name.
fn in_words(path: &str, changed: &Changed) -> String {
    let Changed {
        applied,
        restart,
        reload,
        refused,
    } = changed;
    let all = [
        (applied, "in force from now on"),
        (restart, "in force after a restart of the bot"),
        (reload, "in force after a reload of the plugin"),
    ];
    let mut some = all.iter().filter(|(paths, _)| !paths.is_empty());
    match (some.next(), some.next()) {
        (Some((paths, words)), None) if refused.is_empty() => match &paths[..] {
            [only] if only.strip_prefix("plugins.").unwrap_or(only) == path => (*words).to_owned(),
            _ => changed.to_string(),
        },
        _ => changed.to_string(),
    }
}

fn no_value(path: &str) -> String {
    format!("there is no value behind `{path}`")
}
