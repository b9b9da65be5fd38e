//! Panels: messages of the bot's with buttons, menus and reactions, by which members choose roles and open tickets.

use plugin_api::{
    prelude::*,
    text::{clip, code},
};

use super::{
    facts, fence,
    live::{self, Live},
    people, runs,
};
use crate::{
    automation::{Automation, Made},
    core::{Action, Occasion, World, judge},
    model::{Guild, Keyed, Message, Role, RoleAt},
    state::{Shared, State},
    store,
    templates::{Style, style},
};

/// Handler of a role's button: `automation:role`.
pub(super) const BUTTON: &str = "role";

/// Handler of the menu of roles: `automation`.
pub(super) const MENU: &str = "roles";

/// Handler of the button that opens a ticket: `automation`.
pub(super) const TICKET: &str = "ticket";

/// Puts an automation's message where it belongs, or changes the one that is there.
pub(crate) async fn put(state: &State, guild: Guild, automation: &Automation) -> Result {
    let values = &automation.definition.parameters;
    let message = match automation.template() {
        "reaction_roles" => choice(state, guild, automation).await?,
        "tickets" => {
            let label = Some(values.text("button"))
                .filter(|it| !it.trim().is_empty())
                .unwrap_or("Open a ticket");
            let open = button(
                clip(label, 80),
                state.host.custom_id(TICKET, automation.id)?,
            )
            .emoji("🎫");
            NewMessage::from(values.text("message")).row([open])
        }
        _ => return Ok(()),
    };
    let Some(channel) = values.channel("channel") else {
        return Ok(());
    };
    let action = Action::Send {
        channel,
        text: String::new(),
        embed: None,
    };
    let live = Live { state, guild };
    let standing = live
        .standing(automation.maker, &action, &Occasion::new(guild))
        .await?;
    judge(&action, &Occasion::new(guild), &standing).map_err(Error::user)?;
    let discord = state.host.discord();
    let kept = match automation.made.panel {
        Some((there, id)) if there == channel => {
            match discord.edit(channel, id, message.clone()).await {
                Ok(_) => Some(id),
                Err(error) if error.discord_code() == Some(10_008) => None,
                Err(error) => return Err(error),
            }
        }
        Some((there, id)) => {
            remove(state, there, id).await;
            None
        }
        None => None,
    };
    let id = match kept {
        Some(id) => id,
        None => discord.send(channel, message).await?.id,
    };
    let made = Made {
        panel: Some((channel, id)),
        ..automation.made.clone()
    };
    store::keep_made(&state.host, guild, automation.id, &made).await?;
    if automation.is_of("reaction_roles") && style(values) == Style::Reactions {
        for it in values.keyed("roles") {
            let reacted = discord.react(channel, id, emoji(&it.key)).await;
            reacted.map_err(|error| match error.discord_code() {
                Some(10_014) => Error::user(format!(
                    "I can't react with {}: it is an emoji of another server.",
                    code(&it.key)
                )),
                Some(50_013) => Error::user(format!("I may not add reactions in <#{channel}>.")),
                _ => error,
            })?;
        }
    }
    Ok(())
}

/// Takes an automation's message away. One that is gone already, or that can't be reached any more, is let be.
pub(crate) async fn take_away(state: &State, automation: &Automation) {
    if let Some((channel, id)) = automation.made.panel {
        remove(state, channel, id).await;
    }
}

async fn remove(state: &State, channel: crate::model::Channel, id: Message) {
    if let Err(error) = state.host.discord().delete(channel, id).await {
        tracing::info!(
            channel = channel.get(),
            message = id.get(),
            "an automation's message could not be deleted: {error}"
        );
    }
}

async fn choice(state: &State, guild: Guild, automation: &Automation) -> Result<NewMessage> {
    let (host, values) = (&state.host, &automation.definition.parameters);
    let (all, roles) = (values.keyed("roles"), people::roles(host, guild).await?);
    let message = NewMessage::from(values.text("message"));
    let name = |role: Role| clip(&people::name_of(&roles, role), 80);
    Ok(match style(values) {
        Style::Reactions => {
            let lines: Vec<_> = all
                .iter()
                .map(|it| format!("{} <@&{}>", it.key, it.role))
                .collect();
            NewMessage::from(format!("{}\n{}", values.text("message"), lines.join("\n")))
                .without_components()
        }
        Style::Menu => {
            let options = all.iter().map(|it| {
                let option = plugin_api::SelectOption::new(name(it.role), it.role.to_string());
                if it.key.is_empty() {
                    option
                } else {
                    option.emoji(emoji(&it.key))
                }
            });
            let most = if values.flag("single") {
                1
            } else {
                u8::try_from(all.len()).unwrap_or(25)
            };
            let menu = select(
                "Choose your roles",
                host.custom_id(MENU, automation.id)?,
                options,
            )
            .min(0)
            .max(most);
            message.row([menu])
        }
        Style::Buttons => {
            let mut message = message;
            for five in all.chunks(5) {
                let mut row = Vec::new();
                for it in five {
                    let id =
                        host.custom_id(BUTTON, format_args!("{}:{}", automation.id, it.role))?;
                    let button = button(name(it.role), id).secondary();
                    row.push(if it.key.is_empty() {
                        button
                    } else {
                        button.emoji(emoji(&it.key))
                    });
                }
                message = message.row(row);
            }
            message
        }
    })
}

/// An emoji as Discord's requests take it: `name:id` of a server's own.
pub(super) fn emoji(key: &str) -> &str {
    let bare = key
        .strip_prefix('<')
        .and_then(|it| it.strip_suffix('>'))
        .unwrap_or(key);
    bare.strip_prefix("a:")
        .unwrap_or(bare)
        .trim_start_matches(':')
}

/// The automation that a button or menu belongs to, if it is still on.
pub(super) async fn of(ctx: &ComponentContext<Shared>, id: &str) -> Result<Automation> {
    let working = ctx.state().working(ctx.guild()?).await?;
    let id: Option<i64> = id.parse().ok();
    let found = working.iter().find(|it| Some(it.id) == id);
    found
        .cloned()
        .ok_or(Error::user("This is switched off at the moment."))
}

pub(super) async fn clicked(ctx: ComponentContext<Shared>) -> Result {
    let (id, role) = ctx.argument().split_once(':').unwrap_or_default();
    let (automation, role) = (
        of(&ctx, id).await?,
        role.parse().ok().and_then(Id::new_checked),
    );
    let offered = automation.definition.parameters.keyed("roles");
    let it = offered.iter().find(|it| Some(it.role) == role);
    let it = it.ok_or(Error::user("That role is not offered here any more."))?;
    let has = people::own_roles(&ctx).contains(&it.role);
    let undo = automation.definition.parameters.flag("undo");
    let said = match (has, undo) {
        (true, false) => "You have that role already.".to_owned(),
        (true, true) => choose(&ctx, &automation, &[], &[it.role]).await?,
        (false, _) => {
            choose(
                &ctx,
                &automation,
                &[it.role],
                &others(&ctx, &automation, it),
            )
            .await?
        }
    };
    ctx.reply(NewMessage::from(said).ephemeral()).await
}

/// The roles that a choice of one takes away, where only one is to be had at a time.
fn others(ctx: &Invocation, automation: &Automation, chosen: &Keyed) -> Vec<Role> {
    let values = &automation.definition.parameters;
    let all = values
        .keyed("roles")
        .into_iter()
        .filter(|it| values.flag("single") && it.role != chosen.role);
    all.map(|it| it.role)
        .filter(|it| ctx.roles().contains(it))
        .collect()
}

/// What is picked in the menu is what one wants to have of it.
pub(super) async fn picked(ctx: ComponentContext<Shared>) -> Result {
    let automation = of(&ctx, ctx.argument()).await?;
    let values = &automation.definition.parameters;
    let wanted = |it: &Keyed| ctx.values().contains(&it.role.to_string());
    let (mut give, mut take) = (Vec::new(), Vec::new());
    for it in values.keyed("roles") {
        match (wanted(&it), people::own_roles(&ctx).contains(&it.role)) {
            (true, false) => give.push(it.role),
            (false, true) if values.flag("undo") || values.flag("single") => take.push(it.role),
            _ => {}
        }
    }
    let said = choose(&ctx, &automation, &give, &take).await?;
    ctx.reply(NewMessage::from(said).ephemeral()).await
}

/// Gives and takes roles for whoever has chosen; what they read of it.
async fn choose(
    ctx: &ComponentContext<Shared>,
    automation: &Automation,
    give: &[Role],
    take: &[Role],
) -> Result<String> {
    let (state, guild) = (ctx.state(), ctx.guild()?);
    let occasion = Occasion::new(guild)
        .about(people::invoker(ctx))
        .at(ctx.channel_id());
    if !facts::hold(state, &automation.definition.conditions, &occasion).await? {
        return Err(Error::user(
            "You can't choose roles here: its conditions don't hold for you now.",
        ));
    }
    if give.is_empty() && take.is_empty() {
        return Ok("Nothing has changed.".into());
    }
    let roles = people::roles(&state.host, guild).await?;
    if let Some(why) = change(state, guild, automation, &occasion, give, take).await? {
        tracing::info!(
            guild = guild.get(),
            automation = automation.id,
            "a role could not be given: {why}"
        );
        return Err(Error::user(
            "That did not work. This server's managers can see why in `automations info`.",
        ));
    }
    after(state, automation, occasion, give, &roles).await?;
    let list = |ids: &[Role]| {
        ids.iter()
            .map(|it| format!("<@&{it}>"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    Ok(match (give.is_empty(), take.is_empty()) {
        (false, true) => format!("You have {} now.", list(give)),
        (true, _) => format!("You don't have {} any more.", list(take)),
        (false, false) => format!("You have {} now, and {} no more.", list(give), list(take)),
    })
}

/// The maker's own steps, behind a role that was given.
pub(super) async fn after(
    state: &State,
    automation: &Automation,
    mut occasion: Occasion,
    give: &[Role],
    roles: &[RoleAt],
) -> Result {
    if automation.definition.steps.is_empty() || give.is_empty() {
        return store::succeeded(&state.host, occasion.guild, automation.id, runs::now_ms()).await;
    }
    let names: Vec<_> = give.iter().map(|it| people::name_of(roles, *it)).collect();
    occasion.say("role", &names.join(", "));
    runs::fire(state, automation, occasion).await
}

/// Does it, or says why not, which counts as a failure of the automation.
pub(super) async fn change(
    state: &State,
    guild: Guild,
    automation: &Automation,
    occasion: &Occasion,
    give: &[Role],
    take: &[Role],
) -> Result<Option<String>> {
    let Some(user) = occasion.person.as_ref().map(|it| it.id) else {
        return Ok(None);
    };
    let live = Live { state, guild };
    let gives = give
        .iter()
        .map(|role| Action::GiveRole { user, role: *role });
    let takes = take
        .iter()
        .map(|role| Action::TakeRole { user, role: *role });
    for action in takes.chain(gives) {
        let done = async {
            let standing = live.standing(automation.maker, &action, occasion).await?;
            judge(&action, occasion, &standing).map_err(Error::user)?;
            live.perform(&action, &standing, occasion).await
        };
        if let Err(error) = done.await {
            let why = error
                .user_message()
                .map_or_else(|| error.to_string(), str::to_owned);
            super::failures::count(state, guild, automation.id, &why, !live::is_outage(&error))
                .await?;
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Whether an automation's maker and the bot may do what it needs, now.
pub(super) async fn allowed(
    state: &State,
    guild: Guild,
    automation: &Automation,
    needed: Permissions,
    what: &str,
) -> Result {
    fence::may(state, guild, automation.maker, needed, what)
        .await?
        .map_err(Error::user)
}
