//! State machine of an interaction's response: what is known of it, and what follows from what Discord says. It sends
//! nothing itself.
//!
//! Discord accepts one first response to an interaction. Whether it has taken ours is not always told: an answer may be lost, and
//! somebody else may have been faster (code 40060: a second process, or a plugin's request of its own). Then `@original` tells.
//! Invariant: nothing is sent as a first response once Discord has said that there is one, or that the interaction is over; and at
//! most [`MOST`] of those whose fate nobody told.

use plugin_api::abi::ReplyMode;

/// Most first responses of one interaction that may get lost: the second is safe, since Discord accepts one.
const MOST: u8 = 2;

/// State of an interaction's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Discord waits for the first response.
    Fresh,
    /// Deferred with "is thinking…".
    Deferred { ephemeral: bool },
    /// It has had its first response, and no message of ours: `@original` is the message of the component, somebody else's, or gone.
    Acknowledged,
    /// Answered by this message.
    Answered(Own),
    /// A first response was lost: `@original` is to be asked.
    Unknown,
    /// Discord does not know it any more.
    Over,
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// The one that Discord calls `@original`.
    Original,
    /// The one with this id.
    Message(u64),
}

/// A first response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Message,
    Thinking { ephemeral: bool },
    DeferredUpdate,
    Update,
    Choices,
    Modal,
}

impl First {
    /// Discord's number of it
    /// ([reference](https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object)).
    pub fn number(self) -> u8 {
        match self {
            Self::Message => 4,
            Self::Thinking { .. } => 5,
            Self::DeferredUpdate => 6,
            Self::Update => 7,
            Self::Choices => 8,
            Self::Modal => 9,
        }
    }

    /// What is so once Discord has taken it.
    fn taken(self) -> State {
        match self {
            Self::Message => State::Answered(Own::Original),
            Self::Thinking { ephemeral } => State::Deferred { ephemeral },
            Self::DeferredUpdate | Self::Update | Self::Choices | Self::Modal => {
                State::Acknowledged
            }
        }
    }

    /// Whether `@original` can tell that it has arrived. Of a modal and of choices Discord keeps no message; but when they are sent
    /// once more, it says whether there was a first response.
    fn can_be_asked_for(self) -> bool {
        !matches!(self, Self::Modal | Self::Choices)
    }
}

/// Result of a first response at Discord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Taken,
    /// Not this one: nothing has changed.
    Refused,
    /// There was one before.
    AlreadyAcknowledged,
    TooLate,
    /// Nothing, or that it is in trouble: it may have taken it.
    Lost,
}

/// Kind of message that `@original` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Original {
    /// There was no first response.
    NotThere,
    /// There was one, and it has no message, or has none any more.
    Gone,
    Thinking {
        ephemeral: bool,
    },
    /// The message of the component that was used.
    OfComponent,
    /// Any other message.
    Message,
    /// Discord could not be asked.
    Untold,
}

/// Next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Send the first response.
    Send,
    /// Ask what `@original` is.
    Ask,
    /// It is given: Discord has taken the first response.
    Given,
    /// The interaction has had a first response, which is not this one: whatever is to be said goes by an edit or a follow-up.
    GoOn,
    /// It can't be given.
    Fail(Why),
}

/// Reason for which a first response can't be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Refused,
    TooLate,
    /// What became of it is not known.
    Lost,
    /// Only a first response can do that.
    NotFirst,
}

/// Route of a later answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Edit(Own),
    Delete(Own),
    FollowUp,
}

/// Progress of an interaction, as far as it is known.
#[derive(Debug)]
pub(super) struct Progress {
    state: State,
    /// Number of first responses whose fate is unknown.
    lost: u8,
    /// One of them was a message: what is found may be it.
    lost_message: bool,
    /// Discord has said that there was a first response.
    is_acknowledged: bool,
    /// `@original` is somebody else's answer: not to be written over.
    is_foreign: bool,
}

/// A first response on its way.
#[derive(Debug)]
pub(super) struct Attempt {
    first: First,
    /// It was sent, and may have arrived.
    was_lost: bool,
}

impl Progress {
    pub fn new() -> Self {
        Self {
            state: State::Fresh,
            lost: 0,
            lost_message: false,
            is_acknowledged: false,
            is_foreign: false,
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// Whether a first response may still be due.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Fresh | State::Unknown)
    }

    /// Somebody wants to give a first response.
    pub fn begin(&self, first: First) -> (Attempt, Step) {
        let attempt = Attempt {
            first,
            was_lost: false,
        };
        let step = match self.state {
            State::Fresh => Step::Send,
            State::Unknown => Step::Ask,
            State::Over => Step::Fail(Why::TooLate),
            State::Deferred { .. } | State::Acknowledged | State::Answered(_) => match first {
                First::Modal => Step::Fail(Why::NotFirst),
                _ => Step::GoOn,
            },
        };
        (attempt, step)
    }

    /// It was sent, and this is what Discord says.
    pub fn heard(&mut self, attempt: &mut Attempt, heard: Heard) -> Step {
        let first = attempt.first;
        match heard {
            Heard::Taken => self.taken(first),
            Heard::Refused => Step::Fail(Why::Refused),
            Heard::TooLate => {
                self.state = State::Over;
                Step::Fail(Why::TooLate)
            }
            // Nobody else has anything to propose.
            Heard::AlreadyAcknowledged if first == First::Choices => self.taken(first),
            Heard::AlreadyAcknowledged => {
                self.is_acknowledged = true;
                self.state = State::Unknown;
                Step::Ask
            }
            Heard::Lost => {
                self.lost += 1;
                self.lost_message |= first == First::Message;
                attempt.was_lost = true;
                self.state = State::Unknown;
                match first.can_be_asked_for() {
                    true => Step::Ask,
                    false if self.lost < MOST => Step::Send,
                    false => Step::Fail(Why::Lost),
                }
            }
        }
    }

    fn taken(&mut self, first: First) -> Step {
        self.is_acknowledged = true;
        self.state = first.taken();
        Step::Given
    }

    /// Discord was asked, and this is what it says.
    pub fn asked(&mut self, attempt: &Attempt, original: Original) -> Step {
        let first = attempt.first;
        let answers = matches!(original, Original::Thinking { .. } | Original::Message);
        match original {
            Original::Untold => return Step::Fail(Why::Lost),
            // By the one that was lost: of a modal no message is kept.
            _ if first == First::Modal && attempt.was_lost && self.is_acknowledged && !answers => {
                return self.taken(first);
            }
            Original::NotThere if self.is_acknowledged => self.state = State::Acknowledged,
            // Whether there is time for it is Discord's to say: the host does not know when its three seconds began.
            Original::NotThere if self.lost < MOST => {
                self.state = State::Fresh;
                return Step::Send;
            }
            Original::NotThere => return Step::Fail(Why::Lost),
            Original::Gone | Original::OfComponent => self.state = State::Acknowledged,
            Original::Thinking { ephemeral } => self.state = State::Deferred { ephemeral },
            Original::Message if attempt.was_lost && first == First::Message => {
                return self.taken(first);
            }
            // An answer that its plugin believes lost.
            Original::Message if self.lost_message => self.state = State::Answered(Own::Original),
            Original::Message => {
                self.is_foreign = true;
                self.state = State::Acknowledged;
            }
        }
        self.is_acknowledged = true;
        match first {
            First::Thinking { .. } | First::DeferredUpdate if attempt.was_lost => Step::Given,
            First::Modal => Step::Fail(Why::NotFirst),
            // What is there is no message of a component.
            First::Update if answers => Step::Fail(Why::NotFirst),
            _ => Step::GoOn,
        }
    }

    /// How an answer is given that is not the first response; `None` where there is nothing to take away.
    pub fn way(&self, mode: ReplyMode, message_id: Option<u64>) -> Option<Way> {
        let own = match (message_id, self.state) {
            (Some(id), _) => Some(Own::Message(id)),
            (None, State::Answered(own)) => Some(own),
            (None, State::Deferred { .. }) => Some(Own::Original),
            (None, _) => None,
        };
        match (mode, self.state) {
            (ReplyMode::Delete, _) => own.map(Way::Delete),
            (ReplyMode::Update, _) if self.is_foreign => None,
            (ReplyMode::Update, _) | (ReplyMode::Reply, State::Deferred { .. }) => {
                Some(Way::Edit(Own::Original))
            }
            (ReplyMode::Edit, _) => Some(own.map_or(Way::FollowUp, Way::Edit)),
            _ => Some(Way::FollowUp),
        }
    }

    /// It was given, by a message of this id where there is one.
    pub fn given(&mut self, way: Way, message_id: Option<u64>) {
        self.state = match (way, self.state, message_id) {
            (Way::Edit(Own::Original), State::Deferred { .. }, _) => State::Answered(Own::Original),
            (Way::FollowUp, State::Acknowledged, Some(id)) => State::Answered(Own::Message(id)),
            (Way::Delete(Own::Original), ..) => State::Acknowledged,
            (Way::Delete(own), State::Answered(ours), _) if own == ours => State::Acknowledged,
            (_, state, _) => state,
        };
    }

    /// "Is thinking…" is gone: somebody has deleted it.
    pub fn lost_its_place(&mut self) {
        self.state = State::Acknowledged;
    }
}

#[cfg(test)]
mod tests;
