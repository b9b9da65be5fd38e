//! Discord's REST API, through the host's one client and rate limiter.

mod action;
mod channels;
mod members;
mod request;

use std::fmt::Write as _;

use twilight_model::{
    channel::Message,
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker},
    },
};

pub use self::{
    action::Action,
    channels::{History, NewChannel},
    members::Members,
    request::{Method, Request, Response},
};
use super::Host;
use crate::{abi::RequestCall, component::ComponentScope, error::Result, message::NewMessage};

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
/// The common requests have methods. Those that give an [`Action`] take a reason for the server's audit log:
/// `discord.kick(guild, user).reason("spam").await?`. [`request`](Self::request) reaches every other route of
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
    ///     if ctx.content().contains("coffee") {
    ///         ctx.host().discord().delete(ctx.channel(), ctx.message()).await?;
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
        let call = RequestCall {
            method: method.name().to_owned(),
            path: path.into(),
            ..RequestCall::default()
        };
        Request::new(self.0.clone(), call)
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
