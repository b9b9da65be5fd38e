//! Matrix of option types, by prefix and by slash, with good and bad input: the same value, or the same refusal, but
//! for what Discord's client does not let a member send.

use sandbox::{Actor, Error};
use serde_json::{Value, json};

use crate::support::{Fixture, PATIENCE};

/// What a case comes to.
enum Comes {
    /// The handler's answer, by both ways.
    To(String),
    /// The host's refusal, by both ways.
    Refused(String),
    /// The host's refusal by prefix; Discord's client does not send it.
    NotSent(String),
}

struct Case {
    /// The command behind `show`.
    command: &'static str,
    /// What is typed behind it by prefix.
    typed: String,
    /// What is picked by slash.
    picked: Option<Value>,
    comes: Comes,
}

/// Both ways the same input, and what the handler says.
fn good(command: &'static str, typed: &str, picked: Value, answer: &str) -> Case {
    case(command, typed, Some(picked), Comes::To(answer.to_owned()))
}

/// Nothing is given by either way.
fn none(command: &'static str, answer: &str) -> Case {
    case(command, "", None, Comes::To(answer.to_owned()))
}

fn bad(command: &'static str, typed: &str, picked: Value, refusal: &str) -> Case {
    let refusal = Comes::Refused(refusal.to_owned());
    case(command, typed, Some(picked), refusal)
}

fn not_sent(command: &'static str, typed: &str, picked: Option<Value>, refusal: &str) -> Case {
    case(command, typed, picked, Comes::NotSent(refusal.to_owned()))
}

fn case(command: &'static str, typed: &str, picked: Option<Value>, comes: Comes) -> Case {
    Case {
        command,
        typed: typed.to_owned(),
        picked,
        comes,
    }
}

impl Case {
    async fn check(&self, bot: &Fixture, who: &Actor) {
        let typed = format!("!show {} {}", self.command, self.typed);
        let by_prefix = bot.ask(who, typed.trim()).await.text();
        let path = format!("show {}", self.command);
        let picked: Vec<_> = self
            .picked
            .iter()
            .map(|value| ("value", value.clone()))
            .collect();
        let sent = who.slash("general", &path, &picked).await;
        let by_slash = match sent {
            Ok(sent) => Ok(who.expects_reply_to(&sent).await.unwrap().text()),
            Err(error) => Err(error),
        };
        match (&self.comes, by_slash) {
            (Comes::To(answer), Ok(by_slash)) => {
                assert_eq!((&by_prefix, &by_slash), (answer, answer), "{typed}");
            }
            (Comes::Refused(refusal), Ok(by_slash)) => {
                let usage = "Usage: `!show ";
                assert_eq!(first_line(&by_prefix), refusal, "{typed}");
                assert!(by_prefix.contains(usage), "{typed}: {by_prefix}");
                // But for the slash in the usage line.
                let by_slash = by_slash.replace("Usage: `/show ", usage);
                assert_eq!(by_slash, by_prefix, "{typed}");
            }
            (Comes::NotSent(refusal), Err(Error::Refused(_))) => {
                assert_eq!(first_line(&by_prefix), refusal, "{typed}");
            }
            (_, by_slash) => panic!("{typed} came to {by_prefix:?}, and by slash to {by_slash:?}"),
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

async fn check(bot: &Fixture, cases: impl IntoIterator<Item = Case>) {
    let member = bot.member();
    for case in cases {
        case.check(bot, &member).await;
    }
}

async fn bot() -> Fixture {
    let bot = Fixture::with(&["options"]).await;
    bot.sandbox
        .commands_registered("show", PATIENCE)
        .await
        .unwrap();
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_and_choices() {
    let bot = bot().await;
    let text = "a text with a number of characters from 2 to 10";
    let colours = "one of red, green, deep blue";
    check(
        &bot,
        [
            good("text", "tea", json!("tea"), "\"tea\""),
            good("text", "\"a b\"", json!("a b"), "\"a b\""),
            good("text", "```a b```", json!("a b"), "\"a b\""),
            good("text", "```rust\na b\n```", json!("a b"), "\"a b\""),
            good("text", "`a b`", json!("a b"), "\"a b\""),
            good("text", "“a b”", json!("a b"), "\"a b\""),
            good("text", "\"a \\\" b\"", json!("a \" b"), "\"a \\\" b\""),
            // Quotes that do not end are a text like any other.
            good("text", "\"ab", json!("\"ab"), "\"\\\"ab\""),
            not_sent(
                "text",
                "two words",
                None,
                "`words` is one too many; put text with blanks in \"quotes\".",
            ),
            good("text", "żółw", json!("żółw"), "\"żółw\""),
            not_sent(
                "text",
                "a",
                Some(json!("a")),
                &format!("`value` can't be `a`: {text} is expected."),
            ),
            not_sent(
                "text",
                "abcdefghijk",
                Some(json!("abcdefghijk")),
                &format!("`value` can't be `abcdefghijk`: {text} is expected."),
            ),
            not_sent(
                "text",
                "",
                None,
                &format!("`value` is missing: {text} is expected."),
            ),
            good(
                "line",
                "a  \"b\" c",
                json!("a  \"b\" c"),
                "\"a  \\\"b\\\" c\"",
            ),
            not_sent("line", "", None, "`value` is missing: a text is expected."),
            good("colour", "green", json!("green"), "\"green\""),
            good(
                "colour",
                "\"deep blue\"",
                json!("deep blue"),
                "\"deep blue\"",
            ),
            not_sent(
                "colour",
                "pink",
                Some(json!("pink")),
                &format!("`value` can't be `pink`: {colours} is expected."),
            ),
            not_sent(
                "colour",
                "",
                None,
                &format!("`value` is missing: {colours} is expected."),
            ),
            good("colour", "RED", json!("red"), "\"red\""),
            good("size", "\"a cup\"", json!("a cup"), "Cup"),
            good("size", "pot", json!("pot"), "Pot"),
            not_sent(
                "size",
                "barrel",
                Some(json!("barrel")),
                "`value` can't be `barrel`: one of a cup, pot is expected.",
            ),
            not_sent(
                "size",
                "",
                None,
                "`value` is missing: one of a cup, pot is expected.",
            ),
            not_sent("tea", "", None, "`value` is missing: a text is expected."),
            // What is proposed is no limit.
            good("tea", "green", json!("green"), "\"green\""),
            good("tea", "mint", json!("mint"), "\"mint\""),
        ],
    )
    .await;
    let (member, typed) = (bot.member(), [("value", json!("gr"))]);
    let proposed = member.autocompletes("general", "show tea", &typed, "value");
    let both = [
        json!({"name": "green", "value": "green"}),
        json!({"name": "grey", "value": "grey"}),
    ];
    assert_eq!(proposed.await.unwrap(), both);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_booleans() {
    let bot = bot().await;
    let refused =
        |word: &str, what: &str| format!("`value` can't be `{word}`: {what} is expected.");
    let (whole, byte) = (
        "a whole number from -5 to 5",
        "a whole number from 0 to 255",
    );
    let number = "a number of at least 0.5";
    check(
        &bot,
        [
            good("integer", "5", json!(5), "5"),
            good("integer", "-5", json!(-5), "-5"),
            not_sent("integer", "6", Some(json!(6)), &refused("6", whole)),
            not_sent("integer", "1.5", Some(json!(1.5)), &refused("1.5", whole)),
            not_sent(
                "integer",
                "five",
                Some(json!("five")),
                &refused("five", whole),
            ),
            good("byte", "255", json!(255), "255"),
            not_sent("byte", "256", Some(json!(256)), &refused("256", byte)),
            not_sent("byte", "-1", Some(json!(-1)), &refused("-1", byte)),
            good("number", "0.5", json!(0.5), "0.5"),
            good("number", "2,25", json!(2.25), "2.25"),
            good("number", "7", json!(7), "7.0"),
            not_sent("number", "0.4", Some(json!(0.4)), &refused("0.4", number)),
            not_sent(
                "number",
                "NaN",
                Some(json!("much")),
                &refused("NaN", number),
            ),
            not_sent(
                "boolean",
                "maybe",
                Some(json!("maybe")),
                &refused("maybe", "yes or no"),
            ),
            not_sent("boolean", "2", Some(json!(2)), &refused("2", "yes or no")),
            // Beyond what Discord accepts.
            not_sent(
                "integer",
                "9007199254740993",
                Some(json!(9_007_199_254_740_993_i64)),
                &refused("9007199254740993", whole),
            ),
            not_sent(
                "integer",
                "5 6",
                None,
                "`6` is one too many; put text with blanks in \"quotes\".",
            ),
            good("optional", "3", json!(3), "Some(3)"),
            none("optional", "None"),
            not_sent(
                "optional",
                "three",
                Some(json!("three")),
                &refused("three", "a whole number"),
            ),
            good("repeated", "1 2 3", json!("1 2, 3"), "[1, 2, 3]"),
            none("repeated", "[]"),
            bad(
                "repeated",
                "1 two",
                json!("1 two"),
                &refused("two", "a whole number of at most 100"),
            ),
            bad(
                "repeated",
                "101",
                json!("101"),
                &refused("101", "a whole number of at most 100"),
            ),
        ],
    )
    .await;
    for (words, value) in [
        (["true", "yes", "y", "on", "1", "Yes"], true),
        (["false", "no", "n", "off", "0", "OFF"], false),
    ] {
        let answer = value.to_string();
        let cases = words.map(|word| good("boolean", word, json!(value), &answer));
        check(&bot, cases).await;
    }
    let missing = [
        ("integer", whole),
        ("byte", byte),
        ("number", number),
        ("boolean", "yes or no"),
    ];
    let missing = missing.map(|(command, what)| {
        let refusal = format!("`value` is missing: {what} is expected.");
        not_sent(command, "", None, &refusal)
    });
    check(&bot, missing).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times() {
    let bot = bot().await;
    let length = "a length of time such as 90s, 1h30m or 2 days";
    let length_of_a_day = format!("{length} of at most 24h");
    let date = "a point in time such as 2026-12-24 18:00 or in 2h";
    let refused =
        |word: &str, what: &str| format!("`value` can't be `{word}`: {what} is expected.");
    check(
        &bot,
        [
            good("duration", "90s", json!("90s"), "90s"),
            good("duration", "\"1h 30m\"", json!("1h 30m"), "5400s"),
            good("duration", "1:30:00", json!("1:30:00"), "5400s"),
            bad(
                "duration",
                "25h",
                json!("25h"),
                &refused("25h", &length_of_a_day),
            ),
            bad(
                "duration",
                "90",
                json!("90"),
                &refused("90", &length_of_a_day),
            ),
            not_sent(
                "duration",
                "",
                None,
                &format!("`value` is missing: {length_of_a_day} is expected."),
            ),
            bad(
                "duration",
                "0s",
                json!("0s"),
                &refused("0s", &length_of_a_day),
            ),
            bad(
                "duration",
                "-5m",
                json!("-5m"),
                &refused("-5m", &length_of_a_day),
            ),
            not_sent(
                "date",
                "",
                None,
                &format!("`value` is missing: {date} is expected."),
            ),
            good("default", "1m", json!("1m"), "60s"),
            none("default", "600s"),
            bad("default", "soon", json!("soon"), &refused("soon", length)),
            good("date", "2026-12-24", json!("2026-12-24"), "<t:1798070400>"),
            good(
                "date",
                "\"2026-12-24 18:00\"",
                json!("2026-12-24 18:00"),
                "<t:1798135200>",
            ),
            good(
                "date",
                "<t:1767225600:R>",
                json!("<t:1767225600:R>"),
                "<t:1767225600>",
            ),
            bad(
                "date",
                "2026-02-30",
                json!("2026-02-30"),
                &refused("2026-02-30", date),
            ),
            bad("date", "later", json!("later"), &refused("later", date)),
        ],
    )
    .await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_places() {
    let bot = bot()
        .await
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            stopped.sandbox.change_world(|world| {
                world.add_voice_channel(guild, "lounge");
                world.add_announcement_channel(guild, "news");
            });
        })
        .await;
    bot.sandbox
        .commands_registered("show", PATIENCE)
        .await
        .unwrap();
    let stranger = bot.sandbox.change_world(|world| world.add_user("stranger"));
    let owner = bot.owner().id();
    let general = bot.sandbox.channel_id("general").unwrap();
    let news = bot.sandbox.channel_id("news").unwrap();
    let is_user = format!("user {owner}");
    let is_stranger = format!("user {stranger}");
    let refused = |word: &str, what: &str| {
        format!("`value` can't be `{word}`: {what}, as a mention, an id or a name, is expected.")
    };
    let role = {
        // By name, once; the rest of the cases go by its id.
        let told = bot.ask(&bot.member(), "!show role Moderator").await.text();
        told.strip_prefix("role ").unwrap().to_owned()
    };
    let is_role = format!("role {role}");
    let is_channel = format!("channel {general}");
    check(
        &bot,
        [
            good("user", "owner", json!("owner"), &is_user),
            good(
                "user",
                &format!("<@{owner}>"),
                json!(owner.to_string()),
                &is_user,
            ),
            good(
                "user",
                &owner.to_string(),
                json!(owner.to_string()),
                &is_user,
            ),
            good(
                "user",
                &format!("<@{stranger}>"),
                json!(stranger.to_string()),
                &is_stranger,
            ),
            not_sent(
                "user",
                "nobody",
                Some(json!("nobody")),
                &refused("nobody", "a user"),
            ),
            good("member", "owner", json!("owner"), &is_user),
            good(
                "member",
                &format!("<@!{owner}>"),
                json!(owner.to_string()),
                &is_user,
            ),
            not_sent(
                "member",
                "nobody",
                Some(json!("nobody")),
                &refused("nobody", "a member"),
            ),
            good("role", "Moderator", json!("Moderator"), &is_role),
            good("role", &format!("<@&{role}>"), json!(role), &is_role),
            not_sent(
                "role",
                "Nobility",
                Some(json!("Nobility")),
                &refused("Nobility", "a role"),
            ),
            good("channel", "#general", json!("general"), &is_channel),
            good(
                "channel",
                &format!("<#{general}>"),
                json!(general.to_string()),
                &is_channel,
            ),
            good("channel", "general", json!("general"), &is_channel),
            not_sent(
                "channel",
                "nowhere",
                Some(json!("nowhere")),
                &refused("nowhere", "a channel (text channel)"),
            ),
            // One of another kind is there, and is not taken.
            not_sent(
                "channel",
                "lounge",
                Some(json!("lounge")),
                "`value` can't be `lounge`: that is a voice channel, and a text channel is expected.",
            ),
            not_sent(
                "channel",
                &format!("<#{news}>"),
                Some(json!(news.to_string())),
                &format!("`value` can't be `<#{news}>`: that is an announcement channel, and a text channel is expected."),
            ),
            not_sent(
                "channel",
                "<#175928847299117063>",
                Some(json!("175928847299117063")),
                &refused("<#175928847299117063>", "a channel (text channel)"),
            ),
            // A mention of something else.
            not_sent(
                "role",
                &format!("<#{general}>"),
                Some(json!(general.to_string())),
                &refused(&format!("<#{general}>"), "a role"),
            ),
            not_sent(
                "channel",
                &format!("<@&{role}>"),
                Some(json!(role)),
                &refused(&format!("<@&{role}>"), "a channel (text channel)"),
            ),
            good("role", &role, json!(role), &is_role),
            good("channel", &general.to_string(), json!(general.to_string()), &is_channel),
            good("mentionable", &format!("<@{owner}>"), json!(owner.to_string()), &is_user),
            good("mentionable", &owner.to_string(), json!(owner.to_string()), &is_user),
            good("mentionable", &role, json!(role), &is_role),
            good("mentionable", "owner", json!("owner"), &is_user),
            good("mentionable", "@Moderator", json!("Moderator"), &is_role),
            good("mentionable", &format!("<@&{role}>"), json!(role), &is_role),
            not_sent(
                "mentionable",
                "nobody",
                Some(json!("nobody")),
                &refused("nobody", "a user or a role"),
            ),
        ],
    )
    .await;
    let missing = [
        ("user", "a user"),
        ("member", "a member"),
        ("role", "a role"),
        ("channel", "a channel (text channel)"),
        ("mentionable", "a user or a role"),
    ];
    let missing = missing.map(|(command, what)| {
        let refusal =
            format!("`value` is missing: {what}, as a mention, an id or a name, is expected.");
        not_sent(command, "", None, &refusal)
    });
    check(&bot, missing).await;
    // The id is quoted as it came: a mention here, and what the client picked there.
    let member = bot.member();
    let no_member = "no such member is in this server.";
    let typed = format!("!show member <@{stranger}>");
    let refused = bot.ask(&member, &typed).await.text();
    assert!(refused.contains(no_member), "{refused}");
    let picked = [("value", json!(stranger.to_string()))];
    let sent = member.slash("general", "show member", &picked).await;
    let refused = member.expects_reply_to(&sent.unwrap()).await.unwrap();
    assert!(refused.text().contains(no_member), "{}", refused.text());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files() {
    let bot = bot().await;
    let member = bot.member();
    let sent = member
        .sends("general", "!show attachment", &[("tea.txt", b"green")])
        .await
        .unwrap();
    let by_prefix = member.expects_reply_to(&sent).await.unwrap().text();
    let file = member.uploads("tea.txt", b"green").unwrap();
    let picked = [("value", file)];
    let sent = member.slash("general", "show attachment", &picked).await;
    let sent = sent.unwrap();
    let by_slash = member.expects_reply_to(&sent).await.unwrap().text();
    assert_eq!(by_prefix, "tea.txt of 5 bytes");
    assert_eq!(by_slash, by_prefix);
    check(
        &bot,
        [not_sent(
            "attachment",
            "",
            None,
            "`value` is missing: a file is expected.",
        )],
    )
    .await;
    bot.close().await;
}
