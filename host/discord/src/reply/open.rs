//! Table of open interactions: those whose tokens Discord still honours.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicBool},
};

use host_capability::Failure;
use plugin_api::abi::{CustomId, Origin};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{Replies, state::Progress};
use crate::{later::Token, rest::TOKEN_LIFE};

/// Most that are kept: a hundred a second for as long as they are. Of more the oldest are forgotten, and can't be answered any more.
const MOST: usize = 100_000;

/// Kind of the interaction that an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command.
    Command,
    /// A button or select: it has a message that can be updated.
    Component,
    /// A submitted modal.
    Modal,
}

/// An interaction that has come.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// Its id.
    pub id: u64,
    /// Its token.
    pub token: &'a str,
    /// Who has made it; 0: not known.
    pub user: u64,
    /// What kind of interaction it is.
    pub kind: Kind,
    /// Declared so by its command: what the host defers by itself is for the invoker's eyes alone, too.
    pub ephemeral: bool,
    /// The message that carries the component which was used, or which has opened the modal.
    pub source: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Interaction {
    pub id: u64,
    pub token: String,
    pub user: u64,
    pub kind: Kind,
    pub ephemeral: bool,
    pub source: Option<u64>,
    pub since: Instant,
    /// The error id by which the log has it that Discord does not know it any more.
    pub over: OnceLock<Arc<str>>,
    /// Whether it was the host that has deferred it, of which its plugin knows nothing.
    pub deferred_by_host: AtomicBool,
    // Held across the request: answers to one interaction go out one after the other.
    pub progress: AsyncMutex<Progress>,
}

impl Interaction {
    pub fn new(received: Received<'_>, since: Instant) -> Self {
        Self {
            id: received.id,
            token: received.token.to_owned(),
            user: received.user,
            kind: received.kind,
            ephemeral: received.ephemeral,
            source: received.source,
            since,
            over: OnceLock::new(),
            deferred_by_host: AtomicBool::new(false),
            progress: AsyncMutex::new(Progress::new()),
        }
    }
}

/// The interactions whose tokens Discord honours.
#[derive(Debug, Default)]
pub(super) struct Open {
    by_id: HashMap<u64, Arc<Interaction>>,
    /// In the order in which they came, which is that in which they expire: whoever comes looks at those that are over, and at
    /// no others.
    queue: VecDeque<(Instant, u64)>,
}

impl Open {
    fn add(&mut self, interaction: Arc<Interaction>) {
        self.expire(interaction.since);
        if self.queue.len() >= MOST {
            self.drop_first();
        }
        self.queue.push_back((interaction.since, interaction.id));
        self.by_id.insert(interaction.id, interaction);
    }

    /// Forgets those that are over.
    fn expire(&mut self, now: Instant) {
        while let Some(&(since, _)) = self.queue.front()
            && now.duration_since(since) >= TOKEN_LIFE
        {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        // The same id once more is another interaction, with a time of its own.
        if let Some((since, id)) = self.queue.pop_front()
            && self.by_id.get(&id).is_some_and(|open| open.since == since)
        {
            self.by_id.remove(&id);
        }
    }
}

/// Who has made an interaction, as long as it is kept.
pub(super) fn user_of(open: &Mutex<Open>, id: u64) -> Option<u64> {
    let open = open.lock().unwrap_or_else(PoisonError::into_inner);
    open.by_id.get(&id).map(|interaction| interaction.user)
}

impl Replies {
    /// Takes an interaction on, from the moment that it came.
    pub fn register(&self, received: Received<'_>) {
        let interaction = Interaction::new(received, Instant::now());
        self.open().add(Arc::new(interaction));
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many interactions are kept: for as long as Discord honours their tokens.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.open().by_id.len()
    }

    /// What an interaction is answered with, for as long as Discord honours it.
    pub fn token(&self, origin: &Origin) -> Option<Token> {
        let interaction = self.of(origin)?;
        Some(Token {
            token: interaction.token.clone(),
            since: interaction.since,
        })
    }

    /// Whether this is the id of a modal that was opened for this user.
    pub fn has_opened(&self, id: &CustomId<'_>, user: u64) -> bool {
        user != 0 && self.discord.seals.is_whole(id, user)
    }

    /// The error id by which the log has it that Discord does not know the interaction any more: nobody can be told anything.
    #[must_use]
    pub fn over(&self, origin: &Origin) -> Option<Arc<str>> {
        self.of(origin)?.over.get().cloned()
    }

    fn of(&self, origin: &Origin) -> Option<Arc<Interaction>> {
        match origin {
            Origin::Interaction { id, .. } => self.find(*id).ok(),
            _ => None,
        }
    }

    pub(super) fn find(&self, id: u64) -> Result<Arc<Interaction>, Failure> {
        let open = self.open();
        open.by_id
            .get(&id)
            .filter(|interaction| interaction.since.elapsed() < TOKEN_LIFE)
            .cloned()
            .ok_or_else(|| {
                Failure::Refused(
                    "Discord accepts answers to an interaction for 15 minutes, and they are over; send a message instead".into(),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn interaction(id: u64, since: Instant) -> Arc<Interaction> {
        let received = Received {
            id,
            token: "",
            user: 0,
            kind: Kind::Command,
            ephemeral: false,
            source: None,
        };
        Arc::new(Interaction::new(received, since))
    }

    #[test]
    fn those_that_are_over_go_and_no_other_is_looked_at() {
        let (mut open, start) = (Open::default(), Instant::now());
        for id in 0..20_000 {
            open.add(interaction(id, start + Duration::from_millis(id)));
        }
        open.expire(start + TOKEN_LIFE - Duration::from_millis(1));
        assert_eq!((open.by_id.len(), open.queue.len()), (20_000, 20_000));
        open.expire(start + TOKEN_LIFE + Duration::from_millis(9));
        assert_eq!((open.by_id.len(), open.queue.len()), (19_990, 19_990));
        // The same id once more lives as long as any other.
        let again = start + Duration::from_secs(60);
        open.add(interaction(15, again));
        open.expire(start + TOKEN_LIFE + Duration::from_millis(19));
        assert!(open.by_id.contains_key(&15) && !open.by_id.contains_key(&16));
        open.expire(again + TOKEN_LIFE);
        assert!(open.by_id.is_empty() && open.queue.is_empty());
    }

    #[test]
    fn a_hundred_thousand_are_remembered_and_of_more_the_oldest_goes() {
        let (mut open, now) = (Open::default(), Instant::now());
        for id in 0..MOST as u64 + 10 {
            open.add(interaction(id, now));
        }
        assert_eq!((open.by_id.len(), open.queue.len()), (MOST, MOST));
        assert!(!open.by_id.contains_key(&9) && open.by_id.contains_key(&10));
        // The same id again and again takes no more places than any other.
        for _ in 0..MOST {
            open.add(interaction(4_711, now));
        }
        assert!(open.by_id.len() <= MOST && open.queue.len() <= MOST);
        assert!(open.by_id.contains_key(&4_711));
    }

    /// A hundred thousand come and go in a moment; a look at all that are there would take minutes.
    #[test]
    fn the_cost_of_one_more_does_not_depend_on_how_many_there_are() {
        let (mut open, start) = (Open::default(), Instant::now());
        let mut looked_at = 0;
        for id in 0..100_000_u64 {
            let now = start + Duration::from_millis(id * 18);
            let before = open.queue.len();
            open.add(interaction(id, now));
            looked_at += before + 1 - open.queue.len();
        }
        // Each once, however many there were meanwhile: 50,000.
        assert_eq!(looked_at, 50_000);
        assert_eq!(open.by_id.len(), 50_000);
    }
}
