//! Topics and the open pages that follow them. Nobody waits for a page: one that is too slow is dropped.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::{Notify, mpsc};

/// Events that wait for a page at most: what it has not read by then, it has missed, and it asks anew.
const WAITING: usize = 64;

/// Pages that one session follows with at most: more than a person keeps open.
const OF_ONE: usize = 32;

/// An event on its way to open pages.
#[derive(Debug, Clone)]
pub struct Event {
    /// The topic: `tea:kettle`, or `host:log`.
    pub topic: Arc<str>,
    /// What is said.
    pub data: Arc<str>,
}

/// Who follows what.
#[derive(Debug, Default)]
pub struct Hub {
    pages: Mutex<HashMap<u64, Follower>>,
    last: AtomicU64,
    /// Pages that were dropped since they did not read.
    dropped: AtomicU64,
    /// Told when somebody begins to follow.
    begun: Notify,
}

#[derive(Debug)]
struct Follower {
    /// The session's number.
    whose: u64,
    topics: HashSet<Arc<str>>,
    events: mpsc::Sender<Event>,
}

/// An open page's end: what it follows is read here, and it is forgotten when this is dropped.
#[derive(Debug)]
pub struct Following {
    hub: Arc<Hub>,
    number: u64,
    events: mpsc::Receiver<Event>,
}

impl Hub {
    /// Follows topics, for a session; `None`: it has as many pages open as it may.
    #[must_use]
    pub fn follow(
        self: &Arc<Self>,
        whose: u64,
        topics: impl IntoIterator<Item = String>,
    ) -> Option<Following> {
        let number = self.last.fetch_add(1, Relaxed);
        let (sender, events) = mpsc::channel(WAITING);
        let follower = Follower {
            whose,
            topics: topics.into_iter().map(Arc::from).collect(),
            events: sender,
        };
        let mut pages = self.lock();
        if pages.values().filter(|it| it.whose == whose).count() >= OF_ONE {
            return None;
        }
        pages.insert(number, follower);
        drop(pages);
        self.begun.notify_one();
        Some(Following {
            hub: Arc::clone(self),
            number,
            events,
        })
    }

    /// Tells all that follow a topic; how many that are.
    pub fn publish(&self, topic: &str, data: &str) -> usize {
        let mut pages = self.lock();
        let mut event: Option<Event> = None;
        let (mut told, mut slow) = (0, Vec::new());
        for (number, page) in pages.iter() {
            let Some(topic) = page.topics.get(topic) else {
                continue;
            };
            let event = event.get_or_insert_with(|| Event {
                topic: Arc::clone(topic),
                data: data.into(),
            });
            match page.events.try_send(event.clone()) {
                Ok(()) => told += 1,
                Err(_) => slow.push(*number),
            }
        }
        for number in &slow {
            pages.remove(number);
        }
        self.dropped.fetch_add(slow.len() as u64, Relaxed);
        told
    }

    /// How many pages follow a topic.
    #[must_use]
    pub fn watchers(&self, topic: &str) -> usize {
        let pages = self.lock();
        pages
            .values()
            .filter(|it| it.topics.contains(topic))
            .count()
    }

    /// How many pages follow something.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.lock().len()
    }

    /// How many were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Until somebody follows something.
    pub async fn followed(&self) {
        while self.pages() == 0 {
            self.begun.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Follower>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Following {
    /// The next event; `None`: this page was too slow, and is not told any more.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.hub.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(names: &[&str]) -> Vec<String> {
        names.iter().map(|it| (*it).to_owned()).collect()
    }

    #[tokio::test]
    async fn who_follows_a_topic_is_told_and_nobody_else() {
        let hub = Arc::new(Hub::default());
        let mut tea = hub.follow(1, topics(&["tea:kettle", "host:log"])).unwrap();
        let other = hub.follow(1, topics(&["host:log"])).unwrap();
        assert_eq!(hub.publish("tea:kettle", "boils"), 1);
        assert_eq!(hub.publish("tea:cup", "full"), 0);
        assert_eq!(hub.watchers("host:log"), 2);
        let event = tea.next().await.unwrap();
        assert_eq!((&*event.topic, &*event.data), ("tea:kettle", "boils"));
        drop(other);
        assert_eq!((hub.watchers("host:log"), hub.pages()), (1, 1));
    }

    #[tokio::test]
    async fn a_page_that_does_not_read_is_dropped_and_keeps_nobody_waiting() {
        let hub = Arc::new(Hub::default());
        let mut slow = hub.follow(1, topics(&["t"])).unwrap();
        let mut quick = hub.follow(1, topics(&["t"])).unwrap();
        for number in 0..=WAITING {
            let told = hub.publish("t", &number.to_string());
            assert_eq!(told, if number < WAITING { 2 } else { 1 });
            assert_eq!(&*quick.next().await.unwrap().data, number.to_string());
        }
        assert_eq!((hub.dropped(), hub.pages()), (1, 1));
        for _ in 0..WAITING {
            assert!(slow.next().await.is_some());
        }
        assert!(
            slow.next().await.is_none(),
            "it learns of it, and asks anew"
        );
    }

    #[tokio::test]
    async fn whoever_waits_for_the_first_page_is_told() {
        let hub = Arc::new(Hub::default());
        let waiting = tokio::spawn({
            let hub = Arc::clone(&hub);
            async move { hub.followed().await }
        });
        let _page = hub.follow(1, topics(&["t"])).unwrap();
        waiting.await.unwrap();
    }

    #[test]
    fn a_session_has_so_many_pages_and_no_more() {
        let hub = Arc::new(Hub::default());
        let follow = |whose| hub.follow(whose, topics(&["t"]));
        let mut open: Vec<_> = (0..OF_ONE).map(|_| follow(1).unwrap()).collect();
        assert!(follow(1).is_none());
        assert!(follow(2).is_some(), "others have their own");
        open.pop();
        assert!(follow(1).is_some());
    }
}
