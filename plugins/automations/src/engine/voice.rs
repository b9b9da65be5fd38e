//! Voice channels: who comes, goes, changes and mutes; and the rooms that are made for them.

use plugin_api::{prelude::*, twilight_model::gateway::payload::incoming::VoiceStateUpdate};

use super::{fence, people, rooms, runs};
use crate::{
    core::{Occasion, Person},
    model::{Channel, Guild, User},
    state::{Shared, State},
    voices::Voice,
};

pub(super) async fn moved(ctx: EventContext<VoiceStateUpdate, Shared>) -> Result {
    let state = ctx.state();
    let Some(guild) = ctx.guild_id().filter(|it| state.has_any(*it)) else {
        return Ok(());
    };
    let voice = &ctx.event()?.0;
    let now = Voice {
        channel: voice.channel_id,
        is_muted: voice.mute || voice.self_mute,
    };
    let before = state.voices.put(guild, voice.user_id, now);
    let was = before.and_then(|it| it.channel);
    // A room that was left is looked at, whoever has left it.
    if let Some(left) = was.filter(|it| Some(*it) != now.channel) {
        rooms::left(state, guild, left).await?;
    }
    let caused = now
        .channel
        .is_some_and(|to| state.was_caused(&format!("move {} {to}", voice.user_id)));
    // Of whom nothing was heard before: any room may be the one that they have left.
    if before.is_none() && now.channel.is_none() {
        rooms::look(state, guild).await?;
    }
    let is_bot = voice.member.as_ref().is_some_and(|it| it.user.bot);
    if caused || is_bot {
        return Ok(());
    }
    let person = match &voice.member {
        Some(member) => people::member(member),
        None => people::fetched(&state.host, guild, voice.user_id).await?,
    };
    for automation in state.working(guild).await?.iter() {
        match automation.template() {
            "voice_log" => {
                let values = &automation.definition.parameters;
                if let Some((kind, what)) = happened(before, now)
                    && values.flag(kind)
                    && sees(state, guild, automation.maker, [was, now.channel]).await?
                {
                    fire(
                        state,
                        automation,
                        guild,
                        person.clone(),
                        &what,
                        now.channel.or(was),
                    )
                    .await?;
                }
            }
            "rooms" if now.channel.is_some() && now.channel != was => {
                rooms::entered(state, guild, automation, &person, now.channel).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the maker sees all of these channels.
async fn sees(
    state: &State,
    guild: Guild,
    maker: User,
    channels: [Option<Channel>; 2],
) -> Result<bool> {
    for channel in channels.into_iter().flatten() {
        if !fence::in_sight(state, guild, maker, channel).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn fire(
    state: &State,
    automation: &crate::automation::Automation,
    guild: Guild,
    person: Person,
    what: &str,
    channel: Option<Channel>,
) -> Result {
    let mut occasion = Occasion::new(guild).about(person);
    occasion.set("what", what);
    occasion.set(
        "voice",
        channel.map_or_else(String::new, |it| format!("<#{it}>")),
    );
    runs::fire(state, automation, occasion).await
}

/// What has happened, by the parameter that it is told by, and in words.
fn happened(before: Option<Voice>, now: Voice) -> Option<(&'static str, String)> {
    let was = before.and_then(|it| it.channel);
    Some(match (was, now.channel) {
        (None, Some(to)) => ("joins", format!("has joined <#{to}>.")),
        (Some(from), None) => ("leaves", format!("has left <#{from}>.")),
        (Some(from), Some(to)) if from != to => {
            ("moves", format!("has gone from <#{from}> to <#{to}>."))
        }
        (Some(_), Some(at)) => match (before.is_some_and(|it| it.is_muted), now.is_muted) {
            (false, true) => ("mutes", format!("has muted in <#{at}>.")),
            (true, false) => ("mutes", format!("has unmuted in <#{at}>.")),
            _ => return None,
        },
        (None, None) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_happened_is_told_by_what_was_before() {
        let at = |channel: u64, is_muted| Voice {
            channel: Id::new_checked(channel),
            is_muted,
        };
        for (before, now, wanted) in [
            (None, at(5, false), Some("joins")),
            (None, at(5, true), Some("joins")),
            (Some(at(5, false)), at(0, false), Some("leaves")),
            (Some(at(5, false)), at(6, true), Some("moves")),
            (Some(at(5, false)), at(5, true), Some("mutes")),
            (Some(at(5, true)), at(5, false), Some("mutes")),
            (Some(at(5, true)), at(5, true), None),
            (None, at(0, false), None),
        ] {
            assert_eq!(
                happened(before, now).map(|it| it.0),
                wanted,
                "{before:?} {now:?}"
            );
        }
    }
}
