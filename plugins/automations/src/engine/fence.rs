//! Fence at the making: whether the maker and the bot are allowed all that an automation is going to do.

use plugin_api::prelude::*;

use super::live::Live;
use crate::{
    automation::Definition,
    core::{Action, Occasion, World, judge},
    model::{Channel, Guild, Place, Step, User},
    rights,
    state::State,
    templates::Claim,
};

/// What is in the way of an automation of this maker's, as things stand now: nothing, if the list is empty.
pub(crate) async fn check(
    state: &State,
    guild: Guild,
    definition: &Definition,
    maker: User,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let mut claims: Vec<Claim> = match definition.template() {
        Ok(template) => (template.claims)(guild, &definition.parameters),
        Err(_) => Vec::new(),
    };
    claims.extend(definition.steps().iter().filter_map(claimed));
    let live = Live { state, guild };
    let occasion = Occasion::new(guild);
    for claim in claims {
        let judged = match claim {
            Claim::Does(action) => match live.standing(maker, &action, &occasion).await {
                Ok(standing) => judge(&action, &occasion, &standing),
                Err(error) => Err(error.user_message().map(str::to_owned).ok_or(error)?),
            },
            Claim::May(needed, what) => may(state, guild, maker, needed, what).await?,
            Claim::Uses(channel) => {
                let found = state.host.cache().channel(channel).await?;
                match found.and_then(|it| it.guild_id) == Some(guild) {
                    true => Ok(()),
                    false => Err(gone(channel)),
                }
            }
            Claim::Hears(channel) => hears(state, &live, maker, channel).await?,
        };
        if let Err(why) = judged
            && !wrong.contains(&why)
        {
            wrong.push(why);
        }
    }
    Ok(wrong)
}

fn gone(channel: Channel) -> String {
    format!("The channel {channel} is not one of this server (any more).")
}

/// Whether a maker and the bot see a channel of the server.
async fn hears(
    state: &State,
    live: &Live<'_>,
    maker: User,
    channel: Channel,
) -> Result<Result<(), String>> {
    let bot = state.host.bot_id();
    let bot = bot.ok_or(Error::new("the bot is not logged in yet"))?;
    let Some(seen) = live.channel(channel, maker, bot).await? else {
        return Ok(Err(gone(channel)));
    };
    Ok(if !seen.bot.contains(Permissions::VIEW_CHANNEL) {
        Err(format!("I may not see <#{channel}>."))
    } else if !seen.maker.contains(Permissions::VIEW_CHANNEL) {
        Err(format!("The automation's maker may not see <#{channel}>."))
    } else {
        Ok(())
    })
}

/// Whether an automation's maker sees a channel. What is written in one that they don't see, and who is there, is not theirs to be told or
/// posted elsewhere. That is no failure: members could have an automation switched off by it.
pub(super) async fn in_sight(
    state: &State,
    guild: Guild,
    maker: User,
    channel: Channel,
) -> Result<bool> {
    let cache = state.host.cache();
    match cache.permissions(guild, maker, channel).or_fetch().await {
        Ok(may) => Ok(may.contains(Permissions::VIEW_CHANNEL)),
        // They have left: the run says so, and that counts. Of a channel that is gone there is nothing to be seen.
        Err(error) if matches!(error.discord_code(), Some(10_003 | 10_007 | 10_013)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether a maker and the bot have permissions in the server, now.
pub(super) async fn may(
    state: &State,
    guild: Guild,
    maker: User,
    needed: Permissions,
    what: &str,
) -> Result<Result<(), String>> {
    let cache = state.host.cache();
    let bot = state
        .host
        .bot_id()
        .ok_or(Error::new("the bot is not logged in yet"))?;
    if !cache
        .guild_permissions(guild, bot)
        .or_fetch()
        .await?
        .contains(needed)
    {
        return Ok(Err(format!("I may not {what} in this server.")));
    }
    let has = rights::held(&state.host, guild, maker).await?;
    Ok(match has.contains(needed) {
        true => Ok(()),
        false => Err(format!(
            "The automation's maker may not {what} in this server."
        )),
    })
}

/// What a step does, to somebody whom nobody knows yet.
fn claimed(step: &Step) -> Option<Claim> {
    // Snowflakes this small are nobody's.
    let user: User = Id::new(1);
    Some(Claim::Does(match step {
        Step::Send {
            to: Place::Channel(channel),
            ..
        } => Action::Send {
            channel: *channel,
            text: String::new(),
            embed: None,
        },
        Step::AddRole { role } => Action::GiveRole { user, role: *role },
        Step::RemoveRole { role } => Action::TakeRole { user, role: *role },
        Step::Webhook { url, .. } => Action::Webhook {
            url: url.clone(),
            payload: String::new(),
        },
        Step::CreateRole { name, give, .. } => Action::CreateRole {
            name: name.clone(),
            color: None,
            give: give.then_some(user),
        },
        Step::TimeOut { .. } => {
            return Some(Claim::May(
                Permissions::MODERATE_MEMBERS,
                "time members out",
            ));
        }
        Step::DeleteMessage => {
            return Some(Claim::May(Permissions::MANAGE_MESSAGES, "delete messages"));
        }
        Step::Send {
            to: Place::Here, ..
        }
        | Step::Dm { .. }
        | Step::Delay { .. }
        | Step::Run { .. } => return None,
    }))
}
