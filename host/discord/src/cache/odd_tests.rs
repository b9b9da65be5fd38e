//! Odd objects by chance, and what lenient reading finds in their text: what is packed of them says the same.

use std::collections::BTreeMap;

use serde_json::json;
use twilight_model::{
    channel::permission_overwrite::{PermissionOverwrite, PermissionOverwriteType},
    guild::{Member, Permissions},
    util::Timestamp,
};

use super::{
    kept::{Channel, Role},
    packed::tests::{Dice, bare},
    seen::TimeOut,
    tests::GUILD,
    *,
};
use crate::lenient::{self, Faults, Field, Fields};

/// Values that are read, and some that look like them.
const USUAL: &[&str] = &[
    "0",
    "1",
    "11",
    r#""11""#,
    "5",
    r#""5""#,
    r#""007""#,
    r#""\u0035""#,
    "5.0",
    "-0",
    "1e400",
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "[null]",
    r#"["5","6"]"#,
    r#"["5",6,{}]"#,
    r#"{"archived":true,"archived":false}"#,
    r#"{"primary_color":0,"secondary_color":null,"tertiary_color":null}"#,
    r#"[{"id":"5","type":0,"allow":"1024","deny":"0"}]"#,
    r#"[{"id":"5","id":6,"type":1,"allow":1024,"deny":"0","new":[{}]}]"#,
    r#"[{"id":"5","type":0,"allow":"1024","deny":"0","deny":null}]"#,
    r#"[{"id":"5","type":2,"allow":"1024","deny":"0"}]"#,
    r#"[{"id":"5","type":0,"allow":"18446744073709551616","deny":"0"}]"#,
    r#""2100-01-01T00:00:00.000000+00:00""#,
    r#""2024-01-01T00:00:00+00:00""#,
    r#"{"id":"5","username":"\u0000A","global_name":"\ud800","member":{}}"#,
    r#"{"id":7,"username":"B","avatar":"33ecab261d4681afa4d85a04691c4a01"}"#,
];

fn object(dice: &mut Dice, names: &[&str]) -> String {
    let mut fields = Vec::new();
    for _ in 0..dice.below(2 * names.len() as u64) {
        let name = names[dice.below(names.len() as u64) as usize];
        let name = match dice.below(12) {
            0 => format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]),
            1 => "new".to_owned(),
            _ => name.to_owned(),
        };
        let value = match dice.below(4) {
            // Lenient reading takes no inner object with such a name; here it costs itself alone, as below.
            0 => dice.value(3).replace("\\ud800\"", "\\u0000\""),
            _ => USUAL[dice.below(USUAL.len() as u64) as usize].to_owned(),
        };
        fields.push(format!("\"{name}\": {value}"));
    }
    if dice.below(200) == 0 {
        fields.push(r#""\ud800": 1"#.into());
    }
    format!("{{{}}}", fields.join(","))
}

/// The fields that are there, but for these.
fn fields(json: &str, but: &[&str]) -> BTreeMap<String, String> {
    let fields = Fields::read(json).unwrap();
    let all: BTreeMap<String, String> = fields
        .iter()
        .map(|(name, raw)| (name.to_owned(), bare(raw)))
        .collect();
    let is_there = |(name, raw): &(String, String)| raw != "null" && !but.contains(&&**name);
    all.into_iter().filter(is_there).collect()
}

fn bits_of(raw: &str) -> Option<Permissions> {
    lenient::number(raw).map(Permissions::from_bits_truncate)
}

fn overwrite(json: &str) -> Option<PermissionOverwrite> {
    let fields = Fields::read(json)?;
    let kind = match fields.get("type", lenient::number).known()? {
        0 => PermissionOverwriteType::Role,
        1 => PermissionOverwriteType::Member,
        _ => return None,
    };
    Some(PermissionOverwrite {
        id: Id::new_checked(fields.id("id").known()?)?,
        kind,
        allow: fields.get("allow", bits_of).known()?,
        deny: fields.get("deny", bits_of).known()?,
    })
}

#[test]
fn an_odd_channel_is_what_lenient_reading_finds() {
    const NAMES: &[&str] = &[
        "id",
        "id",
        "type",
        "nsfw",
        "parent_id",
        "permission_overwrites",
        "permission_overwrites",
        "thread_metadata",
        "name",
        "topic",
    ];
    let (mut dice, mut kept) = (Dice(11), 0);
    for _ in 0..6_000 {
        let json = object(&mut dice, NAMES);
        let (listed, mut faults) = (dice.below(2) == 0, Faults::default());
        let read = Channel::read(&json, listed, &mut faults);
        let Some(told) = Fields::read(&json) else {
            assert!(read.is_none() && !faults.is_empty(), "{json}");
            continue;
        };
        let mut expected = Faults::default();
        let id = told.id("id").known();
        if id.is_none() {
            expected.note("id");
        }
        let kind = told
            .get("type", lenient::number)
            .noted(&mut expected, "type");
        let is_thread = listed
            || matches!(kind, Field::Is(10..=12))
            || matches!(told.object("thread_metadata"), Field::Is(_));
        let overwrites: Option<Box<[PermissionOverwrite]>> =
            match told.list("permission_overwrites") {
                Field::Is(items) => items.into_iter().map(overwrite).collect(),
                Field::Absent | Field::Unreadable => None,
            };
        if overwrites.is_none() && !is_thread {
            expected.note("permission_overwrites");
        }
        let age = told.get("nsfw", lenient::flag).noted(&mut expected, "nsfw");
        let age = match age {
            Field::Is(is) => Some(is),
            Field::Absent => Some(false),
            Field::Unreadable => None,
        };
        let parent = told
            .id("parent_id")
            .noted(&mut expected, "parent_id")
            .known();
        assert_eq!(faults, expected, "{json}");
        assert_eq!(read.as_ref().map(|it| it.0), id, "{json}");
        let Some((id, item)) = read else {
            continue;
        };
        kept += 1;
        let channel = Channel(item.view());
        assert_eq!(
            (channel.is_thread(), channel.parent()),
            (is_thread, parent),
            "{json}"
        );
        assert_eq!(channel.overwrites(), overwrites, "{json}");
        assert_eq!(channel.is_age_restricted(), age, "{json}");
        let own = channel.object().json();
        assert_eq!(fields(&own, &[]), fields(&json, &["id"]), "{json}");
        let template = model::channel(id, GUILD, is_thread);
        let of =
            |json: &str| model::read::<twilight_model::channel::Channel>(json, template.clone());
        assert_eq!(of(&own), of(&json), "{json}");
        // Kept elsewhere, it is the same.
        let has = [parent.is_some(), overwrites.is_some(), age.is_some()];
        let again = Channel::restored(&own, is_thread, has);
        assert_eq!(again.view().object.json(), own, "{json}");
        assert_eq!(Channel(again.view()).overwrites(), overwrites, "{json}");
    }
    assert!(kept > 500, "{kept}");
}

#[test]
fn an_inner_name_of_half_a_surrogate_pair_costs_nothing_and_is_kept() {
    let overwrites = r#"[{"\ud800":1,"id":"5","type":0,"allow":"1024","deny":"0"}]"#;
    let json = format!(r#"{{"id":"7","type":0,"permission_overwrites":{overwrites}}}"#);
    let mut faults = Faults::default();
    let (_, item) = Channel::read(&json, false, &mut faults).unwrap();
    let channel = Channel(item.view());
    assert!(faults.is_empty() && channel.is_known());
    let allow = channel.overwrites().unwrap()[0].allow;
    assert_eq!(allow, Permissions::VIEW_CHANNEL);
    let kept = fields(&channel.object().json(), &[]);
    assert_eq!(kept["permission_overwrites"], overwrites);
}

#[test]
fn an_odd_role_is_what_lenient_reading_finds() {
    const NAMES: &[&str] = &[
        "id",
        "id",
        "permissions",
        "name",
        "color",
        "colors",
        "hoist",
        "managed",
        "flags",
        "tags",
        "icon",
    ];
    let (mut dice, mut kept) = (Dice(12), 0);
    for _ in 0..6_000 {
        let json = object(&mut dice, NAMES);
        let mut faults = Faults::default();
        let read = Role::read(&json, &mut faults);
        let Some(told) = Fields::read(&json) else {
            assert!(read.is_none() && !faults.is_empty(), "{json}");
            continue;
        };
        assert_eq!(
            read.as_ref().map(|it| it.0),
            told.id("id").known(),
            "{json}"
        );
        let permissions = told.get("permissions", bits_of).known();
        let is_odd = permissions.is_none() || read.is_none();
        assert_eq!(faults.is_empty(), !is_odd, "{json}");
        let Some((id, item)) = read else {
            continue;
        };
        kept += 1;
        assert_eq!(Role(item.view()).permissions(), permissions, "{json}");
        let own = item.view().object.json();
        let defaults = ["id", "color", "colors", "hoist", "managed", "flags"];
        assert_eq!(fields(&own, &defaults), fields(&json, &defaults), "{json}");
        let of = |json: &str| model::read::<twilight_model::guild::Role>(json, model::role(id));
        assert_eq!(of(&own), of(&json), "{json}");
    }
    assert!(kept > 500, "{kept}");
}

fn until(raw: &str) -> Option<i64> {
    let text = lenient::text(raw)?;
    Timestamp::parse(&text).ok().map(|until| until.as_micros())
}

#[test]
fn an_odd_member_is_what_lenient_reading_finds() {
    const NAMES: &[&str] = &[
        "user",
        "user",
        "roles",
        "roles",
        "nick",
        "communication_disabled_until",
        "joined_at",
        "avatar",
        "flags",
    ];
    const USERS: &[Option<&str>] = &[
        None,
        Some(r#"{"id":"8","username":"C","member":{"nick":"D"}}"#),
        Some(r#"{"id":{},"username":"E"}"#),
        Some("[]"),
    ];
    let (mut dice, mut kept) = (Dice(13), 0);
    for _ in 0..6_000 {
        let json = object(&mut dice, NAMES);
        let elsewhere = USERS[dice.below(4) as usize];
        let known = (dice.below(2) == 0).then_some(9);
        let mut faults = Faults::default();
        let read = Seen::read(&json, elsewhere, known, &mut faults);
        let Some(told) = Fields::read(&json) else {
            assert!(read.is_none(), "{json}");
            continue;
        };
        let id_in = |user: &str| Fields::read(user)?.id("id").known();
        let id = told.raw("user").and_then(id_in);
        let id = id.or_else(|| id_in(elsewhere?)).or(known);
        let roles = told.list("roles").known();
        let roles: Option<Vec<u64>> =
            roles.and_then(|roles| roles.into_iter().map(lenient::id).collect());
        const UNTIL: &str = "communication_disabled_until";
        let time_out = match told.get(UNTIL, until) {
            Field::Is(until) => TimeOut::Until(until),
            Field::Unreadable => TimeOut::Until(i64::MAX),
            Field::Absent if told.iter().any(|it| it.0 == UNTIL) => TimeOut::Until(0),
            Field::Absent => TimeOut::Untold,
        };
        let is_odd = id.is_none() || roles.is_none() || time_out == TimeOut::Until(i64::MAX);
        assert_eq!(faults.is_empty(), !is_odd, "{json}");
        let (user, seen) = read.unwrap();
        assert_eq!(user, id, "{json}");
        let (Some(id), Some(roles)) = (id, roles) else {
            assert!(seen.is_none(), "{json}");
            continue;
        };
        kept += 1;
        let seen = seen.unwrap();
        assert_eq!(
            (seen.user, seen.roles.to_vec(), seen.time_out),
            (id, roles.clone(), time_out),
            "{json}"
        );
        let own = seen.json();
        let elsewhere = elsewhere.filter(|_| told.raw("user").is_none());
        let user = told.raw("user").or(elsewhere);
        let but = ["user", "roles", "guild_id"];
        assert_eq!(fields(&own, &but), fields(&json, &but), "{json}");
        let user = user.filter(|user| Fields::read(user).is_some());
        let kept_user = fields(&own, &[]).remove("user").unwrap_or("{}".into());
        let but = ["id", "member"];
        assert_eq!(
            fields(&kept_user, &but),
            fields(user.unwrap_or("{}"), &but),
            "{json}"
        );
        let user: twilight_model::user::User =
            model::read(user.unwrap_or("{}"), model::user(id)).unwrap();
        let user = twilight_model::user::User {
            id: Id::new(id),
            ..user
        };
        let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
        let template = json!({"deaf": false, "mute": false, "flags": 0, "roles": [], "user": {}, "pending": false});
        let rest: Vec<String> = fields(&json, &["user", "roles"])
            .iter()
            .map(|(name, raw)| format!("{}:{raw}", json!(name)))
            .collect();
        let mut template = template;
        template["user"] = json!(user);
        template["roles"] = json!(roles);
        let expected: Option<Member> = model::read(&format!("{{{}}}", rest.join(",")), template);
        assert_eq!(seen.model(), expected, "{json}");
        let again = Seen::restored(seen.user, seen.roles.clone(), seen.time_out, &own);
        assert_eq!(again, seen, "{json}");
    }
    assert!(kept > 100, "{kept}");
}
