//! Tests of events about what is not known, or in part.

use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions, id::Id};

use super::super::{
    Cache,
    tests::{BOT, GUILD, bits, cache, channel, guild, member, role, tell_anything, thread},
};

const SEE: u64 = Permissions::VIEW_CHANNEL.bits();

/// A server with a channel that can't be read, and a thread below each of both.
fn with_an_odd_channel() -> Cache {
    let cache = cache();
    let odd = json!({"id": {}, "type": 0});
    let channels = [channel(201, &json!([])), odd];
    let threads = [thread(300, 200, false), thread(301, 201, false)];
    let told = guild(&channels, &threads, &[role(100, SEE)]);
    tell_anything(&cache, "GUILD_CREATE", &told);
    cache
}

fn ids(cache: &Cache) -> Vec<u64> {
    let channels = cache.channels(Id::new(GUILD)).unwrap().into_iter();
    let mut ids: Vec<u64> = channels.map(|it| it.id.get()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_channel_that_is_not_known_takes_its_threads_along() {
    let gone = |guild: Value| json!({"id": "200", "guild_id": guild, "type": 0});
    for (data, left) in [
        (gone(json!("100")), vec![201, 301]),
        // Which server it was in can't be read: a channel's id is no other's.
        (gone(json!({})), vec![201, 301]),
        // Of a server that is not known.
        (gone(json!("77")), vec![201, 300, 301]),
    ] {
        let cache = with_an_odd_channel();
        assert_eq!(ids(&cache), [201, 300, 301]);
        tell_anything(&cache, "CHANNEL_DELETE", &data);
        assert_eq!(ids(&cache), left, "{data}");
        assert_eq!(cache.channel_count(), left.len());
        assert_eq!(cache.guild_of(300).is_some(), left.contains(&300));
    }
}

#[test]
fn a_list_of_a_whole_server_tells_also_of_threads_that_may_be_anywhere() {
    let listed = |channels: Value, threads: &[Value]| json!({"guild_id": "100", "channel_ids": channels, "threads": threads, "members": []});
    for (channels, left) in [
        (Value::Null, vec![201, 302]),
        (json!([]), vec![201, 302]),
        // It may be below another one.
        (json!(["201"]), vec![201, 300, 301, 302]),
    ] {
        let cache = with_an_odd_channel();
        let odd = listed(Value::Null, &[json!(5)]);
        tell_anything(&cache, "THREAD_LIST_SYNC", &odd);
        assert_eq!(ids(&cache), [201, 300, 301], "nowhere that is known");
        let data = listed(channels, &[thread(302, 201, false)]);
        tell_anything(&cache, "THREAD_LIST_SYNC", &data);
        assert_eq!(ids(&cache), left, "{data}");
        assert_eq!(cache.channel_count(), left.len());
    }
}

#[test]
fn a_list_of_threads_of_which_it_is_odd_whose_they_are_leaves_none_below_a_channel() {
    let data = |guild: Value, channels: Value| json!({"guild_id": guild, "channel_ids": channels, "threads": []});
    for odd in [
        data(json!("100"), json!({})),
        data(json!("100"), json!(["x"])),
        data(json!({}), json!(["200"])),
    ] {
        let cache = with_an_odd_channel();
        let member = json!({"guild_id": "100", "user": member(BOT, &[])["user"], "roles": []});
        tell_anything(&cache, "GUILD_MEMBER_UPDATE", &member);
        assert!(bits(&cache, BOT, Some(301)).is_ok(), "{odd}");
        tell_anything(&cache, "THREAD_LIST_SYNC", &odd);
        assert_eq!(ids(&cache), [201, 300, 301], "{odd}");
        assert!(bits(&cache, BOT, Some(301)).is_err(), "{odd}");
        assert!(bits(&cache, BOT, Some(201)).is_ok(), "{odd}");
    }
}

#[test]
fn many_threads_are_listed_at_once_in_place_of_those_that_were() {
    let cache = with_an_odd_channel();
    let listed = |name: &str, ids: &[u64]| {
        let threads = ids.iter().map(|id| {
            let mut thread = thread(*id, 201, false);
            thread["name"] = json!(name);
            thread
        });
        let threads: Vec<Value> = threads.collect();
        let data = json!({"guild_id": "100", "threads": threads, "members": []});
        tell_anything(&cache, "THREAD_LIST_SYNC", &data);
        let names = cache.channel_names(Id::new(GUILD)).unwrap().into_iter();
        let named = names.filter(|it| it.1 == name).map(|it| it.0);
        assert_eq!(named.collect::<Vec<_>>(), ids);
        assert_eq!(cache.channel_count(), ids.len() + 1);
    };
    listed("a", &[301, 305, 310]);
    listed("a longer name", &[299, 305, 310, 311]);
    listed("b", &[]);
}

#[test]
fn a_deleted_role_is_taken_from_those_who_have_it_also_where_it_was_missing_already() {
    let open = json!([
        {"id": "100", "type": 0, "allow": "0", "deny": SEE.to_string()},
        {"id": "101", "type": 0, "allow": SEE.to_string(), "deny": "0"},
    ]);
    let sees = |cache: &Cache| {
        let may = bits(cache, 5, Some(200));
        may.is_ok_and(|may| may.contains(Permissions::VIEW_CHANNEL))
    };
    for of in [json!("100"), json!({})] {
        let cache = cache();
        let roles = [role(100, SEE), role(101, 0)];
        let mut told = guild(&[channel(200, &open)], &[], &roles);
        told["members"] = json!([member(5, &[101])]);
        let _ = cache.learn(Intents::GUILD_MEMBERS, "GUILD_CREATE", &told.to_string());
        assert!(sees(&cache));
        let updated =
            json!({"id": "100", "name": "Tea", "owner_id": "1", "roles": [role(100, SEE)]});
        tell_anything(&cache, "GUILD_UPDATE", &updated);
        let deleted = json!({"guild_id": of, "role_id": "101"});
        tell_anything(&cache, "GUILD_ROLE_DELETE", &deleted);
        assert!(!sees(&cache), "{deleted}");
        let known = cache.member(Id::new(GUILD), Id::new(5)).unwrap();
        assert!(known.roles.is_empty());
    }
}
