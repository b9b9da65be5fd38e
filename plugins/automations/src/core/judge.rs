//! Judge of an action: whether the server, its maker and the bot allow it, as things stand now.

use plugin_api::prelude::*;

use super::{Action, Occasion};
use crate::model::{Channel, Guild, Rank, Role};

/// How things stand for one action.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// What the maker may do in the server.
    pub(crate) maker: Permissions,
    /// What the bot may do in the server.
    pub(crate) bot: Permissions,
    pub(crate) maker_is_owner: bool,
    pub(crate) maker_top: Rank,
    pub(crate) bot_top: Rank,
    /// The channel that the action names, if it names one and it is there.
    pub(crate) channel: Option<ChannelSeen>,
    /// The role that the action names, if it names one and it is there.
    pub(crate) role: Option<RoleSeen>,
    /// The member whom it is done to, if it is done to one and they are there.
    pub(crate) target: Option<Target>,
}

/// A channel as it stands.
#[derive(Debug, Clone)]
pub(crate) struct ChannelSeen {
    /// Whose it is.
    pub(crate) guild: Option<Guild>,
    pub(crate) maker: Permissions,
    pub(crate) bot: Permissions,
    pub(crate) is_thread: bool,
}

/// A role as it stands.
#[derive(Debug, Clone)]
pub(crate) struct RoleSeen {
    pub(crate) id: Role,
    pub(crate) name: String,
    pub(crate) rank: Rank,
    /// Whether Discord or an integration gives it, and nobody else can; so it is with `@everyone`.
    pub(crate) managed: bool,
    pub(crate) permissions: Permissions,
}

/// A member as they stand.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) top: Rank,
    /// Whether they own or administer the server.
    pub(crate) above_all: bool,
}

/// Whether an action may be done.
///
/// # Errors
///
/// What is in the way, in a sentence for the maker.
pub(crate) fn judge(
    action: &Action,
    occasion: &Occasion,
    standing: &Standing,
) -> Result<(), String> {
    match action {
        Action::Send { channel, .. } => {
            let seen = own(*channel, occasion, standing)?;
            let send = match seen.is_thread {
                true => Permissions::SEND_MESSAGES_IN_THREADS,
                false => Permissions::SEND_MESSAGES,
            };
            in_channel(*channel, seen, Permissions::VIEW_CHANNEL | send, "write")
        }
        Action::Delete { channel, .. } => {
            let seen = own(*channel, occasion, standing)?;
            in_channel(
                *channel,
                seen,
                Permissions::VIEW_CHANNEL | Permissions::MANAGE_MESSAGES,
                "delete messages",
            )
        }
        Action::GiveRole { .. } | Action::TakeRole { .. } => {
            let role = standing.role.as_ref();
            let role = role.ok_or("The role is not one of this server (any more).")?;
            in_server(standing, Permissions::MANAGE_ROLES, "manage roles")?;
            below_both(role, standing)?;
            held_by_maker(role, standing, matches!(action, Action::GiveRole { .. }))
        }
        Action::CreateRole { give, .. } => {
            in_server(standing, Permissions::MANAGE_ROLES, "manage roles")?;
            match (&standing.role, give) {
                // There is one of that name, which is given.
                (Some(role), Some(_)) => {
                    below_both(role, standing)?;
                    held_by_maker(role, standing, true)
                }
                _ => Ok(()),
            }
        }
        Action::TimeOut { .. } => {
            in_server(standing, Permissions::MODERATE_MEMBERS, "time members out")
        }
        Action::Webhook { .. } => match standing.maker.contains(Permissions::MANAGE_WEBHOOKS) {
            true => Ok(()),
            false => Err(lacks("The automation's maker", "manage webhooks")),
        },
        Action::Dm { .. } => Ok(()),
    }
}

/// Whether an action that is allowed reaches whom it is done to. A time-out reaches nobody who owns or administers the server, or whose
/// highest role is not below the bot's and the maker's: it is left out then, since that is no fault of the automation's, and none that a
/// member may have it switched off by.
pub(crate) fn reaches(action: &Action, standing: &Standing) -> bool {
    if !matches!(action, Action::TimeOut { .. }) {
        return true;
    }
    standing.target.as_ref().is_some_and(|it| {
        let below_maker = standing.maker_is_owner || it.top < standing.maker_top;
        !it.above_all && it.top < standing.bot_top && below_maker
    })
}

/// The channel, if it is one of the server in which it happens. Whoever names another's learns nothing of it.
fn own<'a>(
    channel: Channel,
    occasion: &Occasion,
    standing: &'a Standing,
) -> Result<&'a ChannelSeen, String> {
    let seen = standing
        .channel
        .as_ref()
        .filter(|it| it.guild == Some(occasion.guild));
    seen.ok_or_else(|| format!("The channel {channel} is not one of this server (any more)."))
}

fn in_channel(
    channel: Channel,
    seen: &ChannelSeen,
    needed: Permissions,
    what: &str,
) -> Result<(), String> {
    if !seen.bot.contains(needed) {
        return Err(format!("I may not {what} in <#{channel}>."));
    }
    match seen.maker.contains(needed) {
        true => Ok(()),
        false => Err(format!(
            "The automation's maker may not {what} in <#{channel}>."
        )),
    }
}

fn in_server(standing: &Standing, needed: Permissions, what: &str) -> Result<(), String> {
    if !standing.bot.contains(needed) {
        return Err(lacks("I", what));
    }
    match standing.maker.contains(needed) {
        true => Ok(()),
        false => Err(lacks("The automation's maker", what)),
    }
}

fn lacks(who: &str, what: &str) -> String {
    format!("{who} may not {what} in this server.")
}

/// Discord lets nobody give or take a role that is not below their own highest one; of the bot it asks the same.
fn below_both(role: &RoleSeen, standing: &Standing) -> Result<(), String> {
    let name = format!("<@&{}>", role.id);
    if role.managed {
        return Err(format!(
            "Nobody can give or take {name}: Discord or an integration does."
        ));
    }
    if role.rank >= standing.bot_top {
        return Err(format!(
            "{name} is not below my highest role: move mine above it in the server's settings."
        ));
    }
    match standing.maker_is_owner || role.rank < standing.maker_top {
        true => Ok(()),
        false => Err(format!(
            "{name} is not below the highest role of the automation's maker."
        )),
    }
}

/// A role that may more than its maker is none that they could hand out by a detour.
fn held_by_maker(role: &RoleSeen, standing: &Standing, gives: bool) -> Result<(), String> {
    let all = standing.maker_is_owner || standing.maker.contains(Permissions::ADMINISTRATOR);
    match !gives || all || standing.maker.contains(role.permissions) {
        true => Ok(()),
        false => Err(format!(
            "{} may more than the automation's maker.",
            plugin_api::text::code(&role.name)
        )),
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
