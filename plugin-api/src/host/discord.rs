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
    abi::{CallHead, RequestCall, ResponseHead},
    error::{Error, Result},
    message::NewMessage,
};

impl Host {
    /// Discord's REST API.
    #[must_use]
    pub fn discord(&self) -> Discord {
        Discord(self.clone())
    }
}

/// Discord's REST API. Rate limits are the host's care: a request waits for its turn.
///
/// The common requests have methods; [`request`](Self::request) reaches every other route of
/// [Discord's reference](https://discord.com/developers/docs/reference).
#[derive(Debug, Clone)]
pub struct Discord(Host);

impl Discord {
    /// Sends a message to a channel.
    ///
    /// # Errors
    ///
    /// Discord refused (50013 without permission, 50035 for a body beyond its limits), or was out of reach.
    pub async fn send(
        &self,
        channel: Id<ChannelMarker>,
        message: impl Into<NewMessage>,
    ) -> Result<Box<Message>> {
        self.put_message(
            Method::Post,
            format!("channels/{channel}/messages"),
            message.into(),
        )
        .await
    }

    /// Changes a message of the bot's.
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

    /// Deletes a message.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); 10008 when there is no such message.
    pub async fn delete(&self, channel: Id<ChannelMarker>, message: Id<MessageMarker>) -> Result {
        let path = format!("channels/{channel}/messages/{message}");
        self.request(Method::Delete, path).send().await.map(drop)
    }

    /// Reacts to a message: `emoji` is a Unicode emoji, or `name:id` of a custom one.
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

    /// Takes the bot's own reaction away.
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

    /// Any route: `path` is what stands behind `/api/v10/`, query included.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn topic(ctx: CommandContext) -> Result {
    ///     let path = format!("channels/{}", ctx.channel_id());
    ///     ctx.host().discord().request(Method::Patch, path).json(&[("topic", "tea")])?.send().await?;
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
        message: NewMessage,
    ) -> Result<Box<Message>> {
        let (body, boundary) = message.to_body()?;
        let mut request = self.request(method, path);
        request.call.multipart_boundary = boundary;
        request.body = body;
        request.send().await?.message()
    }
}

/// An HTTP method.
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
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request on its way to being sent.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    host: Host,
    call: RequestCall,
    body: Vec<u8>,
}

impl Request {
    /// The body.
    ///
    /// # Errors
    ///
    /// `value` can't be written as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self> {
        self.body = serde_json::to_vec(value)?;
        Ok(self)
    }

    /// A reason for the server's audit log: up to 512 characters.
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
        let head = CallHead {
            call: "discord.request".into(),
            params: serde_json::to_value(&self.call)?,
        };
        let reply = self.host.0.call(head, self.body).await?;
        let head: ResponseHead = serde_json::from_slice(&reply.head)?;
        Ok(Response {
            status: head.status,
            body: reply.body,
        })
    }
}

/// Discord's response.
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    body: Vec<u8>,
}

impl Response {
    /// HTTP status: 200 to 299.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body as it came.
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
    /// # Errors
    ///
    /// The body is not a message.
    #[inline(never)]
    pub fn message(&self) -> Result<Box<Message>> {
        serde_json::from_slice(&self.body)
            .map(Box::new)
            .map_err(|error| Error::new(format!("can't read Discord's message: {error}")))
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
