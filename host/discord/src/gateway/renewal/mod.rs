//! Session renewal: the state machine that replaces a shard's session by one with other intents, without a gap.
//!
//! Discord has no way to change a session's intents, so a second session is opened beside the first; when it is ready it takes
//! over, and the first is read a while longer for what it had ahead. What both bring is told apart in `merge`.
//!
//! It does no I/O and reads no clock: it is fed what happens and the time, and says which sessions to open and to close.
//! Invariant: at rest, the intents of the one session are those that are wanted, or Discord refuses them and the owner knows.

mod allowance;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use twilight_model::gateway::Intents;

pub(super) use self::allowance::Allowance;
use crate::figures::Standing;

/// How long the session that was replaced is still read. Discord dispatches to both within milliseconds.
const OVERLAP: Duration = Duration::from_secs(3);

/// How long intents must have been unwanted before a session is renewed to be rid of them: a plugin's file that is put back
/// meanwhile costs none of the sessions that Discord allows a day.
const SETTLE: Duration = Duration::from_secs(5);

/// After Discord has refused a session it is tried again after this long, then after twice as long, …: somebody may have
/// switched the intents on.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// Longest time between two tries.
const LAST_RETRY: Duration = Duration::from_secs(15 * 60);

/// Number of a session, never used twice by a shard.
pub(super) type SessionNumber = u32;

/// Input of the state machine: what happens to a shard's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The plugins need these intents now.
    Wanted(Intents),
    /// A session's READY.
    Ready(SessionNumber),
    /// A session goes on: all that it had ahead was brought.
    Resumed(SessionNumber),
    /// A session's connection is lost, or there again.
    Up(SessionNumber, bool),
    /// Discord has closed a session for good.
    Closed(SessionNumber),
    /// Nothing but that time has passed.
    Time,
}

/// Output of the state machine: what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// Open a session with these intents.
    Open(SessionNumber, Intents),
    /// The one session has taken over from the other, which is read a while longer.
    TakenOver {
        from: SessionNumber,
        to: SessionNumber,
    },
    /// Close a session.
    Close(SessionNumber),
    /// Discord has refused or ended this session while another one goes on. The owner is alerted.
    Refused(SessionNumber),
    /// The last session is closed for good: the shard ends.
    Ended,
}

/// One of the sessions.
#[derive(Debug, Clone, Copy)]
struct Session {
    number: SessionNumber,
    intents: Intents,
    /// Those that it gets if it has to identify anew.
    identifies_with: Intents,
    /// It is of a process of which nothing else is left: what it has told before READY is not known.
    is_blind: bool,
    is_up: bool,
}

/// A session of the process before this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restored {
    /// The intents that it was identified with.
    pub(super) intents: Intents,
    /// Whether its servers are known: otherwise another session has to tell them.
    pub(super) knows: bool,
}

/// The session beside the current one.
#[derive(Debug, Clone, Copy)]
enum Other {
    None,
    /// On its way to replace the current one.
    Next(Session),
    /// Replaced, and read until then.
    Old(Session, Instant),
}

/// Intents that Discord has refused.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    intents: Intents,
    again: Instant,
    pause: Duration,
}

/// A shard's sessions, and the wish that they follow.
#[derive(Debug)]
pub(super) struct Renewal {
    wanted: Intents,
    wanted_since: Instant,
    current: Session,
    /// Discord has not said yet whether the session of the process before goes on.
    is_resuming: bool,
    other: Other,
    allowance: Allowance,
    refusal: Option<Refusal>,
    last_number: SessionNumber,
}

impl Renewal {
    /// A shard whose first session, number 0, is opened with these intents.
    pub(super) fn new(wanted: Intents, allowance: Allowance, now: Instant) -> Self {
        Self {
            wanted,
            wanted_since: now,
            current: Session::new(0, wanted),
            is_resuming: false,
            other: Other::None,
            allowance,
            refusal: None,
            last_number: 0,
        }
    }

    /// The same with a session of the process before, which is resumed first: if that fails, it is identified anew as is wanted now.
    pub(super) fn resuming(
        restored: Restored,
        wanted: Intents,
        allowance: Allowance,
        now: Instant,
    ) -> Self {
        let mut renewal = Self::new(wanted, allowance, now);
        renewal.current.intents = restored.intents;
        renewal.current.is_blind = !restored.knows;
        renewal.is_resuming = true;
        renewal
    }

    /// The session that serves: its number and its intents.
    pub(super) fn current(&self) -> (SessionNumber, Intents) {
        (self.current.number, self.current.intents)
    }

    /// Whether a session is the one that was replaced.
    pub(super) fn is_old(&self, number: SessionNumber) -> bool {
        matches!(self.other, Other::Old(old, _) if old.number == number)
    }

    /// Whether any session has a connection.
    pub(super) fn is_up(&self) -> bool {
        self.current.is_up || matches!(self.other, Other::Old(old, _) if old.is_up)
    }

    /// What to do about what happened. Nothing that happens to a session which is closed matters.
    pub(super) fn step(&mut self, input: Input, now: Instant) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Wanted(intents) if intents != self.wanted => {
                self.wanted = intents;
                self.wanted_since = now;
            }
            Input::Ready(number) => self.ready(number, now, &mut outputs),
            Input::Resumed(number) => {
                self.up(number, true, now);
                self.is_resuming &= number != self.current.number;
            }
            Input::Up(number, is_up) => self.up(number, is_up, now),
            Input::Closed(number) => self.closed(number, now, &mut outputs),
            Input::Wanted(_) | Input::Time => {}
        }
        if !outputs.contains(&Output::Ended) {
            self.follow_the_wish(now, &mut outputs);
        }
        outputs
    }

    /// When [`Input::Time`] may have something to do.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        match self.other {
            Other::Old(old, until) => (self.current.is_up || !old.is_up).then_some(until),
            Other::Next(_) => None,
            Other::None => (!self.is_resuming && !self.is_as_wanted()).then(|| self.due()),
        }
    }

    /// How things stand with what is wanted.
    pub(super) fn standing(&self) -> Standing {
        if self.is_as_wanted() {
            return Standing::Steady;
        }
        match (self.other, self.refused()) {
            (Other::Next(_), _) => Standing::Renewing,
            (Other::Old(_, until), _) => Standing::Waiting(until.max(self.due())),
            (Other::None, Some(refusal)) => Standing::Refused(refusal.again),
            (Other::None, None) => Standing::Waiting(self.due()),
        }
    }

    fn ready(&mut self, number: SessionNumber, now: Instant, outputs: &mut Vec<Output>) {
        self.up(number, true, now);
        if self.current.number == number {
            self.current = self.current.identified();
            self.is_resuming = false;
        }
        match self.other {
            Other::Next(next) if next.number == number => {
                let from = self.current.number;
                self.other = Other::Old(self.current, now + OVERLAP);
                self.current = next;
                outputs.push(Output::TakenOver { from, to: number });
            }
            // It had to identify anew: what it had ahead is gone.
            Other::Old(old, _) if old.number == number && self.current.is_up => {
                self.other = Other::None;
                outputs.push(Output::Close(number));
            }
            _ => {}
        }
    }

    fn up(&mut self, number: SessionNumber, is_up: bool, now: Instant) {
        if self.current.number == number {
            let is_back = is_up && !self.current.is_up;
            self.current.is_up = is_up;
            // The old session has stood in for it, and is replaced once more.
            if let Other::Old(_, until) = &mut self.other
                && is_back
            {
                *until = (*until).max(now + OVERLAP);
            }
        }
        if let Other::Next(other) | Other::Old(other, _) = &mut self.other
            && other.number == number
        {
            other.is_up = is_up;
        }
    }

    fn closed(&mut self, number: SessionNumber, now: Instant, outputs: &mut Vec<Output>) {
        match self.other {
            Other::Next(next) if next.number == number => {
                self.other = Other::None;
                self.refuse(next.intents, now);
                outputs.push(Output::Refused(number));
            }
            Other::Old(old, _) if old.number == number => self.other = Other::None,
            _ if self.current.number != number => {}
            Other::Next(other) | Other::Old(other, _) => {
                self.refuse(self.current.intents, now);
                self.current = other;
                self.other = Other::None;
                outputs.push(Output::Refused(number));
            }
            Other::None => outputs.push(Output::Ended),
        }
    }

    fn refuse(&mut self, intents: Intents, now: Instant) {
        let before = self.refusal.filter(|refusal| refusal.intents == intents);
        let pause = before.map_or(FIRST_RETRY, |it| (it.pause * 2).min(LAST_RETRY));
        let again = now + pause;
        self.refusal = Some(Refusal {
            intents,
            again,
            pause,
        });
    }

    /// Whether what is wanted now was refused.
    fn refused(&self) -> Option<Refusal> {
        self.refusal
            .filter(|refusal| refusal.intents == self.wanted)
    }

    /// Opens what is wanted, closes what is wanted no more.
    fn follow_the_wish(&mut self, now: Instant, outputs: &mut Vec<Output>) {
        if let Other::Old(old, until) = self.other {
            if now < until || (old.is_up && !self.current.is_up) {
                // A third session is one too many: the wish waits.
                return;
            }
            self.other = Other::None;
            outputs.push(Output::Close(old.number));
        }
        if let Other::Next(next) = self.other
            && (next.intents != self.wanted || self.is_as_wanted())
        {
            self.other = Other::None;
            outputs.push(Output::Close(next.number));
        }
        if self.is_as_wanted() {
            self.refusal = None;
            return;
        }
        if self.is_resuming || matches!(self.other, Other::Next(_)) || now < self.due() {
            return;
        }
        self.allowance.spend(now);
        self.last_number += 1;
        let next = Session::new(self.last_number, self.wanted);
        self.other = Other::Next(next);
        outputs.push(Output::Open(next.number, next.intents));
    }

    /// Whether the one session is as it is to be.
    fn is_as_wanted(&self) -> bool {
        !self.current.is_blind && self.current.intents == self.wanted
    }

    /// From when on a session with the wanted intents may be opened.
    fn due(&self) -> Instant {
        let is_less = !self.current.is_blind && self.current.intents.contains(self.wanted);
        let settled = self.wanted_since + if is_less { SETTLE } else { Duration::ZERO };
        let again = self.refused().map_or(settled, |refusal| refusal.again);
        settled.max(again).max(self.allowance.next())
    }
}

impl Session {
    fn new(number: SessionNumber, intents: Intents) -> Self {
        Self {
            number,
            intents,
            identifies_with: intents,
            is_blind: false,
            is_up: false,
        }
    }

    /// What it is once it had to identify anew.
    fn identified(self) -> Self {
        Self {
            intents: self.identifies_with,
            is_blind: false,
            ..self
        }
    }
}
