//! Mutation tests of the cache: each field of what Discord says of servers is changed in turn; no server is lost, and
//! no right is wider than what was said.

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
        let id = Id::new(GUILD);
        if (&*mutation.path, &*mutation.what) == ("unavailable", "true") {
            // That can be read, and says that there is nothing more to say.
            assert_eq!(cache.guild(id), Err(Unknown::Outage(GUILD)));
            continue;
        }
        // Plugins read all that is kept.
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

/// A server as [`rich`], in which the member 6 and the bot have a role that [`narrow`] events know nothing of, and the thread 301
/// is below an open channel.
fn wide() -> Value {
    let mut data = rich();
    data["members"] = json!([member(BOT, &[101]), member(5, &[]), member(6, &[101])]);
    data["threads"] = json!([thread(301, 200, false)]);
    data
}

/// Events that show members who have lost their role.
fn narrow_members() -> Vec<(&'static str, Value)> {
    let of_guild = |mut data: Value| {
        data["guild_id"] = json!(GUILD.to_string());
        data
    };
    let all = json!([member(BOT, &[]), member(5, &[]), member(6, &[])]);
    let mut again = wide();
    again["members"] = all.clone();
    let chunk = json!({"chunk_index": 0, "chunk_count": 1, "not_found": ["77"], "presences": [], "members": all});
    let gone = json!({"chunk_index": 0, "chunk_count": 1, "not_found": ["6"], "members": [], "nonce": "x"});
    vec![
        ("GUILD_CREATE", again),
        ("GUILD_MEMBER_UPDATE", of_guild(member(BOT, &[]))),
        ("GUILD_MEMBERS_CHUNK", of_guild(chunk)),
        ("GUILD_MEMBERS_CHUNK", of_guild(gone)),
    ]
}

/// The same of events that are about something else; where nothing is told of the member when it is odd, or `?` when it is absent.
fn narrow_seen() -> Vec<(&'static str, Value, &'static [&'static str])> {
    let bare = |id| {
        let mut bare = member(id, &[]);
        bare.as_object_mut().unwrap().remove("user");
        bare
    };
    let of = |id: u64, mut more: Value| {
        let place =
            json!({"guild_id": GUILD.to_string(), "channel_id": "200", "member": member(id, &[])});
        let fields = place.as_object().unwrap().clone();
        more.as_object_mut().unwrap().extend(fields);
        more
    };
    let mut written = of(
        6,
        json!({"id": "1", "author": user(6), "content": "", "mentions": [], "webhook_id": null}),
    );
    written["member"] = bare(6);
    let mut mention = user(6);
    mention["member"] = bare(6);
    let mentioned = of(
        5,
        json!({"id": "1", "author": user(5), "content": "", "mentions": [mention]}),
    );
    let used = of(
        6,
        json!({"id": "1", "token": "t", "type": 2, "channel": {"id": "200"}, "guild": {"id": GUILD.to_string()}}),
    );
    let resolved = json!({"users": {"6": user(6)}, "members": {"6": bare(6)}});
    let picked = of(
        5,
        json!({"id": "1", "token": "t", "type": 2, "data": {"name": "x", "resolved": resolved}}),
    );
    let reacted = of(
        6,
        json!({"user_id": "6", "message_id": "1", "emoji": {"id": null, "name": "x"}}),
    );
    let typing = of(6, json!({"user_id": "6", "timestamp": 1}));
    let added = json!({"id": "301", "user_id": "6", "flags": 0, "join_timestamp": "2024-01-01T00:00:00+00:00",
        "member": member(6, &[]), "presence": null});
    let joined = json!({"id": "301", "guild_id": GUILD.to_string(), "member_count": 2, "added_members": [added], "removed_member_ids": ["5"]});
    let talks = of(6, json!({"user_id": "6", "session_id": "x", "mute": false}));
    vec![
        ("MESSAGE_CREATE", written, &["author", "author.id"]),
        (
            "MESSAGE_CREATE",
            mentioned,
            &[
                "mentions",
                "mentions[0]",
                "mentions[0].id",
                "mentions[0].member?",
            ],
        ),
        (
            "INTERACTION_CREATE",
            used,
            &["member", "member.user", "member.user.id"],
        ),
        (
            "INTERACTION_CREATE",
            picked,
            &[
                "data",
                "data.resolved",
                "data.resolved.members",
                "data.resolved.members.6?",
            ],
        ),
        ("MESSAGE_REACTION_ADD", reacted, &["member?"]),
        ("TYPING_START", typing, &["member?"]),
        ("VOICE_STATE_UPDATE", talks, &["member?"]),
        // It may be that some have left it, and nobody came.
        ("THREAD_MEMBERS_UPDATE", joined, &["added_members?"]),
    ]
}

/// Events that move the thread 301 below a closed channel.
fn narrow_threads() -> Vec<(&'static str, Value)> {
    let moved = thread(301, 201, false);
    let listed = json!({"guild_id": GUILD.to_string(), "channel_ids": ["201"], "threads": [moved],
        "members": [{"id": "301", "user_id": BOT.to_string(), "flags": 0}]});
    vec![
        ("THREAD_CREATE", moved.clone()),
        ("THREAD_UPDATE", moved),
        ("THREAD_LIST_SYNC", listed),
    ]
}

/// Each mutation of an event after [`wide`]: nothing is allowed that the event as it is does not allow. Where it is one of
/// `untold` that is odd, or (of what is no news) all of it, nothing was told.
fn check_narrow(name: &str, data: &Value, untold: &[&str], is_news: bool) {
    let truth = rights(&told(&[("GUILD_CREATE", &wide()), (name, data)]));
    let before = rights(&told(&[("GUILD_CREATE", &wide())]));
    assert_ne!(truth, before, "{name} takes nothing away");
    let mut all = mutations(data);
    for odd in [json!(null), json!([]), json!("odd"), json!(5)] {
        all.push(Mutation {
            path: "d".into(),
            what: odd.to_string(),
            payload: odd,
        });
    }
    for mutation in all {
        let is_absent = matches!(&*mutation.what, "removed" | "null");
        let is_untold = untold.iter().any(|path| match path.strip_suffix('?') {
            Some(path) => path == mutation.path && is_absent,
            None => *path == mutation.path,
        }) || (mutation.path == "d" && !is_news);
        let cache = told(&[("GUILD_CREATE", &wide()), (name, &mutation.payload)]);
        let expected = if is_untold { &before } else { &truth };
        check_rights(&mutation, name, &rights(&cache), expected);
        assert!(
            !cache.guilds().is_empty() || (name == "GUILD_CREATE" && mutation.path == "id"),
            "{name} {} = {}",
            mutation.path,
            mutation.what
        );
    }
}

/// A list of members of which one can't be told may be about anybody: what was known of them is older than the list.
#[tokio::test]
async fn a_member_who_has_lost_a_role_does_not_keep_it_because_a_list_is_odd() {
    for (name, data) in narrow_members() {
        check_narrow(name, &data, &[], true);
    }
}

#[tokio::test]
async fn a_member_who_is_seen_without_a_role_does_not_keep_it_because_the_event_is_odd() {
    for (name, data, untold) in narrow_seen() {
        check_narrow(name, &data, untold, false);
    }
}

#[tokio::test]
async fn a_thread_that_is_closed_does_not_stay_open_because_the_event_is_odd() {
    for (name, data) in narrow_threads() {
        check_narrow(name, &data, &[], true);
    }
}

/// The events of threads that permissions do not rest on: whatever is odd in them, nothing is lost and nobody may do more.
#[tokio::test]
async fn threads_of_which_something_odd_is_told_cost_no_server() {
    let truth = rights(&told(&[("GUILD_CREATE", &wide())]));
    let me = json!({"id": "301", "guild_id": GUILD.to_string(), "user_id": BOT.to_string(), "flags": 0,
        "join_timestamp": "2024-01-01T00:00:00+00:00", "member": member(BOT, &[101])});
    let gone = json!({"id": "301", "guild_id": GUILD.to_string(), "parent_id": "200", "type": 11});
    for (name, data) in [("THREAD_MEMBER_UPDATE", me), ("THREAD_DELETE", gone)] {
        for mutation in mutations(&data) {
            let cache = told(&[("GUILD_CREATE", &wide()), (name, &mutation.payload)]);
            check_rights(&mutation, name, &rights(&cache), &truth);
            assert_eq!(cache.guilds().len(), 1, "{name} {}", mutation.path);
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
