//! Hooks: events that the framework and plugins emit to each other.

use std::{fmt, rc::Rc};

use serde::{Deserialize, Serialize};

pub use crate::host::Hook;
use crate::{
    abi::EntryKind,
    accessors::surroundings,
    error::{Error, Result},
    host::Host,
    manifest::HookManifest,
    plugin::Plugin,
};

/// Context of a hook's handler: `H` is the event, `S` the plugin's state.
pub struct HookContext<H, S = ()> {
    state: Rc<S>,
    host: Host,
    payload: H,
    from: Option<String>,
}

impl<H, S> HookContext<H, S> {
    surroundings!();

    /// What has happened.
    #[must_use]
    pub fn payload(&self) -> &H {
        &self.payload
    }

    /// The plugin that emitted it; `None` for the framework's own.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }
}

impl<H: fmt::Debug, S> fmt::Debug for HookContext<H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookContext")
            .field("payload", &self.payload)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Plugin<S> {
    /// Handles a hook, with priority 0. The handler's context says which; `name` is what the handler is known by: its id is
    /// `<plugin>:<event>:<name>`, under which the owner finds its figures, its rest after failures, and `cogwright hooks disable`. It
    /// has nothing to do with the function's name and stays the same when that changes. A handler's name is its own among
    /// the plugin's handlers of that event.
    ///
    /// One event after the other: the next comes when the handler has ended. What waits is bounded
    /// (`hooks.queue`, default 1,000 events a handler), a handler may take `hooks.timeout_ms` (default 10,000) and is then
    /// dropped, and after `hooks.failures` failures (default 5 within 5 minutes) it rests for a minute.
    ///
    /// ```
    /// use plugin_api::{hook::ExtensionFailed, prelude::*};
    ///
    /// async fn mourn(ctx: HookContext<ExtensionFailed>) -> Result {
    ///     tracing::warn!(plugin = ctx.payload().plugin, "not loaded: {}", ctx.payload().error);
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().on_hook("mourn", mourn);
    /// ```
    #[must_use]
    pub fn on_hook<H: Hook, F, Fut>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(HookContext<H, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.on_hook_with(name, 0, handler)
    }

    /// Handles a hook as [`on_hook`](Self::on_hook); among all plugins' handlers, those with a higher `priority` are called
    /// first.
    #[must_use]
    pub fn on_hook_with<H: Hook, F, Fut>(
        mut self,
        name: impl Into<String>,
        priority: i32,
        handler: F,
    ) -> Self
    where
        F: Fn(HookContext<H, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let name = name.into();
        self.manifest.hooks.push(HookManifest {
            event: H::EVENT.to_owned(),
            handler: name.clone(),
            priority,
        });
        self.handlers.entries.insert(
            (EntryKind::Hook, format!("{}:{name}", H::EVENT)),
            Rc::new(move |state, host, head, frame_guard| {
                let payload = serde_json::from_slice(frame_guard.body());
                match payload {
                    Ok(payload) => {
                        let handled = handler(HookContext {
                            state,
                            host,
                            payload,
                            from: head.from,
                        });
                        Box::pin(async move { handled.await.map(|()| Vec::new()) })
                    }
                    Err(error) => Box::pin(std::future::ready(Err(Error::new(format!(
                        "the payload of `{}` is not what this plugin expects: {error}",
                        H::EVENT
                    ))))),
                }
            }),
        );
        self
    }
}

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
    /// A setting of a plugin's has another value.
    "setting_changed" SettingChanged {
        /// The plugin.
        plugin: String,
        /// The setting.
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
