//! Actions: the steps of a run with nothing left to be looked up.

use crate::model::{Card, Channel, Message, Role, User};

/// What is done, with nothing left to be looked up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Send {
        channel: Channel,
        text: String,
        embed: Option<Card>,
    },
    GiveRole {
        user: User,
        role: Role,
    },
    TakeRole {
        user: User,
        role: Role,
    },
    TimeOut {
        user: User,
        seconds: u64,
    },
    Dm {
        user: User,
        text: String,
        embed: Option<Card>,
    },
    Webhook {
        url: String,
        payload: String,
    },
    CreateRole {
        name: String,
        color: Option<String>,
        give: Option<User>,
    },
    Delete {
        channel: Channel,
        message: Message,
    },
}
