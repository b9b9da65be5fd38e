//! Gateway intents that a manifest needs
//! ([reference](https://discord.com/developers/docs/events/gateway#list-of-intents)).

use std::collections::BTreeSet;

use plugin_api::manifest::{CommandManifest, ListenerManifest, Manifest};
use twilight_model::gateway::Intents;

/// What the host itself needs: the servers it is in, and owner commands by direct message or mention.
pub const HOST: Intents = Intents::GUILDS
    .union(Intents::GUILD_MESSAGES)
    .union(Intents::DIRECT_MESSAGES);

/// Intents that have to be switched on for the application.
pub const PRIVILEGED: Intents = Intents::GUILD_MEMBERS
    .union(Intents::GUILD_PRESENCES)
    .union(Intents::MESSAGE_CONTENT);

/// What a manifest needs.
#[must_use]
pub fn of(manifest: &Manifest) -> Intents {
    let mut intents = Intents::from_bits_truncate(manifest.intents);
    for listener in manifest.listeners.iter().filter(|it| !it.chosen) {
        intents |= of_listener(listener);
    }
    if manifest.commands.iter().any(by_prefix) {
        intents |= Intents::GUILD_MESSAGES | Intents::DIRECT_MESSAGES | Intents::MESSAGE_CONTENT;
    }
    intents
}

/// What a manifest's listeners need besides, that are for chosen events, when these are chosen.
pub fn of_chosen(manifest: &Manifest, chosen: &BTreeSet<String>) -> Intents {
    let listeners = manifest.listeners.iter();
    let heard = listeners.filter(|it| it.chosen && chosen.contains(&it.event));
    heard
        .map(of_listener)
        .fold(Intents::empty(), Intents::union)
}

fn of_listener(listener: &ListenerManifest) -> Intents {
    if listener.overhears {
        return Intents::empty();
    }
    let wanted = of_event(&listener.event);
    match listener.without_content {
        true => wanted - Intents::MESSAGE_CONTENT,
        false => wanted,
    }
}

fn by_prefix(command: &CommandManifest) -> bool {
    let inside = &command.subcommands;
    command.prefix && (inside.is_empty() || inside.iter().any(by_prefix))
}

/// The intents without which Discord does not send an event.
pub fn of_event(event: &str) -> Intents {
    match event {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => {
            Intents::GUILD_MESSAGES | Intents::DIRECT_MESSAGES | Intents::MESSAGE_CONTENT
        }
        "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => {
            Intents::GUILD_MESSAGES | Intents::DIRECT_MESSAGES
        }
        "MESSAGE_POLL_VOTE_ADD" | "MESSAGE_POLL_VOTE_REMOVE" => {
            Intents::GUILD_MESSAGE_POLLS | Intents::DIRECT_MESSAGE_POLLS
        }
        "TYPING_START" => Intents::GUILD_MESSAGE_TYPING | Intents::DIRECT_MESSAGE_TYPING,
        "PRESENCE_UPDATE" => Intents::GUILD_PRESENCES,
        "VOICE_STATE_UPDATE" => Intents::GUILD_VOICE_STATES,
        "WEBHOOKS_UPDATE" => Intents::GUILD_WEBHOOKS,
        "AUTO_MODERATION_ACTION_EXECUTION" => Intents::AUTO_MODERATION_EXECUTION,
        _ if event.starts_with("MESSAGE_REACTION_") => {
            Intents::GUILD_MESSAGE_REACTIONS | Intents::DIRECT_MESSAGE_REACTIONS
        }
        _ if event.starts_with("GUILD_MEMBER_") || event == "THREAD_MEMBERS_UPDATE" => {
            Intents::GUILD_MEMBERS
        }
        _ if event.starts_with("GUILD_BAN_") || event == "GUILD_AUDIT_LOG_ENTRY_CREATE" => {
            Intents::GUILD_MODERATION
        }
        "GUILD_EMOJIS_UPDATE" | "GUILD_STICKERS_UPDATE" => Intents::GUILD_EMOJIS_AND_STICKERS,
        _ if event.contains("INTEGRATION") => Intents::GUILD_INTEGRATIONS,
        _ if event.starts_with("INVITE_") => Intents::GUILD_INVITES,
        _ if event.starts_with("GUILD_SCHEDULED_EVENT_") => Intents::GUILD_SCHEDULED_EVENTS,
        _ if event.starts_with("AUTO_MODERATION_RULE_") => Intents::AUTO_MODERATION_CONFIGURATION,
        _ if event.starts_with("GUILD_")
            || event.starts_with("CHANNEL_")
            || event.starts_with("THREAD_")
            || event.starts_with("STAGE_") =>
        {
            Intents::GUILDS
        }
        _ => Intents::empty(),
    }
}

/// An intent's name as in Discord's documentation.
#[must_use]
pub fn name(intent: u64) -> String {
    Intents::from_bits_retain(intent)
        .iter_names()
        .map(|(name, _)| name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use plugin_api::{EventKind, manifest::Manifest};

    use super::*;

    #[test]
    fn a_manifest_asks_for_what_it_uses_and_no_more() {
        let manifest = |json| serde_json::from_value::<Manifest>(json).unwrap();
        assert_eq!(of(&Manifest::default()), Intents::empty());
        let slash = manifest(serde_json::json!({"commands": [{"name": "a", "slash": true}]}));
        assert_eq!(of(&slash), Intents::empty());
        let prefix = manifest(serde_json::json!({"commands": [{"name": "a", "prefix": true}]}));
        assert!(of(&prefix).contains(Intents::MESSAGE_CONTENT));
        let joins = manifest(serde_json::json!({"listeners": [{"event": "GUILD_MEMBER_ADD"}]}));
        assert_eq!(of(&joins), Intents::GUILD_MEMBERS);
        let counting = serde_json::json!({"event": "MESSAGE_CREATE", "without_content": true});
        let counts = manifest(serde_json::json!({"listeners": [counting.clone()]}));
        assert_eq!(
            of(&counts),
            Intents::GUILD_MESSAGES | Intents::DIRECT_MESSAGES
        );
        let reads =
            manifest(serde_json::json!({"listeners": [counting, {"event": "MESSAGE_CREATE"}]}));
        assert!(of(&reads).contains(Intents::MESSAGE_CONTENT));
        let overhears =
            serde_json::json!({"event": "PRESENCE_UPDATE", "chosen": true, "overhears": true});
        let monitor = manifest(serde_json::json!({"listeners": [overhears]}));
        let all = BTreeSet::from(["PRESENCE_UPDATE".to_owned()]);
        assert_eq!(of(&monitor) | of_chosen(&monitor, &all), Intents::empty());
        assert_eq!(name(Intents::MESSAGE_CONTENT.bits()), "MESSAGE_CONTENT");
    }

    /// Whoever enters an event in plugin-api decides here or above what it needs
    /// ([reference](https://discord.com/developers/docs/events/gateway#list-of-intents)).
    #[test]
    fn each_event_has_its_intents_or_is_sent_to_everybody() {
        const TO_EVERYBODY: [&str; 9] = [
            "READY",
            "RESUMED",
            "INTERACTION_CREATE",
            "VOICE_SERVER_UPDATE",
            "ENTITLEMENT_CREATE",
            "ENTITLEMENT_UPDATE",
            "ENTITLEMENT_DELETE",
            "USER_UPDATE",
            "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
        ];
        let known = (1..=u16::MAX).map(|number| EventKind::from_number(number).name());
        let mut without: Vec<&str> = known
            .filter(|name| EventKind::named(name).is_some() && of_event(name).is_empty())
            .collect();
        without.sort_unstable();
        let mut expected = TO_EVERYBODY;
        expected.sort_unstable();
        assert_eq!(without, expected);
    }
}
