//! Discord's events: their numbers at the boundary, and their types.

use twilight_model::gateway::payload::incoming as payload;

use crate::error::{Error, Result};

/// An event of Discord's gateway, as a number that crosses the boundary. A number never changes its meaning.
///
/// ```
/// use plugin_api::EventKind;
///
/// let created = EventKind::named("MESSAGE_CREATE").expect("every version knows it");
/// assert_eq!(created.number(), 3);
/// assert_eq!(EventKind::from_number(3), created);
/// assert_eq!(created.name(), "MESSAGE_CREATE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKind(u16);

impl EventKind {
    /// The event with this name, such as `MESSAGE_CREATE`; `None` when this version does not know it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let index = EVENT_NAMES.iter().position(|known| *known == name)?;
        u16::try_from(index + 1).ok().map(Self)
    }

    /// Its name in [Discord's gateway](https://discord.com/developers/docs/events/gateway-events#receive-events);
    /// `UNKNOWN` when this version does not know its number.
    #[must_use]
    pub fn name(self) -> &'static str {
        EVENT_NAMES
            .get(usize::from(self.0).wrapping_sub(1))
            .copied()
            .unwrap_or("UNKNOWN")
    }

    /// Its number at the boundary.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The event with this number, which may be one that this version does not know.
    ///
    /// ```
    /// use plugin_api::EventKind;
    ///
    /// assert_eq!(EventKind::from_number(60_000).name(), "UNKNOWN");
    /// ```
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }
}

/// An event that a typed listener can listen to: a payload of twilight-model.
///
/// Implemented here for all of them, so that the large parsers are compiled once, in this crate, and not in each plugin.
/// To test a listener's logic, read an event from a text:
///
/// ```
/// use plugin_api::{Event, prelude::*};
///
/// let gone = MessageDelete::parse(br#"{"id": "5", "channel_id": "6", "guild_id": "7"}"#)?;
/// assert_eq!((MessageDelete::NAME, gone.channel_id), ("MESSAGE_DELETE", Id::new(6)));
///
/// let error = MessageDelete::parse(b"[]").unwrap_err();
/// assert!(error.to_string().starts_with("can't read MESSAGE_DELETE"));
/// # Ok::<(), Error>(())
/// ```
pub trait Event: Sized + 'static {
    /// Its name in [Discord's gateway](https://discord.com/developers/docs/events/gateway-events#receive-events).
    const NAME: &'static str;

    /// Reads Discord's JSON.
    ///
    /// # Errors
    ///
    /// The JSON is not of this type; the error names the event.
    fn parse(json: &[u8]) -> Result<Box<Self>>;
}

fn unreadable(name: &str, error: &serde_json::Error) -> Error {
    Error::new(format!("can't read {name}: {error}"))
}

/// Append only: an event's number is its place in this table.
macro_rules! events {
    ($($name:literal $($ty:ident)?),* $(,)?) => {
        const EVENT_NAMES: &[&str] = &[$($name),*];
        $($(
            impl Event for payload::$ty {
                const NAME: &'static str = $name;

                #[inline(never)]
                fn parse(json: &[u8]) -> Result<Box<Self>> {
                    serde_json::from_slice(json)
                        .map(Box::new)
                        .map_err(|error| unreadable($name, &error))
                }
            }
        )?)*
    };
}

events! {
    "READY" Ready,
    "RESUMED",
    "MESSAGE_CREATE" MessageCreate,
    "MESSAGE_UPDATE" MessageUpdate,
    "MESSAGE_DELETE" MessageDelete,
    "MESSAGE_DELETE_BULK" MessageDeleteBulk,
    "MESSAGE_REACTION_ADD" ReactionAdd,
    "MESSAGE_REACTION_REMOVE" ReactionRemove,
    "MESSAGE_REACTION_REMOVE_ALL" ReactionRemoveAll,
    "MESSAGE_REACTION_REMOVE_EMOJI" ReactionRemoveEmoji,
    "MESSAGE_POLL_VOTE_ADD" MessagePollVoteAdd,
    "MESSAGE_POLL_VOTE_REMOVE" MessagePollVoteRemove,
    "INTERACTION_CREATE" InteractionCreate,
    "TYPING_START" TypingStart,
    "GUILD_CREATE" GuildCreate,
    "GUILD_UPDATE" GuildUpdate,
    "GUILD_DELETE" GuildDelete,
    "GUILD_MEMBER_ADD" MemberAdd,
    "GUILD_MEMBER_UPDATE" MemberUpdate,
    "GUILD_MEMBER_REMOVE" MemberRemove,
    "GUILD_MEMBERS_CHUNK" MemberChunk,
    "GUILD_ROLE_CREATE" RoleCreate,
    "GUILD_ROLE_UPDATE" RoleUpdate,
    "GUILD_ROLE_DELETE" RoleDelete,
    "GUILD_BAN_ADD" BanAdd,
    "GUILD_BAN_REMOVE" BanRemove,
    "GUILD_EMOJIS_UPDATE" GuildEmojisUpdate,
    "GUILD_STICKERS_UPDATE" GuildStickersUpdate,
    "GUILD_INTEGRATIONS_UPDATE" GuildIntegrationsUpdate,
    "GUILD_AUDIT_LOG_ENTRY_CREATE" GuildAuditLogEntryCreate,
    "GUILD_SCHEDULED_EVENT_CREATE" GuildScheduledEventCreate,
    "GUILD_SCHEDULED_EVENT_UPDATE" GuildScheduledEventUpdate,
    "GUILD_SCHEDULED_EVENT_DELETE" GuildScheduledEventDelete,
    "GUILD_SCHEDULED_EVENT_USER_ADD" GuildScheduledEventUserAdd,
    "GUILD_SCHEDULED_EVENT_USER_REMOVE" GuildScheduledEventUserRemove,
    "CHANNEL_CREATE" ChannelCreate,
    "CHANNEL_UPDATE" ChannelUpdate,
    "CHANNEL_DELETE" ChannelDelete,
    "CHANNEL_PINS_UPDATE" ChannelPinsUpdate,
    "THREAD_CREATE" ThreadCreate,
    "THREAD_UPDATE" ThreadUpdate,
    "THREAD_DELETE" ThreadDelete,
    "THREAD_LIST_SYNC" ThreadListSync,
    "THREAD_MEMBER_UPDATE" ThreadMemberUpdate,
    "THREAD_MEMBERS_UPDATE" ThreadMembersUpdate,
    "INVITE_CREATE" InviteCreate,
    "INVITE_DELETE" InviteDelete,
    "PRESENCE_UPDATE" PresenceUpdate,
    "VOICE_STATE_UPDATE" VoiceStateUpdate,
    "VOICE_SERVER_UPDATE" VoiceServerUpdate,
    "STAGE_INSTANCE_CREATE" StageInstanceCreate,
    "STAGE_INSTANCE_UPDATE" StageInstanceUpdate,
    "STAGE_INSTANCE_DELETE" StageInstanceDelete,
    "AUTO_MODERATION_RULE_CREATE" AutoModerationRuleCreate,
    "AUTO_MODERATION_RULE_UPDATE" AutoModerationRuleUpdate,
    "AUTO_MODERATION_RULE_DELETE" AutoModerationRuleDelete,
    "AUTO_MODERATION_ACTION_EXECUTION" AutoModerationActionExecution,
    "ENTITLEMENT_CREATE" EntitlementCreate,
    "ENTITLEMENT_UPDATE" EntitlementUpdate,
    "ENTITLEMENT_DELETE" EntitlementDelete,
    "WEBHOOKS_UPDATE" WebhooksUpdate,
    "USER_UPDATE" UserUpdate,
    "INTEGRATION_CREATE" IntegrationCreate,
    "INTEGRATION_UPDATE" IntegrationUpdate,
    "INTEGRATION_DELETE" IntegrationDelete,
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE" CommandPermissionsUpdate,
}

#[cfg(test)]
mod tests {
    use super::EventKind;

    #[test]
    fn numbers_never_change() {
        // Invariant: these are the boundary's; a test that needs another number is a broken boundary.
        for (name, number) in [
            ("READY", 1),
            ("MESSAGE_CREATE", 3),
            ("INTERACTION_CREATE", 13),
            ("USER_UPDATE", 62),
        ] {
            let kind = EventKind::named(name).unwrap();
            assert_eq!(kind.number(), number, "{name}");
            assert_eq!(EventKind::from_number(number).name(), name);
        }
        assert_eq!(EventKind::named("NO_SUCH_EVENT"), None);
        assert_eq!(EventKind::from_number(0).name(), "UNKNOWN");
    }
}
