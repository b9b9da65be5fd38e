//! The bot's web pages: what open ones are told, who is logged in, and what roles may.

use serde_json::Value;
use twilight_model::id::{Id, marker::UserMarker};

use super::Host;
use crate::{
    abi::{
        AccessCall, AccessReply, PagesStatus, PublishCall, SessionView, SessionsReply, TabView,
        TabsReply, WatchedReply,
    },
    error::Result,
};

/// Who is logged in to the bot's web pages, and what roles may there: [`Host::pages`].
#[derive(Debug)]
pub struct Pages<'a>(&'a Host);

impl Host {
    /// Sends something to all open pages that follow one of the plugin's topics
    /// ([`Plugin::topic`](crate::Plugin::topic)), at once, as an
    /// [event](https://html.spec.whatwg.org/multipage/server-sent-events.html) of the name `<plugin>:<topic>`. Nobody is waited for: a page that
    /// is too slow is dropped, and asks anew. Returns how many follow it: with 0, nobody is there, and there is nothing to prepare.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn kettle(ctx: EventContext<MessageCreate>) -> Result {
    ///     ctx.host().publish("kettle", "boiling").await?;
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().topic("kettle", "").listen(Listener::new(), kettle);
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin declares no such topic, or the data has more than 64 KiB.
    pub async fn publish(&self, topic: &str, data: impl Into<Vec<u8>>) -> Result<u32> {
        let call = PublishCall {
            topic: topic.to_owned(),
        };
        let reply = self.ask("pages.publish", &call, data.into()).await?;
        let reply: WatchedReply = serde_json::from_slice(&reply.head)?;
        Ok(reply.watchers)
    }

    /// How many open pages follow a topic of the plugin's.
    ///
    /// # Errors
    ///
    /// The plugin declares no such topic.
    pub async fn watchers(&self, topic: &str) -> Result<u32> {
        let call = PublishCall {
            topic: topic.to_owned(),
        };
        let reply: WatchedReply = self.query("pages.watched", &call).await?;
        Ok(reply.watchers)
    }

    /// Sessions, roles and people of the web pages.
    #[must_use]
    pub fn pages(&self) -> Pages<'_> {
        Pages(self)
    }
}

impl Pages<'_> {
    /// The tabs of all plugins that whoever acts may open. From the host of a route's context.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn tabs(&self) -> Result<Vec<TabView>> {
        let reply: TabsReply = self.0.query("pages.tabs", &Value::Null).await?;
        Ok(reply.tabs)
    }

    /// Where pages are served, and how many are open. Needs the power `pages.read`.
    ///
    /// # Errors
    ///
    /// The plugin lacks the power.
    pub async fn status(&self) -> Result<PagesStatus> {
        self.0.query("pages.status", &Value::Null).await
    }

    /// Who is logged in. Needs the power `pages.read`, and an owner or a role with `pages.sessions` that acts, as the calls below.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn sessions(&self) -> Result<Vec<SessionView>> {
        let reply: SessionsReply = self.0.query("pages.sessions", &Value::Null).await?;
        Ok(reply.sessions)
    }

    /// The roles, who has which, and all that a role may be given.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn access(&self) -> Result<AccessReply> {
        self.0.query("pages.access", &Value::Null).await
    }

    /// Ends a session: `session` by its number, or all those of `user_id`, or with neither all there are. Returns how many. Needs the power
    /// `pages.manage`, as the calls below.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn revoke(&self, which: &AccessCall) -> Result<u32> {
        let reply: WatchedReply = self.0.query("pages.revoke", which).await?;
        Ok(reply.watchers)
    }

    /// Makes a role of that name, or changes it: `role`, `rights`, `own_servers`, `words`. Nobody can give what they don't have.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call; a right is unknown, or more than whoever acts has; the role comes with the host.
    pub async fn set_role(&self, role: &AccessCall) -> Result<AccessReply> {
        self.0.query("pages.set_role", role).await
    }

    /// Removes a role. Who has it has none then.
    ///
    /// # Errors
    ///
    /// As for [`set_role`](Self::set_role).
    pub async fn remove_role(&self, name: &str) -> Result<AccessReply> {
        let call = AccessCall {
            role: Some(name.to_owned()),
            ..AccessCall::default()
        };
        self.0.query("pages.remove_role", &call).await
    }

    /// Gives somebody a role, or none: `user_id`, `role`, `words`. Their open pages see what they may from now on.
    ///
    /// # Errors
    ///
    /// As for [`set_role`](Self::set_role); there is no such role.
    pub async fn set_user(&self, user: &AccessCall) -> Result<AccessReply> {
        self.0.query("pages.set_user", user).await
    }

    /// Sends somebody with a role a link by direct message that logs them in once, within ten minutes. The plugin does not see it.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call; they have no role; they take no direct messages.
    pub async fn send_link(&self, user: Id<UserMarker>) -> Result {
        let call = AccessCall {
            user_id: Some(user.get()),
            ..AccessCall::default()
        };
        self.0.query("pages.send_link", &call).await
    }

    /// Serves pages, or none any more, until it is said again: also after a restart.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call; the address is taken.
    pub async fn enable(&self, on: bool) -> Result<PagesStatus> {
        let call = AccessCall {
            on: Some(on),
            ..AccessCall::default()
        };
        self.0.query("pages.enable", &call).await
    }
}
