//! Plans by the table: what is asked, who asks, and the steps and notes that come of it.

use std::collections::BTreeSet;

use plugin_api::twilight_model::guild::Permissions;
use serde_json::json;

use super::*;
use crate::testing::{channel, id, role, server};

const ADMIN: Permissions = Permissions::from_bits_retain(u64::MAX);

fn all() -> BTreeSet<Part> {
    Part::ALL.into_iter().collect()
}

fn standing(permissions: Permissions) -> Standing {
    Standing {
        permissions,
        below: None,
        whose: "the bot's",
        features: Vec::new(),
        here: None,
    }
}

fn planned(
    wanted: &Contents,
    live: &Contents,
    extras: Extras,
    standing: &Standing,
) -> (Vec<String>, Vec<String>) {
    let wish = Wish {
        parts: all(),
        extras,
    };
    let plan = plan(wanted, live, &wish, standing, false);
    let steps = plan.steps.iter().map(|step| step.title.clone());
    let notes = plan.notes.iter();
    let notes = notes.map(|note| format!("{}: {}", note.what, note.why));
    (steps.collect(), notes.collect())
}

fn emptied() -> Contents {
    let mut live = server();
    live.channels.clear();
    live.roles.retain(|role| [1, 22].contains(&role.id.get()));
    live.emojis.clear();
    live.stickers.clear();
    live.server.channels.clear();
    live
}

fn pictured() -> Contents {
    let mut wanted = server();
    let line = Some(crate::model::Line {
        offset: 0,
        length: 1,
    });
    (wanted.emojis[0].line, wanted.stickers[0].line) = (line, line);
    wanted
}

#[test]
fn what_is_as_it_was_needs_no_step() {
    let found = planned(&server(), &server(), Extras::Remove, &standing(ADMIN));
    assert_eq!(found, (Vec::new(), Vec::new()));
}

#[test]
fn all_that_is_gone_is_made_in_the_order_in_which_it_can_be() {
    let (steps, notes) = planned(&pictured(), &emptied(), Extras::Keep, &standing(ADMIN));
    let expected = [
        "make role Guest",
        "make role Crew",
        "make role Captain",
        "put the roles in order",
        "make emoji :tea:",
        "make sticker cup",
        "make category Deck",
        "make channel #bridge",
        "make voice channel Engine",
        "make channel #pier",
        "put the channels in order",
        "change the server: system_channel_id",
    ];
    assert_eq!(steps, expected);
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn keys_are_each_their_own() {
    let wish = Wish {
        parts: all(),
        extras: Extras::Remove,
    };
    let plan = plan(&emptied(), &pictured(), &wish, &standing(ADMIN), true);
    let keys: BTreeSet<_> = plan.steps.iter().map(|step| &step.key).collect();
    assert_eq!(keys.len(), plan.steps.len());
    assert_eq!(plan.steps.last().unwrap().act, Act::Members);
}

#[test]
fn parts_that_were_not_chosen_stay_as_they_are() {
    let wish = Wish {
        parts: BTreeSet::from([Part::Stickers]),
        extras: Extras::Remove,
    };
    let plan = plan(&pictured(), &emptied(), &wish, &standing(ADMIN), true);
    let steps: Vec<_> = plan.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(steps, ["make sticker cup"]);
}

#[test]
fn what_a_snapshot_has_not_is_removed_only_when_asked_for() {
    let mut live = server();
    live.roles.push(role(60, "Extra", 5));
    live.channels.push(channel(61, "extra", 0, 9, None));
    live.channels.push(channel(62, "here", 0, 9, None));
    let watched = Standing {
        here: Some(id(62)),
        ..standing(ADMIN)
    };
    let (steps, _) = planned(&server(), &live, Extras::Keep, &watched);
    assert_eq!(steps, Vec::<String>::new());
    let (steps, notes) = planned(&server(), &live, Extras::Remove, &watched);
    assert_eq!(steps, ["remove channel #extra", "remove role Extra"]);
    assert_eq!(
        notes,
        ["channel #here: you watch the restore there: delete it by hand"]
    );
    let chosen = Extras::RemoveOf(BTreeSet::from([id(60)]));
    let (steps, _) = planned(&server(), &live, chosen, &watched);
    assert_eq!(steps, ["remove role Extra"]);
}

#[test]
fn roles_out_of_reach_are_listed_and_left_alone() {
    let mut live = server();
    live.roles[4].fields.insert("hoist".into(), json!(true));
    live.roles[2].fields.insert("hoist".into(), json!(true));
    let low = Standing {
        below: Some(live.roles[3].rank()),
        ..standing(ADMIN)
    };
    let (steps, notes) = planned(&server(), &live, Extras::Keep, &low);
    assert_eq!(steps, ["change role Crew: hoist"]);
    assert_eq!(
        notes,
        ["role Captain: it does not stand below the bot's highest role"]
    );
    // One that is gone and stood above is made, and comes to stand below.
    live.roles.truncate(4);
    let (steps, notes) = planned(&server(), &live, Extras::Keep, &low);
    assert_eq!(
        steps,
        [
            "make role Captain",
            "change role Crew: hoist",
            "put the roles in order"
        ]
    );
    assert_eq!(
        notes,
        ["role Captain: its place: it comes below the bot's highest role, move it up by hand"]
    );
}

#[test]
fn a_bot_gives_nothing_that_it_has_not() {
    let mut wanted = server();
    wanted.roles[1]
        .fields
        .insert("permissions".into(), json!((1024 | 4).to_string()));
    let mut live = emptied();
    live.roles.push(role(21, "Crew", 1));
    let few = Permissions::MANAGE_ROLES | Permissions::MANAGE_CHANNELS | Permissions::VIEW_CHANNEL;
    let (steps, notes) = planned(&wanted, &live, Extras::Keep, &standing(few));
    assert!(steps.contains(&"make role Guest".to_owned()), "{steps:?}");
    let expected = [
        "the server's settings: the bot lacks MANAGE_GUILD",
        "role Guest: the bot can't give what it has not: +BAN_MEMBERS",
        "emoji :tea:: the bot lacks MANAGE_GUILD_EXPRESSIONS or CREATE_GUILD_EXPRESSIONS",
        "sticker cup: the bot lacks MANAGE_GUILD_EXPRESSIONS or CREATE_GUILD_EXPRESSIONS",
    ];
    assert_eq!(notes, expected);
    let wish = Wish {
        parts: all(),
        extras: Extras::Keep,
    };
    let plan = plan(&wanted, &live, &wish, &standing(few), false);
    assert_eq!(plan.granted[&id(20)], 1024);
}

#[test]
fn what_can_t_be_made_at_all_is_listed() {
    let mut wanted = server();
    wanted.channels.push(channel(60, "ideas", 15, 3, None));
    let mut live = emptied();
    live.roles.retain(|role| role.id == id(1));
    let (steps, notes) = planned(&wanted, &live, Extras::Keep, &standing(ADMIN));
    let listed = [
        "role Bot: it comes with its bot",
        "forum #ideas: it takes a community server",
        "emoji :tea:: the snapshot has no picture",
        "sticker cup: the snapshot has no picture",
    ];
    for start in listed {
        assert!(
            notes.iter().any(|note| note.starts_with(start)),
            "{notes:?}"
        );
    }
    assert_eq!(notes.len(), listed.len(), "{notes:?}");
    assert!(!steps.iter().any(|step| step.contains("ideas")));
    let community = Standing {
        features: vec!["COMMUNITY".into()],
        ..standing(ADMIN)
    };
    let (steps, _) = planned(&wanted, &live, Extras::Keep, &community);
    assert!(steps.contains(&"make forum #ideas".to_owned()));
}

/// A community with #rules, #updates and the forum #ideas.
fn community() -> Contents {
    let mut wanted = server();
    wanted.server.features = vec!["COMMUNITY".into()];
    for (at, key) in crate::fields::COMMUNITY_CHANNELS.iter().enumerate() {
        let id = id(70 + at as u64);
        wanted.channels.push(channel(id.get(), key, 0, 4, None));
        wanted.server.channels.insert((*key).to_owned(), id);
    }
    wanted.channels.push(channel(60, "ideas", 15, 3, None));
    wanted
}

#[test]
fn community_is_switched_on_between_the_channels_that_it_takes_and_those_that_take_it() {
    let wanted = community();
    let (steps, notes) = planned(&wanted, &server(), Extras::Keep, &standing(ADMIN));
    let expected = [
        "make channel #rules_channel_id",
        "make channel #public_updates_channel_id",
        "switch Community on",
        "make forum #ideas",
        "put the channels in order",
        "change the server: rules_channel_id, public_updates_channel_id",
    ];
    assert_eq!(
        (steps, notes),
        (expected.map(String::from).into(), Vec::new())
    );

    let few = standing(
        Permissions::MANAGE_GUILD | Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES,
    );
    let (steps, notes) = planned(&wanted, &server(), Extras::Keep, &few);
    assert!(
        !steps
            .iter()
            .any(|step| step.contains("ideas") || step.contains("Community"))
    );
    assert!(
        notes.contains(&"Community: the bot lacks ADMINISTRATOR".to_owned()),
        "{notes:?}"
    );

    let mut without = wanted;
    without.server.channels.remove("rules_channel_id");
    let (_, notes) = planned(&without, &server(), Extras::Keep, &standing(ADMIN));
    let note = "Community: its channels for rules and for updates are not there";
    assert_eq!(notes[0], note);
    assert!(
        notes[1].starts_with("forum #ideas: it takes a community"),
        "{notes:?}"
    );
}

#[test]
fn community_is_switched_off_before_its_channels_go_and_only_with_what_is_there_besides() {
    let is_on = Standing {
        features: vec!["COMMUNITY".into()],
        ..standing(ADMIN)
    };
    let (steps, notes) = planned(&server(), &community(), Extras::Keep, &is_on);
    let kept = "Community: it stays on, unless what is there besides is deleted";
    assert_eq!(notes, [kept]);
    assert!(
        !steps.iter().any(|step| step.contains("Community")),
        "{steps:?}"
    );
    let (steps, notes) = planned(&server(), &community(), Extras::Remove, &is_on);
    let expected = [
        "switch Community off",
        "change the server: rules_channel_id, public_updates_channel_id",
        "remove channel #rules_channel_id",
        "remove channel #public_updates_channel_id",
        "remove forum #ideas",
    ];
    assert_eq!(
        (steps, notes),
        (expected.map(String::from).into(), Vec::new())
    );
}

#[test]
fn icons_of_roles_are_for_boosted_servers_and_listed_elsewhere() {
    let mut wanted = server();
    wanted.roles[1].icon = Some("aa".into());
    wanted.roles[2]
        .fields
        .insert("unicode_emoji".into(), json!("☕"));
    let boosted = Standing {
        features: vec!["ROLE_ICONS".into()],
        ..standing(ADMIN)
    };
    let (steps, notes) = planned(&wanted, &server(), Extras::Keep, &boosted);
    assert_eq!(steps, ["change role Crew: unicode_emoji"]);
    assert_eq!(
        notes,
        ["role Guest: its icon: the snapshot has no picture of it"]
    );
    wanted.roles[1].line = pictured().emojis[0].line;
    let (steps, _) = planned(&wanted, &server(), Extras::Keep, &boosted);
    assert_eq!(
        steps,
        ["change role Guest: icon", "change role Crew: unicode_emoji"]
    );
    let plain = standing(ADMIN);
    let refused = |role: &str| format!("role {role}: its icon: that takes a boosted server");
    let both = vec![refused("Guest"), refused("Crew")];
    let (steps, notes) = planned(&wanted, &server(), Extras::Keep, &plain);
    assert_eq!((steps, notes), (Vec::new(), both.clone()));
    // Made without it.
    let (steps, notes) = planned(&wanted, &emptied(), Extras::Keep, &plain);
    assert!(steps.contains(&"make role Guest".to_owned()));
    assert_eq!(notes[..2], both);
}

#[test]
fn a_full_server_gets_what_fits() {
    let mut live = server();
    live.channels = (100..599).map(|n| channel(n, "x", 0, 0, None)).collect();
    let (steps, notes) = planned(&server(), &live, Extras::Keep, &standing(ADMIN));
    let made = steps.iter().filter(|step| step.starts_with("make")).count();
    assert_eq!(made, 1, "{steps:?}");
    assert_eq!(notes.len(), 3);
    assert!(notes[0].contains("500 channels at most"), "{notes:?}");
}

#[test]
fn rights_in_channels_that_the_bot_has_not_stay_as_they_are() {
    let (mut wanted, mut live) = (server(), server());
    wanted.channels[1].overwrites = vec![crate::testing::overwrite(21, 0, 1024 | 4, 0)];
    live.channels[1].overwrites = vec![crate::testing::overwrite(21, 0, 8, 0)];
    let few = Permissions::MANAGE_ROLES | Permissions::MANAGE_CHANNELS | Permissions::VIEW_CHANNEL;
    let wish = Wish {
        parts: all(),
        extras: Extras::Keep,
    };
    let plan = plan(&wanted, &live, &wish, &standing(few), false);
    assert_eq!(plan.overwrites[&id(31)][0].allow, (1024 | 8).to_string());
    assert_eq!(plan.notes.len(), 1, "{:?}", plan.notes);
}

#[test]
fn the_reach_is_the_lower_one_of_the_bots_and_the_askers() {
    let live = server();
    let (owner, bot, asker) = (id(900), id(901), id(902));
    let of = |bot_id, bot_roles: &[u64], asker_id, asker_roles: &[u64]| {
        let ids = |roles: &[u64]| roles.iter().map(|role| id(*role)).collect::<Vec<_>>();
        let (bot_roles, asker_roles) = (ids(bot_roles), ids(asker_roles));
        let bot = Actor {
            id: bot_id,
            roles: &bot_roles,
        };
        let asker = Actor {
            id: asker_id,
            roles: &asker_roles,
        };
        let standing = Standing::of(&live, owner, &bot, &asker, None);
        (standing.below.map(|rank| rank.1.0.get()), standing.whose)
    };
    assert_eq!(of(bot, &[22], asker, &[23]), (Some(22), "the bot's"));
    assert_eq!(of(bot, &[22], asker, &[21]), (Some(21), "your"));
    assert_eq!(of(bot, &[22], owner, &[]), (Some(22), "the bot's"));
    assert_eq!(of(owner, &[], asker, &[]), (Some(1), "your"));
    assert_eq!(of(owner, &[], owner, &[]), (None, "the bot's"));
}
