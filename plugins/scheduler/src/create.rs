//! Command `schedule create`.

use plugin_api::{
    prelude::*,
    text::{clip, code, counted, or_none, plain},
    twilight_model::channel::ChannelType,
};

use crate::{
    Options,
    place::Place,
    plan::{self, Kind, NAME, Plan, Planned},
    when::{self, When},
};

/// Characters that a message holds.
const TEXT: u32 = 2_000;

/// Channels that messages can be sent to.
const CHANNELS: [ChannelType; 6] = [
    ChannelType::GuildText,
    ChannelType::GuildAnnouncement,
    ChannelType::GuildVoice,
    ChannelType::PublicThread,
    ChannelType::PrivateThread,
    ChannelType::AnnouncementThread,
];

pub(super) fn create() -> Command {
    Command::new("create", "Plans a message that comes again and again")
        .alias("add")
        .help(
            "When: an interval such as `1h30m` (a minute at least), or a cron expression of five fields: minute, hour, day of the month, \
             month, day of the week. Sunday is 0 or 7, names such as `mon` and `jan` work. By prefix, what has blanks stands in quotes. \
             What is missed while the bot is away comes once, late.\n\
             Instead of a message, the bot's owners may have the hook event `scheduler.due` emitted, or a line written into the log.",
        )
        .example("schedule create standup \"0 9 * * mon-fri\" \"Good morning! What is next?\"")
        .example("schedule create water 2h \"Drink something.\" message #general UTC 10")
        .option(CommandOption::string("name", "How it is called").required().min(1).max(NAME))
        .option(
            CommandOption::string("when", "An interval such as 1h30m, or a cron expression such as 0 9 * * mon")
                .required()
                .max(200),
        )
        .option(CommandOption::string("content", "What it says").required().max(TEXT))
        .option(CommandOption::of::<Option<Kind>>("kind", "What it does; left out: it sends a message"))
        .option(
            CommandOption::channel("channel", "Where to; left out: here").channel_kinds(CHANNELS),
        )
        .option(CommandOption::string("zone", "Time zone of the cron expression, such as Europe/Berlin"))
        .option(CommandOption::integer("runs", "How often it comes; left out: until you delete it").min(1))
        .autocomplete("zone", when::zones)
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let (host, guild, maker) = (ctx.host(), ctx.guild()?, ctx.user().id);
    let kind: Kind = ctx.option::<Option<Kind>>("kind")?.unwrap_or_default();
    if kind != Kind::Message && !host.acting().await?.owner {
        return Err(Error::user(
            "Hooks and the log are for the bot's owners: a schedule of yours sends a message.",
        ));
    }
    let when: String = ctx.option("when")?;
    let when = when::read(&when)?;
    let name = name(ctx.option("name")?)?;
    let here = ctx.option::<Option<Id<marker::ChannelMarker>>>("channel")?;
    let channel = here.unwrap_or(ctx.channel_id());
    if kind == Kind::Message {
        Place::of(host, guild, maker, channel).await?;
    }
    let text: String = ctx.option("content")?;
    if text.trim().is_empty() {
        return Err(Error::user(
            "It says nothing: `content` has no words in it.",
        ));
    }
    let zone: Option<String> = ctx.option("zone")?;
    let zone = match zone {
        Some(zone) => zone,
        None => Options::of_guild(host, guild).await?.zone,
    };
    let plan = Plan {
        name,
        kind,
        channel: (kind == Kind::Message).then_some(channel),
        text,
        maker,
        laid: None,
    };
    let order = Order {
        plan,
        when,
        zone,
        runs: ctx.option("runs")?,
    };
    let made = make(host, guild, order).await?;
    let plan = &made.plan;
    let card = embed("Planned")
        .success()
        .description(clip(&plan.text, 500))
        .field("Schedule", or_none(&made.title()), true)
        .field("Comes", or_none(&made.comes()), true)
        .field("Does", plan.does(), true)
        .field("Runs", made.runs(), true)
        .field("When", made.next(), false);
    ctx.reply(card).await
}

/// What is to be planned.
pub(crate) struct Order {
    pub(crate) plan: Plan,
    pub(crate) when: When,
    /// Of a cron expression.
    pub(crate) zone: String,
    pub(crate) runs: Option<u64>,
}

/// Plans it, if the server has room for it.
///
/// # Errors
///
/// A sentence of what is in the way.
pub(crate) async fn make(
    host: &Host,
    guild: Id<marker::GuildMarker>,
    order: Order,
) -> Result<Planned> {
    let (plan, limit) = (&order.plan, Options::of(host)?.limit);
    has_room(&plan::all(host, guild).await?, limit, &plan.name)?;
    let schedules = plan::of(host, guild).about(plan.maker);
    let new = match order.when {
        When::Every(period) => schedules.every(period),
        When::Cron(cron) => schedules.cron(cron, order.zone),
    };
    let new = match order.runs {
        Some(runs) => new.max_runs(runs),
        None => new,
    };
    let id = new.payload(plan).await.map_err(unfit)?;
    let mut there = plan::all(host, guild).await?;
    let at = there.iter().position(|it| it.id() == id);
    let made = there.remove(at.ok_or(Error::new("a schedule was gone as soon as it was made"))?);
    // Two at once: the later one yields.
    there.retain(|it| it.id() < id);
    if let Err(refused) = has_room(&there, limit, &plan.name) {
        plan::of(host, guild).cancel(id).await?;
        return Err(refused);
    }
    Ok(made)
}

/// Whether a server with these may have one more, of this name.
fn has_room(there: &[Planned], limit: u64, name: &str) -> Result {
    if there.len() as u64 >= limit {
        return Err(Error::user(format!(
            "This server has {}, which is all it may have. `schedule delete` makes room.",
            counted(there.len() as u64, "schedule")
        )));
    }
    match there
        .iter()
        .find(|it| it.plan.name.eq_ignore_ascii_case(name))
    {
        Some(other) => Err(Error::user(format!(
            "{} is called so already.",
            code(&other.title())
        ))),
        None => Ok(()),
    }
}

/// A name that is no number, which others would be found by.
pub(crate) fn name(typed: String) -> Result<String> {
    let name = plain(typed.trim()).trim().to_owned();
    let number = name.trim_start_matches('#');
    if number.is_empty() || number.parse::<u64>().is_ok() {
        return Err(Error::user(
            "A name has letters in it: schedules have numbers besides.",
        ));
    }
    Ok(name)
}

/// What the host finds wrong with a time, without the name of the handler, which nobody has typed.
fn unfit(error: Error) -> Error {
    let told = error.to_string();
    match told.split_once(&format!("`{}`: ", plan::HANDLER)) {
        Some((_, reason)) => {
            let mut reason = plain(reason);
            if let Some(first) = reason.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            Error::user(format!("{}.", reason.trim_end_matches('.')))
        }
        None => error,
    }
}
