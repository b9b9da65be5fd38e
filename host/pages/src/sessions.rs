//! Sessions: who is logged in. Of each token only the hash is kept, in memory and on the disk.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use host_base::clock::Clock;
use host_store::files::write_whole;
use serde::{Deserialize, Serialize};

use crate::secret::{Hash, Token};

/// After how long a session gets another token.
const ROTATES: Duration = Duration::from_secs(15 * 60);

/// For how long the token before is still taken: requests that were on their way.
const OVERLAP: Duration = Duration::from_secs(60);

/// How long a link to log in with is good.
pub const LINK: Duration = Duration::from_secs(10 * 60);

/// Most sessions of one user; the one that was not used the longest goes.
const OF_A_USER: usize = 20;

/// Most sessions at all, as for those of a user.
const MOST: usize = 5_000;

/// How exactly the disk knows when a session was used last.
const NOTED: Duration = Duration::from_secs(60);

/// Who is logged in.
#[derive(Debug)]
pub struct Sessions {
    file: PathBuf,
    clock: Clock,
    kept: Mutex<Kept>,
    changed: AtomicBool,
    writing: Mutex<()>,
    links: Mutex<HashMap<Hash, Link>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    last: u64,
    sessions: Vec<Session>,
}

/// A session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// Its number: it tells of nothing that opens it.
    pub number: u64,
    token: Hash,
    before: Option<Hash>,
    rotated_ms: u64,
    /// The user at Discord.
    pub user: u64,
    /// Their name.
    pub name: String,
    /// Address of their picture; empty: none.
    pub avatar: String,
    /// `discord` or `link`.
    pub way: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// When it was used last.
    pub used_ms: u64,
    noted_ms: u64,
    /// From where.
    pub address: String,
    /// What the browser says that it is.
    pub browser: String,
    /// Through which relay; empty: none. By another way it is no session.
    pub through: String,
}

/// A link that logs somebody in once.
#[derive(Debug)]
struct Link {
    user: u64,
    name: String,
    until_ms: u64,
    through: String,
}

/// For how long sessions live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Without being used.
    pub idle: Duration,
    /// In any case.
    pub whole: Duration,
}

/// Whoever logs in.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// The user at Discord.
    pub user: u64,
    /// Their name.
    pub name: String,
    /// Address of their picture.
    pub avatar: String,
    /// `discord` or `link`.
    pub way: &'static str,
    /// From where.
    pub address: String,
    /// What the browser says that it is.
    pub browser: String,
    /// Through which relay; empty: none.
    pub through: String,
}

impl Sessions {
    /// The sessions in this folder; what can't be read of them is over.
    #[must_use]
    pub fn open(folder: &Path, clock: Clock) -> Self {
        let file = folder.join("sessions.json");
        let kept = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(
                    "{} can't be read, so everybody logs in anew: {error}",
                    file.display()
                );
                Kept::default()
            }),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(
                        "{} can't be read, so everybody logs in anew: {error}",
                        file.display()
                    );
                }
                Kept::default()
            }
        };
        Self {
            file,
            clock,
            kept: Mutex::new(kept),
            changed: AtomicBool::new(false),
            writing: Mutex::default(),
            links: Mutex::default(),
        }
    }

    /// Logs somebody in; the token is for their browser alone.
    pub fn begin(&self, login: Login) -> Token {
        let (token, now) = (Token::new(), self.now());
        let mut kept = self.lock();
        kept.last += 1;
        let session = Session {
            number: kept.last,
            token: token.hash(),
            before: None,
            rotated_ms: now,
            user: login.user,
            name: login.name,
            avatar: login.avatar,
            way: login.way.to_owned(),
            since_ms: now,
            used_ms: now,
            noted_ms: now,
            address: login.address,
            browser: login.browser.chars().take(120).collect(),
            through: login.through,
        };
        kept.sessions.push(session);
        let user = login.user;
        make_room(&mut kept.sessions, OF_A_USER, |it| it.user == user);
        make_room(&mut kept.sessions, MOST, |_| true);
        self.changed.store(true, Relaxed);
        token
    }

    /// The session of a token that was begun by this way, if it is not over, and another token where it is time for one.
    pub fn find(
        &self,
        token: &Token,
        lives: Lifetimes,
        from: &str,
        through: &str,
    ) -> Option<(Session, Option<Token>)> {
        let (hash, now) = (token.hash(), self.now());
        let mut kept = self.lock();
        let is_it = |it: &Session| {
            it.through == through
                && (it.token == hash
                    || (it.before.as_ref() == Some(&hash) && now < it.rotated_ms + ms(OVERLAP)))
        };
        let place = kept.sessions.iter().position(is_it)?;
        if kept.sessions[place].is_over(now, lives) {
            kept.sessions.remove(place);
            self.changed.store(true, Relaxed);
            return None;
        }
        let session = &mut kept.sessions[place];
        session.used_ms = now;
        if session.address != from {
            from.clone_into(&mut session.address);
        }
        let is_due = session.token == hash && now >= session.rotated_ms + ms(ROTATES);
        let next = is_due.then(Token::new);
        if let Some(next) = &next {
            session.before = Some(std::mem::replace(&mut session.token, next.hash()));
            session.rotated_ms = now;
        }
        let is_noted = next.is_none() && now < session.noted_ms + ms(NOTED);
        let found = session.clone();
        if !is_noted {
            kept.sessions[place].noted_ms = now;
            self.changed.store(true, Relaxed);
        }
        Some((found, next))
    }

    /// Whether a session goes on, by its number; it is not used by this.
    #[must_use]
    pub fn goes_on(&self, number: u64, lives: Lifetimes) -> bool {
        let now = self.now();
        let kept = self.lock();
        let mut sessions = kept.sessions.iter();
        sessions.any(|it| it.number == number && !it.is_over(now, lives))
    }

    /// All that are not over, the latest used first.
    #[must_use]
    pub fn all(&self, lives: Lifetimes) -> Vec<Session> {
        let now = self.now();
        let mut kept = self.lock();
        kept.sessions.retain(|it| !it.is_over(now, lives));
        let mut all = kept.sessions.clone();
        all.sort_by_key(|it| std::cmp::Reverse(it.used_ms));
        all
    }

    /// Ends those that `which` says; how many there were.
    pub fn end(&self, which: impl Fn(&Session) -> bool) -> usize {
        let mut kept = self.lock();
        let before = kept.sessions.len();
        kept.sessions.retain(|it| !which(it));
        let ended = before - kept.sessions.len();
        if ended > 0 {
            self.changed.store(true, Relaxed);
        }
        ended
    }

    /// A link's token that logs `user` in once within [`LINK`], by this way alone. The one before it is good no more.
    pub fn link(&self, user: u64, name: &str, through: &str) -> Token {
        let (token, now) = (Token::new(), self.now());
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, link| {
            link.until_ms > now && (link.user != user || link.through != through)
        });
        let link = Link {
            user,
            name: name.to_owned(),
            until_ms: now + ms(LINK),
            through: through.to_owned(),
        };
        links.insert(token.hash(), link);
        token
    }

    /// Uses a link up: whom it was for, and what they are called. By another way than its own it is used up, and logs nobody in.
    pub fn used_link(&self, token: &Token, through: &str) -> Option<(u64, String)> {
        let now = self.now();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let link = links.remove(&token.hash())?;
        let is_good = link.until_ms > now && link.through == through;
        is_good.then_some((link.user, link.name))
    }

    /// How many sessions have begun so far.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.lock().last
    }

    /// Takes back the links of `user`.
    pub fn forget_links(&self, user: u64) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, link| link.user != user);
    }

    /// The time now, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> u64 {
        u64::try_from(self.clock.now_ms()).unwrap_or_default()
    }

    /// Whether there is something that the disk does not have.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed.load(Relaxed)
    }

    /// Writes what the disk does not have. Sessions are in memory first: a disk that is full logs nobody out before the next restart.
    pub fn keep(&self) {
        // One after the other: the last one writes the latest.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.changed.swap(false, Relaxed) {
            return;
        }
        let written = serde_json::to_vec(&*self.lock())
            .map_err(io::Error::from)
            .and_then(|bytes| write_whole(&self.file, &bytes));
        if let Err(error) = written {
            // The next look tries again.
            self.changed.store(true, Relaxed);
            tracing::warn!(
                "{} can't be written, so everybody logs in anew after a restart: {error}",
                self.file.display()
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_over(&self, now: u64, lives: Lifetimes) -> bool {
        now >= self.used_ms + ms(lives.idle) || now >= self.until_ms(lives)
    }

    /// When it ends at the latest.
    #[must_use]
    pub fn until_ms(&self, lives: Lifetimes) -> u64 {
        self.since_ms + ms(lives.whole)
    }
}

/// Drops those that were not used the longest, of those that `counts`, until there are `most`.
fn make_room(sessions: &mut Vec<Session>, most: usize, counts: impl Fn(&Session) -> bool) {
    while sessions.iter().filter(|it| counts(it)).count() > most {
        let oldest = sessions.iter().enumerate().filter(|(_, it)| counts(it));
        let Some((place, _)) = oldest.min_by_key(|(_, it)| it.used_ms) else {
            return;
        };
        sessions.remove(place);
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVES: Lifetimes = Lifetimes {
        idle: Duration::from_secs(3_600),
        whole: Duration::from_secs(12 * 3_600),
    };

    fn login(user: u64) -> Login {
        Login {
            user,
            name: "Ann".to_owned(),
            way: "link",
            ..Login::default()
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_in_any_case() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::paused(1_000_000_000);
        let sessions = Sessions::open(folder.path(), clock.clone());
        let token = sessions.begin(login(7));
        assert_eq!(sessions.find(&token, LIVES, "a", "").unwrap().0.user, 7);
        clock.move_by(3_599_999);
        let mut token = sessions
            .find(&token, LIVES, "b", "")
            .unwrap()
            .1
            .expect("it is rotated");
        for _ in 0..11 {
            clock.move_by(3_500_000);
            let (_, next) = sessions.find(&token, LIVES, "b", "").unwrap();
            token = next.expect("it is rotated");
        }
        clock.move_by(3_500_000);
        assert!(
            sessions.find(&token, LIVES, "b", "").is_none(),
            "twelve hours are over"
        );
        let token = sessions.begin(login(7));
        clock.move_by(3_600_000);
        assert!(
            sessions.find(&token, LIVES, "b", "").is_none(),
            "an idle hour is over"
        );
    }

    #[test]
    fn a_token_that_was_replaced_is_good_for_what_was_on_its_way() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::paused(1_000_000_000);
        let sessions = Sessions::open(folder.path(), clock.clone());
        let old = sessions.begin(login(7));
        clock.move_by(15 * 60_000);
        let new = sessions
            .find(&old, LIVES, "a", "")
            .unwrap()
            .1
            .expect("it is rotated");
        assert!(sessions.find(&old, LIVES, "a", "").unwrap().1.is_none());
        assert!(sessions.find(&new, LIVES, "a", "").is_some());
        clock.move_by(60_000);
        assert!(sessions.find(&old, LIVES, "a", "").is_none());
        assert!(sessions.find(&new, LIVES, "a", "").is_some());
    }

    #[test]
    fn sessions_outlive_the_process_and_the_disk_has_no_token() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::paused(1_000_000_000);
        let sessions = Sessions::open(folder.path(), clock.clone());
        let token = sessions.begin(login(7));
        assert!(sessions.is_changed());
        sessions.keep();
        assert!(!sessions.is_changed());
        let text = fs::read_to_string(folder.path().join("sessions.json")).unwrap();
        assert!(!text.contains(token.expose()));
        let sessions = Sessions::open(folder.path(), clock);
        let number = sessions.find(&token, LIVES, "a", "").unwrap().0.number;
        assert!(sessions.goes_on(number, LIVES));
        assert_eq!(sessions.end(|it| it.number == number), 1);
        assert!(
            !sessions.goes_on(number, LIVES) && sessions.find(&token, LIVES, "a", "").is_none()
        );
    }

    #[test]
    fn a_link_is_good_once_and_for_ten_minutes_and_the_last_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::paused(1_000_000_000);
        let sessions = Sessions::open(folder.path(), clock.clone());
        let (first, second) = (sessions.link(7, "Ann", ""), sessions.link(7, "Ann", ""));
        assert_eq!(sessions.used_link(&first, ""), None);
        assert_eq!(sessions.used_link(&second, ""), Some((7, "Ann".to_owned())));
        assert_eq!(sessions.used_link(&second, ""), None);
        let late = sessions.link(7, "Ann", "");
        clock.move_by(10 * 60_000);
        assert_eq!(sessions.used_link(&late, ""), None);
    }

    #[test]
    fn one_user_fills_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::paused(1_000_000_000);
        let sessions = Sessions::open(folder.path(), clock.clone());
        let first = sessions.begin(login(7));
        let other = sessions.begin(login(8));
        for _ in 0..OF_A_USER {
            clock.move_by(1);
            sessions.begin(login(7));
        }
        assert!(sessions.find(&first, LIVES, "a", "").is_none());
        assert!(sessions.find(&other, LIVES, "a", "").is_some());
        assert_eq!(sessions.all(LIVES).len(), OF_A_USER + 1);
    }

    #[test]
    fn what_is_of_one_way_is_worth_nothing_by_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(folder.path(), Clock::paused(1_000_000_000));
        let login = Login {
            user: 7,
            through: "relay".to_owned(),
            ..Login::default()
        };
        let token = sessions.begin(login);
        assert!(sessions.find(&token, LIVES, "a", "").is_none());
        assert!(sessions.find(&token, LIVES, "a", "another").is_none());
        assert!(sessions.find(&token, LIVES, "a", "relay").is_some());
        // Neither link takes the other's place, and one that was sent the wrong way is used up.
        let (here, there) = (
            sessions.link(7, "Ann", ""),
            sessions.link(7, "Ann", "relay"),
        );
        assert_eq!(sessions.used_link(&there, ""), None);
        assert_eq!(sessions.used_link(&there, "relay"), None);
        assert_eq!(sessions.used_link(&here, ""), Some((7, "Ann".to_owned())));
    }
}
