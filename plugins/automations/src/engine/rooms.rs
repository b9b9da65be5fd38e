//! Rooms: voice channels that are made for who enters, and go when all have left. They are kept in the database.

use plugin_api::{
    Json,
    prelude::*,
    text::{clip, plain},
    twilight_model::gateway::payload::incoming::ChannelDelete,
};
use serde_json::json;

use super::{facts, failures, live, panels, runs};
use crate::{
    automation::Automation,
    core::{Occasion, Person, expand},
    model::{Channel, Guild, User},
    state::{Shared, State},
    store,
};

/// Most rooms that one member has at once.
const OF_ONE: i64 = 1;

/// Most rooms that an automation has at once.
const OF_ALL: i64 = 50;

/// Somebody has entered a voice channel: they get a room, if it is the entrance.
pub(super) async fn entered(
    state: &State,
    guild: Guild,
    automation: &Automation,
    person: &Person,
    channel: Option<Channel>,
) -> Result {
    if channel.is_none() || automation.definition.parameters.channel("entrance") != channel {
        return Ok(());
    }
    let occasion = Occasion::new(guild).about(person.clone());
    if !facts::hold(state, &automation.definition.conditions, &occasion).await? {
        return Ok(());
    }
    match make(state, guild, automation, person).await {
        Ok(Some(room)) => {
            let mut occasion = occasion;
            occasion.set("room", format!("<#{room}>"));
            match automation.definition.steps.is_empty() {
                true => store::succeeded(&state.host, guild, automation.id, runs::now_ms()).await,
                false => runs::fire(state, automation, occasion).await,
            }
        }
        Ok(None) => Ok(()),
        Err(error) => {
            let why = error
                .user_message()
                .map_or_else(|| error.to_string(), str::to_owned);
            failures::count(
                state,
                guild,
                automation.id,
                &format!("A room could not be made: {why}"),
                !live::is_outage(&error),
            )
            .await
        }
    }
}

async fn make(
    state: &State,
    guild: Guild,
    automation: &Automation,
    person: &Person,
) -> Result<Option<Channel>> {
    let (host, values) = (&state.host, &automation.definition.parameters);
    let needed = Permissions::MANAGE_CHANNELS | Permissions::MOVE_MEMBERS;
    panels::allowed(
        state,
        guild,
        automation,
        needed,
        "manage channels and move members",
    )
    .await?;
    let database = host.storage().guild(guild);
    let own = "SELECT channel_id, user_id = ?2 FROM automations__rooms WHERE automation = ?1";
    let rooms: Vec<(Channel, bool)> = database
        .query(own, params![automation.id, person.id])
        .await?
        .read()?;
    let owned = rooms.iter().filter(|(_, is_own)| *is_own);
    if let Some((room, _)) = owned.clone().next()
        && i64::try_from(owned.count())? >= OF_ONE
    {
        // Theirs is still there: they are brought back.
        bring(state, guild, person.id, *room).await?;
        return Ok(None);
    }
    if i64::try_from(rooms.len())? >= OF_ALL {
        return Err(Error::user(format!(
            "There are {OF_ALL} rooms, which is all there may be."
        )));
    }
    let occasion = Occasion::new(guild).about(person.clone());
    let name = expand(values.text("name"), &occasion.variables, &mut |low, _| low);
    let mut body = json!({
        "name": clip(plain(&name).trim(), 100),
        "type": 2,
        "user_limit": values.number("places").unwrap_or(0),
    });
    if let Some(category) = values.channel("category") {
        // Of this server: Discord refuses others' itself.
        body["parent_id"] = category.to_string().into();
    }
    let request = host
        .discord()
        .request(Method::Post, format!("guilds/{guild}/channels"));
    let made = request
        .json(&body)?
        .reason("a room of an automation")
        .send()
        .await
        .map_err(refused)?;
    let made: Json = made.json()?;
    let room: Channel = made["id"]
        .as_str()
        .and_then(|it| it.parse().ok())
        .and_then(Id::new_checked)
        .ok_or(Error::new("Discord answers with a channel that has no id"))?;
    // Kept before anybody is in it: what is not known is never deleted.
    let sql = "INSERT INTO automations__rooms VALUES (?1, ?2, ?3)";
    database
        .execute(sql, params![room, automation.id, person.id])
        .await?;
    if let Err(error) = bring(state, guild, person.id, room).await {
        // They have left meanwhile.
        tracing::debug!("a member could not be moved into their room: {error}");
        delete(state, guild, room).await?;
        return Ok(None);
    }
    Ok(Some(room))
}

fn refused(error: Error) -> Error {
    match error.discord_code() {
        Some(50_013) => Error::user("Discord says that I lack a permission for it."),
        Some(30_013) => Error::user("The server has as many channels as Discord allows."),
        Some(50_035 | 10_003) => Error::user("The category is not there any more."),
        _ => error,
    }
}

async fn bring(state: &State, guild: Guild, user: User, room: Channel) -> Result {
    state.causes(format!("move {user} {room}"));
    let request = state
        .host
        .discord()
        .request(Method::Patch, format!("guilds/{guild}/members/{user}"));
    let request = request.json(&json!({"channel_id": room.to_string()}))?;
    request
        .reason("a room of an automation")
        .send()
        .await
        .map(drop)
}

/// Looks at each room of a server, whether somebody is in it.
pub(super) async fn look(state: &State, guild: Guild) -> Result {
    if !state
        .working(guild)
        .await?
        .iter()
        .any(|it| it.is_of("rooms"))
    {
        return Ok(());
    }
    let sql = "SELECT channel_id FROM automations__rooms";
    let rooms = state
        .host
        .storage()
        .guild(guild)
        .query(sql, params![])
        .await?;
    for room in rooms.read::<Channel>()? {
        left(state, guild, room).await?;
    }
    Ok(())
}

/// Somebody has left a voice channel: if it is a room and nobody is in it, it goes.
pub(super) async fn left(state: &State, guild: Guild, channel: Channel) -> Result {
    let working = state.working(guild).await?;
    if !working.iter().any(|it| it.is_of("rooms")) {
        return Ok(());
    }
    let sql = "SELECT automation FROM automations__rooms WHERE channel_id = ?1";
    let rows = state
        .host
        .storage()
        .guild(guild)
        .query(sql, params![channel])
        .await?;
    let Some(id) = rows.read::<i64>()?.first().copied() else {
        return Ok(());
    };
    let stays = working
        .iter()
        .any(|it| it.id == id && !it.definition.parameters.flag("delete"));
    if stays || !state.voices.is_empty(guild, channel) {
        return Ok(());
    }
    // The cache knows those who were there before the plugin was. Where it does not, no room is taken away on a guess.
    let Some(others) = state.host.cache().voice_states(guild).await? else {
        return Ok(());
    };
    let is_there =
        |voice: &plugin_api::twilight_model::voice::VoiceState| voice.channel_id == Some(channel);
    if others.iter().any(is_there) {
        return Ok(());
    }
    delete(state, guild, channel).await
}

async fn delete(state: &State, guild: Guild, room: Channel) -> Result {
    match state
        .host
        .discord()
        .delete_channel(room)
        .reason("a room that all have left")
        .await
    {
        Ok(()) => forget(state, guild, room).await,
        Err(error) if error.discord_code() == Some(10_003) => forget(state, guild, room).await,
        Err(error) => {
            tracing::warn!(
                guild = guild.get(),
                channel = room.get(),
                "an empty room could not be deleted: {error}"
            );
            Ok(())
        }
    }
}

async fn forget(state: &State, guild: Guild, room: Channel) -> Result {
    let sql = "DELETE FROM automations__rooms WHERE channel_id = ?1";
    state
        .host
        .storage()
        .guild(guild)
        .execute(sql, params![room])
        .await
        .map(drop)
}

/// A channel was deleted, by whomever: a room or a ticket goes with it.
pub(super) async fn deleted(ctx: EventContext<ChannelDelete, Shared>) -> Result {
    let state = ctx.state();
    let Some((guild, channel)) = ctx
        .guild_id()
        .filter(|it| state.has_any(*it))
        .zip(ctx.channel_id())
    else {
        return Ok(());
    };
    forget(state, guild, channel).await?;
    super::tickets::channel_gone(state, guild, channel).await
}

/// After a start: what has happened meanwhile to rooms and tickets is looked at. What can't be looked at holds the others up by nothing.
pub(super) async fn put_in_order(state: &State) {
    for guild in state.servers() {
        if let Err(error) = look_after(state, guild).await {
            tracing::warn!(
                guild = guild.get(),
                "rooms and tickets could not be looked at: {error}"
            );
        }
    }
}

async fn look_after(state: &State, guild: Guild) -> Result {
    let working = state.working(guild).await?;
    let has = |template: &str| working.iter().any(|it| it.is_of(template));
    let (rooms, tickets) = (has("rooms"), has("tickets"));
    if rooms || has("voice_log") {
        let voices = state.host.cache().voice_states(guild).await?;
        for voice in voices.unwrap_or_default() {
            let is_muted = voice.mute || voice.self_mute;
            state
                .voices
                .seen(guild, voice.user_id, voice.channel_id, is_muted);
        }
    }
    if !rooms && !tickets {
        return Ok(());
    }
    let Some(channels) = state.host.cache().channels(guild).await? else {
        return Ok(());
    };
    let is_there = |channel: Channel| channels.iter().any(|it| it.id == channel);
    if rooms {
        let sql = "SELECT channel_id FROM automations__rooms";
        let all = state
            .host
            .storage()
            .guild(guild)
            .query(sql, params![])
            .await?;
        for room in all.read::<Channel>()? {
            match is_there(room) {
                true => left(state, guild, room).await?,
                false => forget(state, guild, room).await?,
            }
        }
    }
    match tickets {
        true => super::tickets::put_in_order(state, guild, &is_there).await,
        false => Ok(()),
    }
}
