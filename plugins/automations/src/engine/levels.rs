//! Points and levels: gained by messages, kept in the server's database, told and rewarded.

use std::time::Duration;

use plugin_api::prelude::*;

use super::{facts, people, runs};
use crate::{
    automation::Automation,
    core::Occasion,
    model::{Guild, Step, User},
    state::{Shared, State},
    templates::{level, points_for},
};

/// A message has been written: its author gains points, if they have gained none for a while.
pub(super) async fn gain(
    state: &State,
    guild: Guild,
    automation: &Automation,
    ctx: &EventContext<MessageCreate, Shared>,
) -> Result {
    let values = &automation.definition.parameters;
    let (user, channel) = (ctx.author().id, ctx.channel());
    if values.channels("quiet").contains(&channel) {
        return Ok(());
    }
    let pause = values
        .number("pause")
        .and_then(|it| u64::try_from(it).ok())
        .unwrap_or(60);
    if !state.may_gain(guild, automation.id, user, Duration::from_secs(pause)) {
        return Ok(());
    }
    let person = people::author(ctx.event()?);
    let mut occasion = Occasion::new(guild).about(person).at(channel);
    occasion.message = Some(ctx.message());
    if !facts::hold(state, &automation.definition.conditions, &occasion).await? {
        return Ok(());
    }
    let (points, pause) = (
        values.number("points").unwrap_or(10),
        i64::try_from(pause * 1_000)?,
    );
    let sql = "INSERT INTO automations__levels VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET points = points + excluded.points, last_ms = excluded.last_ms
        WHERE last_ms <= excluded.last_ms - ?5 OR last_ms > excluded.last_ms
        RETURNING points";
    let database = state.host.storage().guild(guild);
    let now = runs::now_ms();
    let rows = database
        .query(sql, params![automation.id, user, points, now, pause])
        .await?;
    let Some(has) = rows.read::<i64>()?.first().copied() else {
        return Ok(());
    };
    let reached = level(has);
    if reached == level(has - points) {
        return Ok(());
    }
    occasion.set("level", reached.to_string());
    occasion.set("points", has.to_string());
    let mut rewarded = automation.clone();
    // Of all levels up to this one: what was missed while the bot was away, or came later, is made up for.
    let has_roles = occasion
        .person
        .as_ref()
        .map(|it| it.roles.clone())
        .unwrap_or_default();
    let due = values.keyed("rewards").into_iter();
    let due = due.filter(|it| {
        it.key.parse::<i64>().is_ok_and(|at| at <= reached) && !has_roles.contains(&it.role)
    });
    rewarded
        .definition
        .steps
        .splice(0..0, due.map(|it| Step::AddRole { role: it.role }));
    runs::fire(state, &rewarded, occasion).await
}

/// A member's points, level and place, and the points of the next level.
pub(crate) async fn standing_of(
    host: &Host,
    guild: Guild,
    automation: i64,
    user: User,
) -> Result<Option<(i64, i64, i64, i64)>> {
    let sql = "SELECT points, (SELECT count(*) + 1 FROM automations__levels AS other
            WHERE other.automation = ?1 AND other.points > own.points)
        FROM automations__levels AS own WHERE automation = ?1 AND user_id = ?2";
    let rows = host
        .storage()
        .guild(guild)
        .query(sql, params![automation, user])
        .await?;
    let found = rows.read::<(i64, i64)>()?.first().copied();
    Ok(found.map(|(points, place)| (points, level(points), place, points_for(level(points) + 1))))
}

/// Those with the most points, and their points.
pub(crate) async fn ranking(
    host: &Host,
    guild: Guild,
    automation: i64,
) -> Result<Vec<(User, i64)>> {
    let sql = "SELECT user_id, points FROM automations__levels WHERE automation = ?1 ORDER BY points DESC, user_id LIMIT 10";
    host.storage()
        .guild(guild)
        .query(sql, params![automation])
        .await?
        .read()
}
