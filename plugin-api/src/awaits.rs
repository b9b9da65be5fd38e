//! Declaration of the events that handlers wait for.

use twilight_model::gateway::payload::incoming::{MessageCreate, ReactionAdd};

use crate::{event::Event, manifest::ListenerManifest, plugin::Plugin};

impl<S: 'static> Plugin<S> {
    /// Declares that handlers wait for messages ([`Invocation::next_message`](crate::Invocation::next_message)): the bot then asks Discord for messages and what
    /// stands in them, which takes the privileged intent
    /// [`MESSAGE_CONTENT`](https://discord.com/developers/docs/events/gateway#message-content-intent). A
    /// [listener](Self::on) to all messages has said so already.
    #[must_use]
    pub fn awaits_messages(self) -> Self {
        self.awaits::<MessageCreate>()
    }

    /// Declares that handlers wait for reactions ([`Invocation::next_reaction`](crate::Invocation::next_reaction)).
    #[must_use]
    pub fn awaits_reactions(self) -> Self {
        self.awaits::<ReactionAdd>()
    }

    fn awaits<E: Event>(mut self) -> Self {
        self.manifest.listeners.push(ListenerManifest {
            event: E::NAME.to_owned(),
            ignore_bots: true,
            ..ListenerManifest::default()
        });
        self
    }
}
