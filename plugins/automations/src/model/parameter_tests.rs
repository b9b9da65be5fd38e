//! Tests of parameters: what is typed, read, refused and shown.

use super::*;

fn role(name: &str) -> Option<Role> {
    match name {
        "@Tea" => Some(Id::new(5)),
        "@Two Words" => Some(Id::new(6)),
        _ => None,
    }
}

fn read(kind: Kind, typed: &str) -> Result<Option<Json>, String> {
    kind.read(&[typed.to_owned()], &role)
}

#[test]
fn roles_are_named_with_what_stands_for_them() {
    let read =
        |kind, typed| read(kind, typed).map(|it| Vec::<Keyed>::deserialize(it.unwrap()).unwrap());
    let all = read(Kind::EmojiRoles, "🎉 @Tea\n\n@Two Words").unwrap();
    assert_eq!(
        all,
        [
            Keyed {
                key: "🎉".into(),
                role: Id::new(5)
            },
            Keyed {
                key: String::new(),
                role: Id::new(6)
            }
        ]
    );
    let all = read(Kind::LevelRoles, "5: @Tea\n10 @Two Words").unwrap();
    assert_eq!((all[0].key.as_str(), all[1].key.as_str()), ("5", "10"));
    read(Kind::EmojiRoles, "<a:tea:123> @Tea").unwrap();
    for (kind, typed, wanted) in [
        (Kind::EmojiRoles, "🎉 @Nobody", "`@Nobody` is no role"),
        (Kind::EmojiRoles, "tea @Tea", "`tea` is no emoji"),
        (
            Kind::EmojiRoles,
            "🎉 @Tea\n🎉 @Two Words",
            "line 2 has the same",
        ),
        (Kind::EmojiRoles, "🎉 @Tea\n🫖 @Tea", "line 2 has the same"),
        (Kind::LevelRoles, "@Tea", "a level from 1 to 1000"),
        (Kind::LevelRoles, "0 @Tea", "a level from 1 to 1000"),
    ] {
        let why = kind.read(&[typed.to_owned()], &role).unwrap_err();
        assert!(why.contains(wanted), "{typed}: {why}");
    }
}

#[test]
fn what_is_typed_is_read_or_refused_with_what_is_expected() {
    assert_eq!(read(Kind::Number(1, 60), "60"), Ok(Some(json!(60))));
    assert_eq!(read(Kind::Toggle, "No"), Ok(Some(json!(false))));
    assert_eq!(read(Kind::Color, "7C3AED"), Ok(Some(json!("#7c3aed"))));
    assert_eq!(read(Kind::Text(9), " a "), Ok(Some(json!(" a "))));
    assert_eq!(read(Kind::Line(9), "  "), Ok(None));
    assert_eq!(Kind::Roles.read(&[], &role), Ok(None));
    for (kind, typed, wanted) in [
        (Kind::Number(1, 60), "61", "from 1 to 60"),
        (Kind::Number(1, 60), "1.5", "no whole number"),
        (Kind::Toggle, "maybe", "neither yes nor no"),
        (Kind::Color, "red", "six hexadecimal"),
        (Kind::Color, "#7c3aéd", "six hexadecimal"),
        (Kind::Url, "ftp://x.example", "https://"),
        (Kind::Url, "https://a b", "no blanks"),
        (Kind::Line(3), "four", "has 4 characters"),
        (Kind::Role, "0", "its id"),
        (Kind::Choice(&[("a", "A"), ("b", "B")]), "c", "one of a, b"),
    ] {
        let why = read(kind, typed).unwrap_err();
        assert!(why.contains(wanted), "{typed}: {why}");
    }
}

#[test]
fn of_an_address_only_the_host_is_shown() {
    for (url, host) in [
        (
            "https://discord.com/api/webhooks/1/secret",
            "https://discord.com",
        ),
        ("https://example.com?key=secret", "https://example.com"),
        ("http://me:secret@example.com/x", "example.com"),
        ("example.com", "example.com"),
    ] {
        assert_eq!(host_of(url), host);
    }
    assert!(
        !Kind::Url
            .shown(&json!("https://discord.com/api/webhooks/1/secret"))
            .contains("secret")
    );
}
