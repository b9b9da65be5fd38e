//! Events of the gateway that tabs want to hear for as long as somebody looks: chosen together, since the host knows one choice per plugin.

use std::{cell::RefCell, collections::BTreeMap};

use plugin_api::prelude::*;

/// What each tab wants, by its name.
#[derive(Debug, Default)]
pub(crate) struct Wanted(RefCell<BTreeMap<&'static str, Vec<&'static str>>>);

impl Wanted {
    /// What `tab` wants from now on, in place of what it wanted before; nothing: it hears nothing any more. Listeners of other tabs hear what
    /// they share with it: each looks by itself whether it wants to.
    ///
    /// # Errors
    ///
    /// As for [`Host::choose_events`].
    pub(crate) async fn set(
        &self,
        host: &Host,
        tab: &'static str,
        events: &[&'static str],
    ) -> Result {
        let all = self.with(tab, events);
        host.choose_events(all).await
    }

    fn with(&self, tab: &'static str, events: &[&'static str]) -> Vec<&'static str> {
        let mut wanted = self.0.borrow_mut();
        match events.is_empty() {
            true => wanted.remove(tab),
            false => wanted.insert(tab, events.to_vec()),
        };
        let mut all: Vec<&str> = wanted.values().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_that_ends_takes_nothing_from_another_one() {
        let wanted = Wanted::default();
        assert_eq!(wanted.with("chat", &["B", "A"]), ["A", "B"]);
        assert_eq!(wanted.with("events", &["A", "C"]), ["A", "B", "C"]);
        assert_eq!(wanted.with("events", &[]), ["A", "B"]);
        assert_eq!(wanted.with("chat", &[]), [""; 0]);
    }
}
