//! Messages as a plugin writes them.

mod components;
mod embed;
mod limits;
mod mentions;
mod multipart;
mod send;
mod split;

use std::time::Duration;

use serde::Serialize;
use twilight_model::{
    channel::message::{AllowedMentions, Component, Embed},
    id::{Id, marker::MessageMarker},
};

pub use self::embed::{EmbedBuilder, embed};
pub(crate) use self::{embed::set_colours, multipart::multipart};
use crate::{abi::Tone, error::Result};

/// A message to send, reply with, or change another into. `&str`, `String` and an embed turn into one, so that most
/// methods take any of them.
///
/// A text of more than 2,000 characters is sent as several messages, cut between lines or words; the last one carries
/// the rest ([reference](https://discord.com/developers/docs/resources/message#create-message)).
///
/// Mentions notify nobody unless [`allow_users`](Self::allow_users) and its neighbours say so.
///
/// ```
/// use plugin_api::prelude::*;
///
/// let message = NewMessage::from("Done!").embed(embed("Result").description("42").build());
/// assert_eq!(message.to_json()?["embeds"][0]["title"], "Result");
///
/// let alone: NewMessage = embed("Result").build().into();
/// assert_eq!(alone.to_json()?["content"], serde_json::Value::Null);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    embeds: Vec<Embed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<Component>>,
    allowed_mentions: AllowedMentions,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<Reference>,
    #[serde(skip)]
    ephemeral: bool,
    #[serde(skip)]
    files: Vec<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u64>,
    #[serde(skip)]
    owner: Option<Option<u64>>,
    #[serde(skip)]
    timeout_s: Option<Option<u64>>,
    #[serde(skip)]
    tone: Option<Tone>,
    #[serde(skip)]
    delete_after: Option<Duration>,
}

/// A file's name and bytes.
type File = (String, Vec<u8>);

/// Reference to the message that this one replies to. A message that is gone by then does not fail the reply.
#[derive(Debug, Clone, Serialize)]
struct Reference {
    message_id: String,
    fail_if_not_exists: bool,
}

impl From<&str> for NewMessage {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for NewMessage {
    fn from(text: String) -> Self {
        Self {
            content: Some(text),
            ..Self::default()
        }
    }
}

impl From<Embed> for NewMessage {
    fn from(embed: Embed) -> Self {
        Self::default().embed(embed)
    }
}

impl From<EmbedBuilder> for NewMessage {
    fn from(embed: EmbedBuilder) -> Self {
        Self::default().embed(embed)
    }
}

impl NewMessage {
    /// Adds an embed; Discord accepts up to 10, with 6,000 characters in all.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let days = ["Monday", "Tuesday"].map(|day| embed(day).description("Rain"));
    /// let forecast = days.into_iter().fold(NewMessage::default(), NewMessage::embed);
    /// assert_eq!(forecast.to_json()?["embeds"][1]["title"], "Tuesday");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn embed(mut self, embed: impl Into<EmbedBuilder>) -> Self {
        let embed = embed.into();
        self.tone = embed.tone.or(self.tone);
        self.embeds.push(embed.build());
        self
    }

    /// Attaches a file; up to 10, of [10 MiB](https://discord.com/developers/docs/reference#uploading-files) at most
    /// without a boosted server. An embed shows it as `attachment://<name>`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn export(ctx: CommandContext) -> Result {
    ///     let table = "name,points\nann,3\n";
    ///     ctx.reply(NewMessage::from("The scores:").file("scores.csv", table)).await
    /// }
    /// ```
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), bytes.into()));
        self
    }

    /// Deletes the message this long after it was sent. The host does it, also after a reload of the plugin and
    /// after a restart of the bot, which deletes at once what is late.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn secret(ctx: CommandContext) -> Result {
    ///     let message = NewMessage::from("This message will destroy itself.");
    ///     ctx.reply(message.delete_after(Duration::from_secs(5))).await
    /// }
    /// ```
    #[must_use]
    pub const fn delete_after(mut self, time: Duration) -> Self {
        self.delete_after = Some(time);
        self
    }

    /// For the invoker's eyes alone. By prefix, where Discord has no such thing, it goes to the invoker's direct messages.
    /// For answers only: [`Discord::send`](crate::Discord::send) does not look at it.
    ///
    /// An answer that may take more than two seconds needs a command that is declared
    /// [`ephemeral`](crate::Command::ephemeral), too: once the host has deferred in public, it is refused.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn whisper(ctx: CommandContext) -> Result {
    ///     ctx.reply(NewMessage::from("The key is under the mat.").ephemeral()).await
    /// }
    /// let whisper = Command::new("whisper", "Tells a secret").ephemeral().run(whisper);
    /// # Plugin::new().command(whisper);
    /// ```
    #[must_use]
    pub fn ephemeral(mut self) -> Self {
        self.ephemeral = true;
        self
    }

    /// Makes it a reply to a message of the same channel, or a plain message when that one is gone.
    /// [`Invocation::reply`](crate::Invocation::reply) does so by itself.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn answer(ctx: EventContext<MessageCreate>) -> Result {
    ///     if let (Some(channel), Some(message)) = (ctx.channel_id(), ctx.message_id()) {
    ///         ctx.host().discord().send(channel, NewMessage::from("pong").reply_to(message)).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn reply_to(mut self, message: Id<MessageMarker>) -> Self {
        self.message_reference = Some(Reference {
            message_id: message.to_string(),
            fail_if_not_exists: false,
        });
        self
    }

    /// The message as Discord's JSON, without its files: for tests, and for routes that take a message inside something
    /// else.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let json = NewMessage::from("@everyone, tea!").to_json()?;
    /// assert_eq!(json["content"], "@everyone, tea!");
    /// assert_eq!(json["allowed_mentions"]["parse"], serde_json::json!([]));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A component can't be written as JSON.
    #[inline(never)]
    pub fn to_json(&self) -> Result<serde_json::Value> {
        Ok(serde_json::to_value(self)?)
    }

    pub(crate) const fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }
}

#[cfg(test)]
mod tests {
    use super::NewMessage;

    #[test]
    fn mentions_are_off_unless_asked_for() {
        let json = NewMessage::from("@everyone").to_json().unwrap();
        assert_eq!(json["allowed_mentions"], serde_json::json!({"parse": []}));
        assert_eq!(json["content"], "@everyone");
        assert!(json.get("components").is_none());
    }
}
