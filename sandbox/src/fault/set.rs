//! Active faults, and which of them strikes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use super::kind::{Effect, Fault};
use crate::{
    hub::Order,
    traffic::{Traffic, Way},
};

/// All faults that can still strike, by number.
#[derive(Debug, Default)]
pub(crate) struct FaultSet {
    last: u64,
    on: BTreeMap<u64, (Fault, Option<u32>)>,
    any: AnyFault,
}

/// Tells whether any fault is on, without the sandbox's lock: each request asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnyFault(Arc<AtomicBool>);

impl AnyFault {
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl FaultSet {
    pub(crate) fn add(&mut self, fault: Fault, times: Option<u32>) -> u64 {
        self.last += 1;
        if times != Some(0) {
            self.on.insert(self.last, (fault, times));
        }
        self.note_any();
        self.last
    }

    /// Removes one; `false` if there is none of that number.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let was_on = self.on.remove(&id).is_some();
        self.note_any();
        was_on
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        self.on.clear();
        self.note_any();
    }

    /// What tells whether any is on.
    pub(crate) fn any(&self) -> AnyFault {
        self.any.clone()
    }

    fn note_any(&self) {
        self.any.0.store(!self.on.is_empty(), Ordering::Release);
    }

    pub(crate) fn all(&self) -> Vec<(u64, Fault, Option<u32>)> {
        let all = self.on.iter();
        all.map(|(id, (fault, times))| (*id, fault.clone(), *times))
            .collect()
    }

    /// What becomes of a request to a path below `/api/v10`: what it goes on after, and at most one other effect, which comes last.
    pub(crate) fn strike_request(
        &mut self,
        method: &str,
        path: &str,
        traffic: &mut Traffic,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let ids: Vec<u64> = self.on.keys().copied().collect();
        for id in ids {
            let effect = match self.on.get(&id) {
                Some((Fault::Request { route, effect }, _)) if fits(route, method, path) => {
                    effect.clone()
                }
                _ => continue,
            };
            let goes_on = matches!(effect, Effect::Delay { .. } | Effect::Forestall { .. });
            self.struck(id, &format!("{method} /{path}"), traffic);
            effects.push(effect);
            if !goes_on {
                break;
            }
        }
        effects
    }

    /// How often a dispatch is to be sent: once, if no fault says otherwise.
    pub(crate) fn copies(&mut self, event: &str, traffic: &mut Traffic) -> usize {
        let lost =
            |fault: &Fault| matches!(fault, Fault::LoseDispatch { event: name } if name == event);
        let doubled =
            |fault: &Fault| matches!(fault, Fault::DoubleDispatch { event: name } if name == event);
        if self.strike(lost, event, traffic) {
            0
        } else if self.strike(doubled, event, traffic) {
            2
        } else {
            1
        }
    }

    /// Whether a heartbeat is passed over.
    pub(crate) fn ignores_heartbeat(&mut self, traffic: &mut Traffic) -> bool {
        let ignored = |fault: &Fault| matches!(fault, Fault::IgnoreHeartbeats);
        self.strike(ignored, "HEARTBEAT", traffic)
    }

    /// Whether a new connection is refused.
    pub(crate) fn refuses_connection(&mut self, to_resume: bool, traffic: &mut Traffic) -> bool {
        let refused = |fault: &Fault| match fault {
            Fault::RefuseConnections => true,
            Fault::RefuseResumes => to_resume,
            _ => false,
        };
        self.strike(refused, "503 to a connection", traffic)
    }

    /// A wave of a storm; `None` if it is over.
    pub(crate) fn strike_storm(
        &mut self,
        id: u64,
        traffic: &mut Traffic,
    ) -> Option<(Duration, Order)> {
        let storm = self.on.get(&id)?.0.storm()?;
        self.struck(id, "a wave", traffic);
        Some(storm)
    }

    fn strike(
        &mut self,
        strikes: impl Fn(&Fault) -> bool,
        what: &str,
        traffic: &mut Traffic,
    ) -> bool {
        let found = self.on.iter().find(|(_, (fault, _))| strikes(fault));
        let Some(id) = found.map(|(id, _)| *id) else {
            return false;
        };
        self.struck(id, what, traffic);
        true
    }

    /// Notes a strike, and ends the fault with its last one.
    fn struck(&mut self, id: u64, what: &str, traffic: &mut Traffic) {
        let Some((fault, times)) = self.on.get_mut(&id) else {
            return;
        };
        traffic.gateway(Way::Fault, format!("fault {id}: {what}"), json!(fault));
        if let Some(times) = times {
            *times -= 1;
            if *times == 0 {
                self.on.remove(&id);
                self.note_any();
            }
        }
    }
}

/// Whether a pattern (`POST /channels/*/messages`) fits a request.
fn fits(route: &str, method: &str, path: &str) -> bool {
    let Some((wanted, pattern)) = route.split_once(' ') else {
        return false;
    };
    if wanted != "*" && !wanted.eq_ignore_ascii_case(method) {
        return false;
    }
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if part == "**" {
            return true;
        }
        match segments.next() {
            Some(segment) if part == "*" || part == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_fit() {
        let path = "channels/1/messages";
        for route in [
            "POST /channels/*/messages",
            "* /channels/1/messages",
            "post /channels/**",
            "* /**",
        ] {
            assert!(fits(route, "POST", path), "{route}");
        }
        for route in [
            "GET /channels/*/messages",
            "POST /channels/*",
            "POST /channels/*/messages/*",
            "POST /channels/2/messages",
            "POST",
        ] {
            assert!(!fits(route, "POST", path), "{route}");
        }
    }
}
