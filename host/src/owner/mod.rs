//! Owner commands that must survive any plugin: loading, unloading, reloading and rolling back, what is loaded, settings, registering slash commands.
//!
//! `catalog.rs` says which there are; the other files are named for what their commands are about, and make the answers, out
//! of what is in `embeds.rs`.

mod canary;
mod catalog;
mod embeds;
mod extensions;
mod journal;
mod line;
mod rollback;
mod settings;
mod slash;

use std::sync::{Arc, OnceLock};

use host_base::{nearest::nearest, shown};
use host_loader::Plugins;
use serde_json::{Value, json};
use twilight_model::id::{Id, marker::UserMarker};

pub use self::catalog::{COUNT, GROUP, NAMES, find, group, grouped};
pub(crate) use self::embeds::paint;
pub use self::journal::By;
use crate::services::Services;
use host_commands::{OwnCommands, Pipeline, registration::Registration, router::CommandRoute};

/// The host's own commands, for those who resolve names.
pub const OWN_COMMANDS: OwnCommands = OwnCommands {
    alone: catalog::alone,
    grouped,
    declared: catalog::declared,
};

/// What many owner commands begin with where they are typed alone, plugins' as well: `cogwright log` is `fw_log`, if a plugin has it.
pub const OWN: &str = "fw_";

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
    pub fn is_owner(&self, user: Option<Id<UserMarker>>) -> bool {
        user.is_some_and(|user| self.commands.policy.is_owner(user))
    }

    /// Runs an owner command; the answer as a message of Discord's.
    pub async fn run(&self, by: &By, name: &str, line: &str) -> Value {
        let embed = match name {
            "load" => self.load(line).await,
            "unload" => self.unload(by, line).await,
            "reload" => self.reload(by, line).await,
            "rollback" => self.rollback(line).await,
            "sync" => self.sync().await,
            "set" => self.set(line).await,
            "unset" => self.unset(line).await,
            _ => self.extensions(),
        };
        self.record(by, name, line, &embed).await;
        answer(embed)
    }

    /// Answer to an owner who typed an owner command that does not exist; nothing where it may be a plugin's, or
    /// another bot's. `cogwright` alone shows which there are.
    #[must_use]
    pub fn mistyped(&self, name: &str, behind: &str) -> Option<Value> {
        let typed = match name {
            GROUP => behind.split_whitespace().next().unwrap_or_default(),
            name => name.strip_prefix(OWN)?,
        };
        let all = || {
            let all: Vec<&str> = catalog::names().collect();
            format!("`{GROUP}` is followed by one of `{}`", all.join("`, `"))
        };
        if name == GROUP && typed.is_empty() {
            return Some(answer(embeds::usage(&format!("{GROUP} COMMAND"), &all())));
        }
        // Those of plugins as well: `fw_log` is `cogwright log`.
        let routes = self.services.routes().commands();
        let of_plugins: Vec<String> = routes
            .iter()
            .filter(|route| route.command.access.owner_only)
            .flat_map(|route| std::iter::once(&*route.path).chain(aliases(route)))
            .filter_map(|name| Some(name.strip_prefix(OWN)?.replace('_', "-")))
            .collect();
        let own: Vec<&str> = catalog::names().collect();
        let names = own.into_iter().chain(of_plugins.iter().map(|name| &**name));
        let hint = match nearest(&typed.replace('_', "-"), names) {
            Some(near) => format!("did you mean `{GROUP} {near}`?"),
            None => all(),
        };
        let shown = if name == GROUP { typed } else { name };
        let shown: String = shown.chars().take(40).collect();
        let why = format!("there is no owner command of that name; {hint}");
        let embed = embeds::failed("Not understood", &shown, &why);
        Some(answer(embed))
    }
}

/// What else a command is called.
fn aliases(route: &CommandRoute) -> impl Iterator<Item = &str> {
    route.command.aliases.iter().map(|name| &**name)
}

/// Plugins' names and errors are in it.
fn answer(mut embed: Value) -> Value {
    shown::message(&mut embed);
    json!({"embeds": [embed], "allowed_mentions": {"parse": []}})
}
