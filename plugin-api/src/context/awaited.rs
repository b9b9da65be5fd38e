//! Waits of a handler for the next message or reaction in a channel.

use std::{rc::Rc, time::Duration};

use twilight_model::{
    gateway::payload::incoming::{MessageCreate, ReactionAdd},
    id::{Id, marker::ChannelMarker},
};

use super::{EventContext, Invocation};
use crate::{
    error::{Error, Result},
    event::{Event, EventKind},
    host::Host,
    runtime::Wanted,
};

impl Invocation {
    /// Waits for the next message in this channel that `filter` takes; `None` when none comes in time, or when the plugin is
    /// reloaded meanwhile. Those of bots are left out, commands are not
    /// ([`was_command`](EventContext::was_command)). The plugin [declares](crate::Plugin::awaits_messages) that it does so.
    ///
    /// A handler that waits takes no place among those that run at once, and holds no reload up. It hears what is written after the
    /// call, and waits at the `.await`: whoever calls it before the question is asked misses no answer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn quiz(ctx: CommandContext) -> Result {
    ///     let is_right = |heard: &EventContext<MessageCreate>| heard.content().eq_ignore_ascii_case("tokyo");
    ///     let answer = ctx.next_message(is_right, Duration::from_secs(60));
    ///     ctx.reply("What is the capital of Japan? You have a minute.").await?;
    ///     match answer.await? {
    ///         Some(heard) => heard.reply(format!("Right, {}!", heard.author().name)).await,
    ///         None => ctx.reply("Time is up: Tokyo.").await,
    ///     }
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .awaits_messages()
    ///     .command(Command::new("quiz", "Asks a question").run(quiz));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin has not declared that it waits for messages.
    pub fn next_message<F>(
        &self,
        filter: F,
        within: Duration,
    ) -> impl Future<Output = Heard<MessageCreate>>
    where
        F: FnMut(&EventContext<MessageCreate>) -> bool,
    {
        let (host, channel) = (self.host(), self.channel_id());
        next(host, channel, self.message_id(), filter, within)
    }

    /// Waits for the next reaction to a message of this channel that `filter` takes; else as
    /// [`next_message`](Self::next_message), and [declared](crate::Plugin::awaits_reactions) apart.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn agree(ctx: CommandContext) -> Result {
    ///     let rules = ctx.send("React to this with ✅ if you agree.").await?;
    ///     let agrees = |heard: &EventContext<ReactionAdd>| {
    ///         heard.message_id() == rules.message_id() && heard.user_id() == Some(ctx.user().id)
    ///     };
    ///     match ctx.next_reaction(agrees, Duration::from_secs(60)).await? {
    ///         Some(_) => ctx.reply("Welcome.").await,
    ///         None => ctx.reply("Another time, then.").await,
    ///     }
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .awaits_reactions()
    ///     .command(Command::new("agree", "Shows the rules").run(agree));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin has not declared that it waits for reactions.
    pub fn next_reaction<F>(
        &self,
        filter: F,
        within: Duration,
    ) -> impl Future<Output = Heard<ReactionAdd>>
    where
        F: FnMut(&EventContext<ReactionAdd>) -> bool,
    {
        next(self.host(), self.channel_id(), 0, filter, within)
    }
}

impl Host {
    /// Waits for the next message in any channel: for listeners, schedules and background tasks. Else as
    /// [`Invocation::next_message`].
    ///
    /// # Errors
    ///
    /// The plugin has not declared that it waits for messages.
    pub fn next_message<F>(
        &self,
        channel: Id<ChannelMarker>,
        filter: F,
        within: Duration,
    ) -> impl Future<Output = Heard<MessageCreate>>
    where
        F: FnMut(&EventContext<MessageCreate>) -> bool,
    {
        next(self, channel, 0, filter, within)
    }

    /// Waits for the next reaction in any channel; else as [`Invocation::next_reaction`].
    ///
    /// # Errors
    ///
    /// The plugin has not declared that it waits for reactions.
    pub fn next_reaction<F>(
        &self,
        channel: Id<ChannelMarker>,
        filter: F,
        within: Duration,
    ) -> impl Future<Output = Heard<ReactionAdd>>
    where
        F: FnMut(&EventContext<ReactionAdd>) -> bool,
    {
        next(self, channel, 0, filter, within)
    }
}

/// What was heard, if anything was in time.
type Heard<E> = Result<Option<EventContext<E>>>;

/// Hears from now on, and waits when it is polled.
fn next<E: Event, F: FnMut(&EventContext<E>) -> bool>(
    host: &Host,
    channel: Id<ChannelMarker>,
    after: u64,
    mut filter: F,
    within: Duration,
) -> impl Future<Output = Heard<E>> + use<E, F> {
    // Whoever is heard has not asked for what is done about it: the plugin does it for itself.
    let host = host.at_frame(0);
    let kind = EventKind::named(E::NAME).map_or(0, EventKind::number);
    let wait = host.0.hears(kind).then(|| {
        host.0.wait_for(Wanted {
            kind,
            channel: channel.get(),
            after,
        })
    });
    async move {
        let mut wait = wait.ok_or_else(undeclared::<E>)?;
        let state = Rc::new(());
        let found = async {
            while let Some(event) = wait.next().await {
                let heard = EventContext::new(Rc::clone(&state), host.clone(), event);
                if filter(&heard) {
                    return Some(heard);
                }
            }
            None
        };
        Ok(tokio::time::timeout(within, found).await.unwrap_or(None))
    }
}

fn undeclared<E: Event>() -> Error {
    let declares = match E::NAME {
        "MESSAGE_CREATE" => "awaits_messages",
        _ => "awaits_reactions",
    };
    Error::new(format!(
        "this plugin has not declared that it waits for {}: add `.{declares}()` to its declaration",
        E::NAME
    ))
}
