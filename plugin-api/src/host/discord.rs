//! Discord's REST API, through the host's one client and rate limiter.

use std::fmt::Write as _;

use serde::{Serialize, de::DeserializeOwned};
use twilight_model::{
    channel::Message,
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker},
    },
};

use super::Host;
use crate::{
    abi::{RequestCall, ResponseHead},
    component::ComponentScope,
    error::{Error, Result},
    message::NewMessage,
};

impl Host {
    /// Discord's REST API, with the bot's token.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn ring(host: &Host, channel: Id<marker::ChannelMarker>) -> Result {
    ///     host.discord().send(channel, "Ding!").await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn discord(&self) -> Discord {
        Discord(self.clone())
    }
}

/// Discord's REST API. Rate limits are the host's care: a request waits for its turn.
///
/// The common requests have methods; [`request`](Self::request) reaches every other route of
/// [Discord's reference](https://discord.com/developers/docs/reference).
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn vote(ctx: CommandContext) -> Result {
///     let (discord, channel) = (ctx.host().discord(), ctx.channel_id());
///     let poll = discord.send(channel, embed("Tea?").build()).await?;
///     for emoji in ["👍", "👎"] {
///         discord.react(channel, poll.id, emoji).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Discord(Host);

impl Discord {
    /// [Sends a message](https://discord.com/developers/docs/resources/message#create-message) to a channel, and
    /// returns it as it was sent; the last one of several when the text is too long for one.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn report(discord: &Discord, channel: Id<marker::ChannelMarker>) -> Result {
    ///     let sent = discord.send(channel, NewMessage::from("The scores:").file("scores.txt", "ann: 3")).await?;
    ///     tracing::info!(id = sent.id.get(), url = sent.attachments[0].url, "reported");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Discord refused (50013 without permission, 50035 for a body beyond its limits), or was out of reach.
    pub async fn send(
        &self,
        channel: Id<ChannelMarker>,
        message: impl Into<NewMessage>,
    ) -> Result<Box<Message>> {
        let path = format!("channels/{channel}/messages");
        let mut pieces = message.into().pieces();
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            self.put_message(Method::Post, path.clone(), piece).await?;
        }
        self.put_message(Method::Post, path, last).await
    }

    /// Shows that the bot is [typing](https://discord.com/developers/docs/resources/channel#trigger-typing-indicator):
    /// for ten seconds, or until it sends a message. For the answer to a command there is
    /// [`Invocation::defer`](crate::Invocation::defer).
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub async fn typing(&self, channel: Id<ChannelMarker>) -> Result {
        let path = format!("channels/{channel}/typing");
        self.request(Method::Post, path).send().await.map(drop)
    }

    /// [Changes a message](https://discord.com/developers/docs/resources/message#edit-message) of the bot's, and
    /// returns it as it is now. What `new` does not mention (embeds, components) stays.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn count_down(discord: &Discord, channel: Id<marker::ChannelMarker>) -> Result {
    ///     let message = discord.send(channel, "3").await?;
    ///     for text in ["2", "1", "Go!"] {
    ///         tokio::time::sleep(Duration::from_secs(1)).await;
    ///         discord.edit(channel, message.id, text).await?;
    ///     }
    ///     discord.delete(channel, message.id).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); 50005 for a message of somebody else.
    pub async fn edit(
        &self,
        channel: Id<ChannelMarker>,
        message: Id<MessageMarker>,
        new: impl Into<NewMessage>,
    ) -> Result<Box<Message>> {
        let path = format!("channels/{channel}/messages/{message}");
        self.put_message(Method::Patch, path, new.into()).await
    }

    /// [Deletes a message](https://discord.com/developers/docs/resources/message#delete-message): the bot's own, or
    /// anybody's with the permission for it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn no_coffee(ctx: EventContext<MessageCreate>) -> Result {
    ///     if let (Some(channel), Some(message)) = (ctx.channel_id(), ctx.message_id())
    ///         && ctx.content().contains("coffee")
    ///     {
    ///         ctx.host().discord().delete(channel, message).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); 10008 when there is no such message.
    pub async fn delete(&self, channel: Id<ChannelMarker>, message: Id<MessageMarker>) -> Result {
        let path = format!("channels/{channel}/messages/{message}");
        self.request(Method::Delete, path).send().await.map(drop)
    }

    /// [Reacts to a message](https://discord.com/developers/docs/resources/message#create-reaction): `emoji` is a
    /// Unicode emoji, or `name:id` of a custom one.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn applaud(discord: &Discord, speech: &MessageCreate) -> Result {
    ///     discord.react(speech.channel_id, speech.id, "👏").await?;
    ///     discord.react(speech.channel_id, speech.id, "teapot:41771983429993937").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); 10014 for an emoji that Discord does not know.
    pub async fn react(
        &self,
        channel: Id<ChannelMarker>,
        message: Id<MessageMarker>,
        emoji: &str,
    ) -> Result {
        self.request(Method::Put, reaction_path(channel, message, emoji))
            .send()
            .await
            .map(drop)
    }

    /// Takes the bot's own reaction away; without one, nothing happens.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn work_on(discord: &Discord, task: &MessageCreate) -> Result {
    ///     discord.react(task.channel_id, task.id, "⏳").await?;
    ///     tracing::info!(task = task.content, "works");
    ///     discord.unreact(task.channel_id, task.id, "⏳").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`react`](Self::react).
    pub async fn unreact(
        &self,
        channel: Id<ChannelMarker>,
        message: Id<MessageMarker>,
        emoji: &str,
    ) -> Result {
        self.request(Method::Delete, reaction_path(channel, message, emoji))
            .send()
            .await
            .map(drop)
    }

    /// Any route: `path` is what stands behind `/api/v10/`, query included, and without a slash in front.
    ///
    /// ```
    /// use plugin_api::{Json, prelude::*};
    ///
    /// async fn topic(ctx: CommandContext) -> Result {
    ///     let path = format!("channels/{}", ctx.channel_id());
    ///     ctx.host().discord().request(Method::Patch, path).json(&Json::from_iter([("topic", "tea")]))?.send().await?;
    ///     ctx.reply("Done.").await
    /// }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request {
        Request {
            host: self.0.clone(),
            call: RequestCall {
                method: method.name().to_owned(),
                path: path.into(),
                ..RequestCall::default()
            },
            body: Vec::new(),
        }
    }

    async fn put_message(
        &self,
        method: Method,
        path: String,
        mut message: NewMessage,
    ) -> Result<Box<Message>> {
        message.scope(ComponentScope::default())?;
        let (body, boundary) = message.to_body()?;
        let mut request = self.request(method, path);
        request.call.multipart_boundary = boundary;
        message.tell_request(&mut request.call);
        request.body = body;
        request.send().await?.message()
    }
}

/// An HTTP method, by what it does in [Discord's API](https://discord.com/developers/docs/reference).
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn pardon(
///     discord: &Discord,
///     guild: Id<marker::GuildMarker>,
///     user: Id<marker::UserMarker>,
/// ) -> Result {
///     discord.request(Method::Delete, format!("guilds/{guild}/bans/{user}")).send().await?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create.
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
    /// Take away.
    Delete,
}

impl Method {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request on its way to being sent, made by [`Discord::request`].
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn crown(ctx: CommandContext) -> Result {
///     let (user, role): (Id<marker::UserMarker>, Id<marker::RoleMarker>) =
///         (ctx.option("user")?, ctx.option("role")?);
///     let guild = ctx.guild_id().ok_or(Error::user("in servers only"))?;
///     let path = format!("guilds/{guild}/members/{user}/roles/{role}");
///     ctx.host().discord().request(Method::Put, path).reason("won the quiz").send().await?;
///     ctx.reply("Long live the winner!").await
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    host: Host,
    call: RequestCall,
    body: Vec<u8>,
}

impl Request {
    /// The body, as JSON; none without it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Slowmode { rate_limit_per_user: u16 }
    ///
    /// async fn calm_down(discord: &Discord, channel: Id<marker::ChannelMarker>) -> Result {
    ///     let request = discord.request(Method::Patch, format!("channels/{channel}"));
    ///     request.json(&Slowmode { rate_limit_per_user: 30 })?.reason("a heated debate").send().await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `value` can't be written as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self> {
        self.body = serde_json::to_vec(value)?;
        Ok(self)
    }

    /// A reason for the server's [audit log](https://discord.com/developers/docs/resources/audit-log): up to 512
    /// characters.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.call.reason = Some(reason.into());
        self
    }

    /// Sends it and waits for the response.
    ///
    /// # Errors
    ///
    /// Discord refused ([`Error::http_status`] and [`Error::discord_code`] tell), or was out of reach.
    pub async fn send(self) -> Result<Response> {
        let reply = self
            .host
            .ask("discord.request", &self.call, self.body)
            .await?;
        let head: ResponseHead = serde_json::from_slice(&reply.head)?;
        Ok(Response {
            status: head.status,
            body: reply.body,
        })
    }
}

/// Discord's response.
///
/// ```
/// use plugin_api::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Channel { name: Option<String> }
///
/// async fn name(ctx: CommandContext) -> Result {
///     let path = format!("channels/{}", ctx.channel_id());
///     let response = ctx.host().discord().request(Method::Get, path).send().await?;
///     tracing::debug!(status = response.status(), bytes = response.bytes().len(), "a channel");
///     let channel: Channel = response.json()?;
///     ctx.reply(channel.name.unwrap_or("This is between us.".into())).await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    body: Vec<u8>,
}

impl Response {
    /// HTTP status: 200 to 299, since all others are errors of [`Request::send`].
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body as it came; empty for a status of 204.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as a type of yours. For twilight-model's large types prefer this crate's own readers
    /// ([`message`](Self::message)): a large parser compiled in the plugin costs its release build half a minute.
    ///
    /// # Errors
    ///
    /// The body is not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The body as a message.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn quote(ctx: CommandContext) -> Result {
    ///     let id: String = ctx.option("message")?;
    ///     let path = format!("channels/{}/messages/{id}", ctx.channel_id());
    ///     let message = ctx.host().discord().request(Method::Get, path).send().await?.message()?;
    ///     ctx.reply(format!("> {}\n{}", message.content, message.author.name)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The body is not a message.
    #[inline(never)]
    pub fn message(&self) -> Result<Box<Message>> {
        serde_json::from_slice(&self.body)
            .map(Box::new)
            .map_err(|error| Error::unreadable("Discord's message", &error))
    }
}

fn reaction_path(channel: Id<ChannelMarker>, message: Id<MessageMarker>, emoji: &str) -> String {
    let mut path = format!("channels/{channel}/messages/{message}/reactions/");
    for byte in emoji.bytes() {
        // RFC 3986, section 2.3.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path.push_str("/@me");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emojis_are_escaped_in_the_path() {
        let path = reaction_path(Id::new(1), Id::new(2), "👍");
        assert_eq!(path, "channels/1/messages/2/reactions/%F0%9F%91%8D/@me");
        assert!(reaction_path(Id::new(1), Id::new(2), "blob:3").ends_with("/blob%3A3/@me"));
    }
}
