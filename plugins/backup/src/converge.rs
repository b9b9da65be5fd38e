//! Servers that are changed at random and restored in memory: in the end nothing is different, wherever the restore was interrupted.

use std::collections::BTreeSet;

use plugin_api::twilight_model::guild::Permissions;
use serde_json::{Value, json};

use crate::{
    body,
    diff::diff,
    fields,
    journal::{Entry, Journal, orphan},
    model::{Contents, Item, Kind, Line, Snowflake},
    pairs,
    plan::{Act, Extras, Part, Plan, Standing, Step, Wish, plan},
    words,
};

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % most.max(1)
    }
}

/// A server as Discord keeps it.
#[derive(Clone)]
struct World {
    guild: Value,
    channels: Vec<Value>,
    next: u64,
}

const LISTS: [&str; 3] = ["roles", "emojis", "stickers"];

impl World {
    fn new(dice: &mut Dice) -> Self {
        let roles = json!([
            {"id": "1", "name": "@everyone", "position": 0, "permissions": "1024", "managed": false},
            {"id": "2", "name": "Bot", "position": 1, "permissions": "8", "managed": true},
        ]);
        let mut world = Self {
            guild: json!({"id": "1", "name": "Tea", "roles": roles, "emojis": [], "stickers": [], "features": ["COMMUNITY"]}),
            channels: Vec::new(),
            next: 100,
        };
        for _ in 0..25 {
            world.change(dice);
        }
        world
    }

    fn contents(&self) -> Contents {
        let channels = Value::Array(self.channels.clone());
        let mut contents = fields::contents(&self.guild, &channels).unwrap();
        // As a snapshot has them.
        let line = Some(Line {
            offset: 0,
            length: 1,
        });
        let all = contents.emojis.iter_mut().chain(&mut contents.stickers);
        all.for_each(|item| item.line = line);
        contents
    }

    fn id(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }

    fn list(&mut self, what: &str) -> &mut Vec<Value> {
        self.guild[what].as_array_mut().unwrap()
    }

    /// Any role but everybody's.
    fn role(&self, dice: &mut Dice) -> Value {
        let roles = self.guild["roles"].as_array().unwrap();
        roles[dice.below(roles.len())]["id"].clone()
    }

    /// Something is made, changed, moved or taken away.
    fn change(&mut self, dice: &mut Dice) {
        let name = ["ann", "bob", "cat", "dot"][dice.below(4)];
        let id = self.id();
        match dice.below(12) {
            0 | 1 => self.make_role(json!({"name": name, "permissions": dice.below(4096).to_string(), "hoist": dice.below(2) == 1})),
            2 | 3 => {
                let sort = [0, 2, 4, 5, 13, 15][dice.below(6)];
                let role = self.role(dice);
                let categories: Vec<_> = self.channels.iter().filter(|it| it["type"] == 4).collect();
                let parent = match categories.len() {
                    0 => Value::Null,
                    more if sort != 4 => categories[dice.below(more)]["id"].clone(),
                    _ => Value::Null,
                };
                let overwrites = json!([{"id": role, "type": 0, "allow": dice.below(64).to_string(), "deny": "0"}]);
                let position = dice.below(9);
                self.channels.push(json!({"id": id, "type": sort, "name": name, "parent_id": parent, "position": position,
                    "permission_overwrites": overwrites}));
            }
            4 => {
                let role = self.role(dice);
                self.list("emojis").push(json!({"id": id, "name": name, "animated": dice.below(2) == 1, "roles": [role]}));
            }
            5 => self.list("stickers").push(json!({"id": id, "name": name, "format_type": 1, "tags": name})),
            6 => self.guild["afk_timeout"] = json!([60, 300, 900][dice.below(3)]),
            7 => {
                let many = self.channels.len();
                if let Some(channel) = self.channels.get_mut(dice.below(many)) {
                    channel["name"] = json!(name);
                    channel["topic"] = json!(name);
                    channel["position"] = json!(dice.below(9));
                }
            }
            8 => {
                let many = self.channels.len();
                if many > 0 {
                    let gone = self.channels.swap_remove(dice.below(many));
                    let orphans = self.channels.iter_mut().filter(|it| it["parent_id"] == gone["id"]);
                    orphans.for_each(|it| it["parent_id"] = Value::Null);
                }
            }
            9 | 10 => {
                let at = dice.below(self.list("roles").len());
                let role = self.list("roles")[at].clone();
                if role["id"] != "1" && role["managed"] != true {
                    self.delete_role(&role["id"]);
                }
            }
            _ => {
                let at = dice.below(self.list("roles").len());
                let role = &mut self.list("roles")[at];
                role["permissions"] = json!(dice.below(4096).to_string());
                if role["id"] != "1" {
                    role["position"] = json!(1 + dice.below(5));
                }
            }
        }
    }

    fn make_role(&mut self, mut role: Value) {
        role["id"] = json!(self.id());
        role["position"] = json!(1);
        self.list("roles").push(role);
    }

    fn delete_role(&mut self, id: &Value) {
        self.list("roles").retain(|role| role["id"] != *id);
        for channel in &mut self.channels {
            channel["permission_overwrites"]
                .as_array_mut()
                .unwrap()
                .retain(|it| it["id"] != *id);
        }
        for emoji in self.list("emojis") {
            emoji["roles"].as_array_mut().unwrap().retain(|it| it != id);
        }
    }

    fn find(&mut self, kind: Kind, id: Snowflake) -> &mut Value {
        let id = id.to_string();
        let all = match kind {
            Kind::Channel => &mut self.channels,
            kind => self.guild[format!("{}s", kind.word())]
                .as_array_mut()
                .unwrap(),
        };
        all.iter_mut().find(|it| it["id"] == id).unwrap()
    }

    /// Does a step as Discord would.
    fn act(&mut self, step: &Step, wanted: &Contents, plan: &Plan, journal: &Journal) -> Entry {
        let pairs = journal.pairs(plan);
        let mut made = None;
        match &step.act {
            Act::Make(kind, id) => {
                let item = wanted.item(*kind, *id).unwrap();
                let mut new = body::make(*kind, item, wanted, plan, &pairs).json;
                new["id"] = json!(self.id());
                made = Some((*id, new["id"].as_str().unwrap().parse().unwrap()));
                match kind {
                    Kind::Role => {
                        new["position"] = json!(1);
                        self.list("roles").push(new);
                    }
                    Kind::Channel => {
                        new["position"] = json!(0);
                        self.channels.push(new);
                    }
                    Kind::Emoji => {
                        new["animated"] = json!(item.sort == 1);
                        self.list("emojis").push(new);
                    }
                    Kind::Sticker => {
                        new["format_type"] = json!(item.sort);
                        self.list("stickers").push(new);
                    }
                }
            }
            Act::Change(kind, id, names) => {
                let item = wanted.item(*kind, *id).unwrap();
                let change = body::change(*kind, item, names, wanted, plan, &pairs).json;
                let there = self.find(*kind, pairs[id]);
                for (key, value) in change.as_object().unwrap() {
                    there[key] = value.clone();
                }
            }
            Act::Remove(Kind::Role, id) => self.delete_role(&json!(id)),
            Act::Remove(Kind::Channel, id) => {
                let id = json!(id);
                self.channels.retain(|it| it["id"] != id);
                let orphans = self.channels.iter_mut().filter(|it| it["parent_id"] == id);
                orphans.for_each(|it| it["parent_id"] = Value::Null);
            }
            Act::Remove(kind, id) => {
                let id = json!(id);
                self.list(&format!("{}s", kind.word()))
                    .retain(|it| it["id"] != id);
            }
            Act::OrderRoles => {
                let live = self.contents();
                for (id, position) in body::role_order(wanted, &live, &pairs, |_| true) {
                    self.find(Kind::Role, id)["position"] = json!(position);
                }
            }
            Act::OrderChannels => {
                let live = self.contents();
                for (id, position) in body::channel_order(wanted, &live, &pairs) {
                    self.find(Kind::Channel, id)["position"] = json!(position);
                }
            }
            Act::Server(names) => {
                let change = body::server(names, wanted, &pairs, None);
                for (key, value) in change.as_object().unwrap() {
                    self.guild[key] = value.clone();
                }
            }
            Act::Community(on) => {
                let features = &self.contents().server.features;
                let change = body::community(*on, features, wanted, &pairs).unwrap();
                for (key, value) in change.as_object().unwrap() {
                    self.guild[key] = value.clone();
                }
            }
            Act::Bot(_) | Act::Members => {}
        }
        Entry::Done {
            key: step.key.clone(),
            made,
        }
    }

    fn list_of(&self, kind: Kind) -> Vec<Item> {
        self.contents().of(kind).to_vec()
    }
}

fn planned(wanted: &Contents, live: &Contents) -> Plan {
    let wish = Wish {
        parts: Part::ALL.into_iter().collect::<BTreeSet<_>>(),
        extras: Extras::Remove,
    };
    let standing = Standing {
        permissions: Permissions::from_bits_retain(u64::MAX),
        below: None,
        whose: "the bot's",
        features: vec!["COMMUNITY".to_owned()],
        here: None,
    };
    plan(wanted, live, &wish, &standing, false)
}

#[test]
fn two_hundred_restores_that_are_interrupted_anywhere_end_equal() {
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let mut world = World::new(&mut dice);
        let wanted = world.contents();
        for _ in 0..dice.below(60) {
            world.change(&mut dice);
        }
        let plan = planned(&wanted, &world.contents());
        assert!(plan.notes.is_empty(), "{seed}: {:?}", plan.notes);
        let (mut bytes, mut requests) = (Vec::new(), 0);
        // Killed now and then: before a step, or behind it and before it is noted.
        loop {
            let mut journal = Journal::read(&bytes, &plan);
            let mut is_first = true;
            let killed = loop {
                let Some(step) = journal.next(&plan) else {
                    break false;
                };
                if dice.below(7) == 0 {
                    break true;
                }
                let found = match &step.act {
                    Act::Make(kind, id) if is_first => {
                        let item = wanted.item(*kind, *id).unwrap();
                        orphan(*kind, item, &world.list_of(*kind), &plan, &journal)
                            .map(|made| (*id, made))
                    }
                    _ => None,
                };
                let entry = match found {
                    Some(made) => Entry::Done {
                        key: step.key.clone(),
                        made: Some(made),
                    },
                    None => {
                        requests += 1;
                        world.act(step, &wanted, &plan, &journal)
                    }
                };
                if dice.below(7) == 0 {
                    break true;
                }
                bytes.extend(serde_json::to_vec(&entry).unwrap());
                bytes.push(b'\n');
                journal.take(entry, &plan);
                is_first = false;
            };
            if !killed {
                break;
            }
        }
        assert!(requests >= plan.steps.len(), "{seed}");
        let live = world.contents();
        let pairs = pairs::find(&wanted, &live, &Journal::read(&bytes, &plan).pairs(&plan));
        let left: Vec<_> = diff(&live, &wanted, &pairs)
            .iter()
            .map(words::change)
            .collect();
        assert!(left.is_empty(), "{seed}: {left:#?} after {:#?}", plan.steps);
        for (kind, what) in [(Kind::Role, 0), (Kind::Emoji, 1), (Kind::Sticker, 2)] {
            let many = world.guild[LISTS[what]].as_array().unwrap().len();
            assert_eq!(many, wanted.of(kind).len(), "{seed}");
        }
        assert_eq!(world.channels.len(), wanted.channels.len(), "{seed}");
    }
}
