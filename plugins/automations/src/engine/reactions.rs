//! Reactions to a panel: by which members take roles and put them down.

use plugin_api::{prelude::*, twilight_model::channel::message::EmojiReactionType};

use super::{
    facts,
    panels::{after, change, emoji},
    people,
};
use crate::{
    automation::Automation,
    core::Occasion,
    model::{Guild, Keyed, Role, User},
    state::{Shared, State},
};

pub(super) async fn reacted(ctx: EventContext<ReactionAdd, Shared>) -> Result {
    let Some(Offered {
        guild,
        user,
        automation,
        it,
    }) = offered(&ctx, |ctx| Ok(&ctx.event()?.0.emoji)).await?
    else {
        return Ok(());
    };
    let state = ctx.state();
    let member = ctx.event()?.0.member.as_ref();
    let person = match member {
        Some(member) if member.user.bot => return Ok(()),
        Some(member) => people::member(member),
        None => people::fetched(&state.host, guild, user).await?,
    };
    let values = &automation.definition.parameters;
    let has = person.roles.clone();
    let occasion = Occasion::new(guild).about(person).at(ctx.channel());
    if !facts::hold(state, &automation.definition.conditions, &occasion).await? {
        return Ok(());
    }
    let others = values
        .keyed("roles")
        .into_iter()
        .filter(|other| values.flag("single") && other.role != it.role);
    let take: Vec<Role> = others
        .clone()
        .map(|it| it.role)
        .filter(|it| has.contains(it))
        .collect();
    if change(state, guild, &automation, &occasion, &[it.role], &take)
        .await?
        .is_none()
    {
        // Only one at a time is to be seen, too.
        for other in others.filter(|it| take.contains(&it.role)) {
            unreact(state, &ctx, user, emoji(&other.key)).await;
        }
        let roles = people::roles(&state.host, guild).await?;
        after(state, &automation, occasion, &[it.role], &roles).await?;
    }
    Ok(())
}

async fn unreact(state: &State, ctx: &EventContext<ReactionAdd, Shared>, user: User, emoji: &str) {
    state.causes(format!("unreact {} {user} {emoji}", ctx.message()));
    let escaped: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!(
        "channels/{}/messages/{}/reactions/{escaped}/{user}",
        ctx.channel(),
        ctx.message()
    );
    if let Err(error) = state
        .host
        .discord()
        .request(Method::Delete, path)
        .send()
        .await
    {
        tracing::debug!("a reaction could not be taken away: {error}");
    }
}

pub(super) async fn unreacted(ctx: EventContext<ReactionRemove, Shared>) -> Result {
    let Some(Offered {
        guild,
        user,
        automation,
        it,
    }) = offered(&ctx, |ctx| Ok(&ctx.event()?.0.emoji)).await?
    else {
        return Ok(());
    };
    let state = ctx.state();
    let caused = state.was_caused(&format!(
        "unreact {} {user} {}",
        ctx.message(),
        emoji(&it.key)
    ));
    if caused || !automation.definition.parameters.flag("undo") {
        return Ok(());
    }
    let person = match people::fetched(&state.host, guild, user).await {
        Ok(person) => person,
        // They have left, and their reaction with them.
        Err(error) if error.discord_code() == Some(10_007) => return Ok(()),
        Err(error) => return Err(error),
    };
    // Whether they have it is not asked: what the cache knows of them may be from before it was given.
    let occasion = Occasion::new(guild).about(person).at(ctx.channel());
    change(state, guild, &automation, &occasion, &[], &[it.role])
        .await
        .map(drop)
}

/// What is offered for somebody's reaction.
struct Offered {
    guild: Guild,
    user: User,
    /// Whose message it is.
    automation: Automation,
    it: Keyed,
}

/// What is offered for a reaction, if it is one of a member's to a panel.
async fn offered<E, F>(ctx: &EventContext<E, Shared>, reaction: F) -> Result<Option<Offered>>
where
    E: plugin_api::Event + plugin_api::MessageEvent,
    F: for<'a> Fn(&'a EventContext<E, Shared>) -> Result<&'a EmojiReactionType>,
{
    let state = ctx.state();
    let Some((guild, user)) = ctx.guild_id().zip(ctx.user_id()) else {
        return Ok(None);
    };
    if Some(user) == state.host.bot_id() {
        return Ok(None);
    }
    let working = state.working(guild).await?;
    let at = |it: &&Automation| {
        it.is_of("reaction_roles") && it.made.panel.is_some_and(|(_, id)| id == ctx.message())
    };
    let Some(automation) = working.iter().find(at) else {
        return Ok(None);
    };
    let said = match reaction(ctx)? {
        EmojiReactionType::Custom { id, .. } => id.to_string(),
        EmojiReactionType::Unicode { name } => name.clone(),
    };
    let is_it = |it: &Keyed| {
        let key = emoji(&it.key);
        // Discord may leave the sign out that asks for a picture.
        key.rsplit(':').next() == Some(&said)
            || key.trim_end_matches('\u{fe0f}') == said.trim_end_matches('\u{fe0f}')
    };
    let found = automation
        .definition
        .parameters
        .keyed("roles")
        .into_iter()
        .find(is_it);
    Ok(found.map(|it| Offered {
        guild,
        user,
        automation: automation.clone(),
        it,
    }))
}
