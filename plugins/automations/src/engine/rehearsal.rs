//! The world in which nothing is done: for previews and tests of automations.

use std::cell::RefCell;

use plugin_api::{
    prelude::*,
    text::{clip, code, word},
};

use super::live::Live;
use crate::{
    core::{Action, Callee, Occasion, Standing, World},
    model::{Card, User, host_of, span},
};

/// What an automation would do.
#[derive(Debug, Default)]
pub(crate) struct Rehearsed {
    /// A line for each thing that it does.
    pub(crate) lines: Vec<String>,
    /// The cards that the lines speak of, by their numbers from 1.
    pub(crate) cards: Vec<Card>,
    /// At which step it would end, and why.
    pub(crate) stopped: Option<String>,
}

/// The world as it is, in which nothing is done: what would be is written down.
pub(crate) struct Rehearsal<'a> {
    pub(crate) live: Live<'a>,
    pub(crate) done: RefCell<Rehearsed>,
}

impl Rehearsal<'_> {
    pub(super) fn waits(&self, seconds: u64) {
        let line = format!("waits for {}", span(seconds));
        self.done.borrow_mut().lines.push(line);
    }
}

impl World for Rehearsal<'_> {
    async fn standing(
        &self,
        maker: User,
        action: &Action,
        occasion: &Occasion,
    ) -> Result<Standing> {
        self.live.standing(maker, action, occasion).await
    }

    async fn perform(&self, action: &Action, _: &Standing, occasion: &Occasion) -> Result {
        self.done.borrow_mut().note(action, occasion);
        Ok(())
    }

    async fn callee(&self, named: &str, occasion: &Occasion) -> Result<Callee> {
        self.live.callee(named, occasion).await
    }

    fn dice(&self, low: i64, high: i64) -> i64 {
        self.live.dice(low, high)
    }
}

impl Rehearsed {
    /// Writes down what an action does, with its texts as they would be.
    fn note(&mut self, action: &Action, occasion: &Occasion) {
        // By their names: nobody is called by a preview.
        let who = |user: &User| match &occasion.person {
            Some(person) if person.id == *user => word(&person.display),
            _ => format!("member {user}"),
        };
        let line = match action {
            Action::Send {
                channel,
                text,
                embed,
            } => format!("says in <#{channel}>: {}", self.said(text, embed.as_ref())),
            Action::GiveRole { user, role } => {
                format!("gives {} the role <@&{role}>", who(user))
            }
            Action::TakeRole { user, role } => {
                format!("takes the role <@&{role}> from {}", who(user))
            }
            Action::TimeOut { user, seconds } => {
                format!("times {} out for {}", who(user), span(*seconds))
            }
            Action::Dm { user, text, embed } => {
                format!(
                    "writes to {}: {}",
                    who(user),
                    self.said(text, embed.as_ref())
                )
            }
            Action::Webhook { url, payload } => {
                let place = code(host_of(url));
                format!("posts to {place}: {}", code(&clip(payload, 200)))
            }
            Action::CreateRole { name, give, .. } => match give {
                Some(user) => format!(
                    "makes the role {} and gives it to {}",
                    code(name),
                    who(user)
                ),
                None => format!("makes the role {}", code(name)),
            },
            Action::Delete { .. } => "deletes the message".into(),
        };
        self.lines.push(line);
    }

    /// A message on one line; its card is shown beside the lines, as it would look.
    fn said(&mut self, text: &str, embed: Option<&Card>) -> String {
        let Some(card) = embed else {
            return code(&clip(text.trim(), 150));
        };
        self.cards.push(card.clone());
        let number = self.cards.len();
        match text.trim() {
            "" => format!("card {number}"),
            text => format!("{} and card {number}", code(&clip(text, 100))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Person;

    #[test]
    fn members_are_named_and_cards_numbered() {
        let person = Person {
            id: Id::new(7),
            name: "ann".into(),
            display: "Ann".into(),
            avatar: String::new(),
            roles: Vec::new(),
        };
        let occasion = Occasion::new(Id::new(1)).about(person);
        let card = |title: &str| Card {
            title: title.into(),
            ..Card::default()
        };
        let mut done = Rehearsed::default();
        for action in [
            Action::GiveRole {
                user: Id::new(7),
                role: Id::new(5),
            },
            Action::TimeOut {
                user: Id::new(8),
                seconds: 60,
            },
            Action::Dm {
                user: Id::new(7),
                text: String::new(),
                embed: Some(card("One")),
            },
            Action::Send {
                channel: Id::new(9),
                text: "Hi".into(),
                embed: Some(card("Two")),
            },
            Action::Webhook {
                url: "https://a.example/key".into(),
                payload: "{}".into(),
            },
        ] {
            done.note(&action, &occasion);
        }
        assert_eq!(
            done.lines,
            [
                "gives Ann the role <@&5>",
                "times member 8 out for 1 minute",
                "writes to Ann: card 1",
                "says in <#9>: `Hi` and card 2",
                "posts to `https://a.example`: `{}`",
            ]
        );
        assert_eq!(done.cards, [card("One"), card("Two")]);
    }
}
