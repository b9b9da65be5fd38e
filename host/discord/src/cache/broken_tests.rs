//! Events that are broken by chance: nothing panics, and all that is known can be asked for and written.

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use super::{
    packed::tests::Dice,
    tests::{BOT, GUILD, channel, guild, member, role, thread},
    wire::Server,
    *,
};

/// One event of each kind that is packed.
fn events() -> Vec<(&'static str, String)> {
    let overwrites = json!([{"id": "5", "type": 1, "allow": "1024", "deny": "0"}]);
    let place = channel(200, &overwrites);
    let thread = thread(300, 200, false);
    let mut whole = guild(
        &[place.clone(), channel(201, &json!([]))],
        std::slice::from_ref(&thread),
        &[role(GUILD, 1024), role(101, 8)],
    );
    whole["members"] = json!([member(BOT, &[101]), member(5, &[])]);
    whole["voice_states"] = json!([{"user_id": "5", "channel_id": "201", "session_id": "x"}]);
    let mut someone = member(5, &[101]);
    someone["guild_id"] = json!(GUILD.to_string());
    let of_guild = |name: &str, it: Value| json!({"guild_id": GUILD.to_string(), name: it});
    [
        ("GUILD_CREATE", whole.clone()),
        ("GUILD_UPDATE", whole),
        ("CHANNEL_UPDATE", place),
        ("THREAD_LIST_SYNC", of_guild("threads", json!([thread]))),
        ("THREAD_UPDATE", thread),
        ("GUILD_ROLE_UPDATE", of_guild("role", role(101, 8))),
        ("GUILD_MEMBERS_CHUNK", of_guild("members", json!([someone]))),
        ("GUILD_MEMBER_UPDATE", someone),
    ]
    .map(|(name, data)| (name, data.to_string()))
    .into()
}

#[test]
fn whatever_is_told_nothing_panics_and_all_can_be_asked_for() {
    const BYTES: &[u8] = b" \"{}[]:,\\/u0a-.e";
    let (mut dice, events) = (Dice(14), events());
    let mut cache = tests::cache();
    for number in 0..3_000 {
        if number % 20 == 0 {
            cache = tests::cache();
            let _ = cache.learn(Intents::all(), events[0].0, &events[0].1);
        }
        let (name, text) = &events[dice.below(events.len() as u64) as usize];
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=dice.below(3) {
            let (at, byte) = (
                dice.below(bytes.len() as u64) as usize,
                BYTES[dice.below(BYTES.len() as u64) as usize],
            );
            match dice.below(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, byte),
                2 => bytes.truncate(at.max(8)),
                _ => bytes[at] = byte,
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let faults = cache.learn(Intents::all(), name, &text);
        // Whole servers are no matter: of what is not kept there, it is not looked whether it is JSON.
        let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        let is_server = matches!(*name, "GUILD_CREATE" | "GUILD_UPDATE");
        assert!(is_json || is_server || !faults.is_empty(), "{name} {text}");
        for guild in cache.guilds() {
            let _ = (
                cache.guild(guild),
                cache.roles(guild),
                cache.channels(guild),
            );
            let _ = (cache.voice_states(guild), cache.channel_names(guild));
            for user in [BOT, 5] {
                let _ = cache.permissions(guild, Id::new(user), Some(Id::new(300)));
                let _ = cache.member(guild, Id::new(user)).map(|it| it.model());
            }
        }
        for kept in cache.store().guilds.values() {
            let written = |kept: &GuildKept| serde_json::to_value(Server::of(kept)).unwrap();
            let written_once = written(kept);
            let read: Server = serde_json::from_value(written_once.clone()).unwrap();
            assert_eq!(written(&read.restored()), written_once, "{name} {text}");
        }
    }
}
