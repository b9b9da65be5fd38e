//! Tests of the cache, event by event.

use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions};

use super::*;
use crate::lenient::Faults;

pub(super) const BOT: u64 = 9;
pub(super) const OWNER: u64 = 1;
pub(super) const GUILD: u64 = 100;

const SEE: u64 = Permissions::VIEW_CHANNEL.bits();
const SPEAK: u64 = Permissions::SEND_MESSAGES.bits();

/// One client for all caches of a test: nothing is ever sent by it.
fn discord() -> Arc<Discord> {
    thread_local! {
        static DISCORD: std::cell::OnceCell<Arc<Discord>> = const { std::cell::OnceCell::new() };
    }
    DISCORD.with(|discord| {
        let made = discord.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            Arc::new(Discord::new(
                &config::Discord::default(),
                None,
                Arc::default(),
            ))
        });
        Arc::clone(made)
    })
}

pub(super) fn cache_of(settings: &config::Cache) -> Cache {
    let cache = Cache::new(settings, discord());
    cache.set_bot_id(BOT);
    cache
}

pub(super) fn cache() -> Cache {
    cache_of(&config::Cache::default())
}

fn tell(cache: &Cache, intents: Intents, name: &str, data: &Value) {
    let faults = cache.learn(intents, name, &data.to_string());
    assert_eq!(faults, Faults::default(), "{name} {data}");
}

/// Tells what may be odd.
pub(super) fn tell_anything(cache: &Cache, name: &str, data: &Value) {
    let _ = cache.learn(Intents::GUILDS, name, &data.to_string());
}

pub(super) fn user(id: u64) -> Value {
    json!({
        "id": id.to_string(), "username": format!("user{id}"), "discriminator": "0", "global_name": null, "avatar": null,
    })
}

pub(super) fn member(id: u64, roles: &[u64]) -> Value {
    let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
    json!({
        "user": user(id), "roles": roles, "deaf": false, "mute": false, "flags": 0, "nick": null,
        "joined_at": "2024-01-01T00:00:00+00:00", "communication_disabled_until": null,
    })
}

pub(super) fn role(id: u64, permissions: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("role{id}"), "permissions": permissions.to_string(), "position": id % 10,
        "color": 0, "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false, "managed": false, "mentionable": false, "flags": 0,
    })
}

pub(super) fn channel(id: u64, overwrites: &Value) -> Value {
    json!({
        "id": id.to_string(), "guild_id": GUILD.to_string(), "type": 0, "name": format!("channel{id}"), "position": id,
        "permission_overwrites": overwrites,
    })
}

pub(super) fn thread(id: u64, parent: u64, is_archived: bool) -> Value {
    json!({
        "id": id.to_string(), "guild_id": GUILD.to_string(), "parent_id": parent.to_string(), "type": 11, "name": "t",
        "owner_id": "5", "member_count": 1, "message_count": 0,
        "thread_metadata": {
            "archived": is_archived, "auto_archive_duration": 60, "archive_timestamp": "2024-01-01T00:00:00+00:00",
            "locked": false,
        },
    })
}

pub(super) fn guild(channels: &[Value], threads: &[Value], roles: &[Value]) -> Value {
    json!({
        "id": GUILD.to_string(), "name": "Tea", "owner_id": OWNER.to_string(), "afk_timeout": 300, "afk_channel_id": null,
        "application_id": null, "banner": null, "default_message_notifications": 0, "description": null,
        "discovery_splash": null, "emojis": [], "explicit_content_filter": 0, "features": ["COMMUNITY"], "icon": null,
        "joined_at": "2024-01-01T00:00:00+00:00", "large": false, "member_count": 3, "mfa_level": 0, "nsfw_level": 0,
        "preferred_locale": "en-GB", "premium_progress_bar_enabled": false, "premium_tier": 0,
        "public_updates_channel_id": null, "rules_channel_id": null, "splash": null, "system_channel_flags": 0,
        "system_channel_id": null, "vanity_url_code": null, "verification_level": 0, "unavailable": false,
        "channels": channels, "threads": threads, "roles": roles, "members": [member(BOT, &[103])], "presences": [],
        "voice_states": [], "stage_instances": [], "stickers": [], "guild_scheduled_events": [],
    })
}

/// Everyone sees and speaks; 101 is nothing, 102 is for administrators, 103 the bot's. Channel 201 is closed but for role 101.
pub(super) fn furnished(intents: Intents) -> Cache {
    let cache = cache();
    let roles = [
        role(100, SEE | SPEAK),
        role(101, 0),
        role(102, 8),
        role(103, 0),
    ];
    let closed = json!([
        {"id": "100", "type": 0, "allow": "0", "deny": SEE.to_string()},
        {"id": "101", "type": 0, "allow": SEE.to_string(), "deny": "0"},
    ]);
    let channels = [channel(200, &json!([])), channel(201, &closed)];
    let data = guild(&channels, &[thread(301, 201, false)], &roles);
    tell(&cache, intents, "GUILD_CREATE", &data);
    cache
}

#[test]
fn what_is_doubted_allows_nothing_until_it_is_told_anew() {
    let cache = furnished(Intents::all());
    let before = bits(&cache, BOT, Some(200)).unwrap();
    cache.doubt(1, 2);
    assert_eq!(bits(&cache, BOT, Some(200)), Ok(before), "another shard's");
    cache.doubt(0, 2);
    assert!(bits(&cache, BOT, Some(200)).is_err());
    let roles = [role(100, SEE | SPEAK), role(103, 0)];
    let told = guild(&[channel(200, &json!([]))], &[], &roles);
    tell(&cache, Intents::all(), "GUILD_CREATE", &told);
    assert_eq!(bits(&cache, BOT, Some(200)), Ok(before));
}

fn said(id: u64, roles: &[u64]) -> Value {
    let mut member = member(id, roles);
    member.as_object_mut().unwrap().remove("user");
    json!({
        "id": "1", "guild_id": GUILD.to_string(), "channel_id": "200", "author": user(id), "member": member, "content": "",
        "mentions": [],
    })
}

pub(super) fn bits(cache: &Cache, user: u64, channel: Option<u64>) -> Result<Permissions, Unknown> {
    cache.permissions(Id::new(GUILD), Id::new(user), channel.map(Id::new))
}

#[tokio::test]
async fn permissions_follow_roles_overwrites_threads_and_time_outs() {
    let cache = furnished(Intents::GUILDS);
    let none = Intents::GUILDS;
    tell(&cache, none, "MESSAGE_CREATE", &said(5, &[]));
    tell(&cache, none, "MESSAGE_CREATE", &said(6, &[101]));
    tell(&cache, none, "MESSAGE_CREATE", &said(7, &[102]));
    let sees = |user, channel| {
        let may = bits(&cache, user, Some(channel)).unwrap();
        may.contains(Permissions::VIEW_CHANNEL)
    };
    let seen = [5, 6, 7, OWNER, BOT].map(|user| [200, 201, 301].map(|channel| sees(user, channel)));
    let (open, all) = ([true, false, false], [true; 3]);
    assert_eq!(seen, [open, all, all, all, open]);
    assert_eq!(bits(&cache, OWNER, None), Ok(Permissions::all()));
    assert_eq!(bits(&cache, 5, None).unwrap().bits(), SEE | SPEAK);

    // Until a time that has come, and until one that has not.
    for (until, speaks) in [
        ("2024-01-01T00:00:00+00:00", true),
        ("2100-01-01T00:00:00+00:00", false),
    ] {
        for (id, roles) in [(5, &[][..]), (7, &[102])] {
            let mut data = said(id, roles);
            data["member"]["communication_disabled_until"] = json!(until);
            tell(&cache, none, "MESSAGE_CREATE", &data);
            let may = bits(&cache, id, Some(200)).unwrap();
            let is_free = speaks || id == 7;
            assert_eq!(
                may.contains(Permissions::SEND_MESSAGES),
                is_free,
                "{id} {until}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_known_says_why() {
    let cache = furnished(Intents::GUILDS);
    let why = |user, channel| bits(&cache, user, channel).unwrap_err().to_string();
    assert_eq!(
        why(5, None),
        "member 5 of server 100 is unknown, and the bot is not subscribed to members: declare \
         `intents(Intents::GUILD_MEMBERS)`, or ask Discord with `or_fetch`"
    );
    assert_eq!(bits(&cache, OWNER, Some(999)), Err(Unknown::Channel(999)));
    let elsewhere = cache.permissions(Id::new(77), Id::new(5), Some(Id::new(200)));
    assert_eq!(elsewhere, Err(Unknown::Guild(77)));
    let told = furnished(Intents::GUILD_MEMBERS);
    assert_eq!(
        bits(&told, 5, None).unwrap_err().to_string(),
        "member 5 of server 100 is unknown: not seen yet, or not a member; ask Discord with `or_fetch`"
    );
    let outage = json!({"id": "100", "unavailable": true});
    tell(&cache, Intents::GUILDS, "GUILD_DELETE", &outage);
    assert_eq!(bits(&cache, OWNER, None), Err(Unknown::Outage(100)));
    assert_eq!(cache.guild(Id::new(GUILD)).unwrap().unavailable, Some(true));
    tell(
        &cache,
        Intents::GUILDS,
        "GUILD_DELETE",
        &json!({"id": "100"}),
    );
    assert_eq!(bits(&cache, OWNER, None), Err(Unknown::Guild(100)));
    assert_eq!((cache.counts(), cache.members_kept()), ((0, 0), 0));
}

#[tokio::test]
async fn a_server_of_which_nothing_but_an_outage_is_known_is_out_of_reach_and_not_unknown() {
    let id = Id::new(GUILD);
    let outage = json!({"id": "100", "unavailable": true});
    let ready = json!({"user": user(BOT), "guilds": [outage], "shard": [0, 1]});
    for (name, data) in [
        ("GUILD_CREATE", &outage),
        ("GUILD_DELETE", &outage),
        ("READY", &ready),
    ] {
        let cache = cache();
        tell(&cache, Intents::GUILDS, name, data);
        let why = [
            cache.guild(id).unwrap_err(),
            cache.channels(id).unwrap_err(),
            cache.owner(id).unwrap_err(),
            bits(&cache, OWNER, None).unwrap_err(),
        ];
        assert_eq!(why, [Unknown::Outage(GUILD); 4], "{name}");
        assert_eq!(cache.guilds(), [id], "the bot is in it");
    }
}

#[test]
fn a_member_counts_as_known_for_a_while_or_while_changes_are_told() {
    let seconds = std::time::Duration::from_secs;
    let start = Instant::now();
    let seen = |told| {
        let members = Members::new(&config::Cache::default());
        members.told(GUILD, told, start);
        let member = member(5, &[101]).to_string();
        let (_, member) = Seen::read(&member, None, None, &mut Faults::default()).unwrap();
        let member = member.unwrap();
        members.saw(GUILD, member, start + seconds(1));
        members
    };
    let known = |members: &Members, at| members.get(GUILD, 5, start + seconds(at)).is_some();
    let for_a_while = seen(false);
    assert!(known(&for_a_while, 300) && !known(&for_a_while, 301));
    let as_told = seen(true);
    assert!(known(&as_told, 86_400));
    // What was seen in an earlier session has its own time alone, also when the new one tells of every change.
    as_told.told(GUILD, true, start + seconds(100));
    assert!(known(&as_told, 300) && !known(&as_told, 301));
}

#[tokio::test]
async fn members_change_and_go() {
    let cache = furnished(Intents::GUILD_MEMBERS);
    let all = Intents::GUILD_MEMBERS;
    let of_guild = |mut member: Value| {
        member["guild_id"] = json!("100");
        member
    };
    tell(&cache, all, "GUILD_MEMBER_ADD", &of_guild(member(5, &[])));
    assert_eq!(cache.counts(), (1, 4));
    tell(
        &cache,
        all,
        "GUILD_MEMBER_UPDATE",
        &of_guild(member(5, &[102, 101])),
    );
    assert!(
        bits(&cache, 5, None)
            .unwrap()
            .contains(Permissions::ADMINISTRATOR)
    );
    let deleted = json!({"guild_id": "100", "role_id": "102"});
    tell(&cache, all, "GUILD_ROLE_DELETE", &deleted);
    assert_eq!(bits(&cache, 5, None).unwrap().bits(), SEE | SPEAK);
    let known = cache.member(Id::new(GUILD), Id::new(5)).unwrap();
    assert_eq!(*known.roles, [101]);
    let model = known.model().unwrap();
    assert_eq!(
        (&*model.user.name, &*model.roles),
        ("user5", &[Id::new(101)][..])
    );
    let left = json!({"guild_id": "100", "user": user(5)});
    for _ in 0..6 {
        tell(&cache, all, "GUILD_MEMBER_REMOVE", &left);
    }
    assert!(cache.member(Id::new(GUILD), Id::new(5)).is_err());
    assert_eq!(cache.counts(), (1, 0), "never below zero");

    let command = json!({
        "id": "1", "guild_id": "100", "member": member(6, &[101]),
        "data": {"resolved": {"users": {"7": user(7)}, "members": {"7": {"roles": ["101"], "permissions": "0"}}}},
    });
    tell(&cache, all, "INTERACTION_CREATE", &command);
    let mut mention = user(8);
    mention["member"] = json!({"roles": ["101"], "deaf": false, "mute": false, "flags": 0});
    let mut message = said(5, &[]);
    message["mentions"] = json!([mention]);
    tell(&cache, all, "MESSAGE_CREATE", &message);
    for id in [6, 7, 8] {
        let known = cache.member(Id::new(GUILD), Id::new(id)).unwrap();
        assert_eq!((known.roles.len(), known.user), (1, id));
        assert_eq!(known.model().unwrap().user.id.get(), id);
    }
}

#[tokio::test]
async fn members_are_bounded_and_the_bot_stays() {
    let settings = config::Cache {
        members: 3,
        ..config::Cache::default()
    };
    let cache = cache_of(&settings);
    tell(
        &cache,
        Intents::GUILDS,
        "GUILD_CREATE",
        &guild(&[], &[], &[role(100, SEE)]),
    );
    for id in 10..30 {
        tell(&cache, Intents::GUILDS, "MESSAGE_CREATE", &said(id, &[]));
    }
    let known = |id| cache.member(Id::new(GUILD), Id::new(id)).is_ok();
    assert_eq!(
        [26, 27, 28, 29, BOT].map(known),
        [false, true, true, true, true]
    );
    assert_eq!(cache.members_kept(), 4);
}

#[tokio::test]
async fn channels_threads_and_roles_follow_and_what_is_gone_goes() {
    let cache = furnished(Intents::GUILDS);
    let none = Intents::GUILDS;
    let ids = |cache: &Cache| -> Vec<u64> {
        let channels = cache.channels(Id::new(GUILD)).unwrap();
        let mut ids: Vec<u64> = channels.iter().map(|channel| channel.id.get()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&cache), [200, 201, 301]);
    tell(&cache, none, "THREAD_CREATE", &thread(302, 200, false));
    tell(&cache, none, "THREAD_UPDATE", &thread(301, 201, true));
    assert_eq!(
        ids(&cache),
        [200, 201, 302],
        "an archived thread is not kept"
    );
    tell(&cache, none, "THREAD_UPDATE", &thread(301, 201, false));
    let sync = json!({"guild_id": "100", "channel_ids": ["201"], "threads": [thread(303, 201, false)], "members": []});
    tell(&cache, none, "THREAD_LIST_SYNC", &sync);
    assert_eq!(ids(&cache), [200, 201, 302, 303]);
    tell(&cache, none, "CHANNEL_DELETE", &channel(201, &json!([])));
    assert_eq!(ids(&cache), [200, 302], "a channel takes its threads along");

    // A new session: what went in between goes, what came comes.
    let mut bot = user(BOT);
    bot.as_object_mut().unwrap().extend([
        ("bot".into(), json!(true)),
        ("mfa_enabled".into(), json!(false)),
    ]);
    let ready = json!({"v": 10, "user": bot, "guilds": [{"id": "100", "unavailable": true}], "shard": [0, 1]});
    tell(&cache, none, "READY", &ready);
    assert_eq!(ids(&cache), [200, 302], "until the server is told anew");
    assert_eq!(cache.current_user().unwrap().id.get(), BOT);
    let again = guild(
        &[channel(205, &json!([]))],
        &[],
        &[role(100, SEE), role(104, 0)],
    );
    tell(&cache, none, "GUILD_CREATE", &again);
    assert_eq!(ids(&cache), [205]);
    let known = cache.guild(Id::new(GUILD)).unwrap();
    let roles: Vec<u64> = known.roles.iter().map(|role| role.id.get()).collect();
    assert_eq!((&*known.name, roles), ("Tea", vec![100, 104]));
    assert_eq!((known.features.len(), known.member_count), (1, Some(3)));
    // And one that no longer lists the server.
    tell(
        &cache,
        none,
        "READY",
        &json!({"v": 10, "user": bot, "guilds": [], "shard": [0, 1]}),
    );
    assert!(cache.guilds().is_empty());
}
