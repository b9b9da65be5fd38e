//! Commands `schedule list` and `schedule info`.

use std::time::UNIX_EPOCH;

use plugin_api::{
    prelude::*,
    text::{clip, counted, moment, or_none, plain},
};

use crate::{
    Options,
    plan::{self, Planned},
};

/// The name of the list's pages.
pub(crate) const PAGES: &str = "schedules";

/// Schedules on a page.
const PAGE: usize = 8;

pub(super) fn list() -> Command {
    Command::new(
        "list",
        "Shows this server's schedules: when they come next, how often they came, which are off",
    )
    .example("schedule list")
    .run(async |ctx: CommandContext| ctx.pages(PAGES, ctx.guild()?).await)
}

pub(super) fn info() -> Command {
    Command::new("info", "Shows all that is known of a schedule")
        .alias("show")
        .example("schedule info standup")
        .option(plan::which())
        .autocomplete("schedule", plan::proposed)
        .run(tell)
}

/// A page of the list. By prefix it is in direct messages, so the server stands in the buttons; whoever turns is asked for again.
pub(super) async fn page(ctx: PageContext) -> Result<Page> {
    let (host, guild) = (ctx.host(), ctx.argument().parse());
    let guild: Id<marker::GuildMarker> = guild.map_err(|_| Error::new("no server's pages"))?;
    if !plan::may_steer(host, guild, ctx.user_id()).await? {
        return Err(Error::user("That is for the owner of the server."));
    }
    let all = plan::all(host, guild).await?;
    let limit = Options::of(host)?.limit;
    let mut card = embed("Schedules").footer(format!(
        "{} of {limit} that this server may have",
        counted(all.len() as u64, "schedule")
    ));
    if all.is_empty() {
        card = card.description("There are none. `schedule create` makes one.");
    }
    for planned in all.iter().skip(ctx.index() * PAGE).take(PAGE) {
        card = card.field(planned.title(), or_none(&lines(planned)), false);
    }
    Ok(Page::new(card, all.len().div_ceil(PAGE)))
}

fn lines(planned: &Planned) -> String {
    let failed = match planned.scheduled.last_run() {
        Some((_, Some(why))) => format!("\nfailed the last time: {}", clip(&plain(why), 120)),
        _ => String::new(),
    };
    format!(
        "{} · {}\n{} · {}\n{}{failed}",
        planned.comes(),
        planned.plan.does(),
        planned.next(),
        planned.runs(),
        clip(&plain(&planned.plan.text), 80),
    )
}

async fn tell(ctx: CommandContext) -> Result {
    let planned = plan::named(&ctx).await?;
    let (plan, scheduled) = (&planned.plan, &planned.scheduled);
    let last = match scheduled.last_run() {
        None => "none yet".into(),
        Some((due, result)) => {
            let ms = due
                .duration_since(UNIX_EPOCH)
                .map_or(0, |at| at.as_millis());
            let at = moment(i64::try_from(ms).unwrap_or(i64::MAX), 'f');
            match result {
                None => format!("{at}, done"),
                Some(why) => format!("{at}, failed: {}", clip(&plain(why), 300)),
            }
        }
    };
    let state = if scheduled.is_on() { "on" } else { "off" };
    let card = embed(planned.title())
        .description(&plan.text)
        .field("State", state, true)
        .field("Comes", or_none(&planned.comes()), true)
        .field("Does", plan.does(), true)
        .field("Runs", planned.runs(), true)
        .field("Made by", format!("<@{}>", plan.maker), true)
        .field("When", planned.next(), false)
        .field("Last run", or_none(&last), false);
    ctx.reply(card).await
}
