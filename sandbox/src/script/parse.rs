//! One line of a script.

use super::control::control;
use crate::{actor::value, control::Control};

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// Nothing, or a comment.
    Blank,
    /// `user@channel: …`
    Speak {
        user: String,
        channel: String,
        speech: Speech,
    },
    /// What concerns the sandbox itself.
    Control(Control),
    /// `[user] verb …`
    Act { user: Option<String>, act: Act },
}

/// What is typed into the chat box.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Speech {
    Says(String),
    Slash(String),
}

/// Everything else that a user does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Act {
    Click(String),
    Pick {
        menu: String,
        values: Vec<String>,
    },
    Submit(Vec<(String, String)>),
    React(String),
    /// Any payload as a gateway event.
    Raw {
        event: String,
        data: String,
    },
    Expect(String),
    ExpectEphemeral(String),
    ExpectNothing,
}

impl Line {
    /// Whether the line only looks.
    pub(super) const fn is_expectation(&self) -> bool {
        matches!(
            self,
            Self::Act {
                act: Act::Expect(_) | Act::ExpectEphemeral(_) | Act::ExpectNothing,
                ..
            }
        )
    }
}

/// Reads a line, or says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Blank);
    }
    if let Some(control) = control(line) {
        return Ok(Line::Control(control?));
    }
    if let Some(act) = act(line)? {
        return Ok(Line::Act { user: None, act });
    }
    if let Some((head, text)) = line.split_once(':')
        && let Some((user, channel)) = head.split_once('@')
        && ![user, channel]
            .iter()
            .any(|name| name.is_empty() || name.contains(char::is_whitespace))
    {
        let (user, channel, text) = (user.to_owned(), channel.to_owned(), text.trim());
        if text.is_empty() {
            return Err(format!("{user} says nothing"));
        }
        let speech = match text.strip_prefix('/') {
            Some(command) => Speech::Slash(command.to_owned()),
            None => Speech::Says(text.to_owned()),
        };
        return Ok(Line::Speak {
            user,
            channel,
            speech,
        });
    }
    if let Some((user, rest)) = line.split_once(char::is_whitespace)
        && let Some(act) = act(rest.trim())?
    {
        return Ok(Line::Act {
            user: Some(user.to_owned()),
            act,
        });
    }
    Err("this line is neither `user@channel: text` nor one of click, pick, submit, react and expect".to_owned())
}

/// Reads `verb …`; `None` if it begins with no verb.
fn act(line: &str) -> Result<Option<Act>, String> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let act = match verb {
        "click" => Act::Click(one(verb, rest)?),
        "react" => Act::React(one(verb, rest)?),
        "expect" => Act::Expect(one(verb, rest)?),
        "expect-ephemeral" => Act::ExpectEphemeral(one(verb, rest)?),
        "expect-nothing" if rest.is_empty() => Act::ExpectNothing,
        "expect-nothing" => return Err("expect-nothing stands alone".to_owned()),
        "pick" => {
            let mut words = words(rest)?.into_iter();
            let menu = words.next().ok_or("pick what? the menu and what is picked in it are missing: `pick \"Your colour\" red`")?;
            Act::Pick {
                menu,
                values: words.collect(),
            }
        }
        "submit" => Act::Submit(fields(rest)?),
        "raw" => {
            let (event, data) = rest.split_once(char::is_whitespace).ok_or(
                "raw what? the event or its data is missing: `raw MESSAGE_CREATE {\"id\": \"$id\"}`",
            )?;
            Act::Raw {
                event: event.to_owned(),
                data: data.trim().to_owned(),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(act))
}

/// The rest of the line, with or without quotes around it.
fn one(verb: &str, rest: &str) -> Result<String, String> {
    if rest.is_empty() {
        let (missing, example) = match verb {
            "click" => ("the button's label", "Yes"),
            "react" => ("the emoji", "👍"),
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

fn words(mut rest: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, after) = value(rest).map_err(|error| error.to_string())?;
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

/// `name="value" "long name"=value …`
fn fields(mut rest: &str) -> Result<Vec<(String, String)>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn speak(speech: Speech) -> Line {
        Line::Speak {
            user: "owner".to_owned(),
            channel: "general".to_owned(),
            speech,
        }
    }

    fn acts(act: Act) -> Line {
        Line::Act { user: None, act }
    }

    #[test]
    fn lines_are_read() {
        let cases = [
            ("", Line::Blank),
            ("  # hello", Line::Blank),
            (
                "owner@general: !hello: you",
                speak(Speech::Says("!hello: you".to_owned())),
            ),
            (
                "owner@general: /echo text:hi",
                speak(Speech::Slash("echo text:hi".to_owned())),
            ),
            ("click \"Yes, do\"", acts(Act::Click("Yes, do".to_owned()))),
            ("click Yes", acts(Act::Click("Yes".to_owned()))),
            (
                "expect user@host: hi",
                acts(Act::Expect("user@host: hi".to_owned())),
            ),
            (
                "expect \"a\" and \"b\"",
                acts(Act::Expect("\"a\" and \"b\"".to_owned())),
            ),
            ("expect-nothing", acts(Act::ExpectNothing)),
            (
                "pick \"Your colour\" red \"dark green\"",
                acts(Act::Pick {
                    menu: "Your colour".to_owned(),
                    values: vec!["red".to_owned(), "dark green".to_owned()],
                }),
            ),
            (
                "submit name=\"Ada L\" \"Your age\"=36",
                acts(Act::Submit(vec![
                    ("name".to_owned(), "Ada L".to_owned()),
                    ("Your age".to_owned(), "36".to_owned()),
                ])),
            ),
            (
                "raw TOMORROW {\"a\": null}",
                acts(Act::Raw {
                    event: "TOMORROW".to_owned(),
                    data: "{\"a\": null}".to_owned(),
                }),
            ),
            (
                "mod react 👍",
                Line::Act {
                    user: Some("mod".to_owned()),
                    act: Act::React("👍".to_owned()),
                },
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line), Ok(expected), "{line}");
        }
        for line in [
            "hello",
            "owner@general:",
            "click",
            "pick",
            "submit name",
            "raw",
            "raw TOMORROW",
            "expect-nothing at all",
            "a b c",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_an_example_that_can_be_read() {
        for (line, what) in [
            ("click", "the button's label"),
            ("react", "the emoji"),
            ("expect", "a part of the bot's answer"),
            ("mod expect-ephemeral ", "a part of the bot's answer"),
            ("pick", "the menu"),
            ("raw", "the event"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(what), "{error}");
            let example = error.split('`').nth(1).unwrap();
            assert!(parse(example).is_ok(), "{example}");
        }
    }
}
