//! Channels: new ones, threads, posts, and what was written before.

use std::collections::VecDeque;

use serde_json::{Value, json};
use twilight_model::{
    channel::{Channel, ChannelType, Message},
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, MessageMarker, RoleMarker, UserMarker},
    },
};

use super::{Action, Discord, Method, Request, Response};
use crate::{component::ComponentScope, error::Result, message::NewMessage};

/// Messages that Discord gives at a time, at most.
const PAGE: usize = 100;

/// Channels and threads. Discord refuses with 50013 where the bot lacks a permission, and with 50035 what it does not take.
impl Discord {
    /// [Creates a channel](https://discord.com/developers/docs/resources/guild#create-guild-channel).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn ticket(ctx: CommandContext) -> Result {
    ///     let guild = ctx.guild()?;
    ///     // The role that everybody has is the server's id.
    ///     let channel = NewChannel::text(format!("ticket-{}", ctx.user().name))
    ///         .topic("Between us")
    ///         .deny_role(guild.cast(), Permissions::VIEW_CHANNEL)
    ///         .allow_member(ctx.user().id, Permissions::VIEW_CHANNEL);
    ///     let created = ctx.host().discord().create_channel(guild, channel).reason("a ticket").await?;
    ///     ctx.reply(format!("Here: <#{}>", created.id)).await
    /// }
    /// ```
    pub fn create_channel(
        &self,
        guild: Id<GuildMarker>,
        channel: NewChannel,
    ) -> Action<Box<Channel>> {
        let path = format!("guilds/{guild}/channels");
        let request = self.request(Method::Post, path).value(&channel.json());
        Action::new(request, Response::channel)
    }

    /// Deletes a channel or a thread.
    pub fn delete_channel(&self, channel: Id<ChannelMarker>) -> Action {
        Action::done(self.request(Method::Delete, format!("channels/{channel}")))
    }

    /// [Starts a thread](https://discord.com/developers/docs/resources/channel#start-thread-without-message) that everybody
    /// sees who sees the channel.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn discuss(discord: &Discord, channel: Id<marker::ChannelMarker>) -> Result {
    ///     let thread = discord.create_thread(channel, "Which tea?").await?;
    ///     discord.send(thread.id, "Green or black?").await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn create_thread(
        &self,
        channel: Id<ChannelMarker>,
        name: impl Into<String>,
    ) -> Action<Box<Channel>> {
        let kind = u8::from(ChannelType::PublicThread);
        let body = json!({"name": name.into(), "type": kind});
        self.thread(format!("channels/{channel}/threads"), &body)
    }

    /// Starts a thread on a message.
    pub fn create_thread_on(
        &self,
        channel: Id<ChannelMarker>,
        message: Id<MessageMarker>,
        name: impl Into<String>,
    ) -> Action<Box<Channel>> {
        let path = format!("channels/{channel}/messages/{message}/threads");
        self.thread(path, &json!({"name": name.into()}))
    }

    fn thread(&self, path: String, body: &Value) -> Action<Box<Channel>> {
        Action::new(
            self.request(Method::Post, path).value(body),
            Response::channel,
        )
    }

    /// [Posts in a forum](https://discord.com/developers/docs/resources/channel#start-thread-in-forum-or-media-channel), with
    /// the message's files, and returns the post's thread.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn report(discord: &Discord, forum: Id<marker::ChannelMarker>) -> Result {
    ///     let report = NewMessage::from("The kettle leaks.").file("kettle.txt", "drip");
    ///     discord.post(forum, "A leak", report).await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn post(
        &self,
        forum: Id<ChannelMarker>,
        title: impl Into<String>,
        message: impl Into<NewMessage>,
    ) -> Action<Box<Channel>> {
        let mut message = message.into();
        let parts = message
            .scope(ComponentScope::default())
            .and_then(|()| message.into_parts());
        let request = parts.map(|(json, files)| {
            let body = json!({"name": title.into(), "message": json});
            let path = format!("channels/{forum}/threads");
            let request = self.request(Method::Post, path).value(&body);
            let attached = |request: Request, (name, bytes)| request.file(name, bytes);
            files.into_iter().fold(request, attached)
        });
        Action::of(request, Response::channel)
    }

    /// What was written in a channel, the newest first.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn my_last_words(ctx: CommandContext) -> Result {
    ///     let mut history = ctx.host().discord().history(ctx.channel_id());
    ///     for _ in 0..500 {
    ///         let Some(message) = history.next().await? else { break };
    ///         if message.author.id == ctx.user().id && !message.content.starts_with('!') {
    ///             return ctx.reply(format!("> {}", message.content)).await;
    ///         }
    ///     }
    ///     ctx.reply("You were silent.").await
    /// }
    /// ```
    #[must_use]
    pub fn history(&self, channel: Id<ChannelMarker>) -> History {
        History {
            discord: self.clone(),
            channel,
            page: VecDeque::new(),
            before: None,
            is_last: false,
        }
    }
}

/// The messages of a channel, fetched a hundred at a time as they are asked for: what [`Discord::history`] gives.
#[derive(Debug, Clone)]
pub struct History {
    discord: Discord,
    channel: Id<ChannelMarker>,
    page: VecDeque<Message>,
    before: Option<Id<MessageMarker>>,
    is_last: bool,
}

impl History {
    /// Begins with what was written before this message.
    #[must_use]
    pub fn before(mut self, message: Id<MessageMarker>) -> Self {
        self.before = Some(message);
        self
    }

    /// The next one, older than those before; `None` behind the last.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach. Asked again, it goes on where it was.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        if self.page.is_empty() && !self.is_last {
            let mut path = format!("channels/{}/messages?limit={PAGE}", self.channel);
            if let Some(before) = self.before {
                path.push_str(&format!("&before={before}"));
            }
            let page = self.discord.request(Method::Get, path).send().await?;
            self.page = page.messages()?.into();
            self.is_last = self.page.len() < PAGE;
            self.before = self.page.back().map(|message| message.id).or(self.before);
        }
        Ok(self.page.pop_front())
    }
}

/// A channel to create: what [`Discord::create_channel`] takes.
#[derive(Debug, Clone)]
#[must_use = "a channel is created by `Discord::create_channel`"]
pub struct NewChannel {
    kind: ChannelType,
    name: String,
    topic: Option<String>,
    category: Option<Id<ChannelMarker>>,
    /// By role (`false`) or member, and id: what is allowed, and what is denied.
    overwrites: Vec<(bool, u64, Permissions, Permissions)>,
}

impl NewChannel {
    /// A channel of this kind.
    pub fn new(kind: ChannelType, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            topic: None,
            category: None,
            overwrites: Vec::new(),
        }
    }

    /// A text channel.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(ChannelType::GuildText, name)
    }

    /// A voice channel.
    pub fn voice(name: impl Into<String>) -> Self {
        Self::new(ChannelType::GuildVoice, name)
    }

    /// A category.
    pub fn category(name: impl Into<String>) -> Self {
        Self::new(ChannelType::GuildCategory, name)
    }

    /// What it is about: up to 1,024 characters.
    pub fn topic(mut self, text: impl Into<String>) -> Self {
        self.topic = Some(text.into());
        self
    }

    /// In this category.
    pub fn below(mut self, category: Id<ChannelMarker>) -> Self {
        self.category = Some(category);
        self
    }

    /// Allows a role something there. The role that everybody has is the server's id, cast.
    pub fn allow_role(self, role: Id<RoleMarker>, allow: Permissions) -> Self {
        self.overwrite(false, role.get(), allow, Permissions::empty())
    }

    /// Denies a role something there.
    pub fn deny_role(self, role: Id<RoleMarker>, deny: Permissions) -> Self {
        self.overwrite(false, role.get(), Permissions::empty(), deny)
    }

    /// Allows a member something there.
    pub fn allow_member(self, user: Id<UserMarker>, allow: Permissions) -> Self {
        self.overwrite(true, user.get(), allow, Permissions::empty())
    }

    /// Denies a member something there.
    pub fn deny_member(self, user: Id<UserMarker>, deny: Permissions) -> Self {
        self.overwrite(true, user.get(), Permissions::empty(), deny)
    }

    /// Discord takes one overwrite of each: what is said twice is said together.
    fn overwrite(
        mut self,
        is_member: bool,
        id: u64,
        allow: Permissions,
        deny: Permissions,
    ) -> Self {
        let known = self.overwrites.iter_mut();
        match known.into_iter().find(|it| (it.0, it.1) == (is_member, id)) {
            Some((_, _, allowed, denied)) => {
                *allowed |= allow;
                *denied |= deny;
            }
            None => self.overwrites.push((is_member, id, allow, deny)),
        }
        self
    }

    fn json(&self) -> Value {
        let overwrites = self.overwrites.iter().map(|(is_member, id, allow, deny)| {
            json!({
                "id": id.to_string(),
                "type": u8::from(*is_member),
                "allow": allow.bits().to_string(),
                "deny": deny.bits().to_string(),
            })
        });
        let overwrites: Vec<Value> = overwrites.collect();
        let mut json = json!({
            "name": self.name,
            "type": u8::from(self.kind),
            "permission_overwrites": overwrites,
        });
        if let Some(topic) = &self.topic {
            json["topic"] = topic.as_str().into();
        }
        if let Some(category) = self.category {
            json["parent_id"] = category.to_string().into();
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_of_a_role_is_one_overwrite() {
        let channel = NewChannel::voice("Tea")
            .deny_role(Id::new(5), Permissions::CONNECT)
            .allow_role(Id::new(5), Permissions::VIEW_CHANNEL)
            .allow_member(Id::new(5), Permissions::CONNECT)
            .below(Id::new(6));
        let expect = json!({
            "name": "Tea", "type": 2, "parent_id": "6",
            "permission_overwrites": [
                {"id": "5", "type": 0, "allow": "1024", "deny": "1048576"},
                {"id": "5", "type": 1, "allow": "1048576", "deny": "0"},
            ],
        });
        assert_eq!(channel.json(), expect);
    }
}
