//! A server for the tests, and what they ask of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Contents, Fields, Item, Overwrite, Server, Snowflake, sort};

pub(crate) fn id(number: u64) -> Snowflake {
    Snowflake::new(number)
}

pub(crate) fn fields(json: Value) -> Fields {
    match json {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

pub(crate) fn item(number: u64, position: i64, json: Value) -> Item {
    Item {
        id: id(number),
        sort: 0,
        managed: false,
        position,
        parent: None,
        overwrites: Vec::new(),
        roles: Vec::new(),
        fields: fields(json),
        icon: None,
        icon_sha256: None,
        picture: None,
        line: None,
    }
}

pub(crate) fn role(number: u64, name: &str, position: i64) -> Item {
    item(
        number,
        position,
        json!({"name": name, "permissions": "1024"}),
    )
}

pub(crate) fn channel(
    number: u64,
    name: &str,
    sort: u8,
    position: i64,
    parent: Option<u64>,
) -> Item {
    Item {
        sort,
        parent: parent.map(id),
        ..item(number, position, json!({"name": name}))
    }
}

pub(crate) fn overwrite(number: u64, kind: u8, allow: u64, deny: u64) -> Overwrite {
    Overwrite {
        id: id(number),
        kind,
        allow: allow.to_string(),
        deny: deny.to_string(),
    }
}

/// Server 1: the roles @everyone, Guest (20), Crew (21), Bot (22, the bot's own), Captain (23); the category Deck (30) with
/// #bridge (31), for the crew alone, and the voice channel Engine (32); #pier (33); the emoji :tea: (40), for the crew; a sticker (50).
pub(crate) fn server() -> Contents {
    let mut bridge = channel(31, "bridge", sort::TEXT, 0, Some(30));
    bridge.overwrites = vec![overwrite(1, 0, 0, 1024), overwrite(21, 0, 1024, 0)];
    let mut bot = role(22, "Bot", 3);
    bot.managed = true;
    let mut emoji = item(40, 0, json!({"name": "tea"}));
    emoji.roles = vec![id(21)];
    let mut sticker = item(50, 0, json!({"name": "cup", "tags": "tea"}));
    sticker.sort = 1;
    Contents {
        server: Server {
            id: id(1),
            fields: fields(json!({"name": "Ship", "verification_level": 1})),
            channels: BTreeMap::from([("system_channel_id".to_owned(), id(33))]),
            features: Vec::new(),
            icon: None,
            icon_sha256: None,
            picture: None,
            line: None,
        },
        roles: vec![
            role(1, "@everyone", 0),
            role(20, "Guest", 1),
            role(21, "Crew", 2),
            bot,
            role(23, "Captain", 4),
        ],
        channels: vec![
            channel(30, "Deck", sort::CATEGORY, 0, None),
            bridge,
            channel(32, "Engine", sort::VOICE, 0, Some(30)),
            channel(33, "pier", sort::TEXT, 1, None),
        ],
        emojis: vec![emoji],
        stickers: vec![sticker],
        bot: BTreeMap::new(),
    }
}
