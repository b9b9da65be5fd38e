//! Tickets: opened by a button, claimed, closed with a transcript. Their numbers are never given twice.

use plugin_api::{
    Discord,
    prelude::*,
    text::{clip, plain},
    twilight_model::channel::message::Component,
};

use super::{
    facts, failures,
    live::{self, Live},
    panels, people, runs, transcript,
};
use crate::{
    automation::Automation,
    core::{Action, Occasion, World, expand, judge},
    model::{Channel, Guild, User},
    state::{Shared, State},
    store,
};

/// Handler of the button by which a helper takes a ticket on: `automation`.
pub(super) const CLAIM: &str = "claim";

/// Handler of the button that closes a ticket: `automation`.
pub(super) const CLOSE: &str = "close";

/// What those may do there whose ticket it is.
const INSIDE: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::EMBED_LINKS);

pub(super) async fn open(ctx: ComponentContext<Shared>) -> Result {
    let automation = panels::of(&ctx, ctx.argument()).await?;
    let (state, guild) = (ctx.state(), ctx.guild()?);
    let occasion = Occasion::new(guild).about(people::invoker(&ctx));
    if !facts::hold(state, &automation.definition.conditions, &occasion).await? {
        return Err(Error::user(
            "You can't open a ticket here: its conditions don't hold for you now.",
        ));
    }
    let most = automation.definition.parameters.number("most").unwrap_or(1);
    let database = state.host.storage().guild(guild);
    let done = database
        .transaction(|t| {
            let open = "SELECT count(*) < ?3 FROM automations__tickets WHERE automation = ?1 AND user_id = ?2 AND is_open";
            t.require(open, params![automation.id, ctx.user().id, most])
                .or_tell("You have an open ticket already. Please go on there.");
            t.execute(
                "INSERT INTO automations__tickets (automation, user_id) VALUES (?1, ?2)",
                params![automation.id, ctx.user().id],
            );
        })
        .await?;
    let number = done.last().map_or(0, plugin_api::Done::inserted_id);
    match make(&ctx, &automation, number, occasion).await {
        Ok(channel) => {
            ctx.reply(NewMessage::from(format!("Your ticket is open: <#{channel}>")).ephemeral())
                .await
        }
        Err(error) => {
            shut(&database, number).await?;
            let why = error
                .user_message()
                .map_or_else(|| error.to_string(), str::to_owned);
            let why = format!("A ticket could not be opened: {why}");
            failures::count(state, guild, automation.id, &why, !live::is_outage(&error)).await?;
            Err(Error::user(
                "That did not work. This server's managers can see why in `automations info`.",
            ))
        }
    }
}

async fn make(
    ctx: &ComponentContext<Shared>,
    automation: &Automation,
    number: i64,
    mut occasion: Occasion,
) -> Result<Channel> {
    let (state, guild, values) = (ctx.state(), ctx.guild()?, &automation.definition.parameters);
    let (discord, user) = (state.host.discord(), ctx.user().id);
    let bot = state
        .host
        .bot_id()
        .ok_or(Error::new("the bot is not logged in yet"))?;
    let needed = Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES;
    panels::allowed(
        state,
        guild,
        automation,
        needed,
        "manage channels and roles",
    )
    .await?;
    let helpers = values
        .role("helpers")
        .ok_or(Error::user("It names no helpers."))?;
    if !people::roles(&state.host, guild)
        .await?
        .iter()
        .any(|it| it.id == helpers)
    {
        return Err(Error::user(
            "The helpers' role is not one of this server (any more).",
        ));
    }
    occasion.set("number", number.to_string());
    let name = expand(values.text("name"), &occasion.variables, &mut |low, _| low);
    let mut channel = NewChannel::text(clip(plain(&name).trim(), 100))
        .topic(format!("Ticket {number}"))
        .deny_role(guild.cast(), Permissions::VIEW_CHANNEL)
        .allow_member(bot, INSIDE)
        .allow_member(user, INSIDE)
        .allow_role(helpers, INSIDE);
    if let Some(category) = values.channel("category") {
        channel = channel.below(category);
    }
    let made = discord
        .create_channel(guild, channel)
        .reason("a ticket")
        .await;
    let made = made.map_err(|error| match error.discord_code() {
        Some(50_013) => Error::user("Discord says that I lack a permission for it."),
        Some(30_013) => Error::user("The server has as many channels as Discord allows."),
        Some(50_035 | 10_003) => Error::user("The category is not there any more."),
        _ => error,
    })?;
    let at = made.id;
    let sql = "UPDATE automations__tickets SET channel_id = ?1 WHERE number = ?2";
    state
        .host
        .storage()
        .guild(guild)
        .execute(sql, params![at, number])
        .await?;
    let mut occasion = occasion.at(at);
    occasion.set("ticket", format!("<#{at}>"));
    greet(&discord, &state.host, automation, &occasion, helpers, user).await?;
    match automation.definition.steps.is_empty() {
        true => store::succeeded(&state.host, guild, automation.id, runs::now_ms()).await?,
        false => runs::fire(state, automation, occasion).await?,
    }
    Ok(at)
}

/// The first message in a ticket. It notifies whose it is, and the helpers, who would not know of it.
async fn greet(
    discord: &Discord,
    host: &Host,
    automation: &Automation,
    occasion: &Occasion,
    helpers: crate::model::Role,
    user: User,
) -> Result {
    let Some(channel) = occasion.channel else {
        return Ok(());
    };
    let mut variables = occasion.variables.clone();
    if let Some(server) = host.cache().guild(occasion.guild).await? {
        variables.insert("guild_name".into(), crate::core::harmless(&server.name));
    }
    let text = expand(
        automation.definition.parameters.text("greeting"),
        &variables,
        &mut |low, _| low,
    );
    let text = clip(format!("{text}\n-# <@&{helpers}>").trim(), 2_000);
    // Where its maker could notify them.
    let role = host.cache().role(occasion.guild, helpers).await?;
    let of_maker = host
        .cache()
        .guild_permissions(occasion.guild, automation.maker);
    let notified = role.is_some_and(|it| it.mentionable)
        || of_maker
            .or_fetch()
            .await?
            .contains(Permissions::MENTION_EVERYONE);
    let message = NewMessage::from(text)
        .allow_users([user])
        .allow_roles(notified.then_some(helpers))
        .row(buttons(host, automation.id, true)?);
    discord.send(channel, message).await.map(drop)
}

fn buttons(host: &Host, automation: i64, claim: bool) -> Result<Vec<Component>> {
    let close = danger_button("Close", host.custom_id(CLOSE, automation)?).emoji("🔒");
    let take = button("Claim", host.custom_id(CLAIM, automation)?)
        .secondary()
        .emoji("🙋");
    Ok(match claim {
        true => vec![take.into(), close.into()],
        false => vec![close.into()],
    })
}

/// A ticket: its number, whose it is, and who has claimed it.
type Ticket = (i64, User, Option<User>);

/// The open ticket of this channel.
async fn here(ctx: &ComponentContext<Shared>) -> Result<Ticket> {
    let sql = "SELECT number, user_id, claimed_by FROM automations__tickets WHERE channel_id = ?1 AND is_open";
    let rows = ctx
        .database()?
        .query(sql, params![ctx.channel_id()])
        .await?;
    rows.read::<Ticket>()?
        .first()
        .copied()
        .ok_or(Error::user("This is no open ticket (any more)."))
}

async fn helps(ctx: &ComponentContext<Shared>, automation: &Automation) -> Result<bool> {
    let helper = automation
        .definition
        .parameters
        .role("helpers")
        .is_some_and(|it| people::own_roles(ctx).contains(&it));
    Ok(helper
        || ctx
            .permissions()
            .await?
            .contains(Permissions::MANAGE_CHANNELS))
}

pub(super) async fn claim(ctx: ComponentContext<Shared>) -> Result {
    let automation = panels::of(&ctx, ctx.argument()).await?;
    let (number, ..) = here(&ctx).await?;
    if !helps(&ctx, &automation).await? {
        return Err(Error::user("Only helpers claim tickets."));
    }
    let sql =
        "UPDATE automations__tickets SET claimed_by = ?1 WHERE number = ?2 AND claimed_by IS NULL";
    if ctx
        .database()?
        .execute(sql, params![ctx.user().id, number])
        .await?
        .changed()
        == 0
    {
        return Err(Error::user("Somebody has claimed this ticket already."));
    }
    ctx.update(
        NewMessage::default()
            .row(buttons(ctx.host(), automation.id, false)?)
            .for_everyone()
            .persistent(),
    )
    .await?;
    ctx.reply(format!(
        "{} takes care of this ticket.",
        ctx.user().mention()
    ))
    .await
}

pub(super) async fn close(ctx: ComponentContext<Shared>) -> Result {
    let automation = panels::of(&ctx, ctx.argument()).await?;
    let ticket @ (_, whose, _) = here(&ctx).await?;
    if whose != ctx.user().id && !helps(&ctx, &automation).await? {
        return Err(Error::user(
            "Only helpers, and whose ticket it is, close it.",
        ));
    }
    if !ctx
        .confirm("Close this ticket? The channel is deleted.")
        .await?
    {
        return Ok(());
    }
    // Somebody else may have been faster.
    here(&ctx).await?;
    let (state, guild, at) = (ctx.state(), ctx.guild()?, ctx.channel_id());
    let discord = state.host.discord();
    let (text, count) = transcript::of(&discord, at, ticket.0).await?;
    if let Err(error) = keep(&ctx, &automation, ticket, &text, count).await {
        let why = error.user_message().map(str::to_owned).ok_or(error)?;
        failures::count(
            state,
            guild,
            automation.id,
            &format!("A transcript could not be kept: {why}"),
            true,
        )
        .await?;
        return Err(Error::user(format!(
            "The transcript could not be kept, so nothing was closed: {why} A manager can change the log by `automations edit`."
        )));
    }
    let name = format!("ticket-{}.txt", ticket.0);
    let copy = NewMessage::from(format!(
        "Your ticket {} was closed. This was written in it.",
        ticket.0
    ))
    .file(name, text);
    if let Err(error) = discord.dm(whose, copy).await {
        tracing::debug!("a transcript could not be sent to whose ticket it was: {error}");
    }
    shut(&ctx.database()?, ticket.0).await?;
    discord
        .delete_channel(at)
        .reason(format!("ticket {} is closed", ticket.0))
        .await
}

/// Puts the transcript into the log, if there is one.
async fn keep(
    ctx: &ComponentContext<Shared>,
    automation: &Automation,
    ticket: Ticket,
    text: &str,
    count: usize,
) -> Result {
    let (state, guild) = (ctx.state(), ctx.guild()?);
    let Some(channel) = automation.definition.parameters.channel("log") else {
        return Ok(());
    };
    let (number, whose, claimed) = ticket;
    let action = Action::Send {
        channel,
        text: String::new(),
        embed: None,
    };
    let standing = Live { state, guild }
        .standing(automation.maker, &action, &Occasion::new(guild))
        .await?;
    judge(&action, &Occasion::new(guild), &standing).map_err(Error::user)?;
    let card = embed(format!("Ticket {number}"))
        .field("Opened by", format!("<@{whose}>"), true)
        .field(
            "Claimed by",
            claimed.map_or_else(|| "nobody".into(), |it| format!("<@{it}>")),
            true,
        )
        .field("Closed by", ctx.user().mention(), true)
        .field("Messages", count.to_string(), true)
        .now();
    let message = NewMessage::from(card).file(format!("ticket-{number}.txt"), text);
    state.host.discord().send(channel, message).await.map(drop)
}

async fn shut(database: &Database, number: i64) -> Result {
    let sql = "UPDATE automations__tickets SET is_open = 0 WHERE number = ?1";
    database.execute(sql, params![number]).await.map(drop)
}

/// A channel is gone: if it was a ticket's, that is over.
pub(super) async fn channel_gone(state: &State, guild: Guild, channel: Channel) -> Result {
    let sql = "UPDATE automations__tickets SET is_open = 0 WHERE channel_id = ?1";
    state
        .host
        .storage()
        .guild(guild)
        .execute(sql, params![channel])
        .await
        .map(drop)
}

/// Tickets whose channel was deleted while nobody listened are over. One without a channel was begun and never made.
pub(super) async fn put_in_order(
    state: &State,
    guild: Guild,
    is_there: &impl Fn(Channel) -> bool,
) -> Result {
    let database = state.host.storage().guild(guild);
    let sql = "SELECT number, channel_id FROM automations__tickets WHERE is_open";
    let open: Vec<(i64, Option<Channel>)> = database.query(sql, params![]).await?.read()?;
    for (number, channel) in open {
        if !channel.is_some_and(is_there) {
            shut(&database, number).await?;
        }
    }
    Ok(())
}
