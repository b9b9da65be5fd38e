//! Owner commands: in the host, because they must survive any plugin.

mod embeds;
mod hooks;
mod log;
mod plugin;
mod schedules;
mod settings;
mod slash;
mod storage;

use std::sync::{Arc, OnceLock};

pub use self::settings::OF_MANAGERS;

use serde_json::{Value, json};

pub(crate) use self::embeds::paint;
use crate::{plugin::Plugins, registration::Registration, services::Services};

/// The owner commands' names. No plugin may take them.
pub const NAMES: &[&str] = &[
    "load",
    "unload",
    "reload",
    "extensions",
    "sync",
    "slashlimit",
    "fw_backup",
    "fw_migrations",
    "fw_migrate",
    "fw_export_data",
    "fw_erase_data",
    "fw_hooks",
    "fw_log",
    "fw_settings",
    "fw_set",
    "fw_unset",
    OF_MANAGERS,
    "fw_schedules",
    "fw_plugin",
];

/// Serves owner commands.
#[derive(Debug)]
pub struct Owner {
    plugins: Arc<Plugins>,
    services: Arc<Services>,
    registration: OnceLock<Arc<Registration>>,
}

impl Owner {
    /// Serves the bot's owners.
    #[must_use]
    pub fn new(plugins: Arc<Plugins>, services: Arc<Services>) -> Self {
        Self {
            plugins,
            services,
            registration: OnceLock::new(),
        }
    }

    /// What `sync` uses, from the moment that it is there.
    pub fn set_registration(&self, registration: Arc<Registration>) {
        let _ = self.registration.set(registration);
    }

    /// Whether a user is an owner.
    #[must_use]
    pub fn is_owner(&self, user_id: u64) -> bool {
        self.services.commands.is_owner(user_id)
    }

    /// Runs an owner command; the answer as a message of Discord's.
    pub async fn run(&self, name: &str, line: &str) -> Value {
        let embed = match name {
            "load" => self.load(line).await,
            "unload" => self.unload(line).await,
            "reload" => self.reload(line).await,
            "sync" => self.sync().await,
            "slashlimit" => self.slash_limit(),
            "fw_backup" => self.backup().await,
            "fw_migrations" => self.migrations().await,
            "fw_migrate" => self.migrate(line).await,
            "fw_export_data" => self.export_data(line).await,
            "fw_erase_data" => self.erase_data(line).await,
            "fw_hooks" => self.hooks(line),
            "fw_log" => self.log(line),
            "fw_settings" => self.settings(line),
            "fw_set" => self.set(line).await,
            "fw_unset" => self.unset(line).await,
            "fw_schedules" => self.schedules(line).await,
            "fw_plugin" => self.plugin(line.trim()),
            _ => embeds::extensions(
                &self.plugins.status(),
                &self.plugins.written_off(),
                &self.registered(),
            ),
        };
        json!({"embeds": [embed], "allowed_mentions": {"parse": []}})
    }

    /// Runs a command of a server's managers; the answer as a message of Discord's.
    pub async fn run_for_server(&self, guild: u64, line: &str) -> Value {
        let embed = self.of_server(guild, line).await;
        json!({"embeds": [embed], "allowed_mentions": {"parse": []}})
    }

    async fn load(&self, line: &str) -> Value {
        if line.is_empty() {
            return embeds::usage("load NAME", "Loads a plugin from the extensions folder.");
        }
        match self.plugins.load(line).await {
            Ok(report) => embeds::loaded(&[report]),
            Err(error) => embeds::failed("Not loaded", line, &error.to_string()),
        }
    }

    async fn unload(&self, line: &str) -> Value {
        let (name, force) = match line.strip_suffix(" force") {
            Some(name) => (name.trim(), true),
            None => (line, false),
        };
        if name.is_empty() {
            return embeds::usage(
                "unload NAME [force]",
                "Saves a plugin's state and unloads it. With `force` also those that need it, and without its state if it can't be saved.",
            );
        }
        match self.plugins.unload(name, force).await {
            Ok(report) => embeds::unloaded(&report),
            Err(error) => embeds::failed("Not unloaded", name, &error.to_string()),
        }
    }

    async fn reload(&self, line: &str) -> Value {
        match line {
            "" => embeds::usage(
                "reload NAME | all",
                "Swaps a plugin for what its file holds now. It goes on serving meanwhile.",
            ),
            "all" => embeds::reloaded_all(&self.plugins.reload_all().await),
            name => match self.plugins.reload(name).await {
                Ok(reports) => embeds::loaded(&reports),
                Err(error) => embeds::failed("Not reloaded", name, &error.to_string()),
            },
        }
    }
}

/// The owner commands as slash commands. Discord shows them to administrators alone; the host answers the owner alone.
#[must_use]
pub fn slash_commands() -> Vec<Value> {
    let command = |name: &str, description: &str, options: Value| {
        json!({
            "name": name, "type": 1, "description": description, "options": options,
            "default_member_permissions": "0",
        })
    };
    let user = json!({"type": 6, "name": "user", "description": "Whom the data are about", "required": true});
    let name = |description: &str| json!({"type": 3, "name": "name", "description": description, "required": true});
    vec![
        command(
            "extensions",
            "Shows the plugins that are loaded (owner)",
            json!([]),
        ),
        command(
            "fw_backup",
            "Copies all databases to the backups folder (owner)",
            json!([]),
        ),
        command(
            "fw_erase_data",
            "Erases all that is kept about a user, for good (owner)",
            json!([
                user,
                {"type": 3, "name": "confirm", "description": "The word erase"},
            ]),
        ),
        command(
            "fw_export_data",
            "Writes all that is kept about a user into a file (owner)",
            json!([user]),
        ),
        command(
            "fw_hooks",
            "Shows the handlers of hooks, switches one on or off, closes its breaker (owner)",
            json!([
                {"type": 3, "name": "what", "description": "list, history, enable, disable or reset"},
                {"type": 3, "name": "id", "description": "The handler, as the list shows it"},
            ]),
        ),
        command(
            "fw_log",
            "Shows or changes what is logged (owner)",
            json!([
                {"type": 3, "name": "of", "description": "A plugin or a module; all without it"},
                {"type": 3, "name": "level", "description": "error, warn, info, debug, trace, off or default"},
            ]),
        ),
        command(
            "fw_migrate",
            "Runs the migrations that are missing, in every database (owner)",
            json!([{"type": 3, "name": "plugin", "description": "One plugin's; all without it"}]),
        ),
        command(
            "fw_migrations",
            "Shows which migrations have run (owner)",
            json!([]),
        ),
        command(
            "fw_set",
            "Changes a setting of a plugin or of the host (owner)",
            json!([
                {"type": 3, "name": "setting", "description": "PLUGIN.NAME or TABLE.KEY", "required": true},
                {"type": 3, "name": "value", "description": "Its new value", "required": true},
            ]),
        ),
        command(
            "fw_settings",
            "Shows settings, their values and what they take (owner)",
            json!([{"type": 3, "name": "of", "description": "A plugin, or a table of config.toml"}]),
        ),
        command(
            "fw_unset",
            "Gives a setting its default again (owner)",
            json!([{"type": 3, "name": "setting", "description": "PLUGIN.NAME or TABLE.KEY", "required": true}]),
        ),
        json!({
            "name": OF_MANAGERS, "type": 1, "description": "Shows and changes the settings of this server",
            // MANAGE_GUILD
            "default_member_permissions": "32", "dm_permission": false,
            "options": [
                {"type": 3, "name": "action", "description": "What to do; shows without it", "choices":
                    [{"name": "show", "value": "show"}, {"name": "set", "value": "set"}, {"name": "reset", "value": "reset"}]},
                {"type": 3, "name": "setting", "description": "PLUGIN.NAME"},
                {"type": 3, "name": "value", "description": "Its new value"},
            ],
        }),
        command(
            "fw_schedules",
            "Shows what plugins do at a time, or changes it (owner)",
            json!([
                {"type": 3, "name": "action", "description": "run, pause or resume; shows all without it"},
                {"type": 3, "name": "plugin", "description": "Whose schedule"},
                {"type": 3, "name": "name", "description": "Which one"},
            ]),
        ),
        command(
            "fw_plugin",
            "Shows what a plugin takes (owner)",
            json!([name("Name of the plugin")]),
        ),
        command(
            "load",
            "Loads a plugin (owner)",
            json!([name("Name of the plugin")]),
        ),
        command(
            "reload",
            "Reloads a plugin without losing a message (owner)",
            json!([name("Name of the plugin, or all")]),
        ),
        command(
            "slashlimit",
            "Shows how many slash commands there are, and may be (owner)",
            json!([]),
        ),
        command(
            "sync",
            "Registers the slash commands with Discord again (owner)",
            json!([]),
        ),
        command(
            "unload",
            "Unloads a plugin (owner)",
            json!([
                name("Name of the plugin"),
                {"type": 5, "name": "force", "description": "Also those that need it, and without its state if it can't be saved"},
            ]),
        ),
    ]
}
