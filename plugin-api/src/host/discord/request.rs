//! Requests to Discord, and its responses.

use serde::{Serialize, de::DeserializeOwned};
use twilight_model::{
    channel::{Channel, Message},
    guild::Member,
};

use crate::{
    abi::{RequestCall, ResponseHead},
    error::{Error, Result},
    host::Host,
    message::multipart,
};

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
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request on its way to being sent, made by [`Discord::request`](crate::Discord::request).
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn crown(ctx: CommandContext) -> Result {
///     let (user, role): (Id<marker::UserMarker>, Id<marker::RoleMarker>) =
///         (ctx.option("user")?, ctx.option("role")?);
///     let guild = ctx.guild()?;
///     let path = format!("guilds/{guild}/members/{user}/roles/{role}");
///     ctx.host().discord().request(Method::Put, path).reason("won the quiz").send().await?;
///     ctx.reply("Long live the winner!").await
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    host: Host,
    pub(super) call: RequestCall,
    pub(super) body: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
}

impl Request {
    pub(super) fn new(host: Host, call: RequestCall) -> Self {
        Self {
            host,
            call,
            body: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The body, of what is JSON already.
    pub(super) fn value(mut self, value: &serde_json::Value) -> Self {
        self.body = value.to_string().into_bytes();
        self
    }

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

    /// Adds a file, for the routes that take files beside their JSON
    /// ([reference](https://discord.com/developers/docs/reference#uploading-files)).
    ///
    /// ```
    /// use plugin_api::{Json, prelude::*};
    ///
    /// async fn report(discord: &Discord, channel: Id<marker::ChannelMarker>) -> Result {
    ///     let request = discord.request(Method::Post, format!("channels/{channel}/messages"));
    ///     let text = Json::from_iter([("content", "The scores:")]);
    ///     request.json(&text)?.file("scores.csv", "ann,3").send().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn file(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), bytes.into()));
        self
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
    pub async fn send(mut self) -> Result<Response> {
        if !self.files.is_empty() {
            let json = if self.body.is_empty() {
                b"{}"
            } else {
                &*self.body
            };
            (self.body, self.call.multipart_boundary) = multipart(json, &self.files);
        }
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
        self.read("Discord's message").map(Box::new)
    }

    /// The body as messages.
    ///
    /// # Errors
    ///
    /// The body is no list of messages.
    #[inline(never)]
    pub fn messages(&self) -> Result<Vec<Message>> {
        self.read("Discord's messages")
    }

    /// The body as a channel, or a thread.
    ///
    /// # Errors
    ///
    /// The body is not a channel.
    #[inline(never)]
    pub fn channel(&self) -> Result<Box<Channel>> {
        self.read("Discord's channel").map(Box::new)
    }

    /// The body as members of a server.
    ///
    /// # Errors
    ///
    /// The body is no list of members.
    #[inline(never)]
    pub fn members(&self) -> Result<Vec<Member>> {
        self.read("Discord's members")
    }

    fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        let read = serde_json::from_slice(&self.body);
        read.map_err(|error| Error::unreadable(what, &error))
    }
}
