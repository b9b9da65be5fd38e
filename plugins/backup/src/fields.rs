//! Tables of the fields that are kept of Discord's objects, with their defaults, and what is read by them.

use serde_json::{Value, json};

use crate::model::{Contents, Fields, Item, Member, Overwrite, Server, Snowflake, sort};

/// A field, and its default as JSON.
pub(crate) type Field = (&'static str, &'static str);

pub(crate) const SERVER: &[Field] = &[
    ("name", "null"),
    ("description", "null"),
    ("verification_level", "0"),
    ("default_message_notifications", "0"),
    ("explicit_content_filter", "0"),
    ("preferred_locale", "\"en-US\""),
    ("afk_timeout", "300"),
    ("system_channel_flags", "0"),
    ("premium_progress_bar_enabled", "false"),
];
/// Settings of a server that name a channel.
pub(crate) const SERVER_CHANNELS: &[&str] = &[
    "afk_channel_id",
    "system_channel_id",
    "rules_channel_id",
    "public_updates_channel_id",
    "safety_alerts_channel_id",
];
/// Those that a community has.
pub(crate) const COMMUNITY_CHANNELS: &[&str] = &["rules_channel_id", "public_updates_channel_id"];
const ROLE: &[Field] = &[
    ("name", "null"),
    ("color", "0"),
    ("colors", "null"),
    ("hoist", "false"),
    ("mentionable", "false"),
    ("permissions", "\"0\""),
    ("unicode_emoji", "null"),
];
const CATEGORY: &[Field] = &[("name", "null")];
const TEXT: &[Field] = &[
    ("name", "null"),
    ("topic", "null"),
    ("nsfw", "false"),
    ("rate_limit_per_user", "0"),
    ("default_auto_archive_duration", "null"),
    ("default_thread_rate_limit_per_user", "0"),
];
const VOICE: &[Field] = &[
    ("name", "null"),
    ("topic", "null"),
    ("nsfw", "false"),
    ("rate_limit_per_user", "0"),
    ("bitrate", "64000"),
    ("user_limit", "0"),
    ("rtc_region", "null"),
    ("video_quality_mode", "1"),
];
const FORUM: &[Field] = &[
    ("name", "null"),
    ("topic", "null"),
    ("nsfw", "false"),
    ("rate_limit_per_user", "0"),
    ("default_auto_archive_duration", "null"),
    ("default_thread_rate_limit_per_user", "0"),
    ("available_tags", "[]"),
    ("default_reaction_emoji", "null"),
    ("default_sort_order", "null"),
    ("default_forum_layout", "0"),
    ("flags", "0"),
];
const EMOJI: &[Field] = &[("name", "null")];
const STICKER: &[Field] = &[("name", "null"), ("description", "\"\""), ("tags", "\"\"")];

/// REQUIRE_TAG and HIDE_MEDIA_DOWNLOAD_OPTIONS: the flags of a forum that are anybody's to set.
const FORUM_FLAGS: u64 = (1 << 4) | (1 << 15);

/// The fields of an item of this kind and sort.
pub(crate) const fn of(kind: crate::model::Kind, sort: u8) -> &'static [Field] {
    use crate::model::Kind;
    match kind {
        Kind::Role => ROLE,
        Kind::Emoji => EMOJI,
        Kind::Sticker => STICKER,
        Kind::Channel => match sort {
            sort::CATEGORY => CATEGORY,
            sort::VOICE | sort::STAGE => VOICE,
            sort::FORUM | sort::MEDIA => FORUM,
            _ => TEXT,
        },
    }
}

/// What a request says of a field: its value, or the default where it is left out.
pub(crate) fn wish(table: &[Field], fields: &Fields, key: &str) -> Value {
    let known = fields.get(key).cloned();
    known.unwrap_or_else(|| {
        let default = table.iter().find(|(name, _)| *name == key);
        default.map_or(Value::Null, |(_, default)| default_of(default))
    })
}

fn default_of(default: &str) -> Value {
    serde_json::from_str(default).expect("the tables' defaults are JSON")
}

fn read(table: &[Field], object: &Value) -> Fields {
    let mut fields = Fields::new();
    for (key, default) in table {
        let value = match (*key, &object[*key]) {
            // Gradients alone: one colour is `color`.
            ("colors", colors) if colors["secondary_color"].is_null() => continue,
            ("flags", flags) => json!(flags.as_u64().unwrap_or(0) & FORUM_FLAGS),
            ("available_tags", tags) => tags_of(tags),
            (_, value) => value.clone(),
        };
        if !value.is_null() && value != default_of(default) && value != json!("") {
            fields.insert((*key).to_owned(), value);
        }
    }
    fields
}

/// Tags without their ids, which are others when they are made anew.
fn tags_of(tags: &Value) -> Value {
    let tags = tags.as_array().into_iter().flatten();
    tags.map(|tag| {
        json!({
            "name": tag["name"], "moderated": tag["moderated"] == true,
            "emoji_id": tag["emoji_id"], "emoji_name": tag["emoji_name"],
        })
    })
    .collect()
}

fn id(value: &Value) -> Option<Snowflake> {
    value.as_str()?.parse().ok()
}

pub(crate) fn ids(value: &Value) -> Vec<Snowflake> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(id).collect()
}

fn items(list: &Value, read: impl Fn(&Value) -> Option<Item>) -> Vec<Item> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(read).collect()
}

fn item(table: &[Field], object: &Value) -> Option<Item> {
    Some(Item {
        id: id(&object["id"])?,
        sort: 0,
        managed: object["managed"] == true,
        position: object["position"].as_i64().unwrap_or(0),
        parent: None,
        overwrites: Vec::new(),
        roles: Vec::new(),
        fields: read(table, object),
        icon: None,
        icon_sha256: None,
        picture: None,
        line: None,
    })
}

fn role(object: &Value) -> Option<Item> {
    Some(Item {
        icon: object["icon"].as_str().map(str::to_owned),
        ..item(ROLE, object)?
    })
}

fn channel(object: &Value) -> Option<Item> {
    let sort = u8::try_from(object["type"].as_u64()?).ok()?;
    let table = of(crate::model::Kind::Channel, sort);
    let overwrites = object["permission_overwrites"].as_array();
    let overwrite = |object: &Value| {
        Some(Overwrite {
            id: id(&object["id"])?,
            kind: u8::try_from(object["type"].as_u64()?).ok()?,
            allow: object["allow"].as_str()?.to_owned(),
            deny: object["deny"].as_str()?.to_owned(),
        })
    };
    let mut overwrites: Vec<_> = overwrites
        .into_iter()
        .flatten()
        .filter_map(overwrite)
        .collect();
    overwrites.sort();
    Some(Item {
        sort,
        managed: false,
        parent: id(&object["parent_id"]),
        overwrites,
        ..item(table, object)?
    })
}

fn emoji(object: &Value) -> Option<Item> {
    Some(Item {
        sort: u8::from(object["animated"] == true),
        roles: ids(&object["roles"]),
        ..item(EMOJI, object)?
    })
}

fn sticker(object: &Value) -> Option<Item> {
    let sort = u8::try_from(object["format_type"].as_u64()?).ok()?;
    Some(Item {
        sort,
        ..item(STICKER, object)?
    })
}

/// A member of Discord's list; `None` for bots, whose roles come with them.
pub(crate) fn member(object: &Value) -> Option<Member> {
    let user = &object["user"];
    if user["bot"] == true {
        return None;
    }
    Some(Member {
        id: id(&user["id"])?,
        name: user["username"].as_str().unwrap_or_default().to_owned(),
        roles: ids(&object["roles"]),
    })
}

/// Reads what Discord tells of a server ([guild object](https://discord.com/developers/docs/resources/guild#guild-object)) and of its
/// channels. `None`: it is no server. Items that can't be read are left out.
pub(crate) fn contents(guild: &Value, channels: &Value) -> Option<Contents> {
    let features = guild["features"].as_array().into_iter().flatten();
    let named = SERVER_CHANNELS.iter();
    let server = Server {
        id: id(&guild["id"])?,
        fields: read(SERVER, guild),
        channels: named
            .filter_map(|key| Some(((*key).to_owned(), id(&guild[*key])?)))
            .collect(),
        features: features
            .filter_map(|feature| feature.as_str().map(str::to_owned))
            .collect(),
        icon: guild["icon"].as_str().map(str::to_owned),
        icon_sha256: None,
        picture: None,
        line: None,
    };
    let mut roles = items(&guild["roles"], role);
    roles.sort_by_key(Item::rank);
    let mut channels = items(channels, channel);
    channels.sort_by_key(|channel| (channel.position, channel.id));
    Some(Contents {
        server,
        roles,
        channels,
        emojis: items(&guild["emojis"], emoji),
        stickers: items(&guild["stickers"], sticker),
        bot: std::collections::BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_the_default_are_the_same() {
        let guild = json!({"id": "1", "name": "Tea", "verification_level": 0, "afk_timeout": 300, "system_channel_id": "5",
            "features": ["COMMUNITY"], "icon": null, "roles": [
                {"id": "1", "name": "@everyone", "position": 0, "permissions": "1024", "color": 0, "hoist": false, "managed": false},
                {"id": "9", "name": "Bot", "position": 2, "permissions": "8", "managed": true,
                    "colors": {"primary_color": 1, "secondary_color": null}},
                {"id": "8", "name": "Odd", "position": 1, "permissions": "36028797018963968", "color": 255,
                    "colors": {"primary_color": 255, "secondary_color": 7}},
                {"name": "without an id"}]});
        let channels = json!([{"id": "5", "type": 0, "name": "a", "topic": "", "nsfw": false, "position": 1, "parent_id": null,
            "permission_overwrites": [{"id": "9", "type": 0, "allow": "1", "deny": "0"}, {"id": "1", "type": 0, "allow": "0", "deny": "2"}]},
            {"id": "6", "type": 15, "name": "f", "flags": 18, "position": 0, "available_tags": [{"id": "77", "name": "x", "moderated": false,
                "emoji_id": null, "emoji_name": null}]}]);
        let read = contents(&guild, &channels).unwrap();
        assert_eq!(Value::Object(read.server.fields), json!({"name": "Tea"}));
        assert_eq!(read.server.channels["system_channel_id"].get(), 5);
        let names: Vec<_> = read.roles.iter().map(Item::name).collect();
        assert_eq!(names, ["@everyone", "Odd", "Bot"]);
        assert!(read.roles[2].managed && read.roles[2].fields.get("colors").is_none());
        // Bits that nobody knows yet stay.
        assert_eq!(read.roles[1].permissions(), 1 << 55);
        assert_eq!(read.roles[1].fields["colors"]["secondary_color"], 7);
        let (forum, text) = (&read.channels[0], &read.channels[1]);
        assert_eq!(Value::Object(text.fields.clone()), json!({"name": "a"}));
        assert_eq!(text.overwrites[0].id.get(), 1);
        assert_eq!(forum.fields["flags"], 16);
        assert_eq!(forum.fields["available_tags"][0].get("id"), None);
        assert!(contents(&json!({"message": "no"}), &channels).is_none());
    }

    #[test]
    fn a_request_that_takes_a_field_back_names_its_default() {
        let table = of(crate::model::Kind::Channel, sort::VOICE);
        let fields = Fields::from_iter([("bitrate".to_owned(), json!(96_000))]);
        let all: Vec<_> = ["bitrate", "user_limit", "topic", "nsfw"]
            .map(|key| wish(table, &fields, key))
            .into();
        assert_eq!(all, [json!(96_000), json!(0), Value::Null, json!(false)]);
    }

    #[test]
    fn members_are_people() {
        let ann = json!({"user": {"id": "3", "username": "ann"}, "roles": ["8"]});
        assert_eq!(member(&ann).unwrap().roles.len(), 1);
        let bot = json!({"user": {"id": "4", "username": "b", "bot": true}, "roles": []});
        assert_eq!(member(&bot), None);
    }
}
