//! Rights and the roles that come with the host: made from the rules of the host calls and from what plugins declare.

use std::collections::BTreeSet;

use host_capability::{CallRule, Rule};
use host_loader::Rights;
use plugin_api::{
    Power,
    abi::{RightView, RoleView},
    manifest::{Manifest, RightLevel},
};

/// The role of the bot's owners: it may everything.
pub const OWNER: &str = "Owner";
/// The role of those who keep the bot running.
pub const HELPER: &str = "Helper";
/// The role of those who look.
pub const VISITOR: &str = "Visitor";
/// The role of those who see the servers that they own or manage.
pub const SERVER: &str = "Server owner";

/// All that roles may be given, as it is now.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    calls: Vec<CallRule>,
    plugins: Vec<(String, RightLevel, String)>,
}

/// Which of the roles that come with the host have a call: those from this level on.
fn level(call: CallRule) -> RightLevel {
    let (power, changes) = match call.rule {
        Rule::Free => return RightLevel::Owner,
        Rule::Reads(power, _) => (power, false),
        Rule::Changes(power, _) => (power, true),
    };
    match (power, changes) {
        (Power::PluginsRead | Power::BotRead | Power::HooksRead | Power::SchedulesRead, false) => {
            RightLevel::Visitor
        }
        (Power::LogRead | Power::LogLevels, _)
        | (Power::SettingsRead | Power::PagesRead, false)
        | (Power::HooksManage | Power::SchedulesManage | Power::GatewayControl, _) => {
            RightLevel::Helper
        }
        _ => match call.name {
            "plugins.load" | "plugins.reload" | "plugins.reload_all" | "plugins.unload"
            | "bot.clear_caches" | "slash.sync" => RightLevel::Helper,
            _ => RightLevel::Owner,
        },
    }
}

impl Catalogue {
    /// The rights of these host calls and of these plugins.
    pub fn new<'a>(
        calls: impl IntoIterator<Item = CallRule>,
        plugins: impl IntoIterator<Item = &'a Manifest>,
    ) -> Self {
        let calls = calls
            .into_iter()
            .filter(|call| call.rule != Rule::Free)
            .collect();
        let mut rights = Vec::new();
        for plugin in plugins {
            for right in &plugin.pages.rights {
                let name = format!("{}/{}", plugin.name, right.name);
                rights.push((name, right.level, right.means.clone()));
            }
        }
        Self {
            calls,
            plugins: rights,
        }
    }

    /// Whether there is a right of that name.
    #[must_use]
    pub fn knows(&self, right: &str) -> bool {
        self.calls.iter().any(|call| call.name == right)
            || self.plugins.iter().any(|(name, ..)| name == right)
    }

    /// All of them, for people.
    #[must_use]
    pub fn views(&self) -> Vec<RightView> {
        let calls = self.calls.iter().filter_map(|call| {
            let (power, _) = call.rule.needs()?;
            let mut view = RightView::default();
            view.name = call.name.to_owned();
            view.means = format!("{} ({})", verb(call.name), power.means());
            view.group = power.word().to_owned();
            view.changes = matches!(call.rule, Rule::Changes(..));
            Some(view)
        });
        let plugins = self.plugins.iter().map(|(name, level, means)| {
            let mut view = RightView::default();
            view.name.clone_from(name);
            view.means.clone_from(means);
            view.group = name.split('/').next().unwrap_or_default().to_owned();
            view.changes = matches!(level, RightLevel::Owner | RightLevel::Helper);
            view
        });
        calls.chain(plugins).collect()
    }

    /// The rights of a role that comes with the host; `None`: there is none of that name.
    #[must_use]
    pub fn built_in(&self, role: &str) -> Option<Rights> {
        let from = match role {
            OWNER => return Some(Rights::all(OWNER)),
            HELPER => &[RightLevel::Helper, RightLevel::Visitor, RightLevel::Server][..],
            VISITOR => &[RightLevel::Visitor, RightLevel::Server][..],
            SERVER => &[RightLevel::Server][..],
            _ => return None,
        };
        let calls = self.calls.iter().copied();
        let calls = calls.filter(|call| from.contains(&level(*call)));
        let calls = calls.map(|call| call.name.to_owned());
        let plugins = self.plugins.iter();
        let plugins = plugins.filter(|(_, level, _)| from.contains(level));
        let plugins = plugins.map(|(name, ..)| name.clone());
        Some(Rights {
            role: role.to_owned(),
            all: false,
            names: calls.chain(plugins).collect::<BTreeSet<_>>(),
            own_servers: role == SERVER,
        })
    }

    /// The roles that come with the host, for people.
    #[must_use]
    pub fn built_ins(&self) -> Vec<RoleView> {
        let roles = [
            (OWNER, "The bot's owners: everything."),
            (
                HELPER,
                "Keeps the bot running: looks at everything but files, databases and the audit journal, and reloads plugins.",
            ),
            (VISITOR, "Looks, and changes nothing."),
            (
                SERVER,
                "Sees the servers that they own or manage, and nothing else.",
            ),
        ];
        let views = roles.into_iter().filter_map(|(name, words)| {
            let mut view = view(&self.built_in(name)?);
            (view.built_in, view.words) = (true, words.to_owned());
            Some(view)
        });
        views.collect()
    }
}

/// A role for people.
#[must_use]
pub fn view(rights: &Rights) -> RoleView {
    let mut view = RoleView::default();
    view.name.clone_from(&rights.role);
    (view.all, view.own_servers) = (rights.all, rights.own_servers);
    view.rights = rights.names.iter().cloned().collect();
    view
}

/// What a call does, from its name: `reload_all` is `reload all`.
fn verb(call: &str) -> String {
    let (subject, verb) = call.split_once('.').unwrap_or(("", call));
    format!("{}: {}", subject, verb.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use host_capability::Who;

    use super::*;

    fn catalogue() -> Catalogue {
        let manifest: Manifest = serde_json::from_str(
            r#"{"name": "tea", "pages": {"rights": [
                {"name": "see", "level": "visitor"}, {"name": "pour", "level": "helper"}, {"name": "own", "level": "server"}, {"name": "burn"}]}}"#,
        )
        .unwrap();
        let calls = [
            CallRule::free("reply"),
            CallRule::reads("plugins.list", Power::PluginsRead, Who::Anybody),
            CallRule::changes("plugins.reload", Power::PluginsManage, Who::Owner),
            CallRule::changes("plugins.install", Power::PluginsManage, Who::Owner),
            CallRule::reads("botfiles.read", Power::FilesBot, Who::Owner),
            CallRule::changes("pages.set_role", Power::PagesManage, Who::Owner),
        ];
        Catalogue::new(calls, [&manifest])
    }

    #[test]
    fn roles_that_come_with_the_host_have_what_their_level_says() {
        let of = |role| {
            catalogue()
                .built_in(role)
                .unwrap()
                .names
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(of(SERVER), ["tea/own"]);
        assert_eq!(of(VISITOR), ["plugins.list", "tea/own", "tea/see"]);
        assert_eq!(
            of(HELPER),
            [
                "plugins.list",
                "plugins.reload",
                "tea/own",
                "tea/pour",
                "tea/see"
            ]
        );
        assert!(catalogue().built_in(OWNER).unwrap().all);
        assert!(catalogue().built_in("King").is_none());
    }

    #[test]
    fn what_needs_nothing_is_no_right() {
        let catalogue = catalogue();
        assert!(!catalogue.knows("reply"));
        assert!(catalogue.knows("pages.set_role") && catalogue.knows("tea/burn"));
        assert_eq!(catalogue.views().len(), 9);
    }
}
