//! Each field of what Discord tells of servers changed in turn: no server is lost, and no right is wider than what was told.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::tests::{
    BOT, GUILD, OWNER, bits, cache, channel, guild, member, role, tell_anything, thread, user,
};
use super::*;
use mutate::{Mutation, mutations};

#[path = "../../../tests/it/mutate.rs"]
mod mutate;

const SEE: u64 = Permissions::VIEW_CHANNEL.bits();
const SPEAK: u64 = Permissions::SEND_MESSAGES.bits();
const MANAGE: u64 = Permissions::MANAGE_MESSAGES.bits();

/// Whom, and where, is asked for.
const WHERE: [Option<u64>; 4] = [None, Some(200), Some(201), Some(301)];
const WHO: [u64; 4] = [5, 6, OWNER, BOT];

/// A server with much of what Discord tells of one: 200 is open, 201 is closed but for role 101, 301 a thread of it.
fn rich() -> Value {
    let roles = [role(100, SEE | SPEAK), role(101, MANAGE), role(103, 0)];
    let closed = json!([
        {"id": "100", "type": 0, "allow": "0", "deny": SEE.to_string()},
        {"id": "101", "type": 0, "allow": SEE.to_string(), "deny": "0"},
        {"id": "6", "type": 1, "allow": "0", "deny": MANAGE.to_string()},
    ]);
    let mut forum = channel(202, &json!([]));
    forum["available_tags"] =
        json!([{"id": "7", "name": "t", "moderated": false, "emoji_id": "0", "emoji_name": null}]);
    let channels = [channel(200, &json!([])), channel(201, &closed), forum];
    let mut data = guild(&channels, &[thread(301, 201, false)], &roles);
    data["members"] = json!([member(BOT, &[103]), member(5, &[]), member(6, &[101])]);
    data["emojis"] = json!([{"id": "1", "name": null, "roles": [], "user": user(5)}]);
    data["presences"] = json!([{"user": {"id": "5"}, "status": "unknown", "activities": [{"name": "x", "type": 99}]}]);
    data["stage_instances"] = json!([{"id": "1", "privacy_level": 9}]);
    data["stickers"] = json!([{"id": "1", "format_type": 9}]);
    data["voice_states"] = json!([{"user_id": "5", "channel_id": "200"}]);
    data
}

type Rights = Vec<Result<Permissions, Unknown>>;

fn rights(cache: &Cache) -> Rights {
    WHO.iter()
        .flat_map(|who| WHERE.map(|place| bits(cache, *who, place)))
        .collect()
}

/// Nothing is allowed that was not: what is not known is asked for.
fn check_rights(mutation: &Mutation, event: &str, got: &Rights, truth: &Rights) {
    for (at, (got, truth)) in got.iter().zip(truth).enumerate() {
        let (Ok(got), Ok(truth)) = (got, truth) else {
            continue;
        };
        let who = (WHO[at / WHERE.len()], WHERE[at % WHERE.len()]);
        assert!(
            truth.contains(*got),
            "{event} with {} = {}: {who:?} may {:?} too much",
            mutation.path,
            mutation.what,
            *got - *truth
        );
    }
}

fn told(events: &[(&str, &Value)]) -> Cache {
    let cache = cache();
    for (name, data) in events {
        tell_anything(&cache, name, data);
    }
    cache
}

#[tokio::test]
async fn a_server_is_not_lost_by_what_is_odd_in_it_and_allows_no_more() {
    let whole = rich();
    let truth = rights(&told(&[("GUILD_CREATE", &whole)]));
    assert!(truth.iter().all(Result::is_ok), "{truth:?}");
    let all = mutations(&whole);
    assert!(all.len() > 2_000, "{} are few", all.len());
    for mutation in all {
        let cache = told(&[("GUILD_CREATE", &mutation.payload)]);
        let place = format!("{} = {}", mutation.path, mutation.what);
        let is_lost = cache.guilds().is_empty();
        assert_eq!(is_lost, mutation.path == "id", "{place}");
        if is_lost {
            continue;
        }
        check_rights(&mutation, "GUILD_CREATE", &rights(&cache), &truth);
        // Plugins read all that is kept.
        let id = Id::new(GUILD);
        assert!(cache.guild(id).is_ok(), "{place}");
        let is_in = |list: &str| mutation.path.starts_with(list);
        if is_in("channels[") || is_in("threads[") {
            assert!(cache.channels(id).unwrap().len() >= 3, "{place}");
        }
        if is_in("roles[") {
            assert!(cache.roles(id).unwrap().len() >= 2, "{place}");
        }
        // Parts that nothing is kept of change nothing.
        let parts = [
            "emojis",
            "presences",
            "stage_instances",
            "stickers",
            "voice_states",
            "features",
        ];
        if parts.iter().any(|part| mutation.path.starts_with(part)) {
            assert_eq!(rights(&cache), truth, "{place}");
        }
    }
}

/// What takes a right away, odd in one place after the other: the right is gone, or unknown.
#[tokio::test]
async fn a_right_that_was_taken_away_does_not_stay_because_the_event_is_odd() {
    let mut open = rich();
    open["roles"][0]["permissions"] = json!((SEE | SPEAK | MANAGE).to_string());
    open["channels"][1]["permission_overwrites"] = json!([]);
    let of_guild = |mut data: Value| {
        data["guild_id"] = json!(GUILD.to_string());
        data
    };
    let updated = {
        let mut data = open.clone();
        data["owner_id"] = json!("77");
        data["roles"] = rich()["roles"].clone();
        for part in [
            "channels",
            "threads",
            "members",
            "presences",
            "voice_states",
        ] {
            data.as_object_mut().unwrap().remove(part);
        }
        data
    };
    let everyone = json!({"guild_id": GUILD.to_string(), "role": role(100, SEE)});
    let role_101 = json!({"guild_id": GUILD.to_string(), "role": role(101, 0)});
    let gone = json!({"guild_id": GUILD.to_string(), "role_id": "101"});
    let left = json!({"guild_id": GUILD.to_string(), "user": user(6)});
    let events = [
        ("GUILD_CREATE", rich()),
        ("GUILD_UPDATE", updated),
        ("GUILD_ROLE_UPDATE", everyone),
        ("GUILD_ROLE_UPDATE", role_101),
        ("GUILD_ROLE_DELETE", gone),
        ("CHANNEL_UPDATE", rich()["channels"][1].clone()),
        ("GUILD_MEMBER_UPDATE", of_guild(member(6, &[]))),
        ("GUILD_MEMBER_REMOVE", left),
    ];
    for (name, data) in &events {
        let truth = rights(&told(&[("GUILD_CREATE", &open), (name, data)]));
        for mutation in mutations(data) {
            let cache = told(&[("GUILD_CREATE", &open), (name, &mutation.payload)]);
            check_rights(&mutation, name, &rights(&cache), &truth);
            let is_about = mutation.path == "id" && *name == "GUILD_CREATE";
            assert!(
                !cache.guilds().is_empty() || is_about,
                "{name} {}",
                mutation.path
            );
        }
        for odd in [json!(null), json!([]), json!("odd"), json!(5)] {
            let cache = told(&[("GUILD_CREATE", &open), (name, &odd)]);
            let mutation = Mutation {
                path: "d".into(),
                what: odd.to_string(),
                payload: odd.clone(),
            };
            check_rights(&mutation, name, &rights(&cache), &truth);
        }
    }
}

/// The one that was seen: a role loses MANAGE_MESSAGES in an update that has an icon in a new format.
#[tokio::test]
async fn an_icon_in_a_new_format_does_not_keep_a_right_alive() {
    let mut update = json!({"guild_id": GUILD.to_string(), "role": role(101, 0)});
    update["role"]["icon"] = json!("v2_0123456789abcdef");
    let cache = told(&[("GUILD_CREATE", &rich()), ("GUILD_ROLE_UPDATE", &update)]);
    let may = bits(&cache, 6, None).unwrap();
    assert!(!may.contains(Permissions::MANAGE_MESSAGES));
    let role = cache.role(Id::new(GUILD), Id::new(101)).unwrap();
    assert_eq!((&*role.name, role.icon), ("role101", None));
}

#[tokio::test]
async fn a_ready_that_is_odd_loses_no_server() {
    let other = {
        let mut other = rich();
        other["id"] = json!("400");
        other
    };
    let ready = json!({
        "v": 10, "user": user(BOT), "session_id": "x", "resume_gateway_url": "wss://x", "shard": [0, 1],
        "guilds": [{"id": GUILD.to_string(), "unavailable": true}, {"id": "400", "unavailable": true}],
        "application": {"id": "9", "flags": 0},
    });
    for mutation in mutations(&ready) {
        let cache = told(&[
            ("GUILD_CREATE", &rich()),
            ("GUILD_CREATE", &other),
            ("READY", &mutation.payload),
        ]);
        assert_eq!(
            cache.guilds().len(),
            2,
            "{} = {}",
            mutation.path,
            mutation.what
        );
    }
}

#[tokio::test]
async fn in_a_thread_the_right_to_send_in_threads_counts() {
    let may = |allow: Permissions| {
        let mut data = rich();
        data["roles"][0]["permissions"] = json!((SEE | allow.bits()).to_string());
        let cache = told(&[("GUILD_CREATE", &data)]);
        [200, 301].map(|place| {
            bits(&cache, 6, Some(place))
                .unwrap()
                .contains(Permissions::SEND_MESSAGES)
        })
    };
    assert_eq!(may(Permissions::SEND_MESSAGES), [true, false]);
    assert_eq!(may(Permissions::SEND_MESSAGES_IN_THREADS), [false, true]);
}
