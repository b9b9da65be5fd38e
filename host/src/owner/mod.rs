//! Owner commands: in the host, because they must survive any plugin.
//!
//! `declared.rs` says which there are; the other files are named for what their commands are about, and make the answers, out
//! of what is in `embeds.rs`.

mod catalog;
mod embeds;
mod extensions;
mod files;
mod hooks;
mod log;
mod plugin;
mod schedules;
mod settings;
mod slash;
mod storage;

use std::sync::{Arc, OnceLock};

use host_base::{nearest::nearest, shown};
use host_loader::Plugins;
use serde_json::{Value, json};

pub use self::catalog::{GROUP, NAMES, OF_MANAGERS, group, slash_commands};
pub(crate) use self::embeds::paint;
use crate::services::Services;
use host_commands::{Pipeline, registration::Registration};

/// What owner commands begin with that no plugin has one like.
const OWN: &str = "fw_";

/// Serves owner commands.
#[derive(Debug)]
pub struct Owner {
    plugins: Arc<Plugins>,
    services: Arc<Services>,
    commands: Arc<Pipeline>,
    registration: OnceLock<Arc<Registration>>,
}

impl Owner {
    /// Serves the bot's owners.
    #[must_use]
    pub fn new(plugins: Arc<Plugins>, services: Arc<Services>, commands: Arc<Pipeline>) -> Self {
        Self {
            plugins,
            services,
            commands,
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
        self.commands.policy.is_owner(user_id)
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
            "fw_files" => self.files(),
            "fw_hooks" => self.hooks(line),
            "fw_log" => self.log(line).await,
            "fw_settings" => self.settings(line).await,
            "fw_set" => self.set(line).await,
            "fw_unset" => self.unset(line).await,
            "fw_schedules" => self.schedules(line).await,
            "fw_plugin" => self.plugin(line.trim()).await,
            _ => self.extensions(),
        };
        answer(embed)
    }

    /// Answer to an owner who typed an owner command that does not exist; nothing where it may be a plugin's, or
    /// another bot's.
    #[must_use]
    pub fn mistyped(&self, name: &str) -> Option<Value> {
        let known = NAMES.iter().copied().filter(|name| name.starts_with(OWN));
        let known: Vec<&str> = known.collect();
        if !name.starts_with(OWN) {
            return None;
        }
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are `{}`", known.join("`, `")),
        };
        let name: String = name.chars().take(40).collect();
        let why = format!("there is no owner command of that name; {hint}");
        let embed = embeds::failed("Not understood", &name, &why);
        Some(answer(embed))
    }

    /// Runs a command of a server's managers; the answer as a message of Discord's.
    pub async fn run_for_server(&self, guild: u64, line: &str) -> Value {
        answer(self.of_server(guild, line).await)
    }
}

/// Plugins' names and errors are in it.
fn answer(mut embed: Value) -> Value {
    shown::message(&mut embed);
    json!({"embeds": [embed], "allowed_mentions": {"parse": []}})
}
