//! Owner command for log levels.

use host_base::PluginName;
use host_ops::log;
use serde_json::Value;

use super::{Owner, embeds};

const USAGE: &str = "cogwright log [TARGET | PLUGIN] [LEVEL]";
const WHAT: &str = "Shows or changes what is logged, until the bot stops: of a plugin, of a module such as `host_discord::gateway`, or of \
    all. The levels are error, warn, info, debug, trace and off; `default` removes an exception.";

impl Owner {
    pub(super) async fn log(&self, line: &str) -> Value {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(levels) = log::levels() else {
            return embeds::failed(
                "Not changed",
                "cogwright log",
                "this process keeps no log of its own",
            );
        };
        let (of, word) = match words[..] {
            [] => return shown(&levels, AS_IT_IS),
            [level] => (None, level),
            [of, level] => (Some(of), level),
            _ => {
                let why = format!("`{line}` is more than a target and its level");
                return embeds::misused(&why, USAGE, WHAT);
            }
        };
        // `default` removes an exception.
        let level = match (log::parse_level(word), word) {
            (None, "default") => None,
            (None, _) => {
                let why = format!("`{word}` is no level");
                return embeds::misused(&why, USAGE, WHAT);
            }
            (level, _) => level,
        };
        let mut plugins = levels.plugins.clone();
        let is_plugin = of.is_some_and(|of| {
            let named = |name: &PluginName| name.is(of);
            self.plugins
                .status()
                .iter()
                .any(|status| named(&status.plugin))
                || plugins.keys().any(named)
        });
        let changed = match of {
            Some(of) if is_plugin => {
                plugins.retain(|plugin, _| !plugin.is(of));
                if let Some(level) = level {
                    plugins.insert(of.into(), log::level_word(level).to_owned());
                }
                log::set_levels(&levels.level, &plugins)
            }
            target => log::set_levels(&levels.with_target(target, level), &plugins),
        };
        match (changed, log::levels()) {
            (Ok(()), Some(levels)) => {
                tracing::info!(level = &*levels.level, plugins = ?levels.plugins, "the owner changed what is logged");
                match of.filter(|of| !is_plugin && level.is_some() && !is_module(of)) {
                    Some(of) => shown(&levels, &self.taken_for_a_module(of).await),
                    None => shown(&levels, AS_IT_IS),
                }
            }
            (Err(error), _) => embeds::failed("Not changed", "cogwright log", &error),
            (Ok(()), None) => embeds::usage(USAGE, WHAT),
        }
    }
}

impl Owner {
    /// To the log the name of an unknown plugin is a module's, and nobody knows all of those by heart.
    async fn taken_for_a_module(&self, of: &str) -> String {
        let why = match self.plugins.loaded_name(of).await {
            Ok(_) => return AS_IT_IS.to_owned(),
            Err(error) => error.to_string(),
        };
        format!(
            "⚠ `{of}` is treated as a module: {why}\n`cogwright log {of} default` removes it again."
        )
    }
}

/// The host's crates, as targets of the log.
const CRATES: [&str; 8] = [
    "host",
    "host_base",
    "host_capability",
    "host_commands",
    "host_discord",
    "host_loader",
    "host_ops",
    "host_store",
];

/// Whether a target names one of the host's crates, or a module in one or in a library.
fn is_module(target: &str) -> bool {
    target.contains("::") || CRATES.contains(&target)
}

const AS_IT_IS: &str = "Until the bot stops; `[log]` in config.toml is what it starts with.";

fn shown(levels: &log::Levels, description: &str) -> Value {
    let plugins: Vec<String> = levels
        .plugins
        .iter()
        .map(|(plugin, level)| format!("{plugin}: {level}"))
        .collect();
    let mut fields = vec![embeds::field("Level", &format!("`{}`", levels.level))];
    if !plugins.is_empty() {
        fields.push(embeds::field("Plugins", &plugins.join("\n")));
    }
    embeds::embed("What is logged", embeds::BLUE, description, &fields)
}
