//! Circuit breaker: after some failures a handler rests, then one probe decides.

use std::{collections::VecDeque, time::Duration};

use serde::Serialize;
use tokio::time::Instant;

/// Limits of a breaker: when it opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Failures within the window that open it.
    pub failures: usize,
    /// The window.
    pub within: Duration,
    /// How long it stays open.
    pub rest: Duration,
}

/// A breaker's state, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Circuit {
    /// Calls pass.
    Closed,
    /// Calls are skipped.
    Open,
    /// One call is on its way; its end decides.
    HalfOpen,
}

/// A circuit breaker.
#[derive(Debug, Default)]
pub struct Breaker {
    /// Oldest first.
    failures: VecDeque<Instant>,
    open_until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// Whether a call may be made now. After the rest, one may: the probe.
    pub fn admit(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(_) if self.probing => false,
            Some(until) => {
                self.probing = now >= until;
                self.probing
            }
        }
    }

    /// Whether calls are skipped at present.
    pub fn is_resting(&self, now: Instant) -> bool {
        self.open_until
            .is_some_and(|until| self.probing || now < until)
    }

    /// A call ended well.
    pub fn succeeded(&mut self) {
        if self.probing {
            *self = Self::default();
        }
    }

    /// A call failed; `true` when this opens the breaker.
    pub fn failed(&mut self, now: Instant, limits: Limits) -> bool {
        self.failures.push_back(now);
        while self
            .failures
            .front()
            .is_some_and(|first| now.duration_since(*first) > limits.within)
        {
            self.failures.pop_front();
        }
        let opens = self.probing || self.failures.len() >= limits.failures;
        if opens {
            self.open_until = Some(now + limits.rest);
            self.failures.clear();
        }
        self.probing = false;
        opens
    }

    /// A call was given up, and says nothing about the handler.
    pub fn given_up(&mut self) {
        self.probing = false;
    }

    /// What it shows now.
    pub fn circuit(&self) -> Circuit {
        match self.open_until {
            None => Circuit::Closed,
            Some(_) if self.probing => Circuit::HalfOpen,
            Some(_) => Circuit::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        failures: 3,
        within: Duration::from_secs(300),
        rest: Duration::from_secs(60),
    };

    #[test]
    fn it_opens_rests_probes_and_closes() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        assert!(!breaker.failed(now, LIMITS));
        assert!(!breaker.failed(now, LIMITS));
        assert!(breaker.admit(now));
        assert!(breaker.failed(now, LIMITS), "the third opens it");
        assert_eq!(breaker.circuit(), Circuit::Open);
        assert!(!breaker.admit(now + Duration::from_secs(59)));

        let later = now + Duration::from_secs(60);
        assert!(breaker.admit(later), "one probe");
        assert!(!breaker.admit(later), "and no second one beside it");
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
        assert!(
            breaker.failed(later, LIMITS),
            "a failed probe opens it anew"
        );
        assert!(!breaker.admit(later + Duration::from_secs(59)));

        let again = later + Duration::from_secs(60);
        assert!(breaker.admit(again));
        breaker.succeeded();
        assert_eq!(breaker.circuit(), Circuit::Closed);
        assert!(breaker.admit(again));
    }

    #[test]
    fn old_failures_are_forgotten_and_a_probe_that_is_given_up_is_made_again() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for minutes in [0, 4, 8, 12] {
            let at = now + Duration::from_secs(minutes * 60);
            assert!(!breaker.failed(at, LIMITS), "minute {minutes}");
        }
        let at = now + Duration::from_secs(12 * 60);
        assert!(breaker.failed(at, LIMITS));
        let later = at + LIMITS.rest;
        assert!(breaker.admit(later));
        breaker.given_up();
        assert!(breaker.admit(later));
    }
}
