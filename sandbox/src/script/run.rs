//! Script runner: line by line, until it ends or a line fails.

use std::{collections::HashSet, sync::Arc};

use super::{
    GRAMMAR,
    parse::{Line, parse},
    transcript::{modal, transcript},
};
use crate::{
    actor::{Actor, Entered, command_name},
    error::Error,
    handle::Sandbox,
    state::Shared,
    view::{InteractionView, MessageView, ResponseState},
};

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
        match parsed {
            Line::Blank => continue,
            Line::Quit => break,
            _ => {}
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
    pub(super) shared: Arc<Shared>,
    pub(super) actor: Option<Actor>,
    pub(super) channel: String,
    written: HashSet<(u64, Vec<String>)>,
    /// The first sighting after the last line that did something.
    pub(super) since: u64,
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

    /// The last actor, or the application's owner.
    pub(super) fn actor(&self) -> Result<Actor, Error> {
        let owner = || {
            let owner = self.shared.read(|state| state.world.application.owner);
            Actor::known(&self.shared, &owner.to_string())
        };
        self.actor.clone().map_or_else(owner, Ok)
    }

    /// Plays a line; gives what the bot showed.
    pub(super) async fn play(&mut self, line: Line) -> Result<Vec<String>, Error> {
        if !line.is_expectation() {
            self.since = self.shared.read(|state| state.world.next_sighting);
        }
        match line {
            Line::Blank | Line::Quit => Ok(Vec::new()),
            Line::Help => Ok(GRAMMAR.lines().map(|line| format!("  {line}")).collect()),
            Line::Wait(time) => {
                tokio::time::sleep(time).await;
                Ok(Vec::new())
            }
            Line::Speak {
                user,
                channel,
                speech,
            } => {
                let actor = Actor::named(&self.shared, &user)?;
                // A channel that is mistyped is not the one to go on in.
                actor.channel(&channel)?;
                self.actor = Some(actor);
                self.channel = channel;
                self.enter(&speech).await
            }
            Line::Bare(_) if self.actor.is_none() => Err(Error::Refused(
                "nobody has said anything yet: who says it stands first, `user@channel: text`; `help` lists what can be done"
                    .to_owned(),
            )),
            Line::Bare(speech) => self.enter(&speech).await,
            Line::Control(control) => {
                control.apply(&self.shared)?;
                Ok(Vec::new())
            }
            Line::Act { user, act } => {
                if let Some(user) = user {
                    let (user, channel) = match user.split_once('@') {
                        Some((user, channel)) => (user, Some(channel)),
                        None => (user.as_str(), None),
                    };
                    let actor = Actor::named(&self.shared, user)?;
                    if let Some(channel) = channel {
                        actor.channel(channel)?;
                        self.channel = channel.to_owned();
                    }
                    self.actor = Some(actor);
                }
                self.act(act).await
            }
        }
    }

    /// Writes into the chat box. What names no command is said, as Discord's client does.
    async fn enter(&mut self, speech: &str) -> Result<Vec<String>, Error> {
        let actor = self.actor()?;
        if let Some(command) = command_name(speech) {
            self.shared.command_is_known(command).await;
        }
        match actor.enters(&self.channel, speech).await? {
            Entered::Used(view) => Ok(self.response(&view)),
            Entered::Said { unknown } => Ok(unknown
                .into_iter()
                .map(|why| format!("  ({why})"))
                .collect()),
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

    pub(super) fn response(&mut self, view: &InteractionView) -> Vec<String> {
        match (&view.state, &view.message, &view.modal) {
            (ResponseState::Modal, _, Some(shown)) => modal(shown),
            (ResponseState::Message | ResponseState::Update, Some(message), _) => {
                self.write(message)
            }
            _ => Vec::new(),
        }
    }
}
