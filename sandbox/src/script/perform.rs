//! Execution of acts in the actor's name.

use std::time::Duration;

use super::{
    act::{Act, Voice},
    run::Stage,
};
use crate::{actor::Actor, error::Error};

/// How long `expect-nothing` waits: long enough for a bot on the same machine, short enough for a test.
const A_MOMENT: Duration = Duration::from_millis(300);

impl Stage {
    /// Does it; gives what the bot showed.
    pub(super) async fn act(&mut self, act: Act) -> Result<Vec<String>, Error> {
        let actor = self.actor()?;
        let channel = self.channel.clone();
        match act {
            Act::Click(label) => return Ok(self.response(&actor.clicks(&label).await?)),
            Act::Pick { menu, values } => {
                let values: Vec<_> = values.iter().map(String::as_str).collect();
                return Ok(self.response(&actor.picks(&menu, &values).await?));
            }
            Act::Submit(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                return Ok(self.response(&actor.submits(&fields).await?));
            }
            Act::Raw { event, data } => return self.raw(&actor, &event, &data).await,
            Act::Expect(text) => return Ok(self.write(&actor.expects(&channel, &text).await?)),
            Act::ExpectEphemeral(text) => {
                return Ok(self.write(&actor.expects_ephemeral(&channel, &text).await?));
            }
            Act::ExpectNothing => self.expect_nothing(&actor).await?,
            Act::React(emoji) => actor.reacts(&self.last_of_bot(&actor)?, &emoji).await?,
            Act::Unreact(emoji) => {
                let reacted = actor.newest_reacted(&channel, &emoji)?;
                actor.unreacts(&reacted, &emoji).await?;
            }
            Act::Reply(text) => drop(actor.replies(&self.last_of_bot(&actor)?, &text).await?),
            Act::Edit(text) => drop(actor.edits(&self.last_own(&actor)?, &text).await?),
            Act::Delete => actor.deletes(&self.last_own(&actor)?).await?,
            Act::Pin(true) => {
                let last = actor.newest_to_pin(&channel)?;
                actor.pins(&last).await?;
            }
            Act::Pin(false) => {
                let last = actor.newest_in(&channel, "a pinned message", |shown| shown.pinned)?;
                actor.unpins(&last).await?;
            }
            Act::File {
                name,
                content,
                text,
            } => {
                let files = [(name.as_str(), content.as_bytes())];
                actor.sends(&channel, &text, &files).await?;
            }
            Act::Upload { name, content } => drop(actor.uploads(&name, content.as_bytes())?),
            Act::Thread(name) => drop(actor.starts_thread(&channel, &name).await?),
            Act::Post { title, text } => drop(actor.posts(&channel, &title, &text).await?),
            Act::Join(place) => match thread(&place) {
                Some(thread) => actor.joins_thread(thread).await?,
                None => actor.joins(&self.guild(place)?).await?,
            },
            Act::Leave(place) => match thread(&place) {
                Some(thread) => actor.leaves_thread(thread).await?,
                None => actor.leaves(&self.guild(place)?).await?,
            },
            Act::Voice(voice) => speak(&actor, voice).await?,
            Act::Nick { member, nick } => actor.renames(&channel, &member, &nick).await?,
            Act::Role {
                member,
                role,
                give: true,
            } => actor.gives_role(&channel, &member, &role).await?,
            Act::Role {
                member,
                role,
                give: false,
            } => actor.takes_role(&channel, &member, &role).await?,
        }
        Ok(Vec::new())
    }

    async fn raw(&mut self, actor: &Actor, event: &str, data: &str) -> Result<Vec<String>, Error> {
        let channel = actor.channel(&self.channel)?;
        let by = (actor.id(), channel);
        let data = self.shared.filled_in(data, by);
        match self.shared.raw_event(event, data, Some(by)) {
            Some(id) => Ok(self.response(&self.shared.responded(id).await?)),
            None => Ok(Vec::new()),
        }
    }

    async fn expect_nothing(&self, actor: &Actor) -> Result<(), Error> {
        let seen = actor.watches_since(&self.channel, A_MOMENT, self.since);
        match seen.await? {
            None => Ok(()),
            Some(message) => Err(Error::Deadline {
                expected: "nothing".to_owned(),
                waited_ms: A_MOMENT.as_millis(),
                seen: format!("{}: {:?}", message.author, message.text()),
            }),
        }
    }

    /// The bot's newest message here.
    fn last_of_bot(&self, actor: &Actor) -> Result<crate::MessageView, Error> {
        let bot = self.shared.read(|state| state.world.application.bot);
        actor.newest_in(&self.channel, "a message of the bot", |shown| {
            shown.author_id == bot
        })
    }

    /// The user's newest message here.
    fn last_own(&self, actor: &Actor) -> Result<crate::MessageView, Error> {
        let wanted = format!("a message of {}", actor.name());
        actor.newest_in(&self.channel, &wanted, |shown| {
            shown.author_id == actor.id()
        })
    }

    /// The guild that is meant: by name, or the first one, which the user may not be in yet.
    fn guild(&self, name: Option<String>) -> Result<String, Error> {
        let first = || {
            self.shared.read(|state| {
                let world = &state.world;
                let plain = self.channel.trim_start_matches('#');
                let here = world.channel_named(plain).and_then(|id| world.guild_of(id));
                let here = here.and_then(|guild| world.guilds.get(&guild));
                let guild = here.or_else(|| world.guilds.values().next());
                guild.map(|guild| guild.name.clone())
            })
        };
        name.or_else(first)
            .ok_or_else(|| Error::Refused("there is no guild".to_owned()))
    }
}

/// A thread is told from a guild by its `#`.
fn thread(place: &Option<String>) -> Option<&str> {
    place.as_deref()?.strip_prefix('#')
}

async fn speak(actor: &Actor, voice: Voice) -> Result<(), Error> {
    match voice {
        Voice::Join(channel) => actor.joins_voice(&channel).await,
        Voice::Leave => actor.leaves_voice().await,
        Voice::Mute(true) => actor.mutes().await,
        Voice::Mute(false) => actor.unmutes().await,
        Voice::Deafen(true) => actor.deafens().await,
        Voice::Deafen(false) => actor.undeafens().await,
    }
}
