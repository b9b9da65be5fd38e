//! The world in which nothing is done: for previews and tests of automations.

use std::cell::RefCell;

use plugin_api::{
    prelude::*,
    text::{clip, code},
};

use super::live::Live;
use crate::{
    core::{Action, Callee, Occasion, Standing, World},
    model::{User, host_of, said, span},
};

/// The world as it is, in which nothing is done: what would be is written down.
pub(crate) struct Rehearsal<'a> {
    pub(crate) live: Live<'a>,
    pub(crate) said: RefCell<Vec<String>>,
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

    async fn perform(&self, action: &Action, _: &Standing, _: &Occasion) -> Result {
        self.said.borrow_mut().push(words(action));
        Ok(())
    }

    async fn callee(&self, named: &str, occasion: &Occasion) -> Result<Callee> {
        self.live.callee(named, occasion).await
    }

    fn dice(&self, low: i64, high: i64) -> i64 {
        self.live.dice(low, high)
    }
}

/// What an action does, with its texts as they would be.
fn words(action: &Action) -> String {
    match action {
        Action::Send {
            channel,
            text,
            embed,
        } => format!("says in <#{channel}>: {}", said(text, embed.as_ref())),
        Action::GiveRole { user, role } => format!("gives <@{user}> the role <@&{role}>"),
        Action::TakeRole { user, role } => format!("takes the role <@&{role}> from <@{user}>"),
        Action::TimeOut { user, seconds } => format!("times <@{user}> out for {}", span(*seconds)),
        Action::Dm { user, text, embed } => {
            format!("writes to <@{user}>: {}", said(text, embed.as_ref()))
        }
        Action::Webhook { url, payload } => {
            let place = code(host_of(url));
            format!("posts to {place}: {}", code(&clip(payload, 200)))
        }
        Action::CreateRole { name, give, .. } => match give {
            Some(user) => format!("makes the role {} and gives it to <@{user}>", code(name)),
            None => format!("makes the role {}", code(name)),
        },
        Action::Delete { .. } => "deletes the message".into(),
    }
}
