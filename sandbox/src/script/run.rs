//! Running a script, line by line, until it ends or a line fails.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{
    parse::{Act, Line, Speech, parse},
    transcript::{modal, transcript},
};
use crate::{
    actor::Actor,
    error::Error,
    server::Sandbox,
    state::Shared,
    view::{InteractionView, MessageView, ResponseState},
};

/// How long `expect-nothing` waits: long enough for a bot on the same machine, short enough for a test.
const A_MOMENT: Duration = Duration::from_millis(300);

/// Why a script stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The line cannot be read.
    #[error("line {number}: `{line}`: {why}")]
    Grammar {
        /// The line's number, from 1.
        number: usize,
        /// The line.
        line: String,
        /// What is wrong with it.
        why: String,
    },
    /// The line was not possible, or what it expects did not happen.
    #[error("line {number}: `{line}`: {source}")]
    Failed {
        /// The line's number, from 1.
        number: usize,
        /// The line.
        line: String,
        /// What happened instead; [`Error::Deadline`] tells what was expected and what was seen.
        source: Error,
    },
}

/// Runs a script and writes its transcript, line by line, to `out`. Stops at the first line that fails.
///
/// # Errors
///
/// [`ScriptError`] with the line, what was expected and what was seen.
pub async fn run_script(
    sandbox: &Sandbox,
    text: &str,
    out: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ScriptError> {
    play(&sandbox.shared, text, out).await
}

/// Plays a script in a sandbox of which there is no handle.
pub(crate) async fn play(
    shared: &Arc<Shared>,
    text: &str,
    out: &mut (dyn FnMut(&str) + Send),
) -> Result<(), ScriptError> {
    let mut stage = Stage::new(Arc::clone(shared));
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        let parsed = parse(line).map_err(|why| ScriptError::Grammar {
            number,
            line: line.to_owned(),
            why,
        })?;
        if parsed == Line::Blank {
            continue;
        }
        if !parsed.is_expectation() {
            out(line);
        }
        match stage.play(parsed).await {
            Ok(shown) => shown.iter().for_each(|line| out(line)),
            Err(source) => {
                return Err(ScriptError::Failed {
                    number,
                    line: line.to_owned(),
                    source,
                });
            }
        }
    }
    Ok(())
}

/// Who acts where, and what was already written.
pub(super) struct Stage {
    shared: Arc<Shared>,
    actor: Option<Actor>,
    pub(super) channel: String,
    written: HashSet<(u64, Vec<String>)>,
    /// The first sighting after the last line that did something.
    since: u64,
}

impl Stage {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            actor: None,
            channel: "general".to_owned(),
            written: HashSet::new(),
            since: 0,
        }
    }

    /// The last actor, or whoever is first to look: the owner.
    pub(super) fn actor(&self) -> Result<Actor, Error> {
        self.actor
            .clone()
            .map_or_else(|| Actor::named(&self.shared, "owner"), Ok)
    }

    /// Plays a line; gives what the bot showed.
    pub(super) async fn play(&mut self, line: Line) -> Result<Vec<String>, Error> {
        if !line.is_expectation() {
            self.since = self.shared.read(|state| state.world.next_sighting);
        }
        match line {
            Line::Blank => Ok(Vec::new()),
            Line::Speak {
                user,
                channel,
                speech,
            } => {
                let actor = Actor::named(&self.shared, &user)?;
                self.actor = Some(actor.clone());
                self.channel = channel;
                match speech {
                    Speech::Says(text) => {
                        actor.says(&self.channel, &text).await?;
                        Ok(Vec::new())
                    }
                    Speech::Slash(command) => {
                        let name = command.split_whitespace().next().unwrap_or_default();
                        let deadline = self.shared.settings.deadline;
                        self.shared.commands_registered(name, deadline).await?;
                        let view = actor.slash_line(&self.channel, &command).await?;
                        Ok(self.response(&view))
                    }
                }
            }
            Line::Control(control) => {
                control.apply(&self.shared)?;
                Ok(Vec::new())
            }
            Line::Act { user, act } => {
                if let Some(user) = user {
                    self.actor = Some(Actor::named(&self.shared, &user)?);
                }
                self.act(act).await
            }
        }
    }

    async fn act(&mut self, act: Act) -> Result<Vec<String>, Error> {
        let actor = self.actor()?;
        match act {
            Act::Click(label) => Ok(self.response(&actor.clicks(&label).await?)),
            Act::Pick { menu, values } => {
                let values: Vec<_> = values.iter().map(String::as_str).collect();
                Ok(self.response(&actor.picks(&menu, &values).await?))
            }
            Act::Submit(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                Ok(self.response(&actor.submits(&fields).await?))
            }
            Act::React(emoji) => {
                let bot = self.shared.read(|state| state.world.application.bot);
                let shown = actor.messages(&self.channel);
                let last = shown.iter().rev().find(|message| message.author_id == bot);
                let last = last.ok_or_else(|| Error::NotVisible {
                    user: actor.name().to_owned(),
                    wanted: "a message of the bot".to_owned(),
                    seen: format!("{} messages of others", shown.len()),
                })?;
                actor.reacts(last, &emoji).await?;
                Ok(Vec::new())
            }
            Act::Raw { event, data } => {
                let channel = actor.channel(&self.channel)?;
                let by = (actor.id(), channel);
                let data = self.shared.filled_in(&data, by);
                match self.shared.raw_event(&event, data, Some(by)) {
                    Some(id) => Ok(self.response(&self.shared.responded(id).await?)),
                    None => Ok(Vec::new()),
                }
            }
            Act::Expect(text) => Ok(self.write(&actor.expects(&self.channel, &text).await?)),
            Act::ExpectEphemeral(text) => {
                Ok(self.write(&actor.expects_ephemeral(&self.channel, &text).await?))
            }
            Act::ExpectNothing => match actor
                .watches_since(&self.channel, A_MOMENT, self.since)
                .await?
            {
                None => Ok(Vec::new()),
                Some(message) => Err(Error::Deadline {
                    expected: "nothing".to_owned(),
                    waited_ms: A_MOMENT.as_millis(),
                    seen: format!("{}: {:?}", message.author, message.text()),
                }),
            },
        }
    }

    /// A message's lines, once for each state that it is in.
    pub(super) fn write(&mut self, message: &MessageView) -> Vec<String> {
        let lines = transcript(message);
        if self.written.insert((message.id, lines.clone())) {
            lines
        } else {
            Vec::new()
        }
    }

    fn response(&mut self, view: &InteractionView) -> Vec<String> {
        match (&view.state, &view.message, &view.modal) {
            (ResponseState::Modal, _, Some(shown)) => modal(shown),
            (ResponseState::Message | ResponseState::Update, Some(message), _) => {
                self.write(message)
            }
            _ => Vec::new(),
        }
    }
}
