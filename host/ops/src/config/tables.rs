//! The tables of the configuration: their settings, their defaults, and how they are read.

use std::path::PathBuf;

use host_base::PluginName;

use super::{
    checks::{api_url, gateway_url, host_and_port, plugin_name, status_texts},
    document::Table,
    fault::Item,
    prefix::check_prefix,
    values::{
        IdOf, Reading, boolean, count, folder, id, list, milliseconds, seconds, string_that, word,
    },
};

/// `[discord]`: how Discord is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discord {
    /// `host:port` of a proxy that speaks plain HTTP and does the rate limiting. Unset: Discord itself.
    pub http_proxy: Option<String>,
    /// `http://` or `https://` address of a server that speaks as Discord's REST API does, without `/api`. Unset: Discord's own.
    pub api_url: Option<String>,
    /// `ws://` or `wss://` address of the gateway. Unset: the one that Discord names.
    pub gateway_url: Option<String>,
    /// Requests in a second that Discord allows the bot.
    pub requests_per_second: u64,
    /// What a request waits for a rate limit at most. One that would wait longer fails at once.
    pub longest_wait_s: u64,
}

impl Default for Discord {
    fn default() -> Self {
        Self {
            http_proxy: None,
            api_url: None,
            gateway_url: None,
            requests_per_second: 50,
            longest_wait_s: 60,
        }
    }
}

impl Discord {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut discord = Self::default();
        table.read("http_proxy", &mut discord.http_proxy, |item| {
            string_that(item, host_and_port).map(Some)
        });
        table.read("gateway_url", &mut discord.gateway_url, |item| {
            string_that(item, gateway_url).map(Some)
        });
        table.read("api_url", &mut discord.api_url, |item| {
            string_that(item, api_url).map(Some)
        });
        table.read(
            "requests_per_second",
            &mut discord.requests_per_second,
            |item| count(item, 1..=10_000, "requests"),
        );
        table.read("longest_wait_s", &mut discord.longest_wait_s, |item| {
            seconds(item, 1..=3_600)
        });
        discord
    }
}

/// `[bot]`: how people address the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// What a text command starts with: 1 to 5 characters.
    pub prefix: String,
    /// Whether a mention of the bot works like the prefix.
    pub mention_prefix: bool,
    /// Ids of the users who may do everything, beside the one in `BOT_OWNER_ID`.
    pub owner_ids: Vec<u64>,
}

impl Default for Bot {
    fn default() -> Self {
        Self {
            prefix: "!".to_owned(),
            mention_prefix: true,
            owner_ids: Vec::new(),
        }
    }
}

impl Bot {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut bot = Self::default();
        table.read("prefix", &mut bot.prefix, |item| {
            string_that(item, check_prefix)
        });
        table.read("mention_prefix", &mut bot.mention_prefix, boolean);
        table.read("owner_ids", &mut bot.owner_ids, |item| {
            list(item, "a list of user ids", |item| id(item, IdOf::User))
        });
        bot
    }
}

/// `[extensions]`: where plugins come from, and how long their steps may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extensions {
    /// The extensions folder. The usual one is made when it is missing.
    pub folder: PathBuf,
    /// Whether the plugins that lie in the folder are loaded at start.
    pub auto_load: bool,
    /// Whether a plugin is loaded, reloaded and unloaded when its file comes, changes and goes.
    pub auto_reload: bool,
    /// Names of plugins that are not loaded by themselves.
    pub blacklist: Vec<PluginName>,
    /// How long a file must lie still before it counts as written.
    pub debounce_ms: u64,
    /// Whether a file is first tried in a child process.
    pub probe: bool,
    /// How long that child process may take.
    pub probe_timeout_ms: u64,
    /// How long a plugin may take to start.
    pub start_timeout_ms: u64,
    /// How long a plugin may take to save its state.
    pub save_timeout_ms: u64,
    /// How long a plugin may take to finish what it is doing and stop.
    pub stop_timeout_ms: u64,
    /// How often states are saved while plugins serve; 0: only when they stop.
    pub save_every_s: u64,
    /// How often a plugin may panic within a minute before it is stopped; 0: as often as it does.
    pub panics_per_minute: u64,
}

impl Default for Extensions {
    fn default() -> Self {
        Self {
            folder: "extensions".into(),
            auto_load: true,
            auto_reload: true,
            blacklist: Vec::new(),
            debounce_ms: 200,
            probe: true,
            probe_timeout_ms: 2_000,
            start_timeout_ms: 10_000,
            save_timeout_ms: 2_000,
            stop_timeout_ms: 5_000,
            save_every_s: 60,
            panics_per_minute: 60,
        }
    }
}

impl Extensions {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut extensions = Self::default();
        table.read("folder", &mut extensions.folder, folder);
        table.read("auto_load", &mut extensions.auto_load, boolean);
        table.read("auto_reload", &mut extensions.auto_reload, boolean);
        table.read("blacklist", &mut extensions.blacklist, |item| {
            list(item, "a list of plugin names", |item| {
                string_that(item, plugin_name).map(|name| PluginName::new(&name))
            })
        });
        table.read("debounce_ms", &mut extensions.debounce_ms, |item| {
            milliseconds(item, 10..=60_000)
        });
        table.read("probe", &mut extensions.probe, boolean);
        table.read(
            "probe_timeout_ms",
            &mut extensions.probe_timeout_ms,
            timeout,
        );
        table.read(
            "start_timeout_ms",
            &mut extensions.start_timeout_ms,
            timeout,
        );
        table.read("save_timeout_ms", &mut extensions.save_timeout_ms, timeout);
        table.read("stop_timeout_ms", &mut extensions.stop_timeout_ms, timeout);
        table.read("save_every_s", &mut extensions.save_every_s, |item| {
            seconds(item, 0..=86_400)
        });
        table.read(
            "panics_per_minute",
            &mut extensions.panics_per_minute,
            |item| count(item, 0..=9_999, "panics"),
        );
        extensions
    }
}

/// `[status]`: what the bot shows below its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The texts, shown in turn, with `{guilds}`, `{users}` and `{commands}` as numbers, `{servers}` and
    /// `{members}` as numbers with their word. Empty: none is shown.
    pub text: Vec<String>,
    /// The verb before the text.
    pub kind: Activity,
    /// The dot beside the bot's picture.
    pub presence: Presence,
    /// How long each text stays: at least 15 s, because Discord limits how often it may change.
    pub interval_s: u64,
}

/// The verb before the status text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// "Playing …".
    Playing,
    /// "Watching …".
    Watching,
    /// "Listening to …".
    Listening,
    /// "Competing in …".
    Competing,
    /// The text alone.
    Custom,
}

/// The dot beside the bot's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Green.
    Online,
    /// Yellow.
    Idle,
    /// Red: do not disturb.
    Dnd,
    /// Grey, as if offline.
    Invisible,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            text: vec!["{servers}".to_owned()],
            kind: Activity::Watching,
            presence: Presence::Online,
            interval_s: 300,
        }
    }
}

impl Status {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut status = Self::default();
        let kinds = [
            ("playing", Activity::Playing),
            ("watching", Activity::Watching),
            ("listening", Activity::Listening),
            ("competing", Activity::Competing),
            ("custom", Activity::Custom),
        ];
        let presences = [
            ("online", Presence::Online),
            ("idle", Presence::Idle),
            ("dnd", Presence::Dnd),
            ("invisible", Presence::Invisible),
        ];
        table.read("text", &mut status.text, status_texts);
        table.read("kind", &mut status.kind, |item| word(item, &kinds));
        table.read("presence", &mut status.presence, |item| {
            word(item, &presences)
        });
        table.read("interval_s", &mut status.interval_s, |item| {
            seconds(item, 15..=86_400)
        });
        status
    }
}

/// `[shutdown]`: how the host ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// How long the whole of it may take; whoever is late is named in the log.
    pub timeout_ms: u64,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { timeout_ms: 10_000 }
    }
}

impl Shutdown {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut shutdown = Self::default();
        table.read("timeout_ms", &mut shutdown.timeout_ms, timeout);
        shutdown
    }
}

/// `[data]`: where the host keeps what must survive it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// The data folder.
    pub folder: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            folder: "data".into(),
        }
    }
}

impl Data {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut data = Self::default();
        table.read("folder", &mut data.folder, folder);
        data
    }
}

/// `[storage]`: the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// Most databases of servers that are open at once.
    pub max_open: u64,
    /// Threads that work on databases.
    pub threads: u64,
    /// How long a call may take, all its statements together.
    pub statement_timeout_ms: u64,
    /// How long a migration may take, in one database.
    pub migration_timeout_ms: u64,
    /// How long another program may hold a database.
    pub busy_timeout_ms: u64,
    /// From when on a statement is logged as slow.
    pub slow_query_ms: u64,
    /// Most rows of a result.
    pub max_rows: u64,
    /// Most bytes of a result.
    pub max_result_bytes: u64,
    /// Most bytes of a text, of a BLOB, of a row, and of the value of a key-value store.
    pub max_value_bytes: u64,
    /// Most bytes of memory that all databases take together.
    pub max_memory_bytes: u64,
    /// Most bytes that one plugin may keep: tables, key-value stores, runs that wait, and files.
    pub max_plugin_bytes: u64,
    /// Whether a backup is made when the bot stops.
    pub backup_on_shutdown: bool,
    /// How many backups are kept.
    pub backups_kept: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            max_open: 256,
            threads: 4,
            statement_timeout_ms: 5_000,
            migration_timeout_ms: 60_000,
            busy_timeout_ms: 5_000,
            slow_query_ms: 200,
            max_rows: 10_000,
            max_result_bytes: 8 << 20,
            max_value_bytes: 1 << 20,
            max_memory_bytes: 512 << 20,
            max_plugin_bytes: 1 << 30,
            backup_on_shutdown: true,
            backups_kept: 5,
        }
    }
}

impl Storage {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut storage = Self::default();
        table.read("max_open", &mut storage.max_open, |item| {
            count(item, 8..=100_000, "databases")
        });
        table.read("threads", &mut storage.threads, |item| {
            count(item, 1..=64, "threads")
        });
        table.read(
            "statement_timeout_ms",
            &mut storage.statement_timeout_ms,
            timeout,
        );
        table.read(
            "migration_timeout_ms",
            &mut storage.migration_timeout_ms,
            timeout,
        );
        table.read("busy_timeout_ms", &mut storage.busy_timeout_ms, timeout);
        table.read("slow_query_ms", &mut storage.slow_query_ms, timeout);
        table.read("max_rows", &mut storage.max_rows, |item| {
            count(item, 1..=10_000_000, "rows")
        });
        table.read("max_result_bytes", &mut storage.max_result_bytes, |item| {
            count(item, 1_024..=1 << 30, "bytes")
        });
        table.read("max_value_bytes", &mut storage.max_value_bytes, |item| {
            count(item, 1_024..=1 << 30, "bytes")
        });
        table.read("max_memory_bytes", &mut storage.max_memory_bytes, |item| {
            count(item, 64 << 20..=1 << 40, "bytes")
        });
        table.read("max_plugin_bytes", &mut storage.max_plugin_bytes, |item| {
            count(item, 1 << 20..=1 << 44, "bytes")
        });
        table.read(
            "backup_on_shutdown",
            &mut storage.backup_on_shutdown,
            boolean,
        );
        table.read("backups_kept", &mut storage.backups_kept, |item| {
            count(item, 1..=1_000, "backups")
        });
        storage
    }
}

/// A timeout: 1 ms to an hour, since more is a slip of the keyboard.
fn timeout(item: &Item<'_>) -> Reading<u64> {
    milliseconds(item, 1..=3_600_000)
}
