//! Resolution of registered names to commands.

use plugin_api::manifest::CommandKind;

use super::{pipeline::Pipeline, registered::HOST};
use crate::router::CommandRoute;

/// Meaning of a registered name.
#[derive(Debug)]
pub enum Resolution {
    /// A command of the host's.
    Host(String),
    /// A plugin's.
    Command(Box<CommandRoute>),
    /// The menu that lists the context menus for which there is no room.
    More(Vec<String>),
}

impl Pipeline {
    /// What these names mean: what is registered now, then what is declared, then what was registered before.
    pub fn resolve(&self, kind: CommandKind, names: &[String]) -> Option<Resolution> {
        let (routes, registered) = (&self.routes, self.registered());
        let typed = names.join(" ");
        if let Some(name) = self.reserved(names).filter(|_| kind == CommandKind::Chat) {
            return Some(Resolution::Host(name.to_owned()));
        }
        if kind != CommandKind::Chat {
            let inside = registered.inside_menu(kind, &typed);
            if !inside.is_empty() {
                return Some(Resolution::More(inside));
            }
        }
        let below_plugin = || {
            let (plugin, path) = names.split_first()?;
            let path = path.join(" ");
            let of = |route: &CommandRoute| route.plugin.is(plugin).then(|| path.clone());
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
            if let Some(name) = self.reserved(&host).filter(|_| is_chat) {
                return Some(Resolution::Host(name.to_owned()));
            }
            let route = routes.with_command(kind, &path, Clone::clone)?;
            Some(Resolution::Command(Box::new(route)))
        })
    }

    /// Which command of the host's is meant by these registered names: in its group, or alone, as an older host registered it.
    pub(super) fn reserved(&self, names: &[String]) -> Option<&'static str> {
        match names {
            [group, name] if group == HOST => (self.own.grouped)(name),
            [name] => (self.own.alone)(name),
            _ => None,
        }
    }
}

/// As a member sees it.
pub fn typed(kind: CommandKind, names: &[String]) -> String {
    let slash = if kind == CommandKind::Chat { "/" } else { "" };
    format!("{slash}{}", names.join(" "))
}
