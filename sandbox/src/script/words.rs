//! Tokenizer of a line: bare words, those in double quotes, and times.

use std::time::Duration;

use crate::actor::value;

/// The rest of the line, with or without quotes around it.
pub(super) fn one(verb: &str, rest: &str) -> Result<String, String> {
    if rest.is_empty() {
        let (missing, example) = match verb {
            "click" => ("the button's label", "Yes"),
            "react" | "unreact" => ("the emoji", "👍"),
            "reply" | "edit" => ("the text", "Hello"),
            "thread" => ("the thread's name", "Talk"),
            "voice" => (
                "the channel, or leave, mute, unmute, deafen, undeafen",
                "lounge",
            ),
            _ => ("a part of the bot's answer", "Hello"),
        };
        return Err(format!(
            "{verb} what? {missing} is missing: `{verb} {example}`"
        ));
    }
    if rest.starts_with('"')
        && let Ok((text, after)) = value(rest)
        && after.trim().is_empty()
    {
        return Ok(text);
    }
    Ok(rest.to_owned())
}

/// The same, where nothing is an answer, too.
pub(super) fn optional(rest: &str) -> Option<String> {
    one("", rest).ok()
}

/// All words of a line.
pub(super) fn words(mut rest: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, after) = value(rest).map_err(|error| error.to_string())?;
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

/// Two words or more.
pub(super) fn pair(rest: &str, otherwise: &str) -> Result<Vec<String>, String> {
    let words = words(rest)?;
    if words.len() < 2 {
        return Err(otherwise.to_owned());
    }
    Ok(words)
}

/// `name="value" "long name"=value …`
pub(super) fn fields(mut rest: &str) -> Result<Vec<(String, String)>, String> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (name, after) = if rest.starts_with('"') {
            value(rest).map_err(|error| error.to_string())?
        } else {
            let end = rest.find(['=', ' ']).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        let after = after
            .strip_prefix('=')
            .ok_or_else(|| format!("`{name}` has no value: `{name}=\"…\"`"))?;
        let (text, after) = value(after).map_err(|error| error.to_string())?;
        fields.push((name, text));
        rest = after.trim_start();
    }
    Ok(fields)
}

/// `300ms`, `3s`, `15m`, `2h`, `1d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let ms = number.parse::<u64>().ok();
    ms.filter(|_| unit_ms > 0)
        .and_then(|number| number.checked_mul(unit_ms))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is no time: 300ms, 3s, 15m, 2h, 1d"))
}
