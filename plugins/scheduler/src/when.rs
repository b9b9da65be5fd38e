//! Time of a plan: an interval such as `1h30m`, or a cron expression in a time zone.

use std::time::Duration;

use jiff::{SignedDuration, SpanRelativeTo, fmt::friendly::SpanParser, tz::TimeZoneDatabase};
use plugin_api::{prelude::*, text::code};

/// The shortest interval: what comes more often is a flood.
const SHORTEST: Duration = Duration::from_secs(60);

/// What somebody has typed.
#[derive(Debug, PartialEq)]
pub(crate) enum When {
    Every(Duration),
    /// Five fields, or `@daily` and the like. Whether they can be read, the host says.
    Cron(String),
}

/// Reads an interval or a cron expression.
pub(crate) fn read(typed: &str) -> Result<When> {
    let text = typed.trim();
    if let Some(period) = period(text) {
        if period < SHORTEST {
            return Err(Error::user("The shortest interval is a minute."));
        }
        return Ok(When::Every(period));
    }
    match text.split_whitespace().count() {
        5 => Ok(When::Cron(text.to_owned())),
        1 if text.starts_with('@') => Ok(When::Cron(text.to_owned())),
        6 => Err(Error::user(
            "A cron expression has five fields here: minute, hour, day of the month, month, day of the week. Seconds are too often.",
        )),
        _ => Err(Error::user(format!(
            "{} is neither an interval such as `1h30m` nor a cron expression such as `0 9 * * mon-fri`.",
            code(text)
        ))),
    }
}

fn period(text: &str) -> Option<Duration> {
    let text = text.to_lowercase();
    let text = text.strip_prefix("every ").unwrap_or(&text).trim();
    // `10` of what?
    if text.parse::<f64>().is_ok() {
        return None;
    }
    let span = SpanParser::new().parse_span(text).ok()?;
    // Months and years have no length of their own.
    if span.get_months() != 0 || span.get_years() != 0 {
        return None;
    }
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    // Of a day, a leap year holds 366: nothing that comes is further away than a century.
    let within = SignedDuration::ZERO..SignedDuration::from_hours(24 * 36_525);
    within.contains(&length).then_some(length)?.try_into().ok()
}

/// An interval, exactly: `1 h 30 min`.
pub(crate) fn period_in_words(period: Duration) -> String {
    let seconds = period.as_secs();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let words = units.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = words
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    words.join(" ")
}

/// Proposes time zones while one is typed: those that begin with it first.
pub(crate) async fn zones(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().trim().to_lowercase().replace(' ', "_");
    // Of those that are compiled in: nothing is read from the disk while somebody types.
    let all = TimeZoneDatabase::bundled();
    let mut found: Vec<String> = all
        .available()
        .map(|name| name.to_string())
        .filter(|name| name.to_lowercase().contains(&typed))
        .collect();
    let place = |name: &str| {
        let name = name.to_lowercase();
        let city = name.rsplit('/').next().unwrap_or_default();
        (!name.starts_with(&typed) && !city.starts_with(&typed), name)
    };
    found.sort_by_cached_key(|name| place(name));
    found.truncate(25);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(seconds: u64) -> When {
        When::Every(Duration::from_secs(seconds))
    }

    fn refused(text: &str) -> String {
        read(text).unwrap_err().user_message().unwrap().to_owned()
    }

    #[test]
    fn intervals_and_cron_expressions_are_told_apart() {
        assert_eq!(read("1h30m").unwrap(), every(5_400));
        assert_eq!(read(" every 2 days ").unwrap(), every(172_800));
        assert_eq!(read("60s").unwrap(), every(60));
        let cron = "0 9 * * mon-fri";
        assert_eq!(read(cron).unwrap(), When::Cron(cron.into()));
        assert_eq!(read("@daily").unwrap(), When::Cron("@daily".into()));
    }

    #[test]
    fn what_is_neither_is_refused_with_the_reason() {
        assert!(refused("59s").contains("a minute"));
        assert!(refused("* * * * * *").contains("five fields"));
        for text in ["10", "1 month", "soon", "-1h", ""] {
            assert!(refused(text).contains("neither"), "{text}");
        }
    }

    #[test]
    fn intervals_are_shown_exactly() {
        assert_eq!(period_in_words(Duration::from_secs(5_400)), "1 h 30 min");
        assert_eq!(
            period_in_words(Duration::from_secs(90_061)),
            "1 d 1 h 1 min 1 s"
        );
    }
}
