//! Invalid requests, counted: who sends 10,000 of them in ten minutes is banned by address
//! ([reference](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans)).

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use host_base::PluginName;

/// What they are counted over.
pub(super) const WINDOW: Duration = Duration::from_secs(10 * 60);

/// With so many the ban begins.
pub(super) const BAN: usize = 10_000;

/// From here on only answers to interactions go out: 80 %.
pub(super) const STOP: usize = BAN / 10 * 8;

/// What one plugin may have of it: a loop in one ends long before it costs the others anything.
pub(super) const SHARE: usize = STOP / 4;

/// Stop after too many invalid requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rest) struct Stopped {
    /// Of whom: a plugin, or everybody.
    pub plugin: Option<PluginName>,
    /// Invalid requests in the last ten minutes.
    pub count: usize,
    /// When it goes on, if none is added.
    pub until: Instant,
}

/// The invalid requests of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Invalid {
    all: VecDeque<Instant>,
    by_plugin: HashMap<PluginName, VecDeque<Instant>>,
}

impl Invalid {
    /// Counts one; what has been stopped with it.
    pub fn note(&mut self, plugin: Option<&PluginName>, now: Instant) -> Option<Stopped> {
        self.all.push_back(now);
        prune(&mut self.all, now);
        let mut stopped = (self.all.len() == STOP)
            .then(|| stop(None, &self.all, STOP))
            .flatten();
        if let Some(plugin) = plugin {
            let own = self.by_plugin.entry(plugin.clone()).or_default();
            own.push_back(now);
            prune(own, now);
            if own.len() == SHARE {
                stopped = stopped.or(stop(Some(plugin), own, SHARE));
            }
        }
        stopped
    }

    /// Why nothing of this plugin's goes out.
    pub fn stops(&mut self, plugin: Option<&PluginName>, now: Instant) -> Option<Stopped> {
        prune(&mut self.all, now);
        if let Some(stopped) = stop(None, &self.all, STOP) {
            return Some(stopped);
        }
        let plugin = plugin?;
        let own = self.by_plugin.get_mut(plugin)?;
        prune(own, now);
        if own.is_empty() {
            self.by_plugin.remove(plugin);
            return None;
        }
        stop(Some(plugin), own, SHARE)
    }
}

fn prune(times: &mut VecDeque<Instant>, now: Instant) {
    while times
        .front()
        .is_some_and(|first| now.duration_since(*first) >= WINDOW)
    {
        times.pop_front();
    }
}

fn stop(plugin: Option<&PluginName>, times: &VecDeque<Instant>, most: usize) -> Option<Stopped> {
    // When that one is forgotten, there is room for one more.
    let last = times.len().checked_sub(most)?;
    Some(Stopped {
        plugin: plugin.cloned(),
        count: times.len(),
        until: *times.get(last)? + WINDOW,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plugin_is_stopped_at_its_share_and_all_at_eighty_percent() {
        let (mut invalid, start) = (Invalid::default(), Instant::now());
        let at = |ms: usize| start + Duration::from_millis(ms as u64);
        let plugins: Vec<PluginName> = (0..5).map(|n| PluginName::new(&format!("p{n}"))).collect();
        for n in 0..SHARE {
            assert_eq!(invalid.stops(Some(&plugins[0]), at(n)), None);
            let stopped = invalid.note(Some(&plugins[0]), at(n));
            assert_eq!(stopped.is_some(), n + 1 == SHARE);
        }
        let stopped = invalid.stops(Some(&plugins[0]), at(SHARE)).unwrap();
        assert_eq!((stopped.count, stopped.until), (SHARE, start + WINDOW));
        // The others are not.
        assert_eq!(invalid.stops(Some(&plugins[1]), at(SHARE)), None);
        assert_eq!(invalid.stops(None, at(SHARE)), None);
        // What nobody in particular has sent counts for all.
        for n in SHARE..STOP {
            let stopped = invalid.note(None, at(n));
            assert_eq!(stopped.is_some(), n + 1 == STOP);
        }
        assert!(invalid.stops(Some(&plugins[1]), at(STOP)).is_some());
        // One is forgotten, and one goes out again.
        assert_eq!(invalid.stops(Some(&plugins[1]), start + WINDOW), None);
        // And all is forgotten in the end.
        let end = at(STOP) + WINDOW;
        assert_eq!(invalid.stops(Some(&plugins[0]), end), None);
        assert!(invalid.all.is_empty() && invalid.by_plugin.is_empty());
    }
}
