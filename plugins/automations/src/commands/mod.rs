//! Commands `automations …`, for those who manage a server, and `levels` for everybody.

mod exchange;
mod info;
mod levels;
mod list;
mod make;
mod switch;
mod templates;
mod test;

use plugin_api::{prelude::*, text::code};

use crate::{
    automation::{Automation, find},
    state::Shared,
    store,
};

pub(crate) fn declare(plugin: Plugin<Shared>) -> Plugin<Shared> {
    let group = Command::group("automations", "What the bot does in this server by itself")
        .guild_only()
        // Commands by prefix would have the bot ask for the privileged intent to read messages.
        .slash_only()
        .ephemeral()
        .permissions(Permissions::MANAGE_GUILD)
        .command(make::create())
        .command(make::edit())
        .command(list::list())
        .command(info::info())
        .command(switch::toggle())
        .command(switch::delete())
        .command(templates::templates())
        .command(test::test())
        .command(exchange::export())
        .command(exchange::import());
    plugin
        .command(group)
        .command(levels::levels())
        .pages(list::PAGES, list::page)
        .component(exchange::PASTED, exchange::pasted)
}

/// The option that says which.
fn which() -> CommandOption {
    CommandOption::string("automation", "Its number, or its name")
        .required()
        .max(60)
}

/// What [`which`] names, among the server's own.
async fn named(ctx: &CommandContext<Shared>) -> Result<Automation> {
    let typed: String = ctx.option("automation")?;
    let all = store::all(ctx.host(), ctx.guild()?).await?;
    find(&all, &typed).cloned().ok_or_else(|| {
        Error::user(format!(
            "This server has no automation {}. `automations list` shows those that it has.",
            code(&typed)
        ))
    })
}

/// Proposes the server's automations while one is typed.
async fn proposed(ctx: AutocompleteContext<Shared>) -> Result<Vec<Choice>> {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    // Discord lets anybody ask that can name the command.
    let may = host
        .cache()
        .guild_permissions(guild, ctx.user_id())
        .or_fetch()
        .await?;
    if !may.contains(Permissions::MANAGE_GUILD) {
        return Ok(Vec::new());
    }
    let typed = ctx.typed().trim().trim_start_matches('#').to_lowercase();
    let all = store::all(host, guild).await?;
    let fits = |it: &&Automation| {
        it.id.to_string().starts_with(&typed) || it.definition.name.to_lowercase().contains(&typed)
    };
    let state = |it: &Automation| if it.is_on { "" } else { " (off)" };
    let choices = all.iter().filter(fits).take(25);
    Ok(choices
        .map(|it| Choice::new(format!("{}{}", it.title(), state(it)), it.id.to_string()))
        .collect())
}
