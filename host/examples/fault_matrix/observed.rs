//! What was observed of one fault, and its line in the table.

use std::time::{Duration, Instant};

use super::questions::{Became, Question};

/// Longest text in a cell of the table.
const LONGEST: usize = 330;

/// One fault, observed.
#[derive(Debug)]
pub struct Observed {
    /// Which fault.
    pub fault: &'static str,
    /// What the member was answered who brought it about; empty without an answer, `None` without a member.
    pub saw: Option<String>,
    /// Alerts, and answers to the owner.
    pub told: Vec<String>,
    /// Warnings and errors in the log.
    pub logged: Vec<String>,
    /// When the plugin answered as before.
    pub normal: Normal,
    /// How the other plugin fared.
    pub neighbour: Neighbour,
    /// How the bot's process has ended, if it has.
    pub process: Option<String>,
    /// Whether the bot ended in order when it was told to.
    pub has_ended: bool,
    /// The bot's folder, which no table is to name.
    pub folder: String,
}

/// When the plugin answered as before, counted from the fault or from the owner's help.
#[derive(Debug, Clone, Copy)]
pub enum Normal {
    /// Without anybody's help.
    ByItself(Duration),
    /// When the owner had unloaded and loaded it.
    WithHelp(Duration),
    /// When the whole bot was restarted.
    AfterRestart(Duration),
    /// Not even then.
    Never,
}

/// What became of the questions to the other plugin.
#[derive(Debug, Default)]
pub struct Neighbour {
    asked: usize,
    answered: usize,
    regretted: usize,
    /// Of those that were answered.
    longest: Duration,
    /// By how much its count was lower than one before.
    fell_back: u64,
}

impl Neighbour {
    /// Counts those that were asked since then; of those before, the count alone is of interest.
    #[must_use]
    pub fn of(all: &[(Question, Became)], since: Instant) -> Self {
        let mut this = Self::default();
        let mut highest = 0;
        for (question, became) in all {
            let is_one = question.at >= since;
            this.asked += usize::from(is_one);
            match became {
                Became::Answered(_, text) if !is_one => highest = count(text).unwrap_or(highest),
                Became::Answered(after, text) => {
                    this.answered += 1;
                    this.longest = this.longest.max(*after);
                    // Two that were asked at nearly the same time may be counted the other way round.
                    let count = count(text).unwrap_or(highest);
                    this.fell_back = this.fell_back.max(highest.saturating_sub(count + 1));
                    highest = highest.max(count);
                }
                Became::Regretted => this.regretted += usize::from(is_one),
                Became::Unanswered | Became::Open => {}
            }
        }
        this
    }
}

impl Observed {
    /// The cells of its line.
    #[must_use]
    pub fn cells(&self) -> [String; 6] {
        let owner = match (self.told.is_empty(), self.logged.is_empty()) {
            (false, _) => self.told.iter().map(|text| self.shown(text)).collect(),
            (true, false) => vec![format!("in the log alone: {}", self.shown(&self.logged[0]))],
            (true, true) => vec!["nothing".to_owned()],
        };
        [
            self.fault.to_owned(),
            self.member(),
            owner.join("<br>"),
            self.normal(),
            self.neighbours(),
            self.process(),
        ]
    }

    fn member(&self) -> String {
        match self.saw.as_deref() {
            None => "–".into(),
            Some("") => "nothing".into(),
            Some(text) => self.shown(text),
        }
    }

    fn normal(&self) -> String {
        match self.normal {
            Normal::ByItself(after) if after < Duration::from_millis(300) => "at once".into(),
            Normal::ByItself(after) => seconds(after),
            Normal::WithHelp(after) => format!(
                "not by itself; {} after `unload` and `load`",
                seconds(after)
            ),
            Normal::AfterRestart(after) => format!(
                "not by `unload` and `load`; {} after a restart of the bot",
                seconds(after)
            ),
            Normal::Never => "not at all".into(),
        }
    }

    fn neighbours(&self) -> String {
        let it = &self.neighbour;
        let mut told = format!("{} of {}", it.answered, it.asked);
        let lost = it.asked - it.answered - it.regretted;
        if it.regretted > 0 {
            told += &format!(", {} an apology", it.regretted);
        }
        if lost > 0 {
            told += &format!(", {lost} nothing");
        }
        told += &format!("; longest {}", seconds(it.longest));
        if it.fell_back > 0 {
            told += &format!("; its state fell back by {}", it.fell_back);
        }
        told
    }

    fn process(&self) -> String {
        let mut told = self
            .process
            .as_deref()
            .map_or("goes on".into(), |end| self.shown(end));
        if !self.has_ended {
            told += "; did not end in order at last";
        }
        told
    }

    /// A text in a cell: the same in each run, without this machine's folders, and not too long.
    fn shown(&self, text: &str) -> String {
        let text = text.replace(&self.folder, "…").replace('|', "\\|");
        let words = text
            .split_whitespace()
            .map(|word| match word.contains("data/crashes/") {
                true => "data/crashes/….txt)",
                false => word,
            });
        let words: Vec<&str> = words.collect();
        let text = without_chance(&words.join(" "));
        match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{} […]", &text[..at]),
            None => text,
        }
    }
}

/// What the neighbour has counted.
fn count(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("Count: ")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// A text without what is another in each run: ids of errors, hashes, numbers of processes.
fn without_chance(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let gap = rest[word..].find(is_word).unwrap_or(rest.len() - word);
        let (now, between) = (&rest[..word], &rest[word..word + gap]);
        let is_hex = now.len() >= 6 && now.chars().all(|c| c.is_ascii_hexdigit());
        let is_by_chance = is_hex && now.chars().any(|c| c.is_ascii_digit());
        kept.push_str(if is_by_chance { "…" } else { now });
        kept.push_str(between);
        rest = &rest[word + gap..];
    }
    kept
}

/// Rounded to tenths, below a minute.
fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        less if less < 0.095 => "below 0.1 s".into(),
        seconds => format!("{seconds:.1} s"),
    }
}
