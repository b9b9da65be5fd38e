//! Expectations: waiting for what the bot shows. Nothing polls: each change of the world is looked at once.

use std::time::Duration;

use super::{Actor, interaction_view};
use crate::{
    bells::Awaited,
    error::Error,
    state::{Shared, State},
    view::{InteractionView, MessageView, ResponseState},
    world::Sighting,
};

/// Something that was sent and can be answered: see [`Actor::expects_reply_to`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Sent<'a> {
    /// A message; its reply references it.
    Message(&'a MessageView),
    /// An interaction; its reply is the response, or a follow-up.
    Interaction(&'a InteractionView),
}

impl<'a> From<&'a MessageView> for Sent<'a> {
    fn from(message: &'a MessageView) -> Self {
        Self::Message(message)
    }
}

impl<'a> From<&'a InteractionView> for Sent<'a> {
    fn from(interaction: &'a InteractionView) -> Self {
        Self::Interaction(interaction)
    }
}

impl Actor {
    /// Waits for a message or edit by the bot in a channel whose text contains this, and uses it up:
    /// the same one is not found twice by this user. Older ones that nobody expected count, too.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] with what was seen instead.
    pub async fn expects(&self, channel: &str, contains: &str) -> Result<MessageView, Error> {
        let wanted = format!("a message in #{channel} with {contains:?}");
        self.expects_where(channel, &wanted, |view| view.text().contains(contains))
            .await
    }

    /// As [`Actor::expects`], for messages that only this user sees.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] with what was seen instead.
    pub async fn expects_ephemeral(
        &self,
        channel: &str,
        contains: &str,
    ) -> Result<MessageView, Error> {
        let wanted = format!("an ephemeral message in #{channel} with {contains:?}");
        self.expects_where(channel, &wanted, |view| {
            view.ephemeral && view.text().contains(contains)
        })
        .await
    }

    /// As [`Actor::expects`], with any condition; `wanted` says in words what it is, for the error.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] with what was seen instead.
    pub async fn expects_where(
        &self,
        channel: &str,
        wanted: &str,
        fits: impl Fn(&MessageView) -> bool,
    ) -> Result<MessageView, Error> {
        let channel = self.channel(channel)?;
        let fits = |sighting: &Sighting| sighting.channel == channel && fits(&sighting.view);
        let (wanted, awaited) = (|| wanted.to_owned(), Awaited::Channel(channel));
        self.wait_for_sighting(wanted, channel, awaited, 0, fits)
            .await
    }

    /// Waits for the bot's reply: a message that references the sent one, or the message of the response
    /// to (or a follow-up of) the interaction. "Is thinking…" is no reply yet.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`] with what was seen instead.
    pub async fn expects_reply_to(&self, sent: impl Into<Sent<'_>>) -> Result<MessageView, Error> {
        match sent.into() {
            Sent::Message(message) => {
                let wanted = || format!("a reply to {:?}", message.content);
                let awaited = Awaited::ReplyTo(message.id);
                self.wait_for_sighting(wanted, message.channel_id, awaited, 0, |_| true)
                    .await
            }
            Sent::Interaction(interaction) => {
                let (title, channel, source, since) = self.shared.read(|state| {
                    let known = state.world.interactions.get(&interaction.id);
                    known
                        .map(|known| {
                            (
                                known.title.clone(),
                                known.channel,
                                known.source,
                                known.since,
                            )
                        })
                        .unwrap_or_default()
                });
                // An update of the message that was clicked answers the click.
                let updates = matches!(
                    interaction.state,
                    ResponseState::Update | ResponseState::DeferredUpdate
                );
                let updated = source.filter(|_| updates);
                let is_reply = |sighting: &Sighting| {
                    sighting.view.interaction == Some(interaction.id)
                        || updated == Some(sighting.view.id)
                };
                let wanted = || format!("the reply to {title}");
                let awaited = Awaited::Channel(channel);
                self.wait_for_sighting(wanted, channel, awaited, since, is_reply)
                    .await
            }
        }
    }

    /// Watches a channel for a while, and gives what the bot showed in it meanwhile, if anything.
    /// This costs the whole time whenever nothing comes, so keep it short.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChannel`].
    pub async fn watches(
        &self,
        channel: &str,
        within: Duration,
    ) -> Result<Option<MessageView>, Error> {
        self.watches_since(channel, within, 0).await
    }

    /// As [`Actor::watches`], for sightings from this number on.
    pub(crate) async fn watches_since(
        &self,
        channel: &str,
        within: Duration,
        since: u64,
    ) -> Result<Option<MessageView>, Error> {
        let channel = self.channel(channel)?;
        let mut next = since;
        let fits = |sighting: &Sighting| sighting.channel == channel;
        let awaited = Awaited::Channel(channel);
        let look = |state: &mut State| self.take_sighting(state, awaited, &mut next, fits);
        Ok(self.shared.wait_for(awaited, within, look).await)
    }

    /// Waits until the bot has responded to an interaction.
    pub(super) async fn wait_for_response(&self, id: u64) -> Result<InteractionView, Error> {
        self.shared.responded(id).await
    }

    /// Waits for a sighting that fits, from the number `since` on.
    async fn wait_for_sighting(
        &self,
        wanted: impl FnOnce() -> String,
        channel: u64,
        awaited: Awaited,
        since: u64,
        fits: impl Fn(&Sighting) -> bool,
    ) -> Result<MessageView, Error> {
        let within = self.shared.settings.deadline;
        let mut next = since;
        let look = |state: &mut State| self.take_sighting(state, awaited, &mut next, &fits);
        let found = self.shared.wait_for(awaited, within, look).await;
        found.ok_or_else(|| Error::Deadline {
            expected: wanted(),
            waited_ms: within.as_millis(),
            seen: self.seen(channel),
        })
    }

    /// The first unused sighting that fits, used up. Those before `next` have been looked at already.
    fn take_sighting(
        &self,
        state: &mut State,
        awaited: Awaited,
        next: &mut u64,
        fits: impl Fn(&Sighting) -> bool,
    ) -> Option<MessageView> {
        let world = &mut state.world;
        let used = world.consumed.get(&self.user);
        let unused = |number: &u64| used.is_none_or(|used| !used.contains(number));
        let found = {
            let is_it = |sighting: &&Sighting| {
                sighting.ephemeral_for.is_none_or(|only| only == self.user)
                    && unused(&sighting.number)
                    && fits(sighting)
            };
            let found = match awaited {
                Awaited::ReplyTo(message) => world.replies_to(message).find(is_it),
                Awaited::Channel(_) => world.sightings_from(*next).find(is_it),
            };
            found.map(|found| (found.number, found.view.clone()))
        };
        *next = world.next_sighting;
        let (number, view) = found?;
        let oldest = world.sightings.front().map_or(0, |oldest| oldest.number);
        let used = world.consumed.entry(self.user).or_default();
        while used.first().is_some_and(|forgotten| *forgotten < oldest) {
            used.pop_first();
        }
        used.insert(number);
        Some(view)
    }

    /// The newest things in a channel, for errors.
    fn seen(&self, channel: u64) -> String {
        self.shared.read(|state| {
            let world = &state.world;
            let messages: Vec<_> = world
                .visible_messages(self.user, channel)
                .rev()
                .take(5)
                .collect();
            let shown: Vec<_> = messages
                .into_iter()
                .rev()
                .map(|message| {
                    let view = world.view(message);
                    let ephemeral = if view.ephemeral { " (ephemeral)" } else { "" };
                    let text = if view.loading {
                        "is thinking…".to_owned()
                    } else {
                        view.text()
                    };
                    format!("{}{ephemeral}: {text:?}", view.author)
                })
                .collect();
            if shown.is_empty() {
                "nothing".to_owned()
            } else {
                shown.join("; ")
            }
        })
    }
}

impl Shared {
    /// See [`crate::Sandbox::responded`].
    pub(crate) async fn responded(&self, id: u64) -> Result<InteractionView, Error> {
        // The world's alarm tells when the time is over. The deadline is for a clock that stands.
        let within = self.read(|state| state.world.acknowledge_within);
        let real = within.max(self.settings.deadline);
        let settled = self
            .wait(real, |state| {
                let interaction = state.world.interactions.get(&id)?;
                if interaction.failed {
                    return Some(None);
                }
                interaction.response.as_ref()?;
                Some(Some(interaction_view(&state.world, interaction)))
            })
            .await;
        let title = || {
            self.read(|state| {
                state
                    .world
                    .interactions
                    .get(&id)
                    .map(|known| known.title.clone())
            })
        };
        settled.flatten().ok_or_else(|| Error::NotAnswered {
            interaction: title().unwrap_or_default(),
            waited_ms: within.as_millis(),
        })
    }
}
