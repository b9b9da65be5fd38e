//! Ring of the last events, and the choice of those that a batch shows.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    rc::Rc,
    time::{Duration, Instant},
};

use maud::{Markup, html};
use plugin_api::{hook::FRAMEWORK_EVENTS, text::number};

use super::{
    heard, row,
    seen::{Ids, Seen, Source},
};
use crate::pulse;

/// Events that are kept.
const KEPT: usize = 500;

/// Bytes of all of them together.
const BYTES: usize = 4 << 20;

/// Bytes of one event beyond which it is noted without what is in it.
const LONGEST: usize = 64 << 10;

/// Rows of a batch: with a batch each 180 ms, as many as anybody reads.
const ROWS: usize = 20;

/// Bytes of a batch: the host takes 64 KiB at once.
const BATCH: usize = 56 << 10;

/// Kinds that are counted one by one; plugins name their own as they like.
const KINDS: usize = 200;

/// Over how long events are counted for the rate.
const SECONDS: Duration = Duration::from_secs(5);

/// The last events. Empty while nobody looks.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    events: RefCell<VecDeque<Seen>>,
    bytes: Cell<usize>,
    /// Number of the last event, and of the last one that pages were told of.
    last: Cell<u64>,
    told: Cell<u64>,
    left_out: Cell<u64>,
    /// By kind, since somebody looks.
    counts: RefCell<HashMap<Rc<str>, u64>>,
    /// Number of the last event at the end of each batch, over the last seconds.
    marks: RefCell<VecDeque<(Instant, u64)>>,
    /// Names of servers.
    pub(super) names: RefCell<HashMap<u64, String>>,
    pub(super) listening: Cell<bool>,
}

/// How many events there are.
#[derive(Debug, Default)]
pub(super) struct Rates {
    pub(super) a_second: f64,
    pub(super) heard: u64,
    pub(super) left_out: u64,
    /// The most first.
    pub(super) kinds: Vec<(String, u64)>,
}

impl Ring {
    /// Notes an event. This is what each one costs while somebody looks, so that there is no more to it than a copy.
    pub(super) fn note(&self, source: Source, kind: &str, ids: Ids, json: &[u8]) {
        if !self.listening.get() {
            return;
        }
        self.last.set(self.last.get() + 1);
        let mut events = self.events.borrow_mut();
        let bytes = json.len();
        let json: Option<Box<[u8]>> = (bytes <= LONGEST).then(|| json.into());
        self.bytes.set(self.bytes.get() + kept(json.as_deref()));
        events.push_back(Seen {
            number: self.last.get(),
            at_ms: pulse::now_ms(),
            source,
            kind: self.counted(kind),
            ids,
            json,
            bytes,
        });
        while events.len() > KEPT || self.bytes.get() > BYTES {
            let Some(oldest) = events.pop_front() else {
                break;
            };
            let freed = kept(oldest.json.as_deref());
            self.bytes.set(self.bytes.get() - freed);
        }
    }

    /// Counts an event of this kind; the kind, shared.
    fn counted(&self, kind: &str) -> Rc<str> {
        let mut counts = self.counts.borrow_mut();
        if let Some(count) = counts.get_mut(kind) {
            *count += 1;
        }
        if let Some((kind, _)) = counts.get_key_value(kind) {
            return Rc::clone(kind);
        }
        let kind: Rc<str> = kind.into();
        if counts.len() < KINDS {
            counts.insert(Rc::clone(&kind), 1);
        }
        kind
    }

    /// The rows of what has happened since the last batch, the newest first, and how many were left out; `None`: nothing has.
    pub(super) fn batch(&self, base: &str) -> Option<String> {
        let (told, last) = (self.told.replace(self.last.get()), self.last.get());
        self.mark(last);
        if told == last {
            return None;
        }
        let events = self.events.borrow();
        let fresh: Vec<&Seen> = events.iter().filter(|it| it.number > told).collect();
        let picked = picked(&fresh, ROWS);
        let names = self.names.borrow();
        let (mut html, mut shown) = (String::new(), 0);
        let mut left_out: BTreeSet<Rc<str>> = BTreeSet::new();
        for event in fresh.iter().rev() {
            let row = match picked.contains(&event.number) && html.len() < BATCH {
                true => row::drawn(event, &names, base).into_string(),
                false => String::new(),
            };
            if row.is_empty() || html.len() + row.len() > BATCH {
                left_out.insert(Rc::clone(&event.kind));
            } else {
                shown += 1;
                html.push_str(&row);
            }
        }
        let missing = (last - told).saturating_sub(shown);
        if missing > 0 {
            self.left_out.set(self.left_out.get() + missing);
            let kinds: Vec<&str> = left_out.iter().map(|kind| &**kind).collect();
            html.push_str(&more(missing, &kinds).into_string());
        }
        Some(html)
    }

    fn mark(&self, last: u64) {
        let mut marks = self.marks.borrow_mut();
        marks.push_back((Instant::now(), last));
        while marks.len() > 2 && marks.front().is_some_and(|(at, _)| at.elapsed() > SECONDS) {
            marks.pop_front();
        }
    }

    /// The newest events as rows, the newest first.
    pub(super) fn newest(&self, most: usize, base: &str) -> Vec<Markup> {
        let (events, names) = (self.events.borrow(), self.names.borrow());
        let newest = events.iter().rev().take(most);
        newest
            .map(|event| row::drawn(event, &names, base))
            .collect()
    }

    /// An event, whole.
    pub(super) fn whole(&self, number: u64) -> Option<Markup> {
        let (events, names) = (self.events.borrow(), self.names.borrow());
        let found = events.iter().find(|event| event.number == number)?;
        Some(row::whole(found, &names))
    }

    /// Kind and data of an event of Discord's; `None`: it is none, or has too much to be kept.
    pub(super) fn raw(&self, number: u64) -> Option<(String, Vec<u8>)> {
        let events = self.events.borrow();
        let found = events.iter().find(|event| event.number == number)?;
        let is_discords = found.source == Source::Gateway;
        let json = found.json.as_deref().filter(|_| is_discords)?;
        Some((found.kind.to_string(), json.to_vec()))
    }

    pub(super) fn rates(&self) -> Rates {
        let marks = self.marks.borrow();
        let over = marks.front().zip(marks.back()).map(|(first, last)| {
            let seconds = last.0.duration_since(first.0).as_secs_f64();
            (last.1.saturating_sub(first.1) as f64, seconds)
        });
        let counts = self.counts.borrow();
        let mut kinds: Vec<(String, u64)> = counts
            .iter()
            .map(|(kind, count)| (kind.to_string(), *count))
            .collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Rates {
            a_second: match over {
                Some((events, seconds)) if seconds > 0.0 => events / seconds,
                _ => 0.0,
            },
            heard: self.last.get(),
            left_out: self.left_out.get(),
            kinds,
        }
    }

    /// The kinds that one may look for: Discord's, the framework's, and those of plugins that were heard.
    pub(super) fn kinds(&self) -> Vec<String> {
        let counts = self.counts.borrow();
        let known = heard::KINDS
            .iter()
            .copied()
            .chain(FRAMEWORK_EVENTS.iter().copied());
        let all: BTreeSet<&str> = known.chain(counts.keys().map(|kind| &**kind)).collect();
        all.into_iter().map(str::to_owned).collect()
    }

    /// Forgets everything: nobody looks any more.
    pub(super) fn clear(&self) {
        self.events.take();
        self.counts.take();
        self.marks.take();
        self.names.take();
        for figure in [&self.last, &self.told, &self.left_out] {
            figure.set(0);
        }
        self.bytes.set(0);
    }
}

fn kept(json: Option<&[u8]>) -> usize {
    json.map_or(0, <[u8]>::len)
}

/// The numbers of those that are shown: each kind of each server gets its turn, so that what is rare is not lost among what is frequent.
fn picked(events: &[&Seen], most: usize) -> BTreeSet<u64> {
    let mut turns: BTreeMap<(&str, Option<u64>), usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, u64)> = Vec::with_capacity(events.len());
    for event in events.iter().rev() {
        let turn = turns.entry((&event.kind, event.ids.guild)).or_default();
        ranked.push((*turn, event.number));
        *turn += 1;
    }
    ranked.sort_by_key(|(turn, number)| (*turn, std::cmp::Reverse(*number)));
    let shown = ranked.into_iter().take(most);
    shown.map(|(_, number)| number).collect()
}

/// What was left out of a batch. It is found by the kinds in it, too.
fn more(count: u64, kinds: &[&str]) -> Markup {
    html! {
        li.event-more data-kind=(kinds.join(" ")) data-source="gateway hook" {
            "… and " (number(count)) " more at once: "
            bdi { (kinds.iter().take(4).copied().collect::<Vec<_>>().join(", ")) @if kinds.len() > 4 { ", …" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Ring {
        let ring = Ring::default();
        ring.listening.set(true);
        ring
    }

    fn note(ring: &Ring, kind: &str, guild: u64) {
        let ids = Ids {
            guild: Some(guild),
            ..Ids::default()
        };
        ring.note(Source::Gateway, kind, ids, br#"{"content":"hi"}"#);
    }

    #[test]
    fn while_nobody_looks_nothing_is_kept() {
        let ring = Ring::default();
        note(&ring, "MESSAGE_CREATE", 1);
        assert_eq!((ring.rates().heard, ring.batch("/p/d")), (0, None));
    }

    #[test]
    fn a_batch_has_what_is_rare_and_says_how_much_was_left_out() {
        let ring = ring();
        for _ in 0..150 {
            note(&ring, "MESSAGE_CREATE", 1);
        }
        note(&ring, "GUILD_BAN_ADD", 2);
        for _ in 0..100 {
            note(&ring, "TYPING_START", 1);
        }
        let batch = ring.batch("/p/d").unwrap();
        assert_eq!(batch.matches("event-open").count(), ROWS);
        assert!(
            batch.contains("GUILD_BAN_ADD") && batch.contains("231 more at once"),
            "{batch}"
        );
        assert_eq!(ring.rates().left_out, 231);
        assert_eq!(ring.batch("/p/d"), None, "it is told once");
        note(&ring, "GUILD_BAN_ADD", 2);
        let next = ring.batch("/p/d").unwrap();
        assert!(next.contains("GUILD_BAN_ADD") && !next.contains("more at once"));
    }

    #[test]
    fn what_is_kept_is_bounded_and_a_batch_fits_into_what_the_host_takes() {
        let ring = ring();
        let large = format!("{{\"content\":\"{}\"}}", "\u{300}".repeat(20_000));
        for _ in 0..KEPT + 50 {
            ring.note(
                Source::Hook(Some("<b>".repeat(60))),
                &"k".repeat(90),
                Ids::default(),
                large.as_bytes(),
            );
        }
        assert!(ring.events.borrow().len() <= KEPT && ring.bytes.get() <= BYTES);
        let batch = ring.batch("/p/d").unwrap();
        assert!(batch.len() < 64 << 10, "{}", batch.len());
        assert!(!batch.contains("<b>"));
        ring.note(
            Source::Gateway,
            "GUILD_CREATE",
            Ids::default(),
            &vec![b' '; LONGEST + 1],
        );
        let whole = ring.whole(ring.last.get()).unwrap().into_string();
        assert!(whole.contains("too much to be kept"), "{whole}");
    }

    #[test]
    fn kinds_that_plugins_make_up_fill_no_memory() {
        let ring = ring();
        for number in 0..KINDS * 2 {
            ring.note(
                Source::Hook(None),
                &format!("tea.{number}"),
                Ids::default(),
                b"{}",
            );
        }
        assert_eq!(ring.rates().kinds.len(), KINDS);
        ring.clear();
        assert_eq!((ring.rates().heard, ring.events.borrow().len()), (0, 0));
    }
}
