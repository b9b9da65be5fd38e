//! Logins that are on their way through Discord: what was sent along, and has to come back.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::secret::{Hash, Token};

/// How long somebody may take at Discord.
const LASTS: Duration = Duration::from_secs(600);

/// Most that are on their way; the oldest goes.
const MOST: usize = 1_000;

/// Logins that are on their way.
#[derive(Debug, Default)]
pub struct Pending(Mutex<HashMap<Hash, OnItsWay>>);

#[derive(Debug)]
struct OnItsWay {
    verifier: Token,
    browser: Hash,
    at: Instant,
}

/// What begins a login.
#[derive(Debug)]
pub struct Begun {
    /// Sent to Discord and back.
    pub state: Token,
    /// Of which Discord is told the hash, and the token's endpoint the whole
    /// ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)).
    pub verifier: Token,
    /// Kept by the browser meanwhile: nobody else's answer is taken for its own.
    pub browser: Token,
}

impl Pending {
    /// Begins one.
    pub fn begin(&self) -> Begun {
        let begun = Begun {
            state: Token::new(),
            verifier: Token::new(),
            browser: Token::new(),
        };
        let now = Instant::now();
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, it| now.duration_since(it.at) < LASTS);
        if pending.len() >= MOST {
            let oldest = pending.iter().min_by_key(|(_, it)| it.at);
            if let Some(oldest) = oldest.map(|(state, _)| state.clone()) {
                pending.remove(&oldest);
            }
        }
        let it = OnItsWay {
            verifier: begun.verifier.clone(),
            browser: begun.browser.hash(),
            at: now,
        };
        pending.insert(begun.state.hash(), it);
        begun
    }

    /// Takes one that comes back to the browser that has begun it: its verifier.
    pub fn take(&self, state: &Token, browser: &Token) -> Option<Token> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let it = pending.remove(&state.hash())?;
        (it.browser == browser.hash() && it.at.elapsed() < LASTS).then_some(it.verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_taken_once_and_from_the_same_browser_alone() {
        let pending = Pending::default();
        let begun = pending.begin();
        let verifier = pending.take(&begun.state, &begun.browser);
        assert_eq!(verifier, Some(begun.verifier));
        assert_eq!(pending.take(&begun.state, &begun.browser), None);
        let (mine, theirs) = (pending.begin(), pending.begin());
        assert_eq!(pending.take(&theirs.state, &mine.browser), None);
    }
}
