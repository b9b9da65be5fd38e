//! Files of an installation that do not come over: what they are, and where that is made here.

use super::json_of;
use crate::{Found, Source, value::short};

/// Files and folders below the data folder.
const DATA: [(&str, &str); 11] = [
    (
        "hook_analytics.json",
        "how often automations ran; `automations info` counts from now on",
    ),
    (
        "framework_diagnostics.json",
        "a report; the plugin `diagnostics` writes its own",
    ),
    (
        "framework_health.json",
        "a report; the plugin `diagnostics` writes its own",
    ),
    (
        "framework_health_history.json",
        "a report; the plugin `diagnostics` keeps its own",
    ),
    (
        "shard_monitor/shard_metrics.json",
        "figures of connections; the plugin `shards` keeps its own",
    ),
    (
        "live_monitor_config.json",
        "its secrets were not read; the plugin `dashboard` needs none",
    ),
    (
        "gemini_dashboard_sessions.json",
        "conversations and their keys were not read",
    ),
    ("marketplace", "a licence of that marketplace was not read"),
    ("zai_extension_cache.json", "a list of that marketplace"),
    (
        "tickets",
        "transcripts of an extension; they can be read where they are",
    ),
    (
        "Dashboardbackups",
        "archives of the whole folder, with the token in them: take care of them",
    ),
];

/// Others.
const ROOT: [(&str, &str); 5] = [
    (
        "extensions",
        "Python does not run here; docs/coming-from-python.md shows what its parts become",
    ),
    ("cogs", "parts of that framework"),
    ("migrations", "changes of that framework's tables"),
    (
        "live_monitor_website",
        "a web site; the plugin `dashboard` takes its place, and no PHP is needed",
    ),
    ("botlogs", "its log"),
];

pub(super) fn read(source: &Source, data: &str, found: &mut Found) {
    let in_data = DATA.map(|(name, why)| (format!("{data}/{name}"), why));
    let in_root = ROOT.map(|(name, why)| (name.to_owned(), why));
    for (path, why) in in_data.into_iter().chain(in_root) {
        if source.root().join(&path).symlink_metadata().is_ok() {
            found.report.aside(path, why);
        }
    }
    let file = format!("{data}/plugin_registry.json");
    if let Some(registry) = json_of(source, &file, found)
        && let Some(plugins) = registry["plugins"].as_object()
        && !plugins.is_empty()
    {
        let names: Vec<_> = plugins
            .keys()
            .map(|name| short(&name.as_str().into()))
            .collect();
        found.report.aside(
            format!("{file}, {} plugins", plugins.len()),
            format!(
                "they are Python, and are to be found or written anew: {}",
                names.join(", ")
            ),
        );
    }
    found.report.note(
        "The token and your id were not copied: write DISCORD_TOKEN and BOT_OWNER_ID into `.env` beside config.toml, as they stand in the `.env` there, \
         or reset the token in Discord's developer portal first. Stop the other bot: two with one token answer twice.",
    );
    if !found.items.is_empty() {
        found.report.note(
            "Automations, schedules and snapshots are taken up by their plugins when the bot has started and is in the server. This command, once more with the \
             bot stopped, tells what has become of each.",
        );
    }
}
