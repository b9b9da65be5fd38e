//! Parameters of a template: their kinds, what is typed or picked for them, and the values.

use plugin_api::{
    Json,
    prelude::*,
    text::{clip, code},
    twilight_model::channel::ChannelType,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Role, host_of};

/// Something that a template wants to know.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its key among the values; never changed.
    pub(crate) id: &'static str,
    /// How it is called: 45 characters at most, a label of a form.
    pub(crate) title: &'static str,
    /// What it is for: 100 characters at most.
    pub(crate) hint: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// What is filled in at first, as it is typed.
    pub(crate) default: &'static str,
}

impl Parameter {
    pub(crate) const fn new(
        id: &'static str,
        title: &'static str,
        hint: &'static str,
        kind: Kind,
    ) -> Self {
        Self {
            id,
            title,
            hint,
            kind,
            required: false,
            default: "",
        }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn default(mut self, typed: &'static str) -> Self {
        self.default = typed;
        self
    }
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A channel of one of these kinds.
    Channel(&'static [ChannelType]),
    /// Up to 25 of them.
    Channels(&'static [ChannelType]),
    Role,
    /// Up to 25 roles.
    Roles,
    /// A line of up to so many characters.
    Line(u16),
    /// Several lines of up to so many characters.
    Text(u16),
    /// A whole number within these bounds.
    Number(i64, i64),
    Toggle,
    /// One of these: the value, and how it is shown.
    Choice(&'static [(&'static str, &'static str)]),
    /// `#` and six hexadecimal digits.
    Color,
    /// Lines of an emoji and a role: 🎉 @Tea. The emoji may be left out.
    EmojiRoles,
    /// Lines of a level and a role: 5 @Regular.
    LevelRoles,
    /// The address of a webhook, which begins with `https://` or `http://`: a key, see [`is_secret`](Self::is_secret).
    Url,
}

impl Kind {
    /// Whether its value is a key: who knows the address of a webhook can post there. Only those who may manage webhooks see it.
    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::Url)
    }

    /// Reads what was typed, or picked. `None` is nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for whoever has typed it.
    pub(crate) fn read(
        self,
        given: &[String],
        role: &dyn Fn(&str) -> Option<Role>,
    ) -> Result<Option<Json>, String> {
        let first = given.first().map_or("", String::as_str).trim();
        if first.is_empty() {
            return Ok(None);
        }
        let value = match self {
            Self::Channels(_) | Self::Roles => json!(given),
            Self::Number(..) => json!(
                first
                    .parse::<i64>()
                    .map_err(|_| format!("{} is no whole number", code(first)))?
            ),
            Self::Toggle => json!(match first.to_lowercase().as_str() {
                "yes" | "true" | "on" => true,
                "no" | "false" | "off" => false,
                _ => return Err(format!("{} is neither yes nor no", code(first))),
            }),
            Self::Color => json!(format!("#{}", first.trim_start_matches('#').to_lowercase())),
            Self::EmojiRoles | Self::LevelRoles => {
                let lines = given[0].lines().map(str::trim).filter(|it| !it.is_empty());
                json!(
                    lines
                        .map(|line| self.keyed(line, role))
                        .collect::<Result<Vec<_>, _>>()?
                )
            }
            // The blanks at a text's ends are its own.
            Self::Text(_) => json!(given[0]),
            _ => json!(first),
        };
        self.check(&value)?;
        Ok(Some(value))
    }

    fn keyed(self, line: &str, role: &dyn Fn(&str) -> Option<Role>) -> Result<Keyed, String> {
        let (key, named) = line.split_once(char::is_whitespace).unwrap_or(("", line));
        let is_emoji_left_out = matches!(self, Self::EmojiRoles) && role(line).is_some();
        let (key, named) = if is_emoji_left_out {
            ("", line)
        } else {
            (key, named.trim())
        };
        let role =
            role(named).ok_or_else(|| format!("{} is no role of this server", code(named)))?;
        Ok(Keyed {
            key: key.trim_end_matches(':').to_owned(),
            role,
        })
    }

    /// Whether a value is one of this kind.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn check(self, value: &Json) -> Result<(), String> {
        let is_id = |it: &Json| {
            it.as_str()
                .is_some_and(|it| it.parse::<u64>().is_ok_and(|it| it > 0))
        };
        let text = value.as_str();
        match self {
            Self::Channel(_) if is_id(value) => Ok(()),
            Self::Channel(_) => Err("a channel is named by its id".into()),
            Self::Role if is_id(value) => Ok(()),
            Self::Role => Err("a role is named by its id".into()),
            Self::Channels(_) | Self::Roles => match value.as_array() {
                Some(all) if all.len() <= 25 && all.iter().all(is_id) => Ok(()),
                _ => Err("a list of up to 25 ids is expected".into()),
            },
            Self::Line(most) | Self::Text(most) => match text.map(|it| it.chars().count()) {
                Some(length) if length <= usize::from(most) => Ok(()),
                Some(length) => Err(format!(
                    "it has {length} characters, and {most} are all it may have"
                )),
                None => Err("a text is expected".into()),
            },
            Self::Number(min, max) => match value.as_i64() {
                Some(number) if (min..=max).contains(&number) => Ok(()),
                _ => Err(format!("a whole number from {min} to {max} is expected")),
            },
            Self::Toggle if value.is_boolean() => Ok(()),
            Self::Toggle => Err("true or false is expected".into()),
            Self::Choice(all) => match all.iter().any(|(it, _)| text == Some(it)) {
                true => Ok(()),
                false => {
                    let all: Vec<_> = all.iter().map(|(it, _)| *it).collect();
                    Err(format!("one of {} is expected", all.join(", ")))
                }
            },
            Self::Color => match text.and_then(color) {
                Some(_) => Ok(()),
                None => Err("a colour is # and six hexadecimal digits, such as #7c3aed".into()),
            },
            Self::EmojiRoles | Self::LevelRoles => {
                let all = Vec::<Keyed>::deserialize(value)
                    .map_err(|_| "a list of keys and roles is expected")?;
                if all.is_empty() || all.len() > 20 {
                    return Err("1 to 20 lines are possible".into());
                }
                all.iter().try_for_each(|it| self.check_key(&it.key))?;
                let same = |n: usize| {
                    all[..n].iter().any(|it| {
                        it.role == all[n].role || !it.key.is_empty() && it.key == all[n].key
                    })
                };
                match (1..all.len()).find(|n| same(*n)) {
                    Some(n) => Err(format!(
                        "line {} has the same beginning or role as one above it",
                        n + 1
                    )),
                    None => Ok(()),
                }
            }
            Self::Url => {
                let rest =
                    text.and_then(|it| it.strip_prefix("https://").or(it.strip_prefix("http://")));
                match rest {
                    Some(rest)
                        if rest.len() > 3
                            && rest.len() < 500
                            && !rest.contains(char::is_whitespace) =>
                    {
                        Ok(())
                    }
                    _ => Err("an address begins with https:// and has no blanks".into()),
                }
            }
        }
    }

    fn check_key(self, key: &str) -> Result<(), String> {
        let fits = match self {
            Self::LevelRoles => key.parse().is_ok_and(|it: u32| (1..=1_000).contains(&it)),
            _ => key.is_empty() || is_emoji(key),
        };
        match (fits, self) {
            (true, _) => Ok(()),
            (false, Self::LevelRoles) => Err(format!(
                "a line begins with a level from 1 to 1000, and not with {}",
                code(key)
            )),
            (false, _) => Err(format!("{} is no emoji", code(key))),
        }
    }

    /// A value for people. Of an address only where it leads: what follows may be a key.
    pub(crate) fn shown(self, value: &Json) -> String {
        let ids = |wrap: &dyn Fn(&str) -> String| {
            let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let all: Vec<_> = all.iter().filter_map(Json::as_str).map(wrap).collect();
            all.join(" ")
        };
        let text = value.as_str().unwrap_or_default();
        match self {
            Self::Channel(_) => format!("<#{text}>"),
            Self::Channels(_) => ids(&|it| format!("<#{it}>")),
            Self::Role => format!("<@&{text}>"),
            Self::Roles => ids(&|it| format!("<@&{it}>")),
            Self::Toggle => if value == true { "yes" } else { "no" }.into(),
            Self::Choice(all) => {
                let found = all.iter().find(|(it, _)| *it == text);
                found.map_or(text, |(_, label)| label).to_owned()
            }
            Self::Number(..) => value.to_string(),
            Self::EmojiRoles | Self::LevelRoles => {
                let all = Vec::<Keyed>::deserialize(value).unwrap_or_default();
                let all: Vec<_> = all
                    .iter()
                    .map(|it| format!("{} <@&{}>", it.key, it.role))
                    .collect();
                all.join(", ").trim().to_owned()
            }
            Self::Url => format!("{}/…", code(host_of(text))),
            Self::Line(_) | Self::Text(_) | Self::Color => code(&clip(text, 200)),
        }
    }

    /// A value as it is typed again.
    pub(crate) fn typed(self, value: &Json, role: &dyn Fn(Role) -> String) -> String {
        if matches!(self, Self::EmojiRoles | Self::LevelRoles) {
            let all = Vec::<Keyed>::deserialize(value).unwrap_or_default();
            let all: Vec<_> = all
                .iter()
                .map(|it| format!("{} {}", it.key, role(it.role)).trim().to_owned())
                .collect();
            return all.join("\n");
        }
        match value {
            Json::String(text) => text.clone(),
            Json::Bool(true) => "yes".into(),
            Json::Bool(false) => "no".into(),
            other => other.to_string(),
        }
    }
}

/// A role, and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keyed {
    /// An emoji, or a level.
    pub(crate) key: String,
    pub(crate) role: Role,
}

/// Whether a text looks like an emoji: one of a server's, or signs that are no letters.
fn is_emoji(text: &str) -> bool {
    let own = text.strip_prefix('<').and_then(|it| it.strip_suffix('>'));
    let own = own.and_then(|it| it.rsplit_once(':'));
    own.is_some_and(|(name, id)| name.contains(':') && id.parse::<u64>().is_ok())
        || text.chars().count() <= 12 && !text.is_ascii() && !text.chars().any(char::is_alphabetic)
}

/// Reads `#7c3aed`.
pub(crate) fn color(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('#').filter(|it| it.len() == 6)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
#[path = "parameter_tests.rs"]
mod tests;
