//! Framework's events: what the host itself tells plugins of.

use serde::{Deserialize, Serialize};

use super::Hook;

/// Declares the framework's own events.
macro_rules! hooks {
    ($($(#[$doc:meta])* $event:literal $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
            #[serde(default)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl Hook for $name {
                const EVENT: &'static str = $event;
            }
        )*

        /// Names of the framework's own events.
        pub const FRAMEWORK_EVENTS: &[&str] = &[$($event),*];
    };
}

hooks! {
    /// A shard has logged in: at the start, and whenever it had to identify anew. Its servers come after it.
    "bot_ready" BotReady {
        /// The bot's user id.
        #[serde(with = "crate::abi::snowflake")]
        user_id: u64,
        /// Which shard.
        shard: u32,
        /// Servers of that shard.
        guilds: u64,
    }
    /// A shard has a new session: at the start, and whenever the one before could not be resumed. What happened in between is lost.
    "shard_connected" ShardConnected {
        /// Which shard.
        shard: u32,
        /// Milliseconds without a connection; `None`: there was one, or none before.
        outage_ms: Option<u64>,
    }
    /// A shard has lost its connection, and looks for another.
    "shard_disconnected" ShardDisconnected {
        /// Which shard.
        shard: u32,
        /// Discord's [close code](https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes),
        /// or 4000 when the host has closed it to resume; `None`: the connection broke.
        code: Option<u16>,
        /// Discord's words, if any.
        reason: String,
    }
    /// A shard is connected again, and its session goes on: what happened meanwhile comes now.
    "shard_resumed" ShardResumed {
        /// Which shard.
        shard: u32,
        /// Milliseconds without a connection.
        outage_ms: Option<u64>,
    }
    /// The bot was added to a server.
    "guild_joined" GuildJoined {
        /// The server.
        #[serde(with = "crate::abi::snowflake")]
        guild_id: u64,
        /// Its name.
        name: String,
        /// Its members.
        members: u64,
    }
    /// The bot was removed from a server.
    "guild_left" GuildLeft {
        /// The server.
        #[serde(with = "crate::abi::snowflake")]
        guild_id: u64,
    }
    /// A command ended well.
    "command_executed" CommandExecuted {
        /// The command's name as declared.
        command: String,
        /// Its plugin.
        plugin: String,
        /// Who used it.
        #[serde(with = "crate::abi::snowflake")]
        user_id: u64,
        /// Where; `None` in direct messages.
        #[serde(with = "crate::abi::snowflake::option")]
        guild_id: Option<u64>,
        /// Where.
        #[serde(with = "crate::abi::snowflake")]
        channel_id: u64,
        /// Whether it came as a slash command, and not by prefix.
        slash: bool,
        /// Microseconds from its arrival to the handler's end.
        took_us: u64,
    }
    /// A command failed.
    "command_error" CommandError {
        /// The command's name as declared.
        command: String,
        /// Its plugin.
        plugin: String,
        /// Who used it.
        #[serde(with = "crate::abi::snowflake")]
        user_id: u64,
        /// Where; `None` in direct messages.
        #[serde(with = "crate::abi::snowflake::option")]
        guild_id: Option<u64>,
        /// Where.
        #[serde(with = "crate::abi::snowflake")]
        channel_id: u64,
        /// The error with its causes.
        error: String,
        /// The error id that the member has read; empty when the error was the member's own (wrong input, say).
        error_id: String,
    }
    /// The handler of a component or a modal failed.
    "component_error" ComponentError {
        /// The component's handler as declared.
        component: String,
        /// Its plugin.
        plugin: String,
        /// Who used it.
        #[serde(with = "crate::abi::snowflake")]
        user_id: u64,
        /// Where; `None` in direct messages.
        #[serde(with = "crate::abi::snowflake::option")]
        guild_id: Option<u64>,
        /// Where.
        #[serde(with = "crate::abi::snowflake")]
        channel_id: u64,
        /// The error with its causes.
        error: String,
        /// The error id that the member has read; empty when the error was the member's own.
        error_id: String,
    }
    /// A listener failed, or panicked.
    "listener_error" ListenerError {
        /// Its plugin.
        plugin: String,
        /// The event that it listened to, as Discord calls it: `MESSAGE_CREATE`.
        event: String,
        /// The error with its causes.
        error: String,
    }
    /// A route of the web pages failed.
    "page_error" PageError {
        /// The plugin whose route it was.
        plugin: String,
        /// The route's method and path.
        route: String,
        /// Who asked.
        #[serde(with = "crate::abi::snowflake")]
        user_id: u64,
        /// What failed, for the log.
        error: String,
        /// The id that whoever asked was told.
        error_id: String,
    }
    /// A task in the background failed, or panicked.
    "task_error" TaskError {
        /// Its plugin.
        plugin: String,
        /// The error with its causes.
        error: String,
    }
    /// Code of a plugin has panicked: in whatever handler, task or thread.
    "plugin_panicked" PluginPanicked {
        /// The plugin.
        plugin: String,
        /// The panic's text.
        message: String,
        /// `file:line:column`.
        at: String,
        /// Whether the plugin is over, because it can't go on behind this panic.
        ends_plugin: bool,
    }
    /// A plugin's thread has not gone on for some seconds: what waits for it waits.
    "plugin_blocked" PluginBlocked {
        /// The plugin.
        plugin: String,
        /// Milliseconds so far.
        blocked_ms: u64,
        /// What it is at, in words: "command `brew`".
        handler: String,
        /// Whether it uses the processor meanwhile; `None` where that can't be known.
        spins: Option<bool>,
    }
    /// An owner used a command of the host's own.
    "owner_action" OwnerAction {
        /// The command.
        command: String,
        /// Who.
        #[serde(with = "crate::abi::snowflake")]
        user_id: u64,
        /// Where; `None` in direct messages.
        #[serde(with = "crate::abi::snowflake::option")]
        guild_id: Option<u64>,
        /// Whether it came as a slash command, and not by prefix.
        slash: bool,
    }
    /// A plugin was loaded, or replaced by a new generation.
    "extension_loaded" ExtensionLoaded {
        /// The plugin.
        plugin: String,
        /// Its version.
        version: String,
        /// Which load of it, counted from 1.
        generation: u64,
        /// Whether it replaced an older generation.
        reloaded: bool,
        /// Milliseconds that it took.
        took_ms: u64,
    }
    /// A run of a schedule failed, and is not tried again.
    "schedule_failed" ScheduleFailed {
        /// The plugin.
        plugin: String,
        /// The schedule.
        schedule: String,
        /// When the run was due, in milliseconds since 1970.
        due_ms: i64,
        /// How often it was tried.
        attempts: u32,
        /// The last error with its causes.
        error: String,
        /// Leads to the line in the log.
        error_id: String,
    }
    /// A setting has another value.
    "setting_changed" SettingChanged {
        /// The plugin; empty for a setting of the host's own.
        plugin: String,
        /// The setting; for one of the host's own with its table: `alerts.channel_id`.
        name: String,
        /// The server whose value it is; `None`: the bot's.
        #[serde(with = "crate::abi::snowflake::option")]
        guild_id: Option<u64>,
    }
    /// A plugin was unloaded.
    "extension_unloaded" ExtensionUnloaded {
        /// The plugin.
        plugin: String,
    }
    /// A plugin could not be loaded; an older generation goes on serving, if there was one.
    "extension_failed" ExtensionFailed {
        /// The plugin, or its file where it has no name.
        plugin: String,
        /// Why.
        error: String,
    }
}
