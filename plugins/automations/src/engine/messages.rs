//! Messages: counted, filtered, bridged, and given points for.

use plugin_api::{prelude::*, twilight_model::channel::Message};

use super::{fence, levels, people, runs};
use crate::{
    automation::Automation,
    core::Occasion,
    model::{Guild, Role},
    state::{Shared, State},
    templates,
};

pub(super) async fn written(ctx: EventContext<MessageCreate, Shared>) -> Result {
    let state = ctx.state();
    let Some(guild) = ctx.guild_id().filter(|it| state.has_any(*it)) else {
        return Ok(());
    };
    // Never what the bot itself has written: an automation does not react to what one has done.
    if ctx.user_id() == state.host.bot_id() {
        return Ok(());
    }
    let working = state.working(guild).await?;
    let is_bot = ctx.is_bot();
    if !is_bot
        && working
            .iter()
            .any(|it| it.definition.conditions.counts_messages())
    {
        state.count(guild, ctx.author().id);
    }
    for automation in working.iter() {
        match automation.template() {
            "word_filter" if !is_bot => filter(state, guild, automation, ctx.event()?).await?,
            "levels" if !is_bot && !ctx.was_command() => {
                levels::gain(state, guild, automation, &ctx).await?
            }
            "webhook_bridge" => bridge(state, guild, automation, ctx.event()?).await?,
            _ => {}
        }
    }
    Ok(())
}

/// What was edited can have words in it that were not there before.
pub(super) async fn edited(ctx: EventContext<MessageUpdate, Shared>) -> Result {
    let state = ctx.state();
    let Some(guild) = ctx.guild_id().filter(|it| state.has_any(*it)) else {
        return Ok(());
    };
    for automation in state
        .working(guild)
        .await?
        .iter()
        .filter(|it| it.is_of("word_filter"))
    {
        filter(state, guild, automation, ctx.event()?).await?;
    }
    Ok(())
}

async fn filter(state: &State, guild: Guild, automation: &Automation, message: &Message) -> Result {
    let values = &automation.definition.parameters;
    let Some(word) = templates::filter_matches(values, &message.content) else {
        return Ok(());
    };
    let exempt: Vec<Role> = values.roles("exempt");
    let person = people::author(message);
    let is_exempt = person.roles.iter().any(|it| exempt.contains(it));
    if is_exempt || !fence::in_sight(state, guild, automation.maker, message.channel_id).await? {
        return Ok(());
    }
    let mut occasion = Occasion::new(guild).about(person).at(message.channel_id);
    occasion.message = Some(message.id);
    occasion.say("message", &message.content);
    occasion.say("word", &word);
    runs::fire(state, automation, occasion).await
}

async fn bridge(state: &State, guild: Guild, automation: &Automation, message: &Message) -> Result {
    let values = &automation.definition.parameters;
    if !values.channels("channels").contains(&message.channel_id) {
        return Ok(());
    }
    // What a webhook has written may be what this one has posted.
    let wanted = !message.author.bot || values.flag("bots");
    if message.webhook_id.is_some() || !wanted {
        return Ok(());
    }
    let mut said = message.content.clone();
    for file in &message.attachments {
        said = format!("{said}\n{}", file.url);
    }
    if said.trim().is_empty()
        || !fence::in_sight(state, guild, automation.maker, message.channel_id).await?
    {
        return Ok(());
    }
    let mut occasion = Occasion::new(guild)
        .about(people::author(message))
        .at(message.channel_id);
    occasion.message = Some(message.id);
    occasion.say("message", said.trim());
    let channel = state.host.cache().channel(message.channel_id).await?;
    occasion.say(
        "channel_name",
        channel.and_then(|it| it.name).as_deref().unwrap_or("?"),
    );
    runs::fire(state, automation, occasion).await
}
