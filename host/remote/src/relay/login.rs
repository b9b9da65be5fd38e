//! Logging in at the relay: links that are good once, and sessions, which open the overview and nothing of any bot's.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::key::{for_me_alone, hexadecimal};

/// How long a link is good.
const LINK: Duration = Duration::from_secs(10 * 60);

/// How long a session lives.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// Sessions at once; the one that ends first goes.
const MOST: usize = 1_000;

/// Links and sessions. Of tokens only hashes are kept; sessions end with the relay.
#[derive(Debug)]
pub(super) struct Logins {
    file: PathBuf,
    sessions: Mutex<HashMap<String, Timestamp>>,
    using: Mutex<()>,
}

/// The link that is good, in a file: whoever has this machine makes one, be the relay running or not.
#[derive(Debug, Serialize, Deserialize)]
struct Link {
    hash: String,
    /// In milliseconds since the Unix epoch.
    until_ms: i64,
}

impl Logins {
    pub(super) fn new(data: &Path) -> Self {
        Self {
            file: data.join("link.json"),
            sessions: Mutex::default(),
            using: Mutex::default(),
        }
    }

    /// A new link's token. The one before it is good no more.
    pub(super) fn link(&self) -> io::Result<String> {
        let token = token();
        let link = Link {
            hash: hash(&token),
            until_ms: (Timestamp::now() + LINK).as_millisecond(),
        };
        let beside = self.file.with_extension("part");
        let _ = fs::remove_file(&beside);
        serde_json::to_writer(for_me_alone(&beside)?, &link)?;
        fs::rename(&beside, &self.file)?;
        Ok(token)
    }

    /// Uses a link up: a session's token. A file that can't be removed logs nobody in, or the link would be good twice.
    pub(super) fn used(&self, token: &str) -> Option<String> {
        let _one_at_a_time = self.using.lock().unwrap_or_else(PoisonError::into_inner);
        let link = fs::read(&self.file).ok()?;
        let link: Link = serde_json::from_slice(&link).ok()?;
        if hash(token) != link.hash {
            return None;
        }
        fs::remove_file(&self.file).ok()?;
        let now = Timestamp::now();
        if now.as_millisecond() >= link.until_ms {
            return None;
        }
        let session = self::token();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, until| *until > now);
        if sessions.len() >= MOST {
            let first = sessions.iter().min_by_key(|(_, until)| **until);
            if let Some(first) = first.map(|(hash, _)| hash.clone()) {
                sessions.remove(&first);
            }
        }
        sessions.insert(hash(&session), now + SESSION);
        Some(session)
    }

    /// Whether a session goes on.
    pub(super) fn goes_on(&self, session: &str) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions
            .get(&hash(session))
            .is_some_and(|until| *until > Timestamp::now())
    }

    pub(super) fn end(&self, session: &str) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.remove(&hash(session));
    }
}

/// 256 random bits.
fn token() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hexadecimal(&bytes)
}

/// What is kept of a token, and compared: nobody learns anything of it by how long that takes.
fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once_and_until_there_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::new(folder.path());
        // As by another process.
        let of_another = || Logins::new(folder.path()).link().unwrap();
        let (first, second) = (of_another(), of_another());
        assert_eq!(logins.used(&first), None);
        assert_eq!(logins.used("tea"), None);
        let session = logins.used(&second).unwrap();
        assert_eq!(logins.used(&second), None);
        assert!(logins.goes_on(&session) && !logins.goes_on(&second));
        logins.end(&session);
        assert!(!logins.goes_on(&session));
        let kept = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(kept, 0);
    }

    #[test]
    fn a_link_that_is_too_old_logs_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let logins = Logins::new(folder.path());
        let token = logins.link().unwrap();
        let old = Link {
            hash: hash(&token),
            until_ms: Timestamp::now().as_millisecond() - 1,
        };
        fs::write(&logins.file, serde_json::to_vec(&old).unwrap()).unwrap();
        assert_eq!(logins.used(&token), None);
    }
}
