//! Picked emojis and messages: what options of these kinds are read as.

use std::fmt;

use twilight_model::id::{
    Id,
    marker::{ChannelMarker, EmojiMarker, GuildMarker, MessageMarker},
};

/// An emoji that a member has given: one of Unicode's, or one of a server's. Shown in a text as itself.
///
/// ```
/// use plugin_api::{Emoji, prelude::*};
///
/// /// Reacts to a message.
/// #[command]
/// async fn applaud(
///     ctx: CommandContext,
///     /// Which message.
///     speech: MessageLink,
///     /// With what.
///     #[default = "👏"] emoji: Emoji,
/// ) -> Result {
///     ctx.host().discord().react(speech.channel, speech.message, &emoji.reaction()).await?;
///     ctx.reply(format!("{emoji}")).await
/// }
/// # Plugin::new().command(applaud());
/// assert_eq!(Emoji::Unicode("👏".into()).to_string(), "👏");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Emoji {
    /// One of Unicode's.
    Unicode(String),
    /// One of a server's.
    Custom {
        /// Id.
        id: Id<EmojiMarker>,
        /// Name.
        name: String,
        /// Whether it moves.
        animated: bool,
    },
}

impl Emoji {
    /// As [`Discord::react`](crate::Discord::react) takes it: `👏`, `name:id`.
    #[must_use]
    pub fn reaction(&self) -> String {
        match self {
            Self::Unicode(emoji) => emoji.clone(),
            Self::Custom { id, name, .. } => format!("{name}:{id}"),
        }
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unicode(emoji) => f.write_str(emoji),
            Self::Custom { id, name, animated } => {
                let animated = if *animated { "a" } else { "" };
                write!(f, "<{animated}:{name}:{id}>")
            }
        }
    }
}

/// A message that a member has named by its link or id: of this server, and of a channel that the member may read. It may be
/// gone by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageLink {
    /// Its channel.
    pub channel: Id<ChannelMarker>,
    /// Its id.
    pub message: Id<MessageMarker>,
}

impl MessageLink {
    /// Its address.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let link = MessageLink { channel: Id::new(2), message: Id::new(3) };
    /// assert_eq!(link.url(Some(Id::new(1))), "https://discord.com/channels/1/2/3");
    /// ```
    #[must_use]
    pub fn url(&self, guild: Option<Id<GuildMarker>>) -> String {
        let guild = guild.map_or_else(|| "@me".to_owned(), |guild| guild.to_string());
        format!(
            "https://discord.com/channels/{guild}/{}/{}",
            self.channel, self.message
        )
    }
}
