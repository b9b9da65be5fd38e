//! A plan: what a schedule does, and whose it is. The schedules of one server, which nobody finds from another.

use std::time::UNIX_EPOCH;

use plugin_api::{
    Scheduled, Schedules,
    prelude::*,
    text::{code, counted, moment, word},
};
use serde::{Deserialize, Serialize};

use crate::when;

/// The handler that the host calls when a plan is due.
pub(crate) const HANDLER: &str = "plan";

/// Most characters of a name.
pub(crate) const NAME: u32 = 50;

/// What a plan does when it is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Choices)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Sends its text to a channel.
    #[default]
    Message,
    /// Emits a hook event that other plugins handle.
    Hook,
    /// Writes a line into the log.
    Log,
}

/// What a schedule was made with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// Of a message: where to.
    #[serde(default)]
    pub(crate) channel: Option<Id<marker::ChannelMarker>>,
    pub(crate) text: String,
    /// Who has made it: what they may not do, it does not do for them.
    pub(crate) maker: Id<marker::UserMarker>,
    /// The file of the inbox that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) laid: Option<String>,
}

impl Plan {
    /// What it does, for people.
    pub(crate) fn does(&self) -> String {
        match (self.kind, self.channel) {
            (Kind::Message, Some(channel)) => format!("a message in <#{channel}>"),
            (Kind::Message, None) => "a message".into(),
            (Kind::Hook, _) => "the hook event `scheduler.due`".into(),
            (Kind::Log, _) => "a line in the log".into(),
        }
    }
}

/// A plan, and what the host knows of it.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) scheduled: Scheduled,
}

impl Planned {
    pub(crate) fn id(&self) -> u64 {
        self.scheduled.id()
    }

    /// `#3 standup`.
    pub(crate) fn title(&self) -> String {
        format!("#{} {}", self.id(), word(&self.plan.name))
    }

    /// When it comes, in words.
    pub(crate) fn comes(&self) -> String {
        match (self.scheduled.cron(), self.scheduled.period()) {
            (Some((cron, zone)), _) => format!("{} in {}", code(cron), word(zone)),
            (None, Some(period)) => format!("every {}", when::period_in_words(period)),
            (None, None) => "once".into(),
        }
    }

    /// When it comes next, in the reader's own time zone.
    pub(crate) fn next(&self) -> String {
        if !self.scheduled.is_on() {
            return "off".into();
        }
        let at = self.scheduled.at().duration_since(UNIX_EPOCH);
        let ms = at.map_or(0, |at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
        format!("next {} ({})", moment(ms, 'f'), moment(ms, 'R'))
    }

    /// How often it has come, and may come.
    pub(crate) fn runs(&self) -> String {
        match self.scheduled.runs() {
            (runs, None) => counted(runs, "run"),
            (runs, Some(most)) => format!("{runs} of {}", counted(most, "run")),
        }
    }
}

/// The schedules of a server.
pub(crate) fn of(host: &Host, guild: Id<marker::GuildMarker>) -> Schedules {
    host.schedule(HANDLER).guild(guild)
}

/// All plans of a server, by their numbers. What a newer version has planned, and this one can't read, is left out.
pub(crate) async fn all(host: &Host, guild: Id<marker::GuildMarker>) -> Result<Vec<Planned>> {
    let scheduled = of(host, guild).list().await?.into_iter();
    let read = |scheduled: Scheduled| match scheduled.payload() {
        Ok(plan) => Some(Planned { plan, scheduled }),
        Err(error) => {
            tracing::warn!(id = scheduled.id(), "a schedule is left out: {error}");
            None
        }
    };
    let mut all: Vec<Planned> = scheduled.filter_map(read).collect();
    all.sort_by_key(Planned::id);
    Ok(all)
}

/// The option that says which.
pub(crate) fn which() -> CommandOption {
    CommandOption::string("schedule", "Its number, or its name").required()
}

/// What [`which`] names, among the server's own.
pub(crate) async fn named(ctx: &CommandContext) -> Result<Planned> {
    let typed: String = ctx.option("schedule")?;
    let wanted = typed.trim().trim_start_matches('#');
    let all = all(ctx.host(), ctx.guild()?).await?;
    let is_it = |it: &Planned| match wanted.parse::<u64>() {
        Ok(id) => it.id() == id,
        Err(_) => it.plan.name.eq_ignore_ascii_case(wanted),
    };
    all.into_iter().find(is_it).ok_or_else(|| {
        Error::user(format!(
            "This server has no schedule {}. `schedule list` shows those that it has.",
            code(&typed)
        ))
    })
}

/// Whether somebody may see and steer a server's schedules: its owner, and the bot's.
pub(crate) async fn may_steer(
    host: &Host,
    guild: Id<marker::GuildMarker>,
    user: Id<marker::UserMarker>,
) -> Result<bool> {
    let acting = host.acting().await?;
    if acting.owner || acting.owners.contains(&user.get()) {
        return Ok(true);
    }
    let guild = host.cache().guild(guild).await?;
    Ok(guild.is_some_and(|guild| guild.owner_id == user))
}

/// Proposes the server's schedules while one is typed.
pub(crate) async fn proposed(ctx: AutocompleteContext) -> Result<Vec<Choice>> {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    // Discord lets anybody ask that can name the command.
    if !may_steer(host, guild, ctx.user_id()).await? {
        return Ok(Vec::new());
    }
    let typed = ctx.typed().trim().trim_start_matches('#').to_lowercase();
    let all = all(host, guild).await?;
    let fits = |it: &&Planned| {
        it.id().to_string().starts_with(&typed) || it.plan.name.to_lowercase().contains(&typed)
    };
    let state = |it: &Planned| if it.scheduled.is_on() { "" } else { " (off)" };
    let choices = all.iter().filter(fits).take(25);
    Ok(choices
        .map(|it| Choice::new(format!("{}{}", it.title(), state(it)), it.id().to_string()))
        .collect())
}
