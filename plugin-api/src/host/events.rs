//! Choice of gateway events at run time.

use std::collections::BTreeSet;

use super::Host;
use crate::{
    abi::ChooseEventsCall,
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
}
