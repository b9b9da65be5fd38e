//! Needs of the loaded plugins: permissions that the bot has to have, and privileged intents.

use std::collections::BTreeMap;

use plugin_api::{
    manifest::{CommandManifest, ListenerManifest, Manifest},
    prelude::*,
    twilight_model::guild::Permissions,
};

/// What every bot needs that reads and answers.
const BASIC: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::ADD_REACTIONS)
    .union(Permissions::USE_EXTERNAL_EMOJIS);

/// Intents that have to be switched on for the application.
const PRIVILEGED: [(Intents, &str); 3] = [
    (Intents::MESSAGE_CONTENT, "Message Content"),
    (Intents::GUILD_MEMBERS, "Server Members"),
    (Intents::GUILD_PRESENCES, "Presence"),
];

/// What plugins need, and which ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// By bit.
    permissions: BTreeMap<u64, Vec<String>>,
    /// By their names in the Developer Portal.
    pub(super) intents: BTreeMap<&'static str, Vec<String>>,
}

impl Needs {
    pub(super) fn of(plugins: &[(String, Manifest)]) -> Self {
        let mut needs = Self::default();
        for (plugin, manifest) in plugins {
            let permissions = manifest
                .commands
                .iter()
                .map(of_command)
                .fold(Permissions::empty(), Permissions::union);
            for permission in permissions.iter() {
                let of = needs.permissions.entry(permission.bits()).or_default();
                of.push(plugin.clone());
            }
            let intents = intents(manifest);
            for (_, name) in PRIVILEGED.iter().filter(|(it, _)| intents.contains(*it)) {
                needs.intents.entry(name).or_default().push(plugin.clone());
            }
        }
        needs
    }

    /// All of them, and what every bot needs.
    pub(super) fn permissions(&self) -> Permissions {
        let bits = self.permissions.keys().fold(0, |all, bit| all | bit);
        BASIC | Permissions::from_bits_truncate(bits)
    }

    /// The plugins that need a permission.
    pub(super) fn of_permission(&self, permission: Permissions) -> Vec<String> {
        let of = self.permissions.get(&permission.bits());
        of.cloned().unwrap_or_default()
    }

    /// Each permission that some plugin needs, with the plugins.
    pub(super) fn rows(&self) -> Vec<(Permissions, &[String])> {
        let all = self.permissions.iter();
        all.map(|(bit, plugins)| (Permissions::from_bits_retain(*bit), plugins.as_slice()))
            .collect()
    }
}

fn of_command(command: &CommandManifest) -> Permissions {
    let inside = command.subcommands.iter().map(of_command);
    let own = Permissions::from_bits_truncate(command.access.bot_permissions);
    inside.fold(own, Permissions::union)
}

/// The privileged intents of a manifest, as the host reads them off it.
fn intents(manifest: &Manifest) -> Intents {
    let mut intents = Intents::from_bits_truncate(manifest.intents);
    if manifest.commands.iter().any(by_prefix) {
        intents |= Intents::MESSAGE_CONTENT;
    }
    let earnest = manifest.listeners.iter().filter(|it| !it.overhears);
    earnest.map(of_listener).fold(intents, Intents::union)
}

fn by_prefix(command: &CommandManifest) -> bool {
    let inside = &command.subcommands;
    command.prefix && (inside.is_empty() || inside.iter().any(by_prefix))
}

fn of_listener(listener: &ListenerManifest) -> Intents {
    match listener.event.as_str() {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" if !listener.without_content => {
            Intents::MESSAGE_CONTENT
        }
        "PRESENCE_UPDATE" => Intents::GUILD_PRESENCES,
        "THREAD_MEMBERS_UPDATE" => Intents::GUILD_MEMBERS,
        event if event.starts_with("GUILD_MEMBER_") => Intents::GUILD_MEMBERS,
        _ => Intents::empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plugin(name: &str, manifest: serde_json::Value) -> (String, Manifest) {
        (name.to_owned(), serde_json::from_value(manifest).unwrap())
    }

    #[test]
    fn what_plugins_need_is_found_in_their_groups_too() {
        let ban = Permissions::BAN_MEMBERS.bits().to_string();
        let inner = json!({"name": "ban", "prefix": true, "access": {"bot_permissions": ban}});
        let needs = Needs::of(&[
            plugin(
                "mod",
                json!({"commands": [{"name": "mod", "prefix": true, "subcommands": [inner]}]}),
            ),
            plugin(
                "watch",
                json!({"listeners": [{"event": "PRESENCE_UPDATE", "overhears": true}, {"event": "GUILD_MEMBER_ADD"}]}),
            ),
            plugin("plain", json!({"commands": [{"name": "a", "slash": true}]})),
        ]);
        assert_eq!(needs.of_permission(Permissions::BAN_MEMBERS), ["mod"]);
        assert_eq!(needs.permissions(), BASIC | Permissions::BAN_MEMBERS);
        assert_eq!(needs.rows().len(), 1);
        let intents: Vec<_> = needs.intents.iter().collect();
        assert_eq!(
            intents,
            [
                (&"Message Content", &vec!["mod".to_owned()]),
                (&"Server Members", &vec!["watch".to_owned()])
            ]
        );
    }
}
