//! Rate limiter for requests to Discord: each waits until Discord allows it. The rules are in `limiter/`; here they meet
//! time and tasks.
//!
//! | file | what it does |
//! | --- | --- |
//! | `limiter/` | who waits for what, and when it goes out |
//! | `route.rs` | which limit a request falls under, and how it is ranked |
//! | `headers.rs` | rate limits in a response |
//! | `invalid.rs` | who sends too many invalid requests is stopped before Discord bans the address |

mod headers;
mod invalid;
mod limiter;
mod route;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::oneshot};

use self::limiter::{Limiter, Verdict};
pub(super) use self::{
    headers::RateLimitInfo,
    invalid::{BAN, Bounds, Notice, Stopped},
    limiter::{Fate, PendingRequest, Rules, Ticket},
    route::{RequestClass, Route},
};

/// How often a request waits when a proxy passes on that it is to wait.
const PROXIED_TRIES: u32 = 4;

/// Callback that reports many invalid requests.
type Teller = Box<dyn Fn(&Notice) + Send + Sync>;

/// The governor.
pub(super) struct Governor {
    /// For the tasks that wake it.
    this: Weak<Self>,
    /// `None` where a proxy does the limiting.
    state: Option<Mutex<GovernorState>>,
    longest_wait: Duration,
    teller: OnceLock<Teller>,
}

struct GovernorState {
    limiter: Limiter,
    waiting: HashMap<u64, oneshot::Sender<Verdict>>,
    /// When it will be woken.
    alarm: Option<Instant>,
}

/// Refusal of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// It would have to wait for so long.
    TooLong(Duration),
    /// Too many requests were invalid.
    Stopped(Stopped),
    /// Its plugin has so many that wait.
    Crowded(usize),
}

/// The right to send one request. Whoever drops it unused, or on the way, gives the place to the next.
#[derive(Debug)]
pub(super) struct Permit {
    governor: Arc<Governor>,
    ticket: Option<Ticket>,
    /// How often the request was sent, where a proxy does the limiting.
    tries: u32,
}

impl Governor {
    /// One by these rules; where a proxy does the limiting, that of the longest wait is all that is left of them.
    pub fn new(rules: Rules, is_proxied: bool) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            state: (!is_proxied).then(|| {
                Mutex::new(GovernorState {
                    limiter: Limiter::new(rules),
                    waiting: HashMap::new(),
                    alarm: None,
                })
            }),
            longest_wait: rules.longest_wait,
            teller: OnceLock::new(),
        })
    }

    /// Tells `teller` of many invalid requests, and of all that is stopped.
    pub fn tell(&self, teller: impl Fn(&Notice) + Send + Sync + 'static) {
        let _ = self.teller.set(Box::new(teller));
    }

    /// From now on so many invalid requests stop what.
    pub fn bound_invalid(&self, bounds: Bounds) {
        self.work(|state, _| state.limiter.bound_invalid(bounds));
    }

    /// Waits for a request's turn. One that is to be sent `again` keeps its place.
    ///
    /// # Errors
    ///
    /// It would wait for too long, or must not go out.
    pub async fn permit(
        self: &Arc<Self>,
        pending: &PendingRequest,
        again: Option<Ticket>,
    ) -> Result<Permit, Refused> {
        if self.state.is_none() {
            return self.permit_at_once(again).await;
        }
        let (send, verdict) = oneshot::channel();
        let ticket = self.work(|state, now| {
            let ticket = state.limiter.ask(pending, again, now);
            state.waiting.insert(ticket.number, send);
            ticket
        });
        let ticket = ticket.unwrap_or_else(|| unreachable!("it is on"));
        // Gives the place back if this is dropped.
        let mut permit = Permit {
            governor: Arc::clone(self),
            ticket: Some(ticket),
            tries: 0,
        };
        let refused = match verdict.await {
            Ok(Verdict::Go) => return Ok(permit),
            Ok(Verdict::TooLong(wait)) => Refused::TooLong(wait),
            Ok(Verdict::Stopped(stopped)) => Refused::Stopped(stopped),
            Ok(Verdict::Crowded(most)) => Refused::Crowded(most),
            Err(_) => unreachable!("each that waits is told something"),
        };
        permit.ticket = None;
        Err(refused)
    }

    /// Where a proxy does the limiting, there is nothing to wait for but what itself says.
    async fn permit_at_once(self: &Arc<Self>, again: Option<Ticket>) -> Result<Permit, Refused> {
        let tries = again.map_or(0, |ticket| ticket.tries);
        if let Some(ticket) = again {
            tokio::time::sleep_until(ticket.until.into()).await;
        }
        Ok(Permit {
            governor: Arc::clone(self),
            ticket: None,
            tries,
        })
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        let state = self.state.as_ref();
        state.map_or(0, |state| lock(state).limiter.waiting())
    }

    /// Changes the state, and then does all that follows from it.
    fn work<T>(&self, work: impl FnOnce(&mut GovernorState, Instant) -> T) -> Option<T> {
        let mut state = lock(self.state.as_ref()?);
        let now = Instant::now();
        let done = work(&mut state, now);
        for (number, verdict) in state.limiter.pump(now) {
            if let Some(waiting) = state.waiting.remove(&number) {
                // Whoever has gone gives its place back itself.
                let _ = waiting.send(verdict);
            }
        }
        self.set_alarm(&mut state, now);
        Some(done)
    }

    /// Has itself woken when something changes by itself.
    fn set_alarm(&self, state: &mut GovernorState, now: Instant) {
        let Some(due) = state.limiter.due(now) else {
            return;
        };
        if state.alarm.is_some_and(|alarm| alarm <= due && alarm > now) {
            return;
        }
        // There is none while the process ends.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        state.alarm = Some(due);
        let this = self.this.clone();
        runtime.spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            if let Some(this) = this.upgrade() {
                this.work(|state, _| {
                    if state.alarm == Some(due) {
                        state.alarm = None;
                    }
                });
            }
        });
    }
}

impl Permit {
    /// What Discord has said; what becomes of the request.
    pub fn answered(mut self, info: &RateLimitInfo) -> Fate {
        if self.governor.state.is_none() {
            return proxied(info, self.tries, self.governor.longest_wait);
        }
        let Some(ticket) = self.ticket.take() else {
            return Fate::Done;
        };
        let governor = Arc::clone(&self.governor);
        let answered = governor.work(|state, now| state.limiter.answered(ticket.number, info, now));
        let (fate, notices) = answered.unwrap_or((Fate::Done, Vec::new()));
        if let Some(teller) = governor.teller.get() {
            notices.iter().for_each(teller);
        }
        fate
    }
}

/// A proxy that passes a 429 on is obeyed, request by request: one that waits for that, and no more often than ours would.
fn proxied(info: &RateLimitInfo, tries: u32, longest_wait: Duration) -> Fate {
    match info.limited {
        Some(limited) if limited.wait <= longest_wait && tries < PROXIED_TRIES => {
            Fate::Again(Ticket {
                number: 0,
                until: Instant::now() + limited.wait,
                tries: tries + 1,
            })
        }
        Some(limited) => Fate::TooLong(limited.wait),
        None => Fate::Done,
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.governor.work(|state, _| {
                state.waiting.remove(&ticket.number);
                state.limiter.leave(ticket.number);
            });
        }
    }
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Governor")
            .field("is_on", &self.state.is_some())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

fn lock(state: &Mutex<GovernorState>) -> MutexGuard<'_, GovernorState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn pending(path: &str) -> PendingRequest {
        PendingRequest {
            plugin: None,
            route: Route::of("GET", path),
            class: RequestClass::of(path),
        }
    }

    fn governor(longest_wait: Duration) -> Arc<Governor> {
        Governor::new(rules(longest_wait), false)
    }

    fn rules(longest_wait: Duration) -> Rules {
        Rules {
            per_second: 50,
            longest_wait,
        }
    }

    #[tokio::test]
    async fn who_waits_is_woken_by_an_answer_by_time_and_by_who_leaves() {
        let governor = governor(Duration::from_secs(30));
        let first = governor.permit(&pending("channels/1"), None).await.unwrap();
        let waits = || {
            let governor = Arc::clone(&governor);
            tokio::spawn(async move { governor.permit(&pending("channels/1"), None).await })
        };
        let (second, third) = (waits(), waits());
        while governor.waiting() < 2 {
            tokio::task::yield_now().await;
        }
        let info = RateLimitInfo {
            status: 200,
            remaining: Some(0),
            reset_after: Some(Duration::from_millis(50)),
            ..RateLimitInfo::default()
        };
        let answered = Instant::now();
        assert_eq!(first.answered(&info), Fate::Done);
        // By time; and then, because the second is dropped on its way, the third.
        let second = second.await.unwrap().unwrap();
        assert!(answered.elapsed() >= Duration::from_millis(50));
        drop(second);
        drop(third.await.unwrap().unwrap());
        assert_eq!(governor.waiting(), 0);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_no_gap() {
        let governor = governor(Duration::from_secs(30));
        let first = governor.permit(&pending("channels/1"), None).await.unwrap();
        let pending = pending("channels/1");
        let mut waits = Box::pin(governor.permit(&pending, None));
        assert!((&mut waits).now_or_never().is_none());
        assert_eq!(governor.waiting(), 1);
        drop(waits);
        assert_eq!(governor.waiting(), 0);
        drop(first);
        drop(governor.permit(&pending, None).await.unwrap());
    }

    #[tokio::test]
    async fn behind_a_proxy_nothing_waits_but_for_what_it_passes_on() {
        let governor = Governor::new(rules(Duration::from_secs(5)), true);
        let pending = pending("channels/1");
        let _first = governor.permit(&pending, None).await.unwrap();
        let info = |ms| RateLimitInfo {
            status: 429,
            limited: Some(headers::Limited {
                scope: headers::Scope::Route,
                wait: Duration::from_millis(ms),
            }),
            ..RateLimitInfo::default()
        };
        let mut again = None;
        for tries in 0.. {
            let permit = governor.permit(&pending, again).await.unwrap();
            match permit.answered(&info(1)) {
                Fate::Again(ticket) => again = Some(ticket),
                fate => {
                    let wait = Duration::from_millis(1);
                    assert_eq!((fate, tries), (Fate::TooLong(wait), PROXIED_TRIES));
                    break;
                }
            }
        }
        for (ms, is_waited) in [(5_000, true), (5_001, false), (3_600_000, false)] {
            let permit = governor.permit(&pending, None).await.unwrap();
            let fate = permit.answered(&info(ms));
            assert_eq!(matches!(fate, Fate::Again(_)), is_waited, "{ms}");
        }
    }

    #[tokio::test]
    async fn who_waits_in_vain_is_told_so_in_time() {
        let governor = governor(Duration::from_millis(50));
        let _first = governor.permit(&pending("channels/1"), None).await.unwrap();
        let refused = governor.permit(&pending("channels/1"), None).await;
        assert_eq!(
            refused.unwrap_err(),
            Refused::TooLong(Duration::from_millis(50))
        );
    }
}
