//! Steps of an automation: what it does, one after the other.

use plugin_api::text::{clip, code, counted};
use serde::{Deserialize, Serialize};

use super::{Channel, Role, host_of};

/// Most steps of one automation.
pub(crate) const STEPS: usize = 10;

/// Most characters of a text.
pub(crate) const TEXT: usize = 2_000;

/// Longest wait of one step: a week, in seconds.
pub(crate) const LONGEST: u64 = 7 * 86_400;

/// Longest time-out that Discord knows: 28 days, in seconds.
pub(crate) const TIME_OUT: u64 = 28 * 86_400;

/// Something that an automation does. Texts may have variables in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Sends a message to a channel.
    Send {
        #[serde(default)]
        to: Place,
        #[serde(default)]
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        embed: Option<Card>,
    },
    /// Gives a role to the member.
    AddRole { role: Role },
    /// Takes a role from the member.
    RemoveRole { role: Role },
    /// Takes the word from the member for a while.
    TimeOut { seconds: u64 },
    /// Sends the member a direct message.
    Dm {
        #[serde(default)]
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        embed: Option<Card>,
    },
    /// Posts JSON to an address whose host the bot's operator has granted.
    Webhook {
        url: String,
        /// JSON whose texts may have variables in them. Empty: a message as Discord's webhooks take it.
        #[serde(default)]
        payload: String,
    },
    /// Makes a role, unless there is one of that name, and gives it to the member where that is wanted.
    CreateRole {
        name: String,
        #[serde(default)]
        color: String,
        #[serde(default)]
        give: bool,
    },
    /// Deletes the message that it is about.
    DeleteMessage,
    /// Waits, also over a restart of the bot, before the next step.
    Delay { seconds: u64 },
    /// Runs another automation of this server, if its conditions hold.
    Run { automation: String },
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// Where it happened.
    #[default]
    Here,
    /// This channel.
    Channel(Channel),
}

/// What an embed shows. All texts may have variables in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Card {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    /// `#7c3aed`; empty: the bot's colour.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) color: String,
    /// Address of a small picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) thumbnail: String,
    /// Address of a large picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) image: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) footer: String,
    /// Names and texts, 25 at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<(String, String)>,
}

impl Card {
    /// A copy with each text changed.
    pub(crate) fn map(&self, change: &mut impl FnMut(&str) -> String) -> Self {
        Self {
            title: change(&self.title),
            description: change(&self.description),
            color: self.color.clone(),
            thumbnail: change(&self.thumbnail),
            image: change(&self.image),
            footer: change(&self.footer),
            fields: self
                .fields
                .iter()
                .map(|(name, text)| (change(name), change(text)))
                .collect(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let all = [
            (&self.title, 256),
            (&self.description, TEXT),
            (&self.thumbnail, 500),
            (&self.image, 500),
            (&self.footer, 500),
        ];
        let fields = self
            .fields
            .iter()
            .flat_map(|(name, text)| [(name, 256), (text, 1_024)]);
        if all
            .into_iter()
            .chain(fields)
            .any(|(text, most)| text.chars().count() > most)
        {
            return Err("a text of the embed is longer than Discord takes".into());
        }
        if self.fields.len() > 25 {
            return Err("an embed has 25 fields at most".into());
        }
        if self.title.is_empty()
            && self.description.is_empty()
            && self.image.is_empty()
            && self.fields.is_empty()
        {
            return Err(
                "the embed has neither a title nor a description, a picture or a field".into(),
            );
        }
        let colored = self.color.is_empty() || super::parameter::color(&self.color).is_some();
        colored
            .then_some(())
            .ok_or_else(|| "a colour is # and six hexadecimal digits".into())
    }
}

impl Step {
    /// Where it posts to, which is a key: see [`Kind::is_secret`](super::Kind::is_secret).
    pub(crate) fn address(&mut self) -> Option<&mut String> {
        match self {
            Self::Webhook { url, .. } => Some(url),
            _ => None,
        }
    }

    /// Whether it posts to a webhook.
    pub(crate) const fn has_address(&self) -> bool {
        matches!(self, Self::Webhook { .. })
    }

    /// Whether what it says can be done at all.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let within = |text: &str, least: usize, most: usize, what: &str| {
            let length = text.trim().chars().count();
            match (least..=most).contains(&length) {
                true => Ok(()),
                false => Err(format!(
                    "{what} has {length} characters; {least} to {most} are possible"
                )),
            }
        };
        match self {
            Self::Send { text, embed, .. } | Self::Dm { text, embed } => match embed {
                Some(card) => within(text, 0, TEXT, "the text").and_then(|()| card.check()),
                None => within(text, 1, TEXT, "the text"),
            },
            Self::TimeOut { seconds } if !(1..=TIME_OUT).contains(seconds) => {
                Err("a time-out takes a second to 28 days".into())
            }
            Self::Delay { seconds } if !(1..=LONGEST).contains(seconds) => {
                Err("a wait takes a second to 7 days".into())
            }
            Self::CreateRole { name, color, .. } => {
                within(name, 1, 100, "the role's name")?;
                let colored = color.is_empty() || super::parameter::color(color).is_some();
                colored
                    .then_some(())
                    .ok_or_else(|| "a colour is # and six hexadecimal digits".into())
            }
            Self::Webhook { url, payload } => {
                super::Kind::Url.check(&url.as_str().into())?;
                within(payload, 0, TEXT, "the payload")?;
                match payload.trim().is_empty()
                    || serde_json::from_str::<serde_json::Value>(payload).is_ok()
                {
                    true => Ok(()),
                    false => Err("the payload is no JSON".into()),
                }
            }
            Self::Run { automation } => within(automation, 1, 50, "the automation's name"),
            _ => Ok(()),
        }
    }

    /// What it does, in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Send { to, text, embed } => {
                let place = match to {
                    Place::Here => "where it happened".into(),
                    Place::Channel(channel) => format!("in <#{channel}>"),
                };
                format!("says {place}: {}", said(text, embed.as_ref()))
            }
            Self::AddRole { role } => format!("gives the role <@&{role}>"),
            Self::RemoveRole { role } => format!("takes the role <@&{role}> away"),
            Self::TimeOut { seconds } => format!("times the member out for {}", span(*seconds)),
            Self::Dm { text, embed } => {
                format!("writes to the member: {}", said(text, embed.as_ref()))
            }
            Self::Webhook { url, .. } => format!("posts to {}", code(host_of(url))),
            Self::CreateRole {
                name, give: true, ..
            } => format!("makes the role {} and gives it", code(name)),
            Self::CreateRole { name, .. } => format!("makes the role {}", code(name)),
            Self::DeleteMessage => "deletes the message".into(),
            Self::Delay { seconds } => format!("waits for {}", span(*seconds)),
            Self::Run { automation } => format!("runs {}", code(automation)),
        }
    }
}

/// A message on one line.
fn said(text: &str, embed: Option<&Card>) -> String {
    let card = embed.map(|card| match card.title.is_empty() {
        true => card.description.as_str(),
        false => card.title.as_str(),
    });
    match (text.trim(), card) {
        ("", Some(card)) => format!("a card {}", code(&clip(card, 100))),
        (text, Some(card)) => format!(
            "{} and a card {}",
            code(&clip(text, 100)),
            code(&clip(card, 100))
        ),
        (text, None) => code(&clip(text, 150)),
    }
}

/// A time in words, exactly: `1 day 2 hours`.
pub(crate) fn span(seconds: u64) -> String {
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let words = units.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = words.map(|(count, unit)| counted(*count, unit)).collect();
    if words.is_empty() {
        "no time".into()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_checked_before_they_are_kept() {
        let long = "x".repeat(2_001);
        for (json, wanted) in [
            (
                r#"{"do":"send","text":""}"#.to_owned(),
                "the text has 0 characters",
            ),
            (
                format!(r#"{{"do":"dm","text":"{long}"}}"#),
                "has 2001 characters",
            ),
            (
                r##"{"do":"send","embed":{"color":"#12"}}"##.into(),
                "neither a title",
            ),
            (
                r##"{"do":"send","embed":{"title":"x","color":"#12"}}"##.into(),
                "six hexadecimal",
            ),
            (
                r#"{"do":"time_out","seconds":0}"#.into(),
                "a second to 28 days",
            ),
            (
                r#"{"do":"time_out","seconds":2419201}"#.into(),
                "a second to 28 days",
            ),
            (r#"{"do":"delay","seconds":604801}"#.into(), "7 days"),
            (
                r#"{"do":"create_role","name":" "}"#.into(),
                "the role's name",
            ),
            (r#"{"do":"webhook","url":"file:///etc"}"#.into(), "https://"),
            (
                r#"{"do":"webhook","url":"https://a.example","payload":"{"}"#.into(),
                "no JSON",
            ),
            (
                r#"{"do":"run","automation":""}"#.into(),
                "the automation's name",
            ),
        ] {
            let step: Step = serde_json::from_str(&json).unwrap();
            let why = step.check().unwrap_err();
            assert!(why.contains(wanted), "{json}: {why}");
        }
        for json in [
            r#"{"do":"send","text":"hi"}"#,
            r#"{"do":"send","to":{"channel":"5"},"embed":{"title":"x","color":"\u0023aabbcc"}}"#,
            r#"{"do":"add_role","role":"5"}"#,
            r#"{"do":"time_out","seconds":2419200}"#,
            r#"{"do":"delete_message"}"#,
            r#"{"do":"delay","seconds":1}"#,
        ] {
            let step: Step = serde_json::from_str(json).unwrap();
            step.check().unwrap();
            assert_eq!(
                serde_json::from_value::<Step>(serde_json::to_value(&step).unwrap()).unwrap(),
                step
            );
        }
    }

    #[test]
    fn what_no_step_is_is_refused() {
        for json in [
            r#"{"do":"explode"}"#,
            r#"{"do":"add_role","role":0}"#,
            r#"{"do":"delay"}"#,
        ] {
            serde_json::from_str::<Step>(json).unwrap_err();
        }
    }
}
