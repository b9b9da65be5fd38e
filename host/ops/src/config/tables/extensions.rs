//! `[extensions]`: where plugins come from, and how long their steps may take.

use std::path::PathBuf;

use host_base::PluginName;

use crate::config::{
    checks::plugin_name,
    fault::Item,
    values::{Reading, boolean, folder, list, milliseconds, number, seconds, text, timeout},
};

table! {
    /// `[extensions]`: where plugins come from, and how long their steps may take.
    Extensions {
        // The watcher is made once.
        /// The extensions folder. The usual one is made when it is missing.
        restart folder: PathBuf = "extensions".into(), folder;
        /// Whether the plugins that lie in the folder are loaded at start.
        live auto_load: bool = true, boolean;
        // As the folder.
        /// Whether a plugin is loaded, reloaded and unloaded when its file comes, changes and goes.
        restart auto_reload: bool = true, boolean;
        /// Names of plugins that are not loaded by themselves.
        live blacklist: Vec<PluginName> = Vec::new(), list("a list of plugin names", plugin);
        /// Whether a plugin waits for the plugins that it needs.
        live enforce_dependencies: bool = true, boolean;
        /// Whether a plugin is refused beside one that it conflicts with.
        live enforce_conflicts: bool = true, boolean;
        // As the folder.
        /// How long a file must lie still before it counts as written.
        restart debounce_ms: u64 = 200, milliseconds(10..=60_000);
        /// Whether a file is first tried in a child process.
        live probe: bool = true, boolean;
        /// How long that child process may take.
        live probe_timeout_ms: u64 = 2_000, timeout;
        /// How long a plugin may take to start.
        live start_timeout_ms: u64 = 10_000, timeout;
        /// How long a plugin may take to save its state.
        live save_timeout_ms: u64 = 2_000, timeout;
        /// How long a plugin may take to finish what it is doing and stop.
        live stop_timeout_ms: u64 = 5_000, timeout;
        /// How often states are saved while plugins serve; 0: only when they stop.
        live save_every_s: u64 = 60, seconds(0..=86_400);
        /// How often a plugin may panic within a minute before it is stopped; 0: as often as it does.
        live panics_per_minute: u64 = 60, number(0..=9_999, "panics");
        /// From how many failures of a hundred on a canary is taken back, once it has had ten things to do; 0: never.
        live canary_failure_percent: u64 = 20, number(0..=100, "percent");
        /// How many files of each plugin are kept for a rollback, the one that serves among them.
        live keep_files: u64 = 5, number(1..=50, "files");
        /// Megabytes that generations which stay mapped may hold before those that can't be unloaded are not reloaded by themselves; 0: as many as they do.
        live pinned_limit_mb: u64 = 256, number(0..=1_000_000, "megabytes");
        // Looked at once, as the bot starts after a crash.
        /// How many crashes of the bot within the window are a file's last, until the owner loads it again; 0: as many as there are.
        restart crash_strikes: u64 = 2, number(0..=99, "crashes");
        // As above.
        /// How long a crash counts.
        restart crash_window_s: u64 = 3_600, seconds(60..=604_800);
        // As above.
        /// After how many crashes that name nobody the bot starts with some of its plugins to find out; 0: never.
        restart unclear_crashes: u64 = 3, number(0..=99, "crashes");
        // As above.
        /// Within how long, and how long a set of plugins has to live to be beyond suspicion.
        restart unclear_window_s: u64 = 600, seconds(1..=604_800);
        // As above.
        /// The plugins that are loaded in safe mode (`cogwright run --safe`), and suspected last.
        restart safe: Vec<PluginName> = Vec::new(), list("a list of plugin names", plugin);
    }
}

fn plugin(item: &Item<'_>) -> Reading<PluginName> {
    text(plugin_name)(item).map(|name| PluginName::new(&name))
}
