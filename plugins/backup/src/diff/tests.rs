//! Differences by the line, there and back.

use serde_json::json;

use super::*;
use crate::{
    pairs,
    testing::{channel, id, overwrite, role, server},
    words,
};

/// A change, and lines of what it is told as.
type Case = (&'static str, fn(&mut Contents), &'static [&'static str]);

const CASES: &[Case] = &[
    ("nothing", |_| {}, &[]),
    (
        "other ids",
        |it| {
            it.emojis[0].id = id(99);
            it.stickers[0].id = id(98);
            it.channels[3].id = id(97);
            it.server
                .channels
                .insert("system_channel_id".into(), id(97));
        },
        &[],
    ),
    (
        "a new role",
        |it| it.roles.insert(1, role(60, "New", 1)),
        &["+ role New"],
    ),
    (
        "a role is gone",
        |it| {
            it.roles.remove(1);
        },
        &["- role Guest"],
    ),
    (
        "a role may more",
        |it| {
            it.roles[1].fields.insert("permissions".into(), json!("6"));
        },
        &["~ role Guest: permissions +KICK_MEMBERS +BAN_MEMBERS −VIEW_CHANNEL"],
    ),
    (
        "roles change places",
        |it| it.roles.swap(1, 2),
        &["> role Crew: another place in the order"],
    ),
    (
        "a topic",
        |it| {
            it.channels[3].fields.insert("topic".into(), json!("tea"));
        },
        &["~ channel #pier: topic default → tea"],
    ),
    (
        "into a category",
        |it| it.channels[3].parent = Some(id(30)),
        &["~ channel #pier: parent_id another place → Deck"],
    ),
    (
        "who may see it",
        |it| {
            it.channels[1].overwrites = vec![overwrite(20, 0, 1, 0), overwrite(21, 0, 0, 1024)];
        },
        &["~ channel #bridge: permission_overwrites +Guest, ~Crew, −@everyone"],
    ),
    (
        "announcements",
        |it| it.channels[3].sort = 5,
        &["~ channel #pier: type text → announcements"],
    ),
    (
        "the order of channels",
        |it| {
            it.channels.push(channel(34, "dock", 0, 2, None));
            it.channels.swap(0, 1);
        },
        &["+ channel #dock"],
    ),
    (
        "settings",
        |it| {
            it.server.fields.insert("afk_timeout".into(), json!(60));
            it.server.channels.clear();
        },
        &["~ the server: afk_timeout default → 60; system_channel_id #pier → none"],
    ),
    (
        "Community",
        |it| it.server.features.push("COMMUNITY".into()),
        &["~ the server: community off → on"],
    ),
    (
        "an icon of a role",
        |it| it.roles[1].icon = Some("aa".into()),
        &["~ role Guest: icon another picture"],
    ),
    (
        "an emoji for all",
        |it| it.emojis[0].roles.clear(),
        &["~ emoji :tea:: roles for other roles"],
    ),
    (
        "the prefix",
        |it| {
            it.bot.insert("prefix".into(), json!("?"));
        },
        &["~ the bot's settings: prefix default → ?"],
    ),
];

#[test]
fn differences_are_told_by_the_line() {
    for (name, change, expected) in CASES {
        let (from, mut to) = (server(), server());
        change(&mut to);
        let pairs = pairs::find(&to, &from, &Pairs::new());
        let changes = diff(&from, &to, &pairs);
        let lines: Vec<_> = changes.iter().map(words::change).collect();
        assert_eq!(lines, *expected, "{name}");
    }
}

/// What was uploaded again has another hash, and is no difference.
#[test]
fn the_same_picture_is_no_difference_whatever_its_hash() {
    let (mut from, mut to) = (server(), server());
    for (of, hash) in [(&mut from, "aa"), (&mut to, "bb")] {
        of.roles[1].icon = Some(hash.into());
        of.roles[1].icon_sha256 = Some("ff".into());
    }
    let pairs = pairs::find(&to, &from, &Pairs::new());
    assert_eq!(diff(&from, &to, &pairs), Vec::new());
    to.roles[1].icon_sha256 = None;
    assert_eq!(diff(&from, &to, &pairs).len(), 1);
}

/// Whatever is changed, the way back is as many differences.
#[test]
fn the_way_back_is_as_long() {
    for (name, change, expected) in CASES {
        let (from, mut to) = (server(), server());
        change(&mut to);
        let pairs = pairs::find(&from, &to, &Pairs::new());
        let changes = diff(&to, &from, &pairs);
        assert_eq!(changes.len(), expected.len(), "{name}: {changes:?}");
    }
}
