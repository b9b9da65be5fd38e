//! Reasons for a cache miss.

use thiserror::Error;

/// Reason for a cache miss, with what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unknown {
    /// A server.
    #[error("server {0} is unknown: the bot is not in it, or has not been told of it yet")]
    Guild(u64),
    /// What belongs to a server in an outage.
    #[error("server {0} is unavailable: Discord has an outage there; try again later")]
    Outage(u64),
    /// Who owns a server.
    #[error("who owns server {0} could not be read; ask Discord with `or_fetch`")]
    Owner(u64),
    /// Roles, and what they allow.
    #[error("the roles of server {0} could not all be read; ask Discord with `or_fetch`")]
    Roles(u64),
    /// A channel.
    #[error(
        "channel {0} is unknown: private channels, archived threads and channels of other servers are not kept; ask Discord with `or_fetch`"
    )]
    Channel(u64),
    /// A channel of another server than the one that was asked about.
    #[error("channel {channel} is none of server {guild}")]
    Elsewhere {
        /// The server that was asked about.
        guild: u64,
        /// The channel.
        channel: u64,
    },
    /// A role.
    #[error("server {guild} has no role {role}")]
    Role {
        /// The server.
        guild: u64,
        /// The role.
        role: u64,
    },
    /// A member.
    #[error("member {user} of server {guild} is unknown{}", if *told {
        ": not seen yet, or not a member; ask Discord with `or_fetch`"
    } else {
        ", and the bot is not subscribed to members: declare `intents(Intents::GUILD_MEMBERS)`, or ask Discord with `or_fetch`"
    })]
    Member {
        /// The server.
        guild: u64,
        /// The user.
        user: u64,
        /// Whether the bot gets every change of that server's members.
        told: bool,
    },
    /// Who is in the voice channels of a server.
    #[error(
        "who is in the voice channels of server {0} is unknown: declare `intents(Intents::GUILD_VOICE_STATES)`, and wait until the bot has \
         a session with it"
    )]
    VoiceStates(u64),
    /// The bot's own user.
    #[error("the bot's own user is unknown: no shard has connected yet")]
    CurrentUser,
}
