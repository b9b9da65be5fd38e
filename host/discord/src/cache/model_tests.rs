//! Random events, and a model of the cache that keeps them as they are: both answer alike.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{
    packed::tests::Dice,
    tests::{BOT, GUILD, bits, cache, channel, guild, member, role, thread},
    *,
};

const SEE: Permissions = Permissions::VIEW_CHANNEL;
const MANAGE: Permissions = Permissions::MANAGE_MESSAGES;
const USERS: [u64; 4] = [5, 6, 7, BOT];

/// What was told last, as it was told.
#[derive(Default)]
struct Told {
    server: Map<String, Value>,
    roles: BTreeMap<u64, Value>,
    channels: BTreeMap<u64, Value>,
    members: BTreeMap<u64, Value>,
}

fn id_of(value: &Value) -> u64 {
    value["id"].as_str().unwrap().parse().unwrap()
}

fn ids(value: &Value) -> Vec<u64> {
    let ids = value.as_array().unwrap().iter();
    ids.map(|id| id.as_str().unwrap().parse().unwrap())
        .collect()
}

fn number(value: &Value) -> Permissions {
    Permissions::from_bits_truncate(value.as_str().unwrap().parse().unwrap())
}

/// Some of the fields that Discord leaves out, has as null, or has not had so far.
fn vary(dice: &mut Dice, value: &mut Value) {
    let more = [
        ("topic", json!("Tea & \"cake\" \\ é")),
        ("topic", Value::Null),
        ("topic", json!("x".repeat(200))),
        ("nsfw", json!(true)),
        (
            "last_message_id",
            json!(format!("{}", 1_u64 << dice.below(64))),
        ),
        (
            "last_pin_timestamp",
            json!("2024-02-03T04:05:06.070809+00:00"),
        ),
        ("new", json!({"id": [1, -2, 3.5, {"deep": null}]})),
        ("icon", json!("33ecab261d4681afa4d85a04691c4a01")),
        ("unicode_emoji", json!("🍵")),
        ("position", json!(dice.below(100_000))),
        ("nick", json!("N")),
        ("flags", json!(dice.below(300))),
    ];
    for _ in 0..dice.below(4) {
        let (name, more) = &more[dice.below(more.len() as u64) as usize];
        value[*name] = more.clone();
    }
    if dice.below(4) == 0 {
        value.as_object_mut().unwrap().remove("nsfw");
    }
}

fn overwrites(dice: &mut Dice) -> Value {
    let all = (0..dice.below(4)).map(|_| {
        let of = [100, 101, 102, 5, 6][dice.below(5) as usize];
        let mut bits = || {
            ([SEE, MANAGE, SEE | MANAGE, Permissions::empty()][dice.below(4) as usize])
                .bits()
                .to_string()
        };
        let (allow, deny) = (bits(), bits());
        (
            of,
            json!({"id": of.to_string(), "type": u8::from(of < 10), "allow": allow, "deny": deny}),
        )
    });
    // One for each.
    let all: BTreeMap<u64, Value> = all.collect();
    all.into_values().collect()
}

fn some_channel(dice: &mut Dice) -> Value {
    let overwrites = overwrites(dice);
    let mut channel = channel(200 + dice.below(4), &overwrites);
    vary(dice, &mut channel);
    channel
}

fn some_thread(dice: &mut Dice, is_archived: bool) -> Value {
    let mut thread = thread(300 + dice.below(4), 200 + dice.below(4), is_archived);
    vary(dice, &mut thread);
    thread
}

fn some_role(dice: &mut Dice, id: u64) -> Value {
    let bits = [
        SEE,
        MANAGE,
        SEE | MANAGE,
        Permissions::empty(),
        Permissions::ADMINISTRATOR,
    ];
    let mut role = role(
        id,
        bits[dice.below(if id == GUILD { 4 } else { 5 }) as usize].bits(),
    );
    vary(dice, &mut role);
    role
}

fn some_member(dice: &mut Dice, id: u64) -> Value {
    let roles: Vec<u64> = (101..104).filter(|_| dice.below(2) == 0).collect();
    let mut member = member(id, &roles);
    vary(dice, &mut member);
    member["guild_id"] = json!(GUILD.to_string());
    member
}

impl Told {
    fn drop_channel(&mut self, id: u64) {
        self.channels.remove(&id);
    }

    fn create(&mut self, dice: &mut Dice) -> Value {
        let channels: BTreeMap<u64, Value> = (0..4)
            .map(|_| some_channel(dice))
            .map(|it| (id_of(&it), it))
            .collect();
        let threads: BTreeMap<u64, Value> = (0..2)
            .map(|_| some_thread(dice, false))
            .map(|it| (id_of(&it), it))
            .collect();
        let roles: Vec<Value> = [100, 101, 102]
            .into_iter()
            .map(|id| some_role(dice, id))
            .collect();
        let list = |all: &BTreeMap<u64, Value>| all.values().rev().cloned().collect::<Vec<_>>();
        let mut data = guild(&list(&channels), &list(&threads), &roles);
        let listed = USERS.into_iter().map(|id| some_member(dice, id));
        data["members"] = listed.collect();
        vary(dice, &mut data);
        self.server = data.as_object().unwrap().clone();
        self.channels = channels.into_iter().chain(threads).collect();
        self.roles = roles.into_iter().map(|it| (id_of(&it), it)).collect();
        let members = data["members"].as_array().unwrap().iter().cloned();
        self.members = USERS.into_iter().zip(members).collect();
        data
    }

    fn update(&mut self, dice: &mut Dice) -> Value {
        let roles: Vec<Value> = [100, 101]
            .into_iter()
            .map(|id| some_role(dice, id))
            .collect();
        let mut data = json!({"id": GUILD.to_string(), "name": "Cake", "owner_id": "77", "roles": roles, "banner": null});
        vary(dice, &mut data);
        self.server.extend(data.as_object().unwrap().clone());
        self.roles = roles.into_iter().map(|it| (id_of(&it), it)).collect();
        data
    }

    /// Some event, which is taken note of.
    fn event(&mut self, dice: &mut Dice) -> (&'static str, Value) {
        match dice.below(12) {
            0 => ("GUILD_CREATE", self.create(dice)),
            1 => ("GUILD_UPDATE", self.update(dice)),
            2..=4 => {
                let channel = some_channel(dice);
                self.channels.insert(id_of(&channel), channel.clone());
                ("CHANNEL_UPDATE", channel)
            }
            5 => {
                let channel = some_channel(dice);
                let id = id_of(&channel);
                let parent = json!(id.to_string());
                self.channels.retain(|_, it| it["parent_id"] != parent);
                self.drop_channel(id);
                ("CHANNEL_DELETE", channel)
            }
            6 => {
                let is_archived = dice.below(3) == 0;
                let thread = some_thread(dice, is_archived);
                match is_archived {
                    true => self.drop_channel(id_of(&thread)),
                    false => drop(self.channels.insert(id_of(&thread), thread.clone())),
                }
                ("THREAD_UPDATE", thread)
            }
            7 => {
                let threads: BTreeMap<u64, Value> = (0..2)
                    .map(|_| some_thread(dice, false))
                    .map(|it| (id_of(&it), it))
                    .collect();
                self.channels.retain(|id, _| *id < 300);
                let listed: Vec<&Value> = threads.values().collect();
                let data = json!({"guild_id": GUILD.to_string(), "threads": listed, "members": []});
                self.channels.extend(threads);
                ("THREAD_LIST_SYNC", data)
            }
            8 => {
                let id = 101 + dice.below(3);
                let role = some_role(dice, id);
                self.roles.insert(id_of(&role), role.clone());
                (
                    "GUILD_ROLE_UPDATE",
                    json!({"guild_id": GUILD.to_string(), "role": role}),
                )
            }
            9 => {
                let id = 101 + dice.below(3);
                self.roles.remove(&id);
                let gone = json!(id.to_string());
                for member in self.members.values_mut() {
                    let roles = member["roles"].as_array_mut().unwrap();
                    roles.retain(|it| *it != gone);
                }
                (
                    "GUILD_ROLE_DELETE",
                    json!({"guild_id": GUILD.to_string(), "role_id": id.to_string()}),
                )
            }
            10 => {
                let id = USERS[dice.below(4) as usize];
                let member = some_member(dice, id);
                self.members.insert(id, member.clone());
                ("GUILD_MEMBER_UPDATE", member)
            }
            _ => {
                let pins = [Value::Null, json!("2025-02-03T04:05:06+00:00")];
                let (id, pin) = (200 + dice.below(4), &pins[dice.below(2) as usize]);
                if let Some(channel) = self.channels.get_mut(&id) {
                    channel["last_pin_timestamp"] = pin.clone();
                }
                (
                    "CHANNEL_PINS_UPDATE",
                    json!({"guild_id": GUILD.to_string(), "channel_id": id.to_string(), "last_pin_timestamp": pin}),
                )
            }
        }
    }

    /// Whether somebody may see a place and manage messages there, by the textbook
    /// (<https://discord.com/developers/docs/topics/permissions#permission-overwrites>).
    fn may(&self, user: u64, place: Option<u64>) -> Option<Permissions> {
        if self.server["owner_id"] == json!(user.to_string()) {
            return Some(Permissions::all());
        }
        let roles = ids(&self.members[&user]["roles"]);
        let of_role = |id: &u64| {
            self.roles
                .get(id)
                .map_or(Permissions::empty(), |role| number(&role["permissions"]))
        };
        let all = roles.iter().map(of_role);
        let mut may = all.fold(of_role(&GUILD), |all, one| all | one);
        if may.contains(Permissions::ADMINISTRATOR) {
            return Some(Permissions::all());
        }
        let Some(place) = place else {
            return Some(may);
        };
        let mut place = self.channels.get(&place)?;
        if place["type"] == json!(11) {
            let parent: u64 = place["parent_id"].as_str()?.parse().ok()?;
            place = self.channels.get(&parent)?;
        }
        let list = place["permission_overwrites"].as_array()?;
        let of = |ids: &[u64]| {
            let its = list.iter().filter(|it| ids.contains(&id_of(it)));
            its.fold(
                (Permissions::empty(), Permissions::empty()),
                |(allow, deny), it| (allow | number(&it["allow"]), deny | number(&it["deny"])),
            )
        };
        for ids in [&[GUILD][..], &roles, &[user]] {
            let (allow, deny) = of(ids);
            may = (may - deny) | allow;
        }
        Some(may)
    }

    fn check(&self, cache: &Cache) {
        let server = Id::new(GUILD);
        for (id, told) in &self.channels {
            let is_thread = told["type"] == json!(11);
            let expected =
                model::read::<Channel>(&told.to_string(), model::channel(*id, GUILD, is_thread));
            assert_eq!(cache.channel(Id::new(*id)).ok(), expected, "{told}");
            assert_eq!(cache.guild_of(*id), Some(GUILD));
        }
        assert_eq!(cache.channels(server).unwrap().len(), self.channels.len());
        assert_eq!(cache.channel_count(), self.channels.len());
        let names = |id: &u64, told: &Value| (*id, told["name"].as_str().unwrap().to_owned());
        let expected: Vec<_> = self.channels.iter().map(|(id, it)| names(id, it)).collect();
        let named = cache.channel_names(server).unwrap().into_iter();
        assert_eq!(named.map(|it| (it.0, it.1)).collect::<Vec<_>>(), expected);
        let mut named = cache.role_names(server).unwrap();
        named.sort_unstable();
        let expected: Vec<_> = self.roles.iter().map(|(id, it)| names(id, it)).collect();
        assert_eq!(named, expected);
        for (id, told) in &self.roles {
            let expected = model::read::<Role>(&told.to_string(), model::role(*id));
            assert_eq!(cache.role(server, Id::new(*id)).ok(), expected, "{told}");
        }
        let mut told = self.server.clone();
        told.extend([("roles".into(), json!(cache.roles(server).unwrap()))]);
        for list in ["channels", "threads", "members", "unavailable"] {
            told.remove(list);
        }
        let told = Value::Object(told).to_string();
        let expected = model::read::<Guild>(&told, model::guild(GUILD, GUILD));
        assert_eq!(cache.guild(server).ok(), expected, "{told}");
        for (id, told) in &self.members {
            let known = cache.member(server, Id::new(*id)).unwrap();
            let template = json!({"deaf": false, "mute": false, "flags": 0, "pending": false, "user": {}, "roles": []});
            assert_eq!(
                known.model(),
                model::read(&told.to_string(), template),
                "{told}"
            );
            for place in [None, Some(200), Some(203), Some(300), Some(302)] {
                let (got, expected) = (bits(cache, *id, place).ok(), self.may(*id, place));
                let what = |may: Option<Permissions>| {
                    may.map(|may| {
                        if may.contains(SEE) {
                            may & (SEE | MANAGE)
                        } else {
                            may & SEE
                        }
                    })
                };
                // To an owner it is no matter whether the place is known.
                if expected != Some(Permissions::all())
                    || place.is_none_or(|it| self.channels.contains_key(&it))
                {
                    assert_eq!(what(got), what(expected), "{id} in {place:?}");
                }
            }
        }
    }
}

#[test]
fn after_any_events_the_cache_answers_as_what_was_told_last() {
    for seed in 1..60 {
        let (mut dice, mut told, cache) = (Dice(seed), Told::default(), cache());
        let mut events = vec![("GUILD_CREATE", told.create(&mut dice))];
        for number in 0..40 {
            for (name, data) in events.drain(..) {
                let faults = cache.learn(Intents::GUILD_MEMBERS, name, &data.to_string());
                assert!(faults.is_empty(), "{name} {data}: {faults}");
            }
            if number % 3 == 0 {
                println!("seed {seed}, after {number} events");
                told.check(&cache);
            }
            events.push(told.event(&mut dice));
        }
    }
}
