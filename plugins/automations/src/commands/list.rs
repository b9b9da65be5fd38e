//! Command `automations list`: the server's automations, eight a page.

use plugin_api::{
    Page, PageContext,
    prelude::*,
    text::{code, counted, moment},
};

use crate::{automation::Automation, state::Shared, store};

/// Name of the pages.
pub(super) const PAGES: &str = "automations";

/// Automations of one page.
const EACH: usize = 8;

pub(super) fn list() -> Command<Shared> {
    Command::new("list", "Lists this server's automations")
        .run(|ctx: CommandContext<Shared>| async move { ctx.pages(PAGES, "").await })
}

pub(super) async fn page(ctx: PageContext<Shared>) -> Result<Page> {
    let guild = ctx
        .guild_id()
        .ok_or(Error::user("Automations are for servers."))?;
    // Who turns a page may not manage the server any more.
    let may = ctx
        .host()
        .cache()
        .guild_permissions(guild, ctx.user_id())
        .or_fetch()
        .await?;
    if !may.contains(Permissions::MANAGE_GUILD) {
        return Err(Error::user("You may not manage this server any more."));
    }
    // Where the bot has come again, its automations begin anew.
    ctx.state().changed(guild).await?;
    let all = store::all(ctx.host(), guild).await?;
    if all.is_empty() {
        let none = "This server has no automations yet. `automations create` makes one.";
        return Ok(Page::new(embed("Automations").description(none), 1));
    }
    let pages = all.len().div_ceil(EACH);
    let at = ctx.index().min(pages - 1);
    let mut card = embed(format!("Automations ({})", all.len()));
    for it in all.iter().skip(at * EACH).take(EACH) {
        card = card.field(plugin_api::text::word(&it.title()), line(it), false);
    }
    Ok(Page::new(card, pages))
}

fn line(it: &Automation) -> String {
    let template = it.definition.template().map_or_else(
        |_| code(&it.definition.template),
        |it| format!("{} {}", it.icon, it.title),
    );
    let state = match (it.is_on, it.failures) {
        (true, 0) => "on".to_owned(),
        (true, failures) => format!(
            "on, failed {} in a row",
            counted(u64::try_from(failures).unwrap_or(0), "time")
        ),
        (false, _) => "off".into(),
    };
    let last = it
        .last_run_ms
        .map_or_else(String::new, |ms| format!(", last {}", moment(ms, 'R')));
    format!(
        "{template} · {state} · {}{last}",
        counted(u64::try_from(it.runs).unwrap_or(0), "run")
    )
}
