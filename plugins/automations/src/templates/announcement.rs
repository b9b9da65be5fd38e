//! Template `announcement`: a message that comes again and again.

use std::time::Duration;

use jiff::{SpanRelativeTo, fmt::friendly::SpanParser};
use plugin_api::text::code;

use super::{Group, Template, WRITE, message, nothing};
use crate::model::{Card, Kind, Parameter};

/// The shortest interval: what comes more often is a flood.
const SHORTEST: Duration = Duration::from_secs(300);

/// The longest.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

pub(super) const TEMPLATE: Template = Template {
    name: "announcement",
    reference: "scheduled_announcement",
    title: "Announcement",
    icon: "📣",
    description: "Says something again and again: every few hours, or at certain times",
    trigger: "It is time",
    groups: &[Group {
        title: "Announcement",
        parameters: &[
            Parameter::new(
                "channel",
                "Channel",
                "Where it is said",
                Kind::Channel(WRITE),
            )
            .required(),
            Parameter::new(
                "message",
                "Message",
                "What is said; variables work",
                Kind::Text(2_000),
            )
            .required(),
            Parameter::new(
                "when",
                "When",
                "Every 24h, or as cron: 0 9 * * mon-fri",
                Kind::Line(100),
            )
            .required()
            .default("24h"),
            Parameter::new("card", "As a card", "Whether it is a card", Kind::Toggle).default("no"),
        ],
    }],
    variables: &[],
    steps: |values| {
        let card = values.flag("card").then(Card::default);
        vec![message(
            values.channel("channel"),
            values.text("message"),
            card,
        )]
    },
    check: |values| {
        read(values.text("when"))
            .map(drop)
            .map_err(|why| format!("**When**: {why}"))
    },
    events: |_| &[],
    claims: nothing,
};

/// When it comes.
#[derive(Debug, PartialEq)]
pub(crate) enum When {
    Every(Duration),
    /// Five fields. Whether they can be read, the host says.
    Cron(String),
}

/// Reads an interval or a cron expression.
///
/// # Errors
///
/// What is expected.
pub(crate) fn read(typed: &str) -> Result<When, String> {
    let text = typed.trim().to_lowercase();
    let interval = text.strip_prefix("every ").unwrap_or(&text).trim();
    let period = || -> Option<Duration> {
        // `10` of what?
        if interval.parse::<f64>().is_ok() {
            return None;
        }
        let span = SpanParser::new().parse_span(interval).ok()?;
        if span.get_months() != 0 || span.get_years() != 0 {
            return None;
        }
        span.to_duration(SpanRelativeTo::days_are_24_hours())
            .ok()?
            .try_into()
            .ok()
    };
    if let Some(period) = period() {
        return match (SHORTEST..=LONGEST).contains(&period) {
            true => Ok(When::Every(period)),
            false => Err("an interval is from 5 minutes to a year".into()),
        };
    }
    match text.split_whitespace().count() {
        5 => Ok(When::Cron(text)),
        _ => Err(format!(
            "{} is neither an interval such as `24h` nor a cron expression such as `0 9 * * mon`",
            code(typed)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_cron_expressions_are_told_apart() {
        assert_eq!(read("24h"), Ok(When::Every(Duration::from_secs(86_400))));
        assert_eq!(
            read(" every 90m "),
            Ok(When::Every(Duration::from_secs(5_400)))
        );
        assert_eq!(read("0 9 * * MON"), Ok(When::Cron("0 9 * * mon".into())));
        for (text, wanted) in [
            ("0h", "5 minutes"),
            ("299s", "5 minutes"),
            ("400d", "a year"),
            ("24", "neither"),
            ("soon", "neither"),
            ("-1h", "neither"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(wanted), "{text}: {why}");
        }
    }
}
