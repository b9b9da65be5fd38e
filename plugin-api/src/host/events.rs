//! Choice of gateway events at run time.

use std::collections::BTreeSet;

use super::Host;
use crate::{
    abi::{ChooseEventsCall, ReplayEventCall},
    error::{Error, Result},
    event::EventKind,
};

impl Host {
    /// Chooses the events that listeners with [`Listener::chosen`](crate::Listener::chosen) hear, in place of those that were chosen
    /// before, by their names in Discord's gateway: `GUILD_MEMBER_ADD`. Whichever intents that needs, the bot asks for from then on: with a
    /// new session, which takes some seconds; a privileged one that is off in the Developer Portal is named to the owner. It is
    /// forgotten with this load of the plugin: choose at each start, and when a setting changes.
    ///
    /// # Errors
    ///
    /// No listener of the plugin is for that event.
    pub async fn choose_events<E: Into<String>>(
        &self,
        events: impl IntoIterator<Item = E>,
    ) -> Result {
        let events: Vec<String> = events.into_iter().map(Into::into).collect();
        let mut numbers = BTreeSet::new();
        for event in &events {
            let kind = EventKind::named(event);
            let kind = kind.ok_or_else(|| Error::new(format!("there is no event `{event}`")))?;
            numbers.insert(kind.number());
        }
        self.query::<()>("events.choose", &ChooseEventsCall { events })
            .await?;
        self.0.choose(numbers);
        Ok(())
    }

    /// Has a plugin's listeners hear an event of the gateway once more, by its name there and its data as JSON: for trying a handler out. Needs
    /// [`Power::BotControl`](crate::Power::BotControl), works for the bot's owners, and in the sandbox alone: on Discord itself, what a plugin
    /// does about an event would be done twice.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn again(host: &Host, message: &str) -> Result {
    ///     host.replay_event("greeter", "MESSAGE_CREATE", message).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The bot is on Discord itself, there is no such event or plugin, no listener of the plugin is for it, or the plugin is too far behind.
    pub async fn replay_event(
        &self,
        plugin: &str,
        event: &str,
        json: impl Into<Vec<u8>>,
    ) -> Result {
        let call = ReplayEventCall {
            event: event.to_owned(),
            plugin: plugin.to_owned(),
        };
        self.ask("events.replay", &call, json.into()).await?;
        Ok(())
    }
}
