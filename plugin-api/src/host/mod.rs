//! Host calls: one file per capability, `host/src/services/` has the answers under the same names.

mod alerts;
mod authority;
mod bot;
mod botfiles;
mod cache;
mod commands;
mod database;
mod discord;
mod events;
mod files;
mod functions;
mod hooks;
mod inbox;
mod lag;
mod log;
mod metrics;
mod pages;
mod plugins;
mod presence;
pub(crate) mod reply;
mod schedules;
mod secrets;
mod settings;
mod shards;
pub(crate) mod storage;
mod subjects;
mod task;
mod web;

use std::{fmt, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use twilight_model::id::{
    Id,
    marker::{ApplicationMarker, UserMarker},
};

pub(crate) use self::schedules::from_ms;
pub use self::{
    bot::BotControl,
    botfiles::BotFiles,
    cache::{Cache, Lookup},
    commands::{Commands, UsableQuery},
    database::Databases,
    discord::{Action, Discord, History, Members, Method, NewChannel, Request, Response},
    files::{FileEntry, Files},
    functions::OtherPlugin,
    hooks::Hook,
    inbox::Inbox,
    metrics::{Counter, Gauge, Histogram},
    pages::Pages,
    plugins::Plugins,
    presence::Presence,
    schedules::{NewScheduled, Scheduled, Schedules},
    secrets::Secret,
    task::Task,
    web::{Web, WebRequest, WebResponse},
};
use crate::{
    abi::CallHead,
    component,
    error::Result,
    runtime::{CallReply, Core},
};

/// The host, as one generation of a plugin sees it. Clones are the same host.
///
/// It comes with every context and with the start; keep a clone in the state where a background task needs it. The one of a
/// context asks for whoever has started that: what needs a [`Power`](crate::Power) is allowed to them or it is not, as long as their
/// work is not answered. The one of the start asks for the plugin alone.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn about(ctx: CommandContext) -> Result {
///     let host = ctx.host();
///     let (name, version) = (host.plugin_name(), host.host_version());
///     ctx.reply(format!("{name} on Cogwright {version}, load {}", host.generation())).await
/// }
/// ```
#[derive(Clone)]
pub struct Host(pub(crate) Rc<Core>, Option<u64>);

impl Host {
    pub(crate) fn new(core: Rc<Core>) -> Self {
        Self(core, None)
    }

    /// The host as the handler of the frame `id` sees it: what it asks, it asks for whoever stands behind that frame.
    pub(crate) fn for_frame(core: Rc<Core>, id: u64) -> Self {
        Self(core, Some(id).filter(|id| *id != 0))
    }

    /// The host, asked for whoever stands behind another frame.
    pub(crate) fn at_frame(&self, id: u64) -> Self {
        Self::for_frame(Rc::clone(&self.0), id)
    }

    /// The frame for whose sender it asks; 0 for the plugin alone.
    pub(crate) fn frame(&self) -> u64 {
        self.1.unwrap_or_default()
    }

    /// Asks the host, for whom this was made.
    pub(crate) async fn ask(
        &self,
        name: &str,
        params: &impl Serialize,
        body: Vec<u8>,
    ) -> Result<CallReply> {
        self.ask_value(name, serde_json::to_value(params)?, body)
            .await
    }

    async fn ask_value(&self, name: &str, params: Value, body: Vec<u8>) -> Result<CallReply> {
        let mut head = CallHead::new(name, params);
        head.for_frame = self.1;
        self.0.call(head, body).await
    }

    /// The same, and reads the answer.
    pub(crate) async fn query<R: DeserializeOwned>(
        &self,
        name: &str,
        params: &impl Serialize,
    ) -> Result<R> {
        let reply = self.ask(name, params, Vec::new()).await?;
        let head: &[u8] = if reply.head.is_empty() {
            b"null"
        } else {
            &reply.head
        };
        Ok(serde_json::from_slice(head)?)
    }

    /// The plugin's name: its package's.
    #[must_use]
    pub fn plugin_name(&self) -> &str {
        self.0.name()
    }

    /// Which load of this plugin this is, counted from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.start().generation
    }

    /// Version of the host, such as `0.1.0`. To know what it can do, ask [`supports`](Self::supports).
    #[must_use]
    pub fn host_version(&self) -> &str {
        &self.0.start().host_version
    }

    /// The bot's own user, or `None` while the bot has not logged in: plugins are loaded after that, the probe's trial
    /// start comes without it.
    #[must_use]
    pub fn bot_id(&self) -> Option<Id<UserMarker>> {
        Id::new_checked(self.0.start().bot_id?)
    }

    /// The bot's application, or `None` as for [`bot_id`](Self::bot_id).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn invite(ctx: CommandContext) -> Result {
    ///     let id = ctx.host().application_id().ok_or(Error::new("not logged in"))?;
    ///     ctx.reply(format!("https://discord.com/oauth2/authorize?client_id={id}")).await
    /// }
    /// ```
    #[must_use]
    pub fn application_id(&self) -> Option<Id<ApplicationMarker>> {
        Id::new_checked(self.0.start().application_id?)
    }

    /// The custom id of a button, select or modal whose handler is `handler` of this plugin: for messages that no command has asked
    /// for, from a schedule, a hook or a listener say. Else as [`Invocation::custom_id`](crate::Invocation::custom_id).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// const TEA_ROOM: Id<marker::ChannelMarker> = Id::new(175_928_847_299_117_063);
    ///
    /// async fn tea_time(ctx: ScheduleContext) -> Result {
    ///     let join = button("I'll come", ctx.host().custom_id("join", "today")?);
    ///     ctx.host().discord().send(TEA_ROOM, NewMessage::from("Tea in an hour.").row([join])).await?;
    ///     Ok(())
    /// }
    ///
    /// async fn join(ctx: ComponentContext) -> Result {
    ///     ctx.reply(NewMessage::from("See you there.").ephemeral()).await
    /// }
    ///
    /// let plugin = Plugin::new().cron("tea", "0 16 * * *", "Europe/London", tea_time).component("join", join);
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Invocation::custom_id`](crate::Invocation::custom_id).
    pub fn custom_id(&self, handler: &str, argument: impl fmt::Display) -> Result<String> {
        component::custom_id(self.plugin_name(), handler, &argument.to_string())
    }

    /// Whether this host knows the host call `name`: one that is older than this crate lacks some of those that its methods make.
    #[must_use]
    pub fn supports(&self, name: &str) -> bool {
        self.0.start().calls.iter().any(|call| call == name)
    }

    /// Asks the host by the name of a host call: the way to a call that is newer than this crate. Takes the call's
    /// parameters and body, returns its result and the result's body; what a call does not need is `Null` or empty.
    ///
    /// ```
    /// use plugin_api::{Json, prelude::*};
    ///
    /// async fn myself(host: &Host) -> Result<Json> {
    ///     if !host.supports("discord.request") {
    ///         return Err(Error::user("I can't do that before the bot is updated"));
    ///     }
    ///     let params = Json::from_iter([("method", "GET"), ("path", "users/@me")]);
    ///     let (_status, body) = host.call("discord.request", params, Vec::new()).await?;
    ///     Ok(serde_json::from_slice(&body)?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The host does not know the call, or the call failed; the error names the call.
    pub async fn call(&self, name: &str, params: Value, body: Vec<u8>) -> Result<(Value, Vec<u8>)> {
        let reply = self.ask_value(name, params, body).await?;
        let head = if reply.head.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&reply.head)?
        };
        Ok((head, reply.body))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("plugin", &self.plugin_name())
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}
