//! Forms of texts: time zones and cron expressions, as schedules read them, and what settings are checked by besides.

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use host_base::nearest::nearest;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use plugin_api::manifest::SettingFormat;

/// A time zone by its IANA name, upper and lower case alike.
///
/// # Errors
///
/// There is none, and which may be meant.
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        let next_step = match meant(name) {
            Some(zone) => format!("did you mean `{zone}`?"),
            None => "write its IANA name, such as `Europe/Berlin` or `UTC`".to_owned(),
        };
        format!("there is no time zone `{}`; {next_step}", shortened(name))
    })
}

/// The zone whose city it is, or else the one that is spelled nearly so.
fn meant(name: &str) -> Option<String> {
    // Of those that are compiled in: what is proposed does not depend on the machine.
    let known: Vec<String> = TimeZoneDatabase::bundled()
        .available()
        .map(|zone| zone.to_string())
        .collect();
    let city = name.trim().replace(' ', "_");
    let is_city = |zone: &&String| {
        zone.rsplit_once('/')
            .is_some_and(|(_, of_zone)| of_zone.eq_ignore_ascii_case(&city))
    };
    let known_as = known.iter().find(is_city).map(String::as_str);
    let spelled = || nearest(&city, known.iter().map(String::as_str));
    known_as.or_else(spelled).map(str::to_owned)
}

/// A cron expression of five fields, or six with seconds, or `@daily` and the like.
///
/// # Errors
///
/// It can't be read, and why.
pub(crate) fn cron(expression: &str) -> Result<Cron, String> {
    CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build()
        .parse(expression)
        .map_err(|error| {
            format!(
                "`{}` is no cron expression such as `0 9 * * mon`: {error}",
                shortened(expression)
            )
        })
}

/// Whether a text has the form that a setting asks for. What a later version asks for is not checked.
///
/// # Errors
///
/// What is wrong with it, and what would be right.
pub(crate) fn check(format: SettingFormat, text: &str) -> Result<(), String> {
    match format {
        SettingFormat::TimeZone => time_zone(text).map(drop),
        SettingFormat::Cron => cron(text).map(drop),
        SettingFormat::Url => url(text),
        SettingFormat::Color => color(text),
        _ => Ok(()),
    }
}

/// What a format takes, in words; `None` for one of a later version.
pub(crate) fn in_words(format: SettingFormat) -> Option<&'static str> {
    Some(match format {
        SettingFormat::TimeZone => "time zone, such as `Europe/Berlin`",
        SettingFormat::Cron => "cron expression, such as `0 9 * * mon`",
        SettingFormat::Url => "address that begins with `http://` or `https://`",
        SettingFormat::Color => "colour, such as `#5865f2`",
        _ => return None,
    })
}

fn url(text: &str) -> Result<(), String> {
    // The parser mends much of what it reads: blanks around it, `http:example.org`.
    let begins = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let is_whole = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if begins && is_whole && reqwest::Url::parse(text).is_ok_and(|url| url.has_host()) {
        return Ok(());
    }
    Err(format!(
        "expected an address such as `https://example.org/feed`, found `{}`",
        shortened(text)
    ))
}

fn color(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(format!(
        "expected a colour: `#` and six hexadecimal digits, such as `#5865f2`, found `{}`",
        shortened(text)
    ))
}

/// As much of it as a sentence holds.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_all(format: SettingFormat, good: &[&str], bad: &[(&str, &str)]) {
        for text in good {
            assert_eq!(check(format, text), Ok(()), "{text}");
        }
        for (text, why) in bad {
            let found = check(format, text).expect_err(text);
            assert!(found.contains(why), "{text}: {found}");
            assert!(found.contains(&format!("`{text}`")), "{text}: {found}");
        }
    }

    #[test]
    fn time_zones_have_iana_names() {
        check_all(
            SettingFormat::TimeZone,
            &["UTC", "Europe/Berlin", "europe/berlin", "Asia/Kolkata"],
            &[
                ("Mars/Olympus", "write its IANA name, such as"),
                ("Europe/Brelin", "did you mean `Europe/Berlin`?"),
                ("tokyo", "did you mean `Asia/Tokyo`?"),
                ("new york", "did you mean `America/New_York`?"),
                ("", "write its IANA name"),
            ],
        );
    }

    #[test]
    fn addresses_are_whole_and_of_the_web() {
        check_all(
            SettingFormat::Url,
            &[
                "https://example.org",
                "HTTP://127.0.0.1:8080/a?b=c#d",
                "https://münchen.example/ß",
            ],
            &[
                ("example.org", "expected an address such as"),
                ("ftp://example.org", "expected an address such as"),
                ("http:example.org", "expected an address such as"),
                ("https://", "expected an address such as"),
                ("https://exam ple.org", "expected an address such as"),
                ("https://example.org ", "expected an address such as"),
                ("", "expected an address such as"),
            ],
        );
    }

    #[test]
    fn cron_expressions_are_those_of_schedules() {
        check_all(
            SettingFormat::Cron,
            &["0 9 * * mon", "*/5 * * * * *", "@daily"],
            &[
                ("hourly", "is no cron expression such as"),
                ("0 25 * * *", "is no cron expression such as"),
                ("0 9 * * * * 2030", "is no cron expression such as"),
            ],
        );
    }

    #[test]
    fn colours_are_six_digits() {
        check_all(
            SettingFormat::Color,
            &["#5865f2", "#FFFFFF"],
            &[
                ("5865f2", "expected a colour"),
                ("#fff", "expected a colour"),
                ("#gggggg", "expected a colour"),
                ("red", "expected a colour"),
            ],
        );
    }

    #[test]
    fn each_format_is_told_and_one_of_a_later_version_is_not_checked() {
        for format in SettingFormat::ALL {
            assert!(in_words(*format).is_some(), "{format:?}");
            assert!(check(*format, "?").is_err(), "{format:?} takes anything");
        }
        assert_eq!(in_words(SettingFormat::Unknown), None);
        assert_eq!(check(SettingFormat::Unknown, "?"), Ok(()));
    }

    #[test]
    fn what_is_long_is_told_in_part() {
        let found = check(SettingFormat::Color, &"x".repeat(5_000)).unwrap_err();
        assert!(found.len() < 200, "{found}");
    }
}
