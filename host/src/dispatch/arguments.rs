//! A prefix command's line, read into the same typed options that Discord sends for a slash command.

use std::collections::BTreeMap;

use plugin_api::{
    abi::OptionValue,
    manifest::{CommandManifest, OptionKind, OptionManifest},
};

/// Reads the line behind a command's name.
///
/// # Errors
///
/// A sentence for the member: which option, what was expected, what came, and the usage line.
pub fn read(
    prefix: &str,
    command: &CommandManifest,
    line: &str,
) -> Result<BTreeMap<String, OptionValue>, String> {
    let mut rest = line.trim();
    let mut options = BTreeMap::new();
    for option in &command.options {
        if rest.is_empty() {
            if option.required {
                return Err(with_usage(
                    prefix,
                    command,
                    &format!("`{}` is missing: {}.", option.name, expected(option)),
                ));
            }
            continue;
        }
        let (word, after) = if option.rest {
            (rest.to_owned(), "")
        } else {
            next_word(rest)
        };
        match value(option, &word) {
            Ok(value) => {
                options.insert(option.name.clone(), value);
                rest = after.trim_start();
            }
            Err(reason) => {
                let text = format!("`{}` can't be {}: {reason}.", option.name, quoted(&word));
                return Err(with_usage(prefix, command, &text));
            }
        }
    }
    if !rest.is_empty() {
        let text = if command.options.is_empty() {
            format!(
                "`{}` takes no options, and {} is one too many.",
                command.name,
                quoted(rest)
            )
        } else {
            format!(
                "{} is one too many; put text with blanks in \"quotes\".",
                quoted(rest)
            )
        };
        return Err(with_usage(prefix, command, &text));
    }
    Ok(options)
}

/// `!echo <text> [times]`.
#[must_use]
pub fn usage(prefix: &str, command: &CommandManifest) -> String {
    let mut usage = format!("{prefix}{}", command.name);
    for option in &command.options {
        let name = if option.choices.is_empty() {
            option.name.clone()
        } else {
            option.choices.join("|")
        };
        let name = if option.rest {
            format!("{name}…")
        } else {
            name
        };
        usage.push_str(&if option.required {
            format!(" <{name}>")
        } else {
            format!(" [{name}]")
        });
    }
    usage
}

fn with_usage(prefix: &str, command: &CommandManifest, text: &str) -> String {
    format!("{text}\nUsage: `{}`", usage(prefix, command))
}

/// The first word, or what stands in quotes; and the rest.
fn next_word(line: &str) -> (String, &str) {
    let quotes = [('"', '"'), ('“', '”'), ('«', '»')];
    for (open, close) in quotes {
        if let Some(inside) = line.strip_prefix(open)
            && let Some(end) = inside.find(close)
        {
            return (inside[..end].to_owned(), &inside[end + close.len_utf8()..]);
        }
    }
    match line.find(char::is_whitespace) {
        Some(end) => (line[..end].to_owned(), &line[end..]),
        None => (line.to_owned(), ""),
    }
}

fn value(option: &OptionManifest, word: &str) -> Result<OptionValue, String> {
    let wrong = || expected(option);
    match option.kind {
        OptionKind::Integer => {
            let number: i64 = word.parse().map_err(|_| wrong())?;
            // Discord's own bounds, so that prefix and slash take the same.
            let within =
                (-(1i64 << 53)..=1 << 53).contains(&number) && in_bounds(option, number as f64);
            within
                .then_some(OptionValue::Integer(number))
                .ok_or_else(wrong)
        }
        OptionKind::Number => {
            let number: f64 = word.replace(',', ".").parse().map_err(|_| wrong())?;
            let within = number.is_finite() && in_bounds(option, number);
            within
                .then_some(OptionValue::Number(number))
                .ok_or_else(wrong)
        }
        OptionKind::Boolean => match &*word.to_lowercase() {
            "true" | "yes" | "y" | "on" | "1" => Ok(OptionValue::Boolean(true)),
            "false" | "no" | "n" | "off" | "0" => Ok(OptionValue::Boolean(false)),
            _ => Err(wrong()),
        },
        OptionKind::User => id(word, &["<@!", "<@"])
            .map(OptionValue::User)
            .ok_or_else(wrong),
        OptionKind::Channel => id(word, &["<#"])
            .map(OptionValue::Channel)
            .ok_or_else(wrong),
        OptionKind::Role => id(word, &["<@&"]).map(OptionValue::Role).ok_or_else(wrong),
        _ => string(option, word),
    }
}

fn string(option: &OptionManifest, word: &str) -> Result<OptionValue, String> {
    if !option.choices.is_empty() {
        return option
            .choices
            .iter()
            .find(|choice| choice.eq_ignore_ascii_case(word))
            .map(|choice| OptionValue::String(choice.clone()))
            .ok_or_else(|| expected(option));
    }
    if !in_bounds(option, word.chars().count() as f64) {
        return Err(expected(option));
    }
    Ok(OptionValue::String(word.to_owned()))
}

fn in_bounds(option: &OptionManifest, value: f64) -> bool {
    option.min.is_none_or(|min| value >= min) && option.max.is_none_or(|max| value <= max)
}

/// A bare id, or a mention that begins with one of `opens`.
fn id(word: &str, opens: &[&str]) -> Option<u64> {
    let bare = opens
        .iter()
        .find_map(|open| word.strip_prefix(open)?.strip_suffix('>'))
        .unwrap_or(word);
    // Snowflakes are in the billions: a small number is a slip, not an id.
    bare.parse().ok().filter(|id| *id > 1 << 22)
}

fn expected(option: &OptionManifest) -> String {
    let between = |what: &str| match (option.min, option.max) {
        (Some(min), Some(max)) => format!("{what} from {min} to {max} is expected"),
        (Some(min), None) => format!("{what} of at least {min} is expected"),
        (None, Some(max)) => format!("{what} of at most {max} is expected"),
        (None, None) => format!("{what} is expected"),
    };
    match option.kind {
        OptionKind::Integer => between("a whole number"),
        OptionKind::Number => between("a number"),
        OptionKind::Boolean => "yes or no is expected".into(),
        OptionKind::User => "a user, as a mention or an id, is expected".into(),
        OptionKind::Channel => "a channel, as a mention or an id, is expected".into(),
        OptionKind::Role => "a role, as a mention or an id, is expected".into(),
        _ if !option.choices.is_empty() => {
            format!("one of {} is expected", option.choices.join(", "))
        }
        _ if option.min.is_some() || option.max.is_some() => {
            between("a text with a number of characters")
        }
        _ => "a text is expected".into(),
    }
}

/// What came, short and in quotes, with nothing in it that Discord would format.
fn quoted(word: &str) -> String {
    let mut short: String = word.chars().take(40).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    format!("`{}`", short.replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> CommandManifest {
        serde_json::from_value(serde_json::json!({
            "name": "echo",
            "options": [
                {"name": "text", "kind": "string", "required": true, "max": 10.0},
                {"name": "times", "kind": "integer", "min": 1.0, "max": 5.0},
                {"name": "loud", "kind": "boolean"},
                {"name": "colour", "kind": "string", "choices": ["red", "blue"]},
                {"name": "who", "kind": "user"},
            ],
        }))
        .unwrap()
    }

    fn check(line: &str, expect: &str) {
        let found = match read("!", &command(), line) {
            Ok(options) => options
                .iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect::<Vec<_>>()
                .join(" "),
            Err(text) => text.lines().next().unwrap_or_default().to_owned(),
        };
        assert_eq!(found, expect, "for `{line}`");
    }

    #[test]
    fn good_lines() {
        check("hi", r#"text=String("hi")"#);
        check(
            r#""a b" 3 yes"#,
            r#"loud=Boolean(true) text=String("a b") times=Integer(3)"#,
        );
        check(
            "x 1 off RED <@!123456789012345678>",
            r#"colour=String("red") loud=Boolean(false) text=String("x") times=Integer(1) who=User(123456789012345678)"#,
        );
    }

    #[test]
    fn bad_lines_name_the_option_and_what_was_expected() {
        check(
            "",
            "`text` is missing: a text with a number of characters of at most 10 is expected.",
        );
        check(
            "x nine",
            "`times` can't be `nine`: a whole number from 1 to 5 is expected.",
        );
        check(
            "x 9",
            "`times` can't be `9`: a whole number from 1 to 5 is expected.",
        );
        check(
            "x 1 maybe",
            "`loud` can't be `maybe`: yes or no is expected.",
        );
        check(
            "x 1 on green",
            "`colour` can't be `green`: one of red, blue is expected.",
        );
        check(
            "x 1 on red me",
            "`who` can't be `me`: a user, as a mention or an id, is expected.",
        );
        check(
            "x 1 on red <@123456789012345678> y",
            "`y` is one too many; put text with blanks in \"quotes\".",
        );
    }

    #[test]
    fn the_usage_line_shows_what_is_optional() {
        assert_eq!(
            usage("!", &command()),
            "!echo <text> [times] [loud] [red|blue] [who]"
        );
    }

    #[test]
    fn the_rest_of_the_line_keeps_its_blanks() {
        let command: CommandManifest = serde_json::from_value(serde_json::json!({
            "name": "say", "options": [{"name": "text", "kind": "string", "required": true, "rest": true}],
        }))
        .unwrap();
        let options = read("!", &command, "  a  \"b\" c ").unwrap();
        assert_eq!(options["text"], OptionValue::String("a  \"b\" c".into()));
    }
}
