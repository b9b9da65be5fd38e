//! Figures: what was measured, of which bot, in which round.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bot::Kind;

/// What is measured. In the table's order; curves have a number of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Microseconds, median, one question at a time.
    Median,
    /// Microseconds, 99th percentile.
    P99,
    /// Answers a second to sixteen users by prefix.
    Prefix,
    /// Microseconds of the bot's processor time for each of them.
    PrefixCost,
    /// Instructions of the bot for each of them.
    PrefixInstructions,
    /// Answers a second by slash, over the first 1,500 uses.
    SlashFew,
    /// Over all uses.
    SlashMany,
    /// Over all uses, with the bot's own rate limiting.
    SlashLimited,
    /// Instructions of the bot for each use.
    SlashInstructions,
    /// Events a second of a kind that nobody wants.
    Quiet,
    /// Instructions of the bot for each of them.
    QuietInstructions,
    /// Messages a second that are no commands, without a listener.
    Unread,
    /// Instructions of the bot for each of them.
    UnreadInstructions,
    /// Messages a second with a listener that reads them.
    Heard,
    /// Milliseconds from the process' start to the first answer, in so many servers.
    Start(u64),
    /// MiB, in so many servers.
    Memory(u64),
    /// MiB for each further plugin.
    PluginMemory,
    /// Milliseconds of a start with twelve plugins that are new.
    StartCold,
    /// The second start with the same files.
    StartKnown,
}

impl Figure {
    /// What it is called, and its unit.
    pub fn words(self) -> String {
        match self {
            Self::Median => "prefix command, 1 in flight: p50, µs".into(),
            Self::P99 => "the same: p99, µs".into(),
            Self::Prefix => "prefix, 16 in flight: replies/s".into(),
            Self::PrefixCost => "the same: processor time of a reply, µs".into(),
            Self::PrefixInstructions => "the same: instructions of a reply".into(),
            Self::SlashInstructions => "the same: instructions of a use, limiting off".into(),
            Self::QuietInstructions => "the same: instructions of an event".into(),
            Self::UnreadInstructions => "the same: instructions of a message".into(),
            Self::SlashFew => "slash, 16 in flight: replies/s over 1,500 uses".into(),
            Self::SlashMany => "the same over 20,000 uses".into(),
            Self::SlashLimited => "the same, the client's own rate limiting on".into(),
            Self::Quiet => "firehose that nobody listens to (`MESSAGE_UPDATE`): events/s".into(),
            Self::Unread => {
                "firehose of messages that are no commands, no listener: events/s".into()
            }
            Self::Heard => {
                "firehose of messages, one listener that reads the text: events/s".into()
            }
            Self::Start(guilds) => format!("start until first reply, {}: ms", servers(guilds)),
            Self::Memory(guilds) => format!("RSS, {}, one plugin: MiB", servers(guilds)),
            Self::PluginMemory => "RSS for each further plugin: MiB".into(),
            Self::StartCold => "start until first reply with 12 plugins, files new: ms".into(),
            Self::StartKnown => "the same, files known: ms".into(),
        }
    }

    /// What issue 20 asks for.
    pub fn goal(self) -> &'static str {
        match self {
            Self::Median => "ratio ≤ 1.3",
            Self::Quiet => "ratio ≥ 1.0",
            Self::Prefix => "ratio ≥ 0.9",
            Self::SlashMany | Self::SlashLimited => "ratio ≥ 1.5",
            Self::Heard => "ratio ≥ 0.8",
            Self::Start(1_000) => "≤ 100 ms",
            Self::Start(5_000) => "≤ 300 ms",
            Self::Memory(1) => "≤ 15",
            Self::Memory(1_000) => "≤ 20",
            Self::Memory(5_000) => "≤ 45",
            Self::PluginMemory => "≤ 0.5",
            Self::StartCold => "≤ 150 ms",
            Self::StartKnown => "≤ 60 ms",
            _ => "",
        }
    }
}

fn servers(number: u64) -> String {
    match number {
        1 => "1 server".into(),
        many => format!("{} servers", number_words(many as f64)),
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<(Figure, Kind), Vec<f64>>);

impl Figures {
    /// Notes one, and says so.
    pub fn note(&mut self, figure: Figure, kind: Kind, value: f64) {
        eprintln!(
            "{:>12}  {}: {}",
            kind.name(),
            figure.words(),
            number_words(value)
        );
        self.0.entry((figure, kind)).or_default().push(value);
    }

    /// Figures that there are, in order.
    pub fn all(&self) -> Vec<Figure> {
        let mut all: Vec<Figure> = self.0.keys().map(|(figure, _)| *figure).collect();
        all.dedup();
        all
    }

    /// Median, least and greatest of the rounds.
    pub fn spread(&self, figure: Figure, kind: Kind) -> Option<(f64, f64, f64)> {
        let mut rounds = self.0.get(&(figure, kind))?.clone();
        rounds.sort_by(f64::total_cmp);
        let middle = rounds.len() / 2;
        let median = match rounds.len() % 2 {
            0 => (rounds[middle - 1] + rounds[middle]) / 2.0,
            _ => rounds[middle],
        };
        Some((median, rounds[0], rounds[rounds.len() - 1]))
    }

    /// Each round of each figure, for whoever wants to reckon otherwise.
    pub fn json(&self) -> Value {
        let all = self.0.iter().map(|((figure, kind), rounds)| {
            let rounds: Vec<f64> = rounds
                .iter()
                .map(|it| (it * 100.0).round() / 100.0)
                .collect();
            json!({"figure": figure.words(), "bot": kind.name(), "rounds": rounds})
        });
        Value::Array(all.collect())
    }
}

/// Part of sorted numbers.
pub fn at(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (last as f64 * part).round() as usize;
    sorted.get(place).copied().unwrap_or_default()
}

/// Three figures or more, thousands parted.
pub fn number_words(value: f64) -> String {
    if value < 9.95 {
        return format!("{value:.2}");
    }
    if value < 99.5 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut words = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_parted() {
        let words = [0.5, 9.96, 99.6, 1_000.4, 1_234_567.0].map(number_words);
        assert_eq!(words, ["0.50", "10.0", "100", "1,000", "1,234,567"]);
    }

    #[test]
    fn medians_are_of_odd_and_of_even_rounds() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.0] {
            figures.note(Figure::Median, Kind::Twilight, value);
        }
        let spread = figures.spread(Figure::Median, Kind::Twilight);
        assert_eq!(spread, Some((2.0, 1.0, 3.0)));
        figures.note(Figure::Median, Kind::Twilight, 9.0);
        let spread = figures.spread(Figure::Median, Kind::Twilight);
        assert_eq!(spread, Some((2.5, 1.0, 9.0)));
        assert_eq!(figures.spread(Figure::P99, Kind::Twilight), None);
    }

    #[test]
    fn percentiles_reach_the_last() {
        assert_eq!(at(&[1.0, 2.0, 3.0], 0.5), 2.0);
        assert_eq!(at(&[1.0, 2.0, 3.0], 1.0), 3.0);
        assert_eq!(at(&[], 0.5), 0.0);
    }
}
