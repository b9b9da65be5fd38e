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
pub(crate) fn judge(action: &Action, occasion: &Occasion, standing: &Standing) -> Result<(), String> {
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
            in_channel(*channel, seen, Permissions::VIEW_CHANNEL | Permissions::MANAGE_MESSAGES, "delete messages")
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
        Action::TimeOut { user, .. } => {
            in_server(standing, Permissions::MODERATE_MEMBERS, "time members out")?;
            let Some(target) = &standing.target else {
                return Err(format!("<@{user}> is not in this server (any more)."));
            };
            if target.above_all {
                return Err(format!("<@{user}> owns or administers this server, and can't be timed out."));
            }
            if target.top >= standing.bot_top {
                return Err(format!("The highest role of <@{user}> is not below mine: move mine above it."));
            }
            match standing.maker_is_owner || target.top < standing.maker_top {
                true => Ok(()),
                false => Err(format!("The highest role of <@{user}> is not below that of the automation's maker.")),
            }
        }
        Action::Webhook { .. } => match standing.maker.contains(Permissions::MANAGE_WEBHOOKS) {
            true => Ok(()),
            false => Err(lacks("The automation's maker", "manage webhooks")),
        },
        Action::Dm { .. } => Ok(()),
    }
}

/// The channel, if it is one of the server in which it happens. Whoever names another's learns nothing of it.
fn own<'a>(channel: Channel, occasion: &Occasion, standing: &'a Standing) -> Result<&'a ChannelSeen, String> {
    let seen = standing.channel.as_ref().filter(|it| it.guild == Some(occasion.guild));
    seen.ok_or_else(|| format!("The channel {channel} is not one of this server (any more)."))
}

fn in_channel(channel: Channel, seen: &ChannelSeen, needed: Permissions, what: &str) -> Result<(), String> {
    if !seen.bot.contains(needed) {
        return Err(format!("I may not {what} in <#{channel}>."));
    }
    match seen.maker.contains(needed) {
        true => Ok(()),
        false => Err(format!("The automation's maker may not {what} in <#{channel}>.")),
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
        return Err(format!("Nobody can give or take {name}: Discord or an integration does."));
    }
    if role.rank >= standing.bot_top {
        return Err(format!("{name} is not below my highest role: move mine above it in the server's settings."));
    }
    match standing.maker_is_owner || role.rank < standing.maker_top {
        true => Ok(()),
        false => Err(format!("{name} is not below the highest role of the automation's maker.")),
    }
}

/// A role that may more than its maker is none that they could hand out by a detour.
fn held_by_maker(role: &RoleSeen, standing: &Standing, gives: bool) -> Result<(), String> {
    let all = standing.maker_is_owner || standing.maker.contains(Permissions::ADMINISTRATOR);
    match !gives || all || standing.maker.contains(role.permissions) {
        true => Ok(()),
        false => Err(format!("{} may more than the automation's maker.", plugin_api::text::code(&role.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Guild = Id::new(1);

    fn role(position: i64) -> RoleSeen {
        let id = Id::new(50);
        RoleSeen { id, name: "Tea".into(), rank: Rank::new(position, id), managed: false, permissions: Permissions::empty() }
    }

    /// All is allowed to all; the maker's top role is at 5, the bot's at 8.
    fn open() -> Standing {
        let all = Permissions::all() - Permissions::ADMINISTRATOR;
        Standing {
            maker: all,
            bot: all,
            maker_is_owner: false,
            maker_top: Rank::new(5, Id::new(10)),
            bot_top: Rank::new(8, Id::new(11)),
            channel: Some(ChannelSeen { guild: Some(HERE), maker: all, bot: all, is_thread: false }),
            role: Some(role(3)),
            target: Some(Target { top: Rank::new(2, Id::new(12)), above_all: false }),
        }
    }

    fn check(action: &Action, change: impl FnOnce(&mut Standing), wanted: Option<&str>) {
        let mut standing = open();
        change(&mut standing);
        let judged = judge(action, &Occasion::new(HERE), &standing);
        match (judged, wanted) {
            (Ok(()), None) => {}
            (Err(why), Some(wanted)) if why.contains(wanted) => {}
            (judged, wanted) => panic!("{action:?}: {judged:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn a_message_goes_where_its_maker_and_the_bot_may_write() {
        let send = Action::Send { channel: Id::new(9), text: String::new(), embed: None };
        let seen = |standing: &mut Standing, change: fn(&mut ChannelSeen)| change(standing.channel.as_mut().unwrap());
        check(&send, |_| {}, None);
        check(&send, |it| seen(it, |it| it.bot -= Permissions::SEND_MESSAGES), Some("I may not write in <#9>"));
        check(&send, |it| seen(it, |it| it.maker -= Permissions::VIEW_CHANNEL), Some("maker may not write"));
        check(&send, |it| seen(it, |it| it.guild = Some(Id::new(2))), Some("not one of this server"));
        check(&send, |it| seen(it, |it| it.guild = None), Some("not one of this server"));
        check(&send, |it| it.channel = None, Some("not one of this server"));
        let threaded = |it: &mut ChannelSeen| {
            it.is_thread = true;
            it.bot -= Permissions::SEND_MESSAGES;
        };
        check(&send, |it| seen(it, threaded), None);
        let delete = Action::Delete { channel: Id::new(9), message: Id::new(5) };
        check(&delete, |it| seen(it, |it| it.maker -= Permissions::MANAGE_MESSAGES), Some("maker may not delete"));
    }

    #[test]
    fn a_role_is_below_its_maker_and_the_bot() {
        let give = Action::GiveRole { user: Id::new(7), role: Id::new(50) };
        let at = |position: i64| move |it: &mut Standing| it.role = Some(role(position));
        check(&give, at(4), None);
        // Equal positions: the older role is the higher one, and 10 and 11 are older than 50.
        check(&give, at(5), None);
        check(&give, at(6), Some("not below the highest role of the automation's maker"));
        check(&give, at(8), Some("highest role of the automation's maker"));
        check(&give, at(9), Some("not below my highest role"));
        check(&give, |it| (it.maker_is_owner, it.role) = (true, Some(role(7))), None);
        check(&give, |it| (it.maker_is_owner, it.role) = (true, Some(role(9))), Some("not below my highest role"));
        check(&give, |it| it.role.as_mut().unwrap().managed = true, Some("an integration"));
        check(&give, |it| it.role = None, Some("not one of this server"));
        check(&give, |it| it.maker -= Permissions::MANAGE_ROLES, Some("maker may not manage roles"));
        check(&give, |it| it.bot -= Permissions::MANAGE_ROLES, Some("I may not manage roles"));
        let strong = |it: &mut Standing| {
            it.maker -= Permissions::BAN_MEMBERS;
            it.role.as_mut().unwrap().permissions = Permissions::BAN_MEMBERS;
        };
        check(&give, strong, Some("may more than the automation's maker"));
        check(&Action::TakeRole { user: Id::new(7), role: Id::new(50) }, strong, None);
        let make = |give| Action::CreateRole { name: "Tea".into(), color: None, give };
        check(&make(None), at(9), None);
        check(&make(Some(Id::new(7))), at(9), Some("not below my highest role"));
        check(&make(Some(Id::new(7))), |it| it.role = None, None);
    }

    #[test]
    fn a_time_out_reaches_nobody_who_is_not_below() {
        let out = Action::TimeOut { user: Id::new(7), seconds: 60 };
        let top = |position: i64| move |it: &mut Standing| it.target.as_mut().unwrap().top = Rank::new(position, Id::new(99));
        check(&out, |_| {}, None);
        check(&out, |it| it.target.as_mut().unwrap().above_all = true, Some("can't be timed out"));
        check(&out, top(9), Some("not below mine"));
        check(&out, top(6), Some("not below that of the automation's maker"));
        check(&out, |it| it.target = None, Some("not in this server"));
        check(&out, |it| it.maker -= Permissions::MODERATE_MEMBERS, Some("maker may not time members out"));
    }

    #[test]
    fn a_webhook_is_for_those_who_manage_webhooks() {
        let post = Action::Webhook { url: "https://a.example".into(), payload: "{}".into() };
        check(&post, |_| {}, None);
        check(&post, |it| it.maker -= Permissions::MANAGE_WEBHOOKS, Some("manage webhooks"));
        check(&Action::Dm { user: Id::new(7), text: String::new(), embed: None }, |it| it.maker = Permissions::empty(), None);
    }
}
