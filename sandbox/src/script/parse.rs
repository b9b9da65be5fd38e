//! Parser of one line of a script.

use std::time::Duration;

use super::{
    act::{Act, VERBS, act},
    control::{WORDS, control},
    words::duration,
};
use crate::{control::Control, error::nearest};

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// Nothing, or a comment.
    Blank,
    /// `user@channel: …`
    Speak {
        user: String,
        channel: String,
        speech: String,
    },
    /// The same without the user: the last one goes on.
    Bare(String),
    /// What concerns the sandbox itself.
    Control(Control),
    /// `[user] verb …`, or `user@channel verb …`
    Act { user: Option<String>, act: Act },
    /// Nothing happens for this long, in real time.
    Wait(Duration),
    /// The grammar is shown.
    Help,
    /// The end, whatever follows.
    Quit,
}

impl Line {
    /// Whether the line only looks.
    pub(super) const fn is_expectation(&self) -> bool {
        matches!(self, Self::Act { act, .. } if act.is_expectation())
    }
}

/// Reads a line, or says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Blank);
    }
    if let Some(own) = own(line) {
        return own;
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
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("{user} says nothing"));
        }
        return Ok(Line::Speak {
            user: user.to_owned(),
            channel: channel.to_owned(),
            speech: text.to_owned(),
        });
    }
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let second = rest.split_whitespace().next().unwrap_or_default();
    if VERBS.contains(&second)
        && let Some(act) = act(rest.trim())?
    {
        return Ok(Line::Act {
            user: Some(first.to_owned()),
            act,
        });
    }
    // What was meant for the sandbox must not be said for a letter that is wrong. A word that is one goes on as a
    // sentence: `drop it`, `wait for me`.
    let mut words = VERBS.iter().chain(WORDS).chain(OWN).copied();
    match nearest(first, words.clone()) {
        Some(word) if word != first => Err(format!(
            "`{first}` is nothing that can be done; did you mean `{word}`? what is to be said stands after `user@channel:`"
        )),
        _ if rest.is_empty() && words.any(|word| word == first) => {
            Err(format!("`{first}` needs more than that; `help` tells what"))
        }
        _ => Ok(Line::Bare(line.to_owned())),
    }
}

/// The words of scripts and the terminal themselves.
const OWN: &[&str] = &["wait", "help", "quit", "exit"];

fn own(line: &str) -> Option<Result<Line, String>> {
    let words: Vec<_> = line.split_whitespace().collect();
    Some(match words.as_slice() {
        ["help"] => Ok(Line::Help),
        ["quit" | "exit"] => Ok(Line::Quit),
        ["wait", time] => duration(time).map(Line::Wait),
        ["wait"] => Err("wait how long? `wait 500ms`, `wait 3s`".to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::act::Voice;

    fn speak(speech: &str) -> Line {
        Line::Speak {
            user: "owner".to_owned(),
            channel: "general".to_owned(),
            speech: speech.to_owned(),
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
            ("owner@general: !hello: you", speak("!hello: you")),
            ("owner@general: /echo text:hi", speak("/echo text:hi")),
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
            ("hello there", Line::Bare("hello there".to_owned())),
            ("/echo text:hi", Line::Bare("/echo text:hi".to_owned())),
            ("a: b", Line::Bare("a: b".to_owned())),
            ("!ping", Line::Bare("!ping".to_owned())),
            ("wait 300ms", Line::Wait(Duration::from_millis(300))),
            ("wait for me", Line::Bare("wait for me".to_owned())),
            ("help", Line::Help),
            ("drop it", Line::Bare("drop it".to_owned())),
            ("hang on", Line::Bare("hang on".to_owned())),
            ("help me", Line::Bare("help me".to_owned())),
            ("quit", Line::Quit),
            ("edit it was so", acts(Act::Edit("it was so".to_owned()))),
            ("unreact 👍", acts(Act::Unreact("👍".to_owned()))),
            ("join", acts(Act::Join(None))),
            (
                "leave \"My club\"",
                acts(Act::Leave(Some("My club".to_owned()))),
            ),
            (
                "voice lounge",
                acts(Act::Voice(Voice::Join("lounge".to_owned()))),
            ),
            ("voice leave", acts(Act::Voice(Voice::Leave))),
            ("voice undeafen", acts(Act::Voice(Voice::Deafen(false)))),
            (
                "file note.txt \"what is in it\" and a text",
                acts(Act::File {
                    name: "note.txt".to_owned(),
                    content: "what is in it".to_owned(),
                    text: "and a text".to_owned(),
                }),
            ),
            (
                "role remove member Old hand",
                acts(Act::Role {
                    member: "member".to_owned(),
                    role: "Old hand".to_owned(),
                    give: false,
                }),
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
            "owner@general:",
            "click",
            "pick",
            "submit name",
            "raw",
            "raw TOMORROW",
            "expect-nothing at all",
            "wait",
            "wait long",
            "delete it",
            "file note.txt",
            "upload note.txt",
            "post title",
            "role member Moderator",
            "role add member",
            "nick",
            // A letter off.
            "expct Hello",
            "clik Yes",
            "member expect",
            "hlep",
            "qiut",
            "clokc pause",
            "close",
            "limits",
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
            ("unreact", "the emoji"),
            ("edit", "the text"),
            ("voice", "the channel"),
            ("file", "the file's name"),
            ("upload a.txt", "what is in it"),
            ("post", "the title"),
            ("nick", "the member"),
            ("role", "given and taken"),
            ("wait", "how long"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(what), "{error}");
            let example = error.split('`').nth(1).unwrap();
            assert!(parse(example).is_ok(), "{example}");
        }
    }

    #[test]
    fn each_verb_is_one_and_near_ones_are_named() {
        for verb in VERBS {
            // Alone it is a deed, or lacks something; it is never said.
            assert!(!matches!(parse(verb), Ok(Line::Bare(_))), "{verb}");
        }
        for (line, meant) in [
            ("expct hi", "`expect`"),
            ("unraect 👍", "`unreact`"),
            ("hlep", "`help`"),
            ("recnnect", "`reconnect`"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(meant), "{error}");
        }
    }
}
