//! Which command a name that is registered with Discord means, and how each command is reached.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use host_base::names::tidy;
use host_ops::config;
use plugin_api::manifest::CommandKind;
use serde_json::Value;

use super::CommandRoute;
use crate::{
    owner,
    registration::{
        How, Listed,
        plan::{Key, Plan},
    },
    router::Routes,
};

/// What is registered with Discord.
#[derive(Debug, Default)]
pub struct Registered {
    /// The commands of grouped names.
    grouped: HashMap<String, String>,
    /// The same for names that members may still see.
    former: HashMap<String, String>,
    listed: BTreeMap<Key, Listed>,
    /// Slash commands that are in use, each group as one.
    pub used: usize,
    /// How many there may be.
    pub limit: usize,
    /// From how many on the bot warns.
    pub warn_at: usize,
    /// The plugins whose commands are grouped, or left to the prefix.
    pub grouped_plugins: Vec<String>,
}

/// What a registered name means.
#[derive(Debug)]
pub(crate) enum Meant {
    /// A command of the host's.
    Host(String),
    /// A plugin's.
    Command(Box<CommandRoute>),
    /// The menu that lists the context menus for which there is no room.
    More(Vec<String>),
}

impl Registered {
    pub(crate) fn new(
        plan: &Plan,
        settings: &config::Commands,
        former: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let grouped = plan.layout.grouped();
        Self {
            grouped: grouped
                .map(|(path, names)| (names.join(" "), path.to_owned()))
                .collect(),
            former: former.collect(),
            listed: plan.listed.clone(),
            used: plan.used,
            limit: usize::try_from(settings.limit).unwrap_or(usize::MAX),
            warn_at: usize::try_from(settings.warn_at).unwrap_or(usize::MAX),
            grouped_plugins: plan.layout.grouped_plugins(),
        }
    }

    /// How the command with this path is reached; `None` when there is none.
    #[must_use]
    pub fn how(&self, kind: CommandKind, path: &str) -> Option<&Listed> {
        self.listed.get(&(kind, path.to_owned()))
    }

    /// All commands by kind and path, and how each is reached.
    pub fn all(&self) -> impl Iterator<Item = (&(CommandKind, String), &Listed)> {
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
    pub(crate) fn ways(&self, prefix: &str, route: &CommandRoute) -> Vec<String> {
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
    pub(crate) fn kind(&self, route: &CommandRoute) -> String {
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
        Listed {
            plugin: Arc::clone(&route.plugin),
            prefix: command.prefix,
            how,
        }
        .kind(command.kind)
    }

    pub(crate) fn plugin_of(&self, key: &Key) -> Option<Arc<str>> {
        self.listed
            .get(key)
            .map(|listed| Arc::clone(&listed.plugin))
    }

    /// Whether something that Discord has still means a command.
    pub(crate) fn is_alive(&self, json: &Value) -> bool {
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
    fn inside_menu(&self, kind: CommandKind, menu: &str) -> Vec<String> {
        let listed = self.listed.iter();
        let inside = listed.filter(|((known, _), it)| {
            *known == kind && matches!(&it.how, How::InMenu(name) if name == menu)
        });
        inside.map(|((_, path), _)| path.clone()).collect()
    }
}

/// What these names mean: what is registered now, then what is declared, then what was registered before.
pub(crate) fn resolve(routes: &Routes, kind: CommandKind, names: &[String]) -> Option<Meant> {
    let registered = routes.registered();
    let typed = names.join(" ");
    if let Some(name) = owner::named(names).filter(|_| kind == CommandKind::Chat) {
        return Some(Meant::Host(name.to_owned()));
    }
    if kind != CommandKind::Chat {
        let inside = registered.inside_menu(kind, &typed);
        if !inside.is_empty() {
            return Some(Meant::More(inside));
        }
    }
    let below_plugin = || {
        let (plugin, path) = names.split_first()?;
        let path = path.join(" ");
        let of = |route: &CommandRoute| (*route.plugin == tidy(plugin)).then(|| path.clone());
        routes.with_command(kind, &path, of)?
    };
    let is_chat = kind == CommandKind::Chat;
    let grouped = registered.grouped.get(&typed).filter(|_| is_chat);
    let former = registered.former.get(&typed).filter(|_| is_chat);
    [
        grouped.cloned(),
        Some(typed),
        former.cloned(),
        below_plugin(),
    ]
    .into_iter()
    .flatten()
    .find_map(|path| {
        let host: Vec<String> = path.split(' ').map(str::to_owned).collect();
        if let Some(name) = owner::named(&host).filter(|_| is_chat) {
            return Some(Meant::Host(name.to_owned()));
        }
        let route = routes.with_command(kind, &path, Clone::clone)?;
        Some(Meant::Command(Box::new(route)))
    })
}

/// As a member sees it.
pub(crate) fn typed(kind: CommandKind, names: &[String]) -> String {
    let slash = if kind == CommandKind::Chat { "/" } else { "" };
    format!("{slash}{}", names.join(" "))
}
