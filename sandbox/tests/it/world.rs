//! Worlds from files, and worlds at size.

use std::collections::BTreeSet;

use sandbox::{Options, World, WorldError};
use serde_json::json;
use twilight_gateway::{EventTypeFlags, Intents, ShardId, StreamExt};
use twilight_model::gateway::{event::Event, payload::outgoing::RequestGuildMembers};
use twilight_model::id::Id;

use crate::bot::{ALL, Bot, install_tls, send, shard};

const COMMUNITY: &str = include_str!("../../worlds/community.toml");

async fn with(world: World) -> crate::bot::Watched {
    let options = Options {
        world,
        ..Options::default()
    };
    crate::bot::watched(options).await
}

#[tokio::test]
async fn the_example_is_a_community() {
    let sandbox = with(World::from_toml(COMMUNITY).unwrap()).await;
    let get = async |path: &str| send(&sandbox, "GET", path, None).await;
    let guild = sandbox.guild_id();

    let (_, roles) = get(&format!("guilds/{guild}/roles")).await;
    let mut roles = roles.as_array().unwrap().clone();
    roles.sort_by_key(|role| -role["position"].as_i64().unwrap());
    let names: Vec<_> = roles
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "Administrator",
            "Cogwright",
            "Moderator",
            "Regular",
            "Muted",
            "@everyone"
        ]
    );
    assert_eq!(
        (
            &roles[2]["color"],
            &roles[2]["hoist"],
            &roles[2]["mentionable"]
        ),
        (&json!(0x34_98db), &json!(true), &json!(true))
    );

    let (_, channels) = get(&format!("guilds/{guild}/channels")).await;
    let channel = |name: &str| {
        channels
            .as_array()
            .unwrap()
            .iter()
            .find(|channel| channel["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (
            &channel("help")["type"],
            &channel("Lounge")["type"],
            &channel("news")["type"]
        ),
        (&json!(15), &json!(2), &json!(5))
    );
    assert_eq!(channel("rules")["parent_id"], channel("Information")["id"]);
    assert_eq!(
        channel("rules")["permission_overwrites"],
        channel("Information")["permission_overwrites"]
    );
    assert_eq!(channel("slow-debate")["rate_limit_per_user"], 30);

    let [linus, newcomer, crowd] =
        ["linus", "newcomer", "user42"].map(|name| sandbox.actor(name).unwrap());
    assert!(newcomer.says("rules", "may I?").await.is_err());
    assert!(linus.says("moderators", "may I?").await.is_err());
    assert!(!newcomer.channels().contains(&"moderators".to_owned()));
    assert!(linus.channels().contains(&"moderators".to_owned()));
    crowd.says("general", "hello").await.unwrap();
    let shown: Vec<_> = linus
        .messages("general")
        .into_iter()
        .map(|message| message.author)
        .collect();
    assert_eq!(shown, ["linus", "user7", "user42"]);
    assert_eq!(linus.messages("dm").len(), 1);
    assert!(linus.messages("rules")[0].pinned);

    let (_, found) = get(&format!("guilds/{guild}/members/search?query=amazing")).await;
    assert_eq!(found[0]["user"]["global_name"], "Grace H.");
    let (status, refused) = send(
        &sandbox,
        "POST",
        "users/@me/channels",
        Some(&json!({"recipient_id": newcomer.id().to_string()})),
    )
    .await;
    let path = format!(
        "channels/{}/messages",
        refused["id"].as_str().unwrap_or("0")
    );
    assert!(
        status != 200
            || send(&sandbox, "POST", &path, Some(&json!({"content": "hi"})))
                .await
                .1["code"]
                == 50007
    );
}

fn refused(text: &str) -> String {
    World::from_toml(text).unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let guild = "[[user]]\nname = 'ada'\n[[guild]]\nname = 'Club'\nowner = 'ada'\n";
    for (text, expected) in [
        ("[[guild]\n", "line 1, column 9:"),
        (
            "[[gild]]\n",
            "line 1, column 3: unknown key `gild`; did you mean `guild`?",
        ),
        (
            "[[user]]\nname = 'ada'\ndisplayname = 'Ada'\n",
            "line 3, column 1: unknown key `displayname`; did you mean `display_name`?",
        ),
        (
            "[[user]]\nnickname = 'ada'\n",
            "line 2, column 1: unknown key `nickname`; it can be `name`, `display_name`",
        ),
        ("[[user]]\nbot = true\n", "the key `name` is missing"),
        (
            "[[user]]\nname = 'Ada'\n",
            "line 2, column 8: `Ada` is no name at Discord",
        ),
        (
            "[[user]]\nname = 'ada'\n[[user]]\nname = 'ada'\n",
            "line 4, column 8: there are two users named `ada`",
        ),
        (
            "[[guild]]\nname = 'Club'\nowner = 'owenr'\n",
            "line 3, column 9: no user is named `owenr`; did you mean `owner`?",
        ),
        (
            "[[guild]]\nname = 'Club'\nowner = 'xyz'\n",
            "no user is named `xyz`; there are `Cogwright`, `owner`",
        ),
        (
            "G[[guild.role]]\nname = 'R'\ncolor = 'red'\n",
            "line 8, column 9: a colour is written as `#rrggbb`",
        ),
        (
            "G[[guild.role]]\nname = 'R'\npermissions = ['send messages']\n",
            "line 8, column 16: no permission is named `send messages`; did you mean `SEND_MESSAGES`?",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\nkind = 'txt'\n",
            "line 8, column 8: unknown value `txt`; did you mean `text`?",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\ncategory = 'Talk'\n",
            "line 8, column 12: no category is named `Talk`",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\n[[guild.channel.overwrite]]\nrole = 'everyone'\n",
            "line 9, column 8: no role is named `everyone`; did you mean `@everyone`?",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\n[[guild.channel.overwrite]]\nallow = ['CONNECT']\n",
            "line 9, column 10: the key `role` or `user` of this overwrite is missing",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\n[[guild.channel.message]]\nauthor = 'owner'\ntext = 'x'\n",
            "line 9, column 10: `owner` is not in this guild",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\nkind = 'category'\n[[guild.channel.message]]\nauthor = 'ada'\ntext = 'x'\n",
            "no messages in a channel of this kind",
        ),
        (
            "G[[guild.channel]]\nname = 'c'\nslowmode_s = 30000\n",
            "line 8, column 14: slowmode is of 21600 seconds at most",
        ),
        (
            "G[[guild.member]]\nuser = 'Cogwright'\n",
            "line 7, column 8: `Cogwright` is in this guild already",
        ),
        (
            "[application]\nprivileged_intents = ['MESSAGE_CONTENTS']\n",
            "did you mean `MESSAGE_CONTENT`?",
        ),
        (
            "[[dm]]\nuser = 'owner'\n[[dm.message]]\nauthor = 'owner'\ntext = ''\n",
            "line 5, column 8: a message has 1 to 2000 characters, and this one 0",
        ),
    ] {
        let text = text
            .strip_prefix('G')
            .map_or_else(|| text.to_owned(), |rest| format!("{guild}{rest}"));
        let error = refused(&text);
        assert!(error.contains(expected), "{text}\n{error}\n{expected}");
    }
    let both = refused("[[guild]]\nname = 'Club'\nowner = 'a'\n[[guild.member]]\nuser = 'b'\n");
    assert_eq!(both.lines().count(), 2, "{both}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = World::from_file("no/such/world.toml").unwrap_err();
    assert!(matches!(error, WorldError::Unreadable { .. }));
    assert!(error.to_string().contains("no/such/world.toml"), "{error}");
}

#[tokio::test]
async fn a_crowd_is_listed_page_by_page() {
    let mut world = World::from_toml("[size]\nguilds = 2\nmembers = 2500").unwrap();
    let second = world.guild_named("Guild 1").unwrap();
    let gone = world.user_named("user2600").unwrap();
    world.remove_member(second, gone);
    let sandbox = with(world).await;
    let mut after = 0_u64;
    let mut names = BTreeSet::new();
    let mut pages = 0;
    loop {
        let path = format!("guilds/{second}/members?limit=1000&after={after}");
        let (status, page) = send(&sandbox, "GET", &path, None).await;
        let page = page.as_array().unwrap();
        assert_eq!(status, 200);
        let Some(last) = page.last() else { break };
        after = last["user"]["id"].as_str().unwrap().parse().unwrap();
        pages += 1;
        names.extend(
            page.iter()
                .map(|member| member["user"]["username"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!((pages, names.len()), (3, 2500));
    assert!(
        names.contains("user4999") && !names.contains("user2600") && !names.contains("user2499")
    );
    let path = format!("guilds/{second}/members/search?query=user44&limit=1000");
    assert_eq!(
        send(&sandbox, "GET", &path, None)
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        100
    );
}

#[tokio::test]
async fn a_large_guild_is_chunked() {
    let mut bot = Bot::start(
        Options {
            world: World::sized(1, 3500),
            ..Options::default()
        },
        ALL,
    )
    .await;
    let guild = Id::new(bot.sandbox.guild_id());
    bot.shard
        .command(&RequestGuildMembers::builder(guild).query("", None));
    let mut members = BTreeSet::new();
    for index in 0..4 {
        let chunk = bot
            .next(|event| {
                if let Event::MemberChunk(chunk) = event {
                    Some(chunk)
                } else {
                    None
                }
            })
            .await;
        assert_eq!((chunk.chunk_index, chunk.chunk_count), (index, 4));
        members.extend(chunk.members.iter().map(|member| member.user.id));
    }
    assert_eq!(members.len(), 3502, "with the bot and `owner`");
}

#[tokio::test]
async fn who_acts_in_a_crowd_is_kept() {
    let mut bot = Bot::start(
        Options {
            world: World::sized(3, 10),
            ..Options::default()
        },
        ALL,
    )
    .await;
    let crowd = bot.sandbox.actor("user25").unwrap();
    crowd.says("Guild 2/general", "hello").await.unwrap();
    let heard = bot.next_message().await;
    assert_eq!(
        (heard.author.name.as_str(), heard.author.id.get()),
        ("user25", crowd.id())
    );
    assert!(crowd.says("Guild 1/general", "hello").await.is_err());
    assert!(bot.sandbox.actor("user30").is_err());
}

#[tokio::test]
async fn ten_thousand_guilds_come_to_their_shards() {
    install_tls();
    let sandbox = with(World::sized(10_000, 100)).await;
    let mut guilds = BTreeSet::new();
    for number in 0..8 {
        let mut shard = shard(&sandbox, ShardId::new(number, 8), Intents::GUILDS);
        let mut due = None;
        while due != Some(0) {
            let event = shard
                .next_event(EventTypeFlags::all())
                .await
                .unwrap()
                .unwrap();
            match event {
                Event::Ready(ready) => {
                    assert!(
                        (1000..1500).contains(&ready.guilds.len()),
                        "{}",
                        ready.guilds.len()
                    );
                    due = Some(ready.guilds.len());
                }
                Event::GuildCreate(created) => {
                    let id = created.id().get();
                    assert_eq!((id >> 22) % 8, u64::from(number));
                    guilds.insert(id);
                    due = due.map(|due| due - 1);
                }
                _ => {}
            }
        }
    }
    assert_eq!(guilds.len(), 10_000);
}
