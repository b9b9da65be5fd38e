//! Parser of one word as an option's value.

use host_base::invisible::trim;
use jiff::{SignedDuration, Timestamp, civil, fmt::friendly, tz::TimeZone};
use plugin_api::{
    abi::OptionValue,
    manifest::{OptionKind, OptionManifest},
};

use super::emoji;

/// Kind of a word, as far as it shows without asking anybody.
pub(super) enum Value {
    /// This.
    Known(OptionValue),
    /// A user, member, role, channel or message that has to be found.
    Named,
}

/// Reads a word; the error is a reason of its own, or `None` where "… is expected" says it all.
pub(super) fn read(option: &OptionManifest, word: &str) -> Result<Value, Option<String>> {
    // A text is what the member wrote; of a number or a name, what nobody sees is no part.
    let text = word;
    let word = trim(word);
    if !option.choices.is_empty() {
        return choice(option, word).map(Value::Known).ok_or(None);
    }
    let value = match option.kind {
        OptionKind::Integer => {
            let number: i64 = word.parse().map_err(|_| None)?;
            // Discord's own bounds, so that prefix and slash take the same.
            let within =
                (-(1i64 << 53)..=1 << 53).contains(&number) && in_bounds(option, number as f64);
            within.then_some(OptionValue::Integer(number))
        }
        OptionKind::Number => {
            let number: f64 = word.replace(',', ".").parse().map_err(|_| None)?;
            let within = number.is_finite() && in_bounds(option, number);
            within.then_some(OptionValue::Number(number))
        }
        OptionKind::Boolean => match &*word.to_lowercase() {
            "true" | "yes" | "y" | "on" | "1" => Some(OptionValue::Boolean(true)),
            "false" | "no" | "n" | "off" | "0" => Some(OptionValue::Boolean(false)),
            _ => None,
        },
        OptionKind::Duration => duration(word)
            .filter(|duration| in_bounds(option, duration.as_secs_f64()))
            .and_then(|duration| u64::try_from(duration.as_millis()).ok())
            .map(OptionValue::Duration),
        OptionKind::Date => date(word, Timestamp::now()).map(OptionValue::Date),
        OptionKind::Emoji => emoji::read(word),
        OptionKind::User
        | OptionKind::Message
        | OptionKind::Member
        | OptionKind::Role
        | OptionKind::Channel
        | OptionKind::Mentionable => return Ok(Value::Named),
        OptionKind::Attachment => None,
        _ => in_bounds(option, text.chars().count() as f64)
            .then(|| OptionValue::String(text.to_owned())),
    };
    value.map(Value::Known).ok_or(None)
}

fn choice(option: &OptionManifest, word: &str) -> Option<OptionValue> {
    let wanted = word.to_lowercase();
    let choice = option.choices.iter().find(|choice| {
        choice.name.to_lowercase() == wanted
            || choice.value.as_str().map_or_else(
                || {
                    word.parse().is_ok_and(|number: serde_json::Number| {
                        choice.value == serde_json::Value::Number(number)
                    })
                },
                |value| value.to_lowercase() == wanted,
            )
    })?;
    of_choice(option.kind, &choice.value)
}

/// A choice's value, as the option's kind.
pub(super) fn of_choice(kind: OptionKind, value: &serde_json::Value) -> Option<OptionValue> {
    match kind {
        OptionKind::Integer => value.as_i64().map(OptionValue::Integer),
        OptionKind::Number => value.as_f64().map(OptionValue::Number),
        _ => value
            .as_str()
            .map(|text| OptionValue::String(text.to_owned())),
    }
}

fn in_bounds(option: &OptionManifest, value: f64) -> bool {
    option.min.is_none_or(|min| value >= min) && option.max.is_none_or(|max| value <= max)
}

/// `90s`, `1h30m`, `2 days`, `1:30:00`. Days and weeks are of 24 and 168 hours.
fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim().to_lowercase();
    if text.parse::<f64>().is_ok() {
        // `10` of what?
        return None;
    }
    let span = friendly::SpanParser::new().parse_span(&*text).ok()?;
    // Months and years have no length of their own.
    if span.get_months() != 0 || span.get_years() != 0 {
        return None;
    }
    let duration = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()?;
    (duration > SignedDuration::ZERO).then_some(duration)
}

pub(super) fn duration_in_words(seconds: f64) -> String {
    let duration = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    format!("{duration:#}")
}

/// Seconds since 1970: a day or a point in time in UTC, one with an offset, Discord's `<t:…>`, or from now on.
fn date(text: &str, now: Timestamp) -> Option<i64> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix("<t:") {
        let (seconds, _) = inside
            .trim_end_matches('>')
            .split_once(':')
            .unwrap_or((inside.strip_suffix('>')?, ""));
        let seconds: i64 = seconds.parse().ok()?;
        return Timestamp::from_second(seconds)
            .ok()
            .map(Timestamp::as_second);
    }
    match &*text.to_lowercase() {
        "now" => return Some(now.as_second()),
        "today" => return midnight(now, 0),
        "tomorrow" => return midnight(now, 1),
        relative => {
            if let Some(from_now) = relative.strip_prefix("in ") {
                return Some(now.checked_add(duration(from_now)?).ok()?.as_second());
            }
        }
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_second());
    }
    let civil: civil::DateTime = text.parse().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn midnight(now: Timestamp, days: i64) -> Option<i64> {
    let day = now.to_zoned(TimeZone::UTC).date();
    let day = day.checked_add(jiff::Span::new().days(days)).ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("1h30m", Some(5_400)),
            ("1h 30m", Some(5_400)),
            ("2 days", Some(172_800)),
            ("1w", Some(604_800)),
            ("1D12H", Some(129_600)),
            ("1:30:00", Some(5_400)),
            ("10", None),
            ("-5m", None),
            ("0s", None),
            ("3 months", None),
            ("soon", None),
        ] {
            let found = duration(text).map(|duration| duration.as_secs());
            assert_eq!(found, seconds, "for {text}");
        }
    }

    #[test]
    fn points_in_time() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (text, expect) in [
            ("2026-12-24", Some("2026-12-24T00:00:00Z")),
            ("2026-12-24 18:00", Some("2026-12-24T18:00:00Z")),
            ("2026-12-24T18:00:00+01:00", Some("2026-12-24T17:00:00Z")),
            ("<t:1767225600>", Some("2026-01-01T00:00:00Z")),
            ("<t:1767225600:R>", Some("2026-01-01T00:00:00Z")),
            ("now", Some("2026-11-22T10:00:00Z")),
            ("Tomorrow", Some("2026-11-23T00:00:00Z")),
            ("in 2h", Some("2026-11-22T12:00:00Z")),
            ("2026-02-30", None),
            ("<t:x>", None),
            ("later", None),
        ] {
            let expect = expect.map(|text| text.parse::<Timestamp>().unwrap().as_second());
            assert_eq!(date(text, now), expect, "for {text}");
        }
    }
}
