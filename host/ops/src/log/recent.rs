//! Ring of the last lines in memory, for whoever reads the log where there is no disk to read.

use std::{
    collections::VecDeque,
    fmt::{Debug, Write as _},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::SystemTime,
};

use host_base::{PluginName, shown};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use super::line;

/// Lines that are kept.
const LINES: usize = 5_000;

/// Bytes of their texts.
const BYTES: usize = 2 << 20;

/// Bytes of one text; the files have all of it.
const LONGEST: usize = 4 << 10;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentLine {
    /// Rises by one from line to line.
    pub number: u64,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// How severe it is.
    pub level: Level,
    /// The module that has logged: of a plugin's own lines, the plugin's.
    pub target: String,
    /// The plugin whose line it is, or that it is about.
    pub plugin: Option<String>,
    /// The text and its fields, masked as in the files.
    pub text: String,
}

impl RecentLine {
    fn has(&self, text: &str) -> bool {
        let parts = [&self.text, &self.target];
        parts.iter().any(|it| it.to_lowercase().contains(text))
    }
}

/// Lines that are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those that are as severe as this, or more.
    pub level: Option<Level>,
    /// Those of this plugin, or about it.
    pub plugin: Option<PluginName>,
    /// Those that have this in their text or their module, whatever the case it is written in there. In small letters here; empty: all.
    pub text: String,
    /// Those behind this number; `None`: the newest.
    pub since: Option<u64>,
    /// So many at most.
    pub limit: usize,
}

/// Lines that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Oldest first.
    pub lines: Vec<RecentLine>,
    /// What to ask with as `since` for those that come next.
    pub next: u64,
    /// Lines behind `since` that are not kept any more, whether they were wanted or not.
    pub lost: u64,
}

/// The lines that are kept, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    lines: VecDeque<RecentLine>,
    bytes: usize,
    last: u64,
}

/// Those of this process.
static RECENT: OnceLock<Mutex<Recent>> = OnceLock::new();

fn recent() -> MutexGuard<'static, Recent> {
    let recent = RECENT.get_or_init(Mutex::default);
    recent.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the last lines of the log. Empty before the log has begun.
#[must_use]
pub fn read(wanted: &Wanted) -> Found {
    recent().read(wanted)
}

/// Number of the last line; 0: there is none.
#[must_use]
pub fn last() -> u64 {
    recent().last
}

impl Recent {
    fn push(&mut self, mut line: RecentLine) {
        self.last += 1;
        line.number = self.last;
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || self.bytes > BYTES {
            let oldest = self.lines.pop_front();
            self.bytes -= oldest.map_or(0, |oldest| oldest.text.len());
        }
    }

    fn read(&self, wanted: &Wanted) -> Found {
        let first = self.lines.front().map_or(self.last + 1, |line| line.number);
        let fits = |line: &&RecentLine| {
            let is_of = |plugin: &PluginName| line.plugin.as_ref().is_some_and(|of| plugin.is(of));
            wanted.level.is_none_or(|level| line.level <= level)
                && wanted.plugin.as_ref().is_none_or(is_of)
                && (wanted.text.is_empty() || line.has(&wanted.text))
        };
        let Some(since) = wanted.since else {
            let newest = self.lines.iter().rev().filter(fits).take(wanted.limit);
            let mut lines: Vec<_> = newest.cloned().collect();
            lines.reverse();
            let (next, lost) = (self.last, 0);
            return Found { lines, next, lost };
        };
        // A number of another process's log is none of this one's.
        let since = if since > self.last { 0 } else { since };
        let behind = self.lines.partition_point(|line| line.number <= since);
        let found = self.lines.range(behind..).filter(fits).take(wanted.limit);
        let lines: Vec<_> = found.cloned().collect();
        let next = match lines.last() {
            Some(last) if lines.len() == wanted.limit => last.number,
            _ => self.last,
        };
        let lost = first.saturating_sub(since + 1);
        Found { lines, next, lost }
    }
}

/// Layer that keeps lines.
#[derive(Debug)]
pub(super) struct Keeping;

impl<S: Subscriber> Layer<S> for Keeping {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let mut text = line::masked(&(fields.message + &fields.others)).into_owned();
        if text.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(end.unwrap_or_default());
            text.push('…');
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let at_ms = since.map_or(0, |since| since.as_millis().try_into().unwrap_or(u64::MAX));
        let line = RecentLine {
            number: 0,
            at_ms,
            level: *metadata.level(),
            target: fields
                .module
                .unwrap_or_else(|| metadata.target().to_owned()),
            plugin: fields.plugin,
            text: shown::text(&text).into_owned(),
        };
        recent().push(line);
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
    plugin: Option<String>,
    module: Option<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "plugin" | "about" => self.plugin = Some(value.to_owned()),
            "module" => self.module = Some(value.to_owned()),
            name => {
                let _ = write!(self.others, " {name}={value}");
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn line(level: Level, plugin: Option<&str>, text: &str) -> RecentLine {
        RecentLine {
            number: 0,
            at_ms: 0,
            level,
            target: "host".into(),
            plugin: plugin.map(str::to_owned),
            text: text.to_owned(),
        }
    }

    fn numbers(found: &Found) -> Vec<u64> {
        found.lines.iter().map(|line| line.number).collect()
    }

    #[test]
    fn lines_are_found_by_level_plugin_and_number() {
        let mut recent = Recent::default();
        for (level, plugin) in [
            (Level::INFO, None),
            (Level::ERROR, Some("tea_shop")),
            (Level::DEBUG, Some("tea_shop")),
            (Level::WARN, Some("bank")),
        ] {
            recent.push(line(level, plugin, "x"));
        }
        let wanted = |level, plugin: Option<&str>, since, limit| Wanted {
            level,
            plugin: plugin.map(PluginName::new),
            since,
            limit,
            ..Wanted::default()
        };
        let all = recent.read(&wanted(None, None, None, 3));
        assert_eq!((numbers(&all), all.next), (vec![2, 3, 4], 4));
        let of = recent.read(&wanted(None, Some("tea-shop"), None, 9));
        assert_eq!(numbers(&of), [2, 3]);
        let severe = recent.read(&wanted(Some(Level::WARN), None, Some(0), 9));
        assert_eq!((numbers(&severe), severe.next), (vec![2, 4], 4));
        let page = recent.read(&wanted(None, None, Some(1), 2));
        assert_eq!((numbers(&page), page.next, page.lost), (vec![2, 3], 3, 0));
        let none = recent.read(&wanted(None, None, Some(4), 2));
        assert_eq!((none.lines.len(), none.next), (0, 4));
        let restarted = recent.read(&wanted(None, None, Some(999), 9));
        assert_eq!(restarted.lines.len(), 4, "numbers of a process before");
    }

    #[test]
    fn lines_are_found_by_their_words_and_their_module_in_whatever_case() {
        let mut recent = Recent::default();
        for text in ["failed error_id=AB12", "boils", "a Cup"] {
            recent.push(line(Level::INFO, None, text));
        }
        let of = |text: &str| {
            let wanted = Wanted {
                text: text.to_owned(),
                limit: 9,
                ..Wanted::default()
            };
            numbers(&recent.read(&wanted))
        };
        assert_eq!(of("ab12"), [1]);
        assert_eq!(of("cup"), [3]);
        assert_eq!(of("host"), [1, 2, 3], "the module");
        assert!(of("tea").is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_in_lines_and_in_bytes_and_what_is_lost_is_told() {
        let mut recent = Recent::default();
        for _ in 0..LINES + 10 {
            recent.push(line(Level::INFO, None, "x"));
        }
        let follow = Wanted {
            since: Some(4),
            limit: 1,
            ..Wanted::default()
        };
        let found = recent.read(&follow);
        assert_eq!((numbers(&found), found.lost), (vec![11], 6));
        for _ in 0..LINES {
            recent.push(line(Level::INFO, None, &"y".repeat(LONGEST)));
        }
        assert!(recent.bytes <= BYTES && recent.lines.len() == BYTES / LONGEST);
    }

    #[test]
    fn a_line_has_its_plugin_its_module_and_its_fields() {
        let subscriber = tracing_subscriber::registry().with(Keeping);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(plugin = "kettle_1", cups = 3, "boils\u{1b}[2J");
            tracing::info!(plugin = "kettle_1", module = "kettle::lid", "opens");
        });
        let of = |since| {
            read(&Wanted {
                plugin: Some("kettle-1".into()),
                since,
                limit: 9,
                ..Wanted::default()
            })
        };
        let found = of(None);
        let lines: Vec<_> = found
            .lines
            .iter()
            .map(|it| (&*it.target, &*it.text))
            .collect();
        assert_eq!(lines[0].1, "boils\\u{1b}[2J cups=3");
        assert_eq!(lines[1], ("kettle::lid", "opens"));
        assert_eq!(of(Some(found.next)).lines, []);
    }
}
