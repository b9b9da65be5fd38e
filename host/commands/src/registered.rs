//! Registered commands: what Discord has, and how each command is reached.

use std::collections::{BTreeMap, HashMap};

use host_base::PluginName;
use plugin_api::manifest::CommandKind;
use serde_json::Value;

use crate::router::CommandRoute;

/// The name of the host's own commands' group, and of the host as if it were a plugin. No plugin has it.
pub const HOST: &str = "cogwright";

/// A command: its kind, and its names behind each other, `tag admin clear`.
pub type Key = (CommandKind, String);

/// Registered commands at Discord.
#[derive(Debug, Default)]
pub struct Registered {
    /// The commands of grouped names.
    pub grouped: HashMap<String, String>,
    /// The same for names that members may still see.
    pub former: HashMap<String, String>,
    /// How each command is reached.
    pub listed: BTreeMap<Key, ListedCommand>,
    /// Slash commands that are in use, each group as one.
    pub used: usize,
    /// How many there may be.
    pub limit: usize,
    /// From how many on the bot warns.
    pub warn_at: usize,
    /// The plugins whose commands are grouped, or left to the prefix.
    pub grouped_plugins: Vec<String>,
}

/// A command, and how it is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedCommand {
    /// Its plugin; `cogwright` for the host's own.
    pub plugin: PluginName,
    /// Whether a message with the prefix reaches it.
    pub prefix: bool,
    /// How it is reached with Discord's own means.
    pub how: How,
}

/// Way in which a command is reached with Discord's own means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// By its own name.
    Itself,
    /// By these names, below its plugin's.
    Grouped(Vec<String>),
    /// In the context menu of this name, which opens a list.
    InMenu(String),
    /// It is not declared so.
    NotDeclared,
    /// Not at all, and why.
    LeftOut(String),
}

impl ListedCommand {
    /// How it is reached in a few words: "hybrid", "prefix only", "hybrid, grouped: /shop add".
    #[must_use]
    pub fn kind(&self, of: CommandKind) -> String {
        match &self.how {
            How::Itself if of != CommandKind::Chat => "context menu".into(),
            How::Itself if self.prefix => "hybrid".into(),
            How::Itself => "slash only".into(),
            How::Grouped(names) if self.prefix => format!("hybrid, grouped: /{}", names.join(" ")),
            How::Grouped(names) => format!("slash only, grouped: /{}", names.join(" ")),
            How::InMenu(menu) => format!("in the menu {menu}"),
            How::NotDeclared => "prefix only".into(),
            How::LeftOut(why) if self.prefix => format!("prefix only: {why}"),
            How::LeftOut(why) => format!("not registered: {why}"),
        }
    }
}

impl Registered {
    /// How the command with this path is reached; `None` when there is none.
    #[must_use]
    pub fn how(&self, kind: CommandKind, path: &str) -> Option<&ListedCommand> {
        self.listed.get(&(kind, path.to_owned()))
    }

    /// All commands by kind and path, and how each is reached.
    pub fn all(&self) -> impl Iterator<Item = (&(CommandKind, String), &ListedCommand)> {
        self.listed.iter()
    }

    /// The command as a member types it by slash: `/shop add`; `None` when it can't be.
    #[must_use]
    pub fn slash(&self, path: &str) -> Option<String> {
        match &self.how(CommandKind::Chat, path)?.how {
            How::Itself => Some(format!("/{path}")),
            How::Grouped(names) => Some(format!("/{}", names.join(" "))),
            _ => None,
        }
    }

    /// How a command is typed where `prefix` is the prefix, each way that there is: `!tag add`, `/shop tag add`; a context
    /// menu's name.
    pub fn ways(&self, prefix: &str, route: &CommandRoute) -> Vec<String> {
        if route.command.kind != CommandKind::Chat {
            return vec![route.path.to_string()];
        }
        let by_prefix = route.command.prefix;
        let by_prefix = by_prefix.then(|| format!("{prefix}{}", route.path));
        by_prefix
            .into_iter()
            .chain(self.slash(&route.path))
            .collect()
    }

    /// A command's kind in a few words.
    pub fn kind(&self, route: &CommandRoute) -> String {
        let command = &route.command;
        if let Some(listed) = self.how(command.kind, &route.path) {
            return listed.kind(command.kind);
        }
        // It has just been loaded: as it is declared.
        let how = if command.slash {
            How::Itself
        } else {
            How::NotDeclared
        };
        ListedCommand {
            plugin: route.plugin.clone(),
            prefix: command.prefix,
            how,
        }
        .kind(command.kind)
    }

    /// Whose command is registered by that key.
    pub fn plugin_of(&self, key: &Key) -> Option<PluginName> {
        self.listed.get(key).map(|listed| listed.plugin.clone())
    }

    /// Whether something that Discord has still means a command.
    pub fn is_alive(&self, json: &Value) -> bool {
        fn leaves(json: &Value, above: &str, into: &mut Vec<String>) {
            let path = format!("{above}{}", json["name"].as_str().unwrap_or_default());
            let inside = json["options"].as_array().into_iter().flatten();
            let groups = inside.filter(|it| matches!(it["type"].as_u64(), Some(1 | 2)));
            let before = into.len();
            groups.for_each(|it| leaves(it, &format!("{path} "), into));
            if into.len() == before {
                into.push(path);
            }
        }
        let mut names = Vec::new();
        leaves(json, "", &mut names);
        names.iter().any(|name| {
            let path = self.former.get(name).or_else(|| self.grouped.get(name));
            let path = path.unwrap_or(name).clone();
            self.listed.contains_key(&(CommandKind::Chat, path))
        })
    }

    /// The context menus that the menu of this name lists.
    pub(super) fn inside_menu(&self, kind: CommandKind, menu: &str) -> Vec<String> {
        let listed = self.listed.iter();
        let inside = listed.filter(|((known, _), it)| {
            *known == kind && matches!(&it.how, How::InMenu(name) if name == menu)
        });
        inside.map(|((_, path), _)| path.clone()).collect()
    }
}
