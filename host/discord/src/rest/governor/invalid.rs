//! Invalid requests, counted: who sends 10,000 of them in ten minutes is banned by address
//! ([reference](https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans)).

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::PluginName;

/// What they are counted over.
pub(super) const WINDOW: Duration = Duration::from_secs(10 * 60);

/// With so many the ban begins.
pub(in crate::rest) const BAN: usize = 10_000;

/// How many there may be before nothing but answers to interactions goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rest) struct Bounds {
    /// Of all.
    pub all: usize,
    /// Of one plugin: a loop in one ends long before it costs the others anything.
    pub plugin: usize,
}

impl Bounds {
    /// By parts of what Discord bans for, in percent.
    pub fn of_percent(all: u64, plugin: u64) -> Self {
        let part = |percent: u64| BAN / 100 * usize::try_from(percent.min(100)).unwrap_or(100);
        Self {
            all: part(all).max(1),
            plugin: part(plugin).max(1),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::of_percent(80, 20)
    }
}

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

/// What the owner is told of many invalid requests: at half of what stops them, and when they are stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rest) struct Notice {
    /// Of whom: a plugin, or everybody.
    pub plugin: Option<PluginName>,
    /// Invalid requests in the last ten minutes.
    pub count: usize,
    /// How many stop them.
    pub bound: usize,
    /// Since they are stopped: when it goes on, if none is added.
    pub until: Option<Instant>,
    /// What most of them are.
    pub most: MostSeen,
}

/// What most of the invalid requests have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rest) struct MostSeen {
    /// Who has sent them; `None` for the host itself.
    pub plugin: Option<PluginName>,
    /// Method and path, its ids blanked.
    pub route: Arc<str>,
    /// HTTP status.
    pub status: u16,
    /// How many.
    pub count: usize,
}

/// One that Discord has refused.
#[derive(Debug, Clone)]
pub(super) struct InvalidRequest {
    pub plugin: Option<PluginName>,
    pub route: Arc<str>,
    pub status: u16,
}

/// The invalid requests of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Invalid {
    pub bounds: Bounds,
    all: Count,
    by_plugin: HashMap<PluginName, Count>,
}

/// Those of all, or of one plugin.
#[derive(Debug, Default)]
struct Count {
    requests: VecDeque<(Instant, InvalidRequest)>,
    /// What was told since it was less than half of what stops them.
    told: Told,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    #[default]
    Nothing,
    Half,
    Stopped,
}

impl Count {
    fn prune(&mut self, now: Instant) {
        let is_old = |(at, _): &(Instant, _)| now.duration_since(*at) >= WINDOW;
        while self.requests.front().is_some_and(is_old) {
            self.requests.pop_front();
        }
    }

    fn stopped(&self, plugin: Option<&PluginName>, bound: usize) -> Option<Stopped> {
        // When that one is forgotten, there is room for one more.
        let last = self.requests.len().checked_sub(bound)?;
        Some(Stopped {
            plugin: plugin.cloned(),
            count: self.requests.len(),
            until: self.requests.get(last)?.0 + WINDOW,
        })
    }

    /// Counts one; what is to be told of with it.
    fn note(
        &mut self,
        request: &InvalidRequest,
        now: Instant,
        (plugin, bound): (Option<&PluginName>, usize),
    ) -> Option<Notice> {
        self.requests.push_back((now, request.clone()));
        self.prune(now);
        let count = self.requests.len();
        let reached = match count {
            count if count >= bound => Told::Stopped,
            count if count >= bound.div_ceil(2) => Told::Half,
            _ => Told::Nothing,
        };
        let before = self.told;
        // Around a bound it is told once.
        self.told = match reached {
            Told::Nothing => Told::Nothing,
            reached => before.max(reached),
        };
        if self.told <= before {
            return None;
        }
        Some(Notice {
            plugin: plugin.cloned(),
            count,
            bound,
            until: self.stopped(plugin, bound).map(|stopped| stopped.until),
            most: self.most_seen()?,
        })
    }

    fn most_seen(&self) -> Option<MostSeen> {
        let mut counts: HashMap<(&Option<PluginName>, &str, u16), usize> = HashMap::new();
        for (_, request) in &self.requests {
            let kind = (&request.plugin, &*request.route, request.status);
            *counts.entry(kind).or_default() += 1;
        }
        let most = counts
            .into_iter()
            .max_by_key(|(kind, count)| (*count, *kind));
        most.map(|((plugin, route, status), count)| MostSeen {
            plugin: plugin.clone(),
            route: route.into(),
            status,
            count,
        })
    }
}

impl Invalid {
    /// Counts one; what is to be told of with it.
    pub fn note(&mut self, request: &InvalidRequest, now: Instant) -> Vec<Notice> {
        let of_all = self.all.note(request, now, (None, self.bounds.all));
        let of_plugin = request.plugin.as_ref().and_then(|plugin| {
            let own = self.by_plugin.entry(plugin.clone()).or_default();
            own.note(request, now, (Some(plugin), self.bounds.plugin))
        });
        of_plugin.into_iter().chain(of_all).collect()
    }

    /// Why nothing of this plugin's goes out.
    pub fn stops(&mut self, plugin: Option<&PluginName>, now: Instant) -> Option<Stopped> {
        self.all.prune(now);
        if let Some(stopped) = self.all.stopped(None, self.bounds.all) {
            return Some(stopped);
        }
        let plugin = plugin?;
        let own = self.by_plugin.get_mut(plugin)?;
        own.prune(now);
        if own.requests.is_empty() {
            self.by_plugin.remove(plugin);
            return None;
        }
        own.stopped(Some(plugin), self.bounds.plugin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(plugin: Option<&PluginName>, route: &str, status: u16) -> InvalidRequest {
        InvalidRequest {
            plugin: plugin.cloned(),
            route: route.into(),
            status,
        }
    }

    /// What was told: of whom, with how many, and whether they are stopped.
    fn told(notices: &[Notice]) -> Vec<(Option<&str>, usize, bool)> {
        let told = notices.iter();
        told.map(|it| (it.plugin.as_deref(), it.count, it.until.is_some()))
            .collect()
    }

    #[test]
    fn one_plugin_is_stopped_at_its_share_and_all_at_eighty_percent() {
        let (mut invalid, start) = (Invalid::default(), Instant::now());
        let Bounds { all, plugin: share } = invalid.bounds;
        assert_eq!((all, share), (8_000, 2_000));
        let at = |ms: usize| start + Duration::from_millis(ms as u64);
        let plugins: Vec<PluginName> = (0..5).map(|n| PluginName::new(&format!("p{n}"))).collect();
        let request = refused(Some(&plugins[0]), "GET users/:x", 403);
        let mut notices = Vec::new();
        for n in 0..share {
            assert_eq!(invalid.stops(Some(&plugins[0]), at(n)), None);
            notices.extend(invalid.note(&request, at(n)));
        }
        let of_plugin = [(Some("p0"), 1_000, false), (Some("p0"), 2_000, true)];
        assert_eq!(told(&notices), of_plugin);
        let stopped = invalid.stops(Some(&plugins[0]), at(share)).unwrap();
        assert_eq!((stopped.count, stopped.until), (share, start + WINDOW));
        // The others are not.
        assert_eq!(invalid.stops(Some(&plugins[1]), at(share)), None);
        assert_eq!(invalid.stops(None, at(share)), None);
        // What nobody in particular has sent counts for all.
        let (request, mut notices) = (refused(None, "GET gateway", 401), Vec::new());
        for n in share..all {
            notices.extend(invalid.note(&request, at(n)));
        }
        assert_eq!(told(&notices), [(None, 4_000, false), (None, 8_000, true)]);
        assert!(invalid.stops(Some(&plugins[1]), at(all)).is_some());
        // One is forgotten, and one goes out again; nothing is told anew.
        assert_eq!(invalid.stops(Some(&plugins[1]), start + WINDOW), None);
        assert_eq!(invalid.note(&request, start + WINDOW), []);
        // And all is forgotten in the end.
        let end = at(all) + 2 * WINDOW;
        assert_eq!(invalid.stops(Some(&plugins[0]), end), None);
        assert!(invalid.all.requests.is_empty() && invalid.by_plugin.is_empty());
        // Then it is told of again.
        let notices: Vec<_> = (0..all / 2)
            .flat_map(|_| invalid.note(&request, end))
            .collect();
        assert_eq!(told(&notices), [(None, 4_000, false)]);
    }

    #[test]
    fn the_route_and_the_status_that_are_seen_most_are_named() {
        let mut invalid = Invalid {
            bounds: Bounds::of_percent(2, 1),
            ..Invalid::default()
        };
        let (loops, quiet) = (PluginName::new("loops"), PluginName::new("quiet"));
        let now = Instant::now();
        let mut notices = Vec::new();
        for n in 0..100 {
            let route = ["GET a", "PATCH b", "PATCH b"][n % 3];
            notices.extend(invalid.note(&refused(Some(&loops), route, 403), now));
            if n % 5 == 0 {
                notices.extend(invalid.note(&refused(Some(&quiet), "PUT c", 401), now));
            }
        }
        let most = |count| MostSeen {
            plugin: Some(loops.clone()),
            route: "PATCH b".into(),
            status: 403,
            count,
        };
        let found: Vec<_> = notices.iter().map(|it| &it.most).collect();
        // Its half, that of all (of which 17 are another's), and its stop.
        assert_eq!(found, [&most(33), &most(55), &most(66)]);
        assert_eq!(
            told(&notices),
            [
                (Some("loops"), 50, false),
                (None, 100, false),
                (Some("loops"), 100, true)
            ]
        );
    }
}
