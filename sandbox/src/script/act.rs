//! Acts of a user besides writing: `[user] verb …`.

use super::words::{fields, one, optional, pair, words};

/// One deed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Act {
    Click(String),
    Pick {
        menu: String,
        values: Vec<String>,
    },
    Submit(Vec<(String, String)>),
    React(String),
    Unreact(String),
    Reply(String),
    Edit(String),
    Delete,
    Pin(bool),
    /// A file of this name with this in it; the text may be empty.
    File {
        name: String,
        content: String,
        text: String,
    },
    /// A file for an option or a modal's field, which then names it.
    Upload {
        name: String,
        content: String,
    },
    Thread(String),
    Post {
        title: String,
        text: String,
    },
    /// A guild by name, or a thread as `#name`; the guild of the channel without it.
    Join(Option<String>),
    Leave(Option<String>),
    Voice(Voice),
    Nick {
        member: String,
        nick: String,
    },
    Role {
        member: String,
        role: String,
        give: bool,
    },
    /// Any payload as a gateway event.
    Raw {
        event: String,
        data: String,
    },
    Expect(String),
    ExpectEphemeral(String),
    ExpectNothing,
}

/// What a user does with voice channels.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Voice {
    Join(String),
    Leave,
    Mute(bool),
    Deafen(bool),
}

/// The verbs that lines begin with, or have after the user.
pub(super) const VERBS: &[&str] = &[
    "click",
    "pick",
    "submit",
    "react",
    "unreact",
    "reply",
    "edit",
    "delete",
    "pin",
    "unpin",
    "file",
    "upload",
    "thread",
    "post",
    "join",
    "leave",
    "voice",
    "nick",
    "role",
    "raw",
    "expect",
    "expect-ephemeral",
    "expect-nothing",
];

impl Act {
    /// Whether it only looks.
    pub(super) const fn is_expectation(&self) -> bool {
        matches!(
            self,
            Self::Expect(_) | Self::ExpectEphemeral(_) | Self::ExpectNothing
        )
    }
}

/// Reads `verb …`; `None` if it begins with no verb.
pub(super) fn act(line: &str) -> Result<Option<Act>, String> {
    let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let alone = |act: Act| match rest {
        "" => Ok(act),
        _ => Err(format!("{verb} stands alone")),
    };
    let act = match verb {
        "click" => Act::Click(one(verb, rest)?),
        "react" => Act::React(one(verb, rest)?),
        "unreact" => Act::Unreact(one(verb, rest)?),
        "reply" => Act::Reply(one(verb, rest)?),
        "edit" => Act::Edit(one(verb, rest)?),
        "delete" => alone(Act::Delete)?,
        "pin" => alone(Act::Pin(true))?,
        "unpin" => alone(Act::Pin(false))?,
        "thread" => Act::Thread(one(verb, rest)?),
        "join" => Act::Join(optional(rest)),
        "leave" => Act::Leave(optional(rest)),
        "voice" => Act::Voice(voice(&one(verb, rest)?)),
        "expect" => Act::Expect(one(verb, rest)?),
        "expect-ephemeral" => Act::ExpectEphemeral(one(verb, rest)?),
        "expect-nothing" => alone(Act::ExpectNothing)?,
        "submit" => Act::Submit(fields(rest)?),
        "pick" => {
            let mut words = words(rest)?.into_iter();
            let menu = words.next().ok_or("pick what? the menu and what is picked in it are missing: `pick \"Your colour\" red`")?;
            Act::Pick {
                menu,
                values: words.collect(),
            }
        }
        "file" => {
            let mut words = pair(
                rest,
                "file what? the file's name and what is in it are missing: `file note.txt \"some text\"`",
            )?;
            Act::File {
                text: words.split_off(2).join(" "),
                content: words.remove(1),
                name: words.remove(0),
            }
        }
        "upload" => {
            let mut words = pair(
                rest,
                "upload what? the file's name and what is in it are missing: `upload note.txt \"some text\"`",
            )?;
            Act::Upload {
                content: words.remove(1),
                name: words.remove(0),
            }
        }
        "post" => {
            let words = pair(
                rest,
                "post what? the title and the text are missing: `post \"A question\" \"Who knows?\"`",
            )?;
            Act::Post {
                title: words[0].clone(),
                text: words[1..].join(" "),
            }
        }
        "nick" => {
            let words = words(rest)?;
            let member = words.first().ok_or("nick whom? the member and the nickname are missing: `nick member \"Captain\"`; without one it is taken")?;
            Act::Nick {
                member: member.clone(),
                nick: words[1..].join(" "),
            }
        }
        "role" => role(rest)?,
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

/// `role add member Moderator`, `role remove member "Old hand"`.
fn role(rest: &str) -> Result<Act, String> {
    let words = words(rest)?;
    match words.as_slice() {
        [what, member, role @ ..] if !role.is_empty() && matches!(&**what, "add" | "remove") => {
            Ok(Act::Role {
                member: member.clone(),
                role: role.join(" "),
                give: what == "add",
            })
        }
        _ => Err(
            "role what? a role is given and taken like this: `role add member Moderator` or `role remove member Moderator`"
                .to_owned(),
        ),
    }
}

fn voice(word: &str) -> Voice {
    match word {
        "leave" => Voice::Leave,
        "mute" => Voice::Mute(true),
        "unmute" => Voice::Mute(false),
        "deafen" => Voice::Deafen(true),
        "undeafen" => Voice::Deafen(false),
        channel => Voice::Join(channel.to_owned()),
    }
}
