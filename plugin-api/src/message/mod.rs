//! Messages as a plugin writes them.

mod embed;
mod limits;
mod multipart;
mod split;

use std::time::Duration;

use serde::Serialize;
use twilight_model::{
    channel::message::{AllowedMentions, Component, Embed, MentionType},
    id::{
        Id,
        marker::{MessageMarker, RoleMarker, UserMarker},
    },
};

pub(crate) use self::embed::set_colours;
pub use self::embed::{EmbedBuilder, embed};
use crate::{
    abi::{ReplyCall, RequestCall, Tone},
    component::{self, Stamp},
    error::{Error, Result},
};

/// Message flag: the message is laid out of components
/// ([reference](https://discord.com/developers/docs/resources/message#message-object-message-flags)).
const COMPONENTS_V2: u64 = 1 << 15;

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
    files: Vec<(String, Vec<u8>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u64>,
    #[serde(skip)]
    owner: Option<u64>,
    #[serde(skip)]
    timeout_s: Option<u64>,
    #[serde(skip)]
    tone: Option<Tone>,
    #[serde(skip)]
    delete_after: Option<Duration>,
}

/// Which message this one replies to. A message that is gone by then does not fail the reply.
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
    /// Adds an embed; Discord takes up to 10, with 6,000 characters in all.
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

    /// Adds a [row](https://discord.com/developers/docs/components/reference#action-row) of buttons or one select;
    /// Discord takes up to 5 rows of up to 5 buttons.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn shop(ctx: CommandContext) -> Result {
    ///     let sizes = [("A cup", "cup"), ("A pot", "pot")];
    ///     let menu = select("How much?", ctx.custom_id("size", "")?, sizes);
    ///     let leave = button("Leave", ctx.custom_id("leave", "")?);
    ///     ctx.reply(NewMessage::from("Tea?").row([menu]).row([leave])).await
    /// }
    /// ```
    #[must_use]
    pub fn row<C: Into<Component>>(mut self, components: impl IntoIterator<Item = C>) -> Self {
        let row = component::layout::row(components);
        self.components.get_or_insert_default().push(row);
        self
    }

    /// A message that is laid out of [parts](crate::layout): text, frames, pictures and files between buttons and selects;
    /// up to 40, nested ones included. It has no other text and no embeds
    /// ([reference](https://discord.com/developers/docs/components/using-message-components)).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn shop(ctx: CommandContext) -> Result {
    ///     let buy = button("Buy", ctx.custom_id("buy", "green")?);
    ///     let parts = [
    ///         layout::text("# The shop"),
    ///         layout::container(0x2E_8B_57, [
    ///             layout::section(["**Green tea**", "Not above 80 °C"], buy),
    ///             layout::separator(),
    ///             layout::gallery(["https://example.com/green.png"]),
    ///         ]),
    ///     ];
    ///     ctx.reply(NewMessage::layout(parts)).await
    /// }
    /// ```
    #[must_use]
    pub fn layout(parts: impl IntoIterator<Item = Component>) -> Self {
        Self {
            components: Some(parts.into_iter().collect()),
            flags: Some(COMPONENTS_V2),
            ..Self::default()
        }
    }

    /// Lets everyone use its components, who sees them. Those of an answer are for the invoker alone otherwise: the host
    /// refuses others, privately.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn poll(ctx: CommandContext) -> Result {
    ///     let yes = button("Yes", ctx.custom_id("vote", "yes")?);
    ///     ctx.reply(NewMessage::from("Tea?").row([yes]).for_everyone().persistent()).await
    /// }
    /// ```
    #[must_use]
    pub const fn for_everyone(mut self) -> Self {
        self.owner = Some(0);
        self
    }

    /// Lets this user alone use its components.
    #[must_use]
    pub const fn only_for(mut self, user: Id<UserMarker>) -> Self {
        self.owner = Some(user.get());
        self
    }

    /// How long its components can be used, counted anew with each use; then the host disables them. Whole seconds;
    /// `[components] timeout_s` of config.toml (300) for an answer that says nothing. Components of messages that are no
    /// answers ([`Discord::send`](crate::Discord::send)) work for everyone and for ever, unless told otherwise.
    #[must_use]
    pub const fn timeout(mut self, time: Duration) -> Self {
        let seconds = time.as_secs();
        self.timeout_s = Some(if seconds == 0 { 1 } else { seconds });
        self
    }

    /// Lets its components be used for ever, after a restart of the bot, too.
    #[must_use]
    pub const fn persistent(mut self) -> Self {
        self.timeout_s = Some(0);
        self
    }

    /// Takes all components away, when a message is changed into this one.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let sold = NewMessage::from("Sold.").without_components();
    /// assert_eq!(sold.to_json()?["components"], serde_json::json!([]));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn without_components(mut self) -> Self {
        self.components = Some(Vec::new());
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

    /// Lets mentions notify: the [kinds or
    /// ids](https://discord.com/developers/docs/resources/message#allowed-mentions-object) that `allowed` names, where
    /// the text mentions them.
    ///
    /// ```
    /// use plugin_api::{prelude::*, twilight_model::channel::message::AllowedMentions};
    ///
    /// let ann: Id<marker::UserMarker> = Id::new(80_351_110_224_678_912);
    /// let only_ann = AllowedMentions { users: vec![ann], ..AllowedMentions::default() };
    /// let message = NewMessage::from(format!("<@{ann}>, tea is ready")).allow_mentions(only_ann);
    /// assert_eq!(message.to_json()?["allowed_mentions"]["users"][0], "80351110224678912");
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn allow_mentions(mut self, allowed: AllowedMentions) -> Self {
        self.allowed_mentions = allowed;
        self
    }

    /// Lets these users be notified, where the text mentions them.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn poke(ctx: CommandContext) -> Result {
    ///     let whom: Id<marker::UserMarker> = ctx.option("user")?;
    ///     ctx.reply(NewMessage::from(format!("<@{whom}>, tea is ready")).allow_users([whom])).await
    /// }
    /// ```
    #[must_use]
    pub fn allow_users(mut self, users: impl IntoIterator<Item = Id<UserMarker>>) -> Self {
        self.allowed_mentions.users.extend(users);
        self
    }

    /// Lets these roles be notified, where the text mentions them.
    #[must_use]
    pub fn allow_roles(mut self, roles: impl IntoIterator<Item = Id<RoleMarker>>) -> Self {
        self.allowed_mentions.roles.extend(roles);
        self
    }

    /// Lets `@everyone` and `@here` notify, where the text says so and the bot may.
    #[must_use]
    pub fn allow_everyone(mut self) -> Self {
        self.allowed_mentions.parse.push(MentionType::Everyone);
        self
    }

    /// Deletes the message this long after it was sent. The host does it, also after a reload of the plugin; a restart of
    /// the bot in between leaves the message.
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

    pub(crate) const fn timeout_s(&self) -> Option<u64> {
        self.timeout_s
    }

    pub(crate) fn with_components(mut self, components: Vec<Component>) -> Self {
        self.components = Some(components);
        self
    }

    /// Its components, disabled, and nothing else: what it is changed into when it can't be used any more.
    pub(crate) fn only_components_disabled(&self) -> Self {
        let mut components = self.components.clone().unwrap_or_default();
        component::disable(&mut components);
        Self::default().with_components(components)
    }

    /// Says in the custom ids of its components whom they are for, and how long; `usual` where the message says nothing.
    pub(crate) fn stamp(&mut self, usual: Stamp) -> Result {
        let stamp = Stamp {
            owner: self.owner.unwrap_or(usual.owner),
            timeout_s: self.timeout_s.unwrap_or(usual.timeout_s),
        };
        stamp.press(self.components.as_deref_mut().unwrap_or_default())
    }

    /// The messages that this one is sent as: one, unless its text is too long. The last carries the rest.
    pub(crate) fn pieces(mut self) -> Vec<Self> {
        let Some(text) = self
            .content
            .take_if(|text| text.chars().count() > split::TEXT_LIMIT)
        else {
            return vec![self];
        };
        let mut texts = split::split(&text, split::TEXT_LIMIT);
        self.content = texts.pop();
        let before = texts.into_iter().map(|text| Self {
            content: Some(text),
            allowed_mentions: self.allowed_mentions.clone(),
            // The first one replies.
            message_reference: self.message_reference.take(),
            ephemeral: self.ephemeral,
            tone: self.tone,
            delete_after: self.delete_after,
            ..Self::default()
        });
        let mut pieces: Vec<_> = before.collect();
        pieces.push(self);
        pieces
    }

    /// Tells a host call what the message's body can't say.
    pub(crate) fn tell(&self, call: &mut ReplyCall) {
        call.tone = self.tone;
        call.delete_after_ms = self.delete_after.map(milliseconds);
    }

    /// As [`tell`](Self::tell), for a message to a channel.
    pub(crate) fn tell_request(&self, call: &mut RequestCall) {
        call.delete_after_ms = self.delete_after.map(milliseconds);
    }

    /// The request's body, and the boundary when it is `multipart/form-data`.
    #[inline(never)]
    pub(crate) fn to_body(&self) -> Result<(Vec<u8>, Option<String>)> {
        self.check()?;
        if self.files.is_empty() {
            return Ok((serde_json::to_vec(self)?, None));
        }
        let mut json = self.to_json()?;
        json["attachments"] = (0..self.files.len())
            .map(|id| serde_json::json!({"id": id, "filename": self.files[id].0}))
            .collect();
        Ok(multipart::multipart(
            &serde_json::to_vec(&json)?,
            &self.files,
        ))
    }

    fn check(&self) -> Result {
        let characters = self.content.as_ref().map_or(0, |text| text.chars().count());
        if characters > split::TEXT_LIMIT {
            return Err(Error::new(format!(
                "the text has {characters} characters, and a message that is changed takes {}: send a new one, which \
                 may become several messages",
                split::TEXT_LIMIT
            )));
        }
        limits::check_embeds(&self.embeds)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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

    #[test]
    fn files_make_a_multipart_body_whose_boundary_no_file_contains() {
        let message = NewMessage::from("see").file("a\"b.txt", &b"--cogwright000000 is inside"[..]);
        let (body, boundary) = message.to_body().unwrap();
        let body = String::from_utf8(body).unwrap();
        assert_eq!(boundary.as_deref(), Some("cogwright000001"));
        assert!(body.contains("filename=\"a_b.txt\""), "{body}");
        assert!(body.ends_with("--cogwright000001--\r\n"), "{body}");
    }
}
