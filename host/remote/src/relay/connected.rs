//! Bots that are connected, by name.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::bots::Known;
use crate::{key::PublicKey, link::Link};

/// Which bots may come, and which are there.
#[derive(Debug)]
pub(super) struct Connected(Mutex<All>);

#[derive(Debug)]
struct All {
    known: Known,
    /// By name. Also those that were there, for as long as they may come.
    seen: HashMap<String, Seen>,
    last: u64,
}

#[derive(Debug)]
struct Seen {
    link: Option<Link>,
    number: u64,
    since: Timestamp,
}

/// A bot as the overview shows it.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) is_there: bool,
    /// Since when it is there, or since when it is not; `None`: it was not there since the relay began.
    pub(super) since: Option<Timestamp>,
}

impl Connected {
    pub(super) fn new(known: Known) -> Self {
        Self(Mutex::new(All {
            known,
            seen: HashMap::new(),
            last: 0,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a bot that has proved to hold a key: its name, and the number of this connection; `None`: it may not come. The connection that
    /// it had before ends: it would not be there anew if that were any good.
    pub(super) fn enter(&self, key: &PublicKey, link: &Link) -> Option<(String, u64)> {
        let mut all = self.lock();
        let name = all.known.iter().find(|(_, it)| *it == key)?.0.clone();
        all.last += 1;
        let number = all.last;
        let seen = Seen {
            link: Some(link.clone()),
            number,
            since: Timestamp::now(),
        };
        let before = all.seen.insert(name.clone(), seen);
        if let Some(link) = before.and_then(|it| it.link) {
            link.close("the bot has connected anew");
        }
        Some((name, number))
    }

    /// A connection is over.
    pub(super) fn leave(&self, name: &str, number: u64) {
        let mut all = self.lock();
        if let Some(seen) = all.seen.get_mut(name).filter(|it| it.number == number) {
            (seen.link, seen.since) = (None, Timestamp::now());
        }
    }

    /// The connection of a bot that is there.
    pub(super) fn link(&self, name: &str) -> Option<Link> {
        let all = self.lock();
        all.seen.get(name)?.link.clone()
    }

    /// From now on these may come, and no others: whoever is there by a key that is gone is out.
    pub(super) fn know(&self, known: Known) {
        let mut all = self.lock();
        let All {
            known: before,
            seen,
            ..
        } = &mut *all;
        seen.retain(|name, seen| {
            let stays = known.contains_key(name) && known.get(name) == before.get(name);
            if let (false, Some(link)) = (stays, &seen.link) {
                tracing::info!(bot = name, "its key was taken from bots.toml: it is out");
                link.close("the key was taken from the relay's bots.toml");
            }
            stays
        });
        *before = known;
    }

    /// All that may come.
    pub(super) fn all(&self) -> Vec<View> {
        let all = self.lock();
        let views = all.known.keys().map(|name| {
            let seen = all.seen.get(name);
            View {
                name: name.clone(),
                is_there: seen.is_some_and(|it| it.link.is_some()),
                since: seen.map(|it| it.since),
            }
        });
        views.collect()
    }

    pub(super) fn close_all(&self, why: &str) {
        for seen in self.lock().seen.values() {
            if let Some(link) = &seen.link {
                link.close(why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Keys;

    #[test]
    fn a_key_that_is_gone_is_out_at_once_and_others_stay() {
        let (one, other) = (Keys::new().public(), Keys::new().public());
        let known = Known::from([("alpha".to_owned(), one), ("beta".to_owned(), other)]);
        let connected = Connected::new(known);
        let (alpha, beta) = (Link::new(), Link::new());
        assert_eq!(connected.enter(&one, &alpha).unwrap().0, "alpha");
        assert_eq!(connected.enter(&other, &beta).unwrap().0, "beta");
        assert!(connected.enter(&Keys::new().public(), &alpha).is_none());
        connected.know(Known::from([("beta".to_owned(), other)]));
        assert!(alpha.is_over() && !beta.is_over());
        assert!(connected.link("alpha").is_none() && connected.link("beta").is_some());
        assert!(connected.enter(&one, &Link::new()).is_none());
        // Another bot by the same name.
        connected.know(Known::from([("beta".to_owned(), one)]));
        assert!(beta.is_over());
    }

    #[test]
    fn whoever_comes_anew_takes_the_place_of_the_connection_before() {
        let key = Keys::new().public();
        let connected = Connected::new(Known::from([("alpha".to_owned(), key)]));
        let (first, second) = (Link::new(), Link::new());
        let (name, number) = connected.enter(&key, &first).unwrap();
        connected.enter(&key, &second).unwrap();
        assert!(first.is_over() && !second.is_over());
        // The first one's end is not the second one's.
        connected.leave(&name, number);
        assert!(connected.link("alpha").is_some());
        assert!(connected.all()[0].is_there);
    }
}
