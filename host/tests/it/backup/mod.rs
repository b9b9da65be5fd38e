//! Stories of the plugin `backup`: a server is kept, destroyed and made what it was.

mod interrupted;
mod keeping;
mod restore;
mod rights;

use sandbox::{Actor, MessageView, Sandbox};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use twilight_model::guild::Permissions;

use crate::support::{Fixture, PATIENCE};

/// A picture of one point.
const PICTURE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What a bot needs that finds pictures and files on this sandbox.
fn config(sandbox: &Sandbox) -> String {
    let address = sandbox.http_proxy();
    format!(
        "[plugins.backup]\npictures = \"http://{address}\"\n[grants.backup]\nweb = [\"127.0.0.1\"]\npowers = [\"commands.rules\"]\n"
    )
}

/// A community with something of everything: roles in an order, a category with rights, voice, a forum, a stage, announcements, an emoji for
/// some, a sticker, and members with roles.
fn furnish(sandbox: &Sandbox) {
    let guild = sandbox.guild_id();
    sandbox.change_world(|world| {
        world.set_features(guild, &["COMMUNITY", "ROLE_ICONS"]);
        world.set_bot_permissions(guild, Permissions::ADMINISTRATOR);
        let crew = world.add_role(
            guild,
            "Crew",
            Permissions::SEND_MESSAGES | Permissions::ATTACH_FILES,
        );
        let captain = world.add_role(
            guild,
            "Captain",
            Permissions::MANAGE_MESSAGES | Permissions::BAN_MEMBERS,
        );
        world.add_role(guild, "Crew", Permissions::empty());
        for number in 0..12 {
            let user = world.add_user(&format!("sailor-{number:02}"));
            let roles = if number % 3 == 0 {
                vec![crew, captain]
            } else {
                vec![crew]
            };
            world.add_member(guild, user, &roles);
        }
        let deck = world.add_category(guild, "Deck");
        let bridge = world.add_channel(guild, "bridge");
        world.put_into_category(bridge, deck);
        world.deny(bridge, guild, Permissions::VIEW_CHANNEL);
        world.allow(
            bridge,
            crew,
            Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES,
        );
        world.deny(bridge, captain, Permissions::ADD_REACTIONS);
        let engine = world.add_voice_channel(guild, "Engine");
        world.put_into_category(engine, deck);
        let hold = world.add_category(guild, "Hold");
        // Two of the same name.
        for _ in 0..2 {
            let cargo = world.add_channel(guild, "cargo");
            world.put_into_category(cargo, hold);
        }
        world.add_stage_channel(guild, "Theatre");
        world.add_forum(guild, "ideas");
        world.add_announcement_channel(guild, "news");
        world.add_channel(guild, "rules");
        world.add_channel(guild, "updates");
        world.add_sticker(guild, "anchor");
        world.raise_bot(guild);
    });
}

/// A bot with the plugin, in the furnished server.
async fn bot() -> Fixture {
    let bot = Fixture::with(&["backup"]).await;
    furnish(&bot.sandbox);
    let config = config(&bot.sandbox);
    let bot = bot.reconfigured(&config).await;
    ready(&bot).await;
    let crew = role(&bot, "Crew").await;
    let guild = bot.sandbox.guild_id();
    let emoji = json!({"name": "tea", "image": PICTURE, "roles": [crew]});
    asks(&bot, "POST", &format!("guilds/{guild}/emojis"), emoji).await;
    let captain = role(&bot, "Captain").await;
    let path = format!("guilds/{guild}/roles/{}", captain.as_str().unwrap());
    asks(&bot, "PATCH", &path, json!({"icon": PICTURE})).await;
    let place = |name: &str| bot.sandbox.channel_id(name).unwrap().to_string();
    let settings = json!({"icon": PICTURE, "verification_level": 2, "afk_timeout": 900, "rules_channel_id": place("rules"),
        "public_updates_channel_id": place("updates")});
    asks(&bot, "PATCH", &format!("guilds/{guild}"), settings).await;
    bot
}

async fn ready(bot: &Fixture) {
    bot.until_generation("backup", 1).await;
    bot.sandbox
        .commands_registered("backup", PATIENCE)
        .await
        .unwrap();
}

/// A request of the bot's own to Discord.
async fn asks(bot: &Fixture, method: &str, path: &str, body: Value) -> Value {
    let discord = &bot.bot.services().discord;
    let answer = discord.json(method, path.to_owned(), &body, false).await;
    answer.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
}

/// The file that the bot has sent last, as Discord has it.
async fn download(bot: &Fixture) -> Vec<u8> {
    let traffic = bot.sandbox.traffic();
    let mut answers = traffic.iter().rev();
    let url = answers.find_map(|it| it.answer["attachments"][0]["url"].as_str());
    let (_, path) = url.unwrap().split_once("/attachments/").unwrap();
    let address = bot.sandbox.http_proxy();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET /attachments/{path} HTTP/1.0\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let head = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}

async fn list(bot: &Fixture, what: &str) -> Vec<Value> {
    let path = format!("guilds/{}/{what}", bot.sandbox.guild_id());
    let all = asks(bot, "GET", &path, Value::Null).await;
    all.as_array().unwrap().clone()
}

async fn role(bot: &Fixture, name: &str) -> Value {
    let all = list(bot, "roles").await;
    let found = all.iter().find(|role| role["name"] == name);
    found.unwrap_or_else(|| panic!("no role {name}"))["id"].clone()
}

/// Names of roles and channels, from the lowest up, and of what members have: what a restore gives back but for the ids.
async fn names(bot: &Fixture) -> (Vec<String>, Vec<String>, Vec<(String, Vec<String>)>) {
    let mut roles = list(bot, "roles").await;
    roles.sort_by_key(|role| (role["position"].as_i64(), role["id"].to_string()));
    let name_of = |id: &Value| {
        let found = roles.iter().find(|role| role["id"] == *id);
        found.map_or("?".to_owned(), |role| role["name"].to_string())
    };
    let mut members: Vec<_> = list(bot, "members?limit=1000").await;
    members.retain(|member| member["user"]["bot"] != true);
    let members = members.iter().map(|member| {
        let mut has: Vec<_> = member["roles"]
            .as_array()
            .unwrap()
            .iter()
            .map(name_of)
            .collect();
        has.sort();
        (member["user"]["username"].to_string(), has)
    });
    let mut channels = list(bot, "channels").await;
    channels.sort_by_key(|channel| (channel["position"].as_i64(), channel["id"].to_string()));
    let names = |all: &[Value]| {
        all.iter()
            .map(|it| it["name"].to_string())
            .collect::<Vec<_>>()
    };
    let members = members.collect();
    let mut channels = names(&channels);
    channels.sort();
    (names(&roles), channels, members)
}

/// What a slash command answers.
async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    assert!(!seen.text().contains("error id"), "{line}: {}", seen.text());
    seen
}

/// The same, with this in it.
async fn has(who: &Actor, place: &str, line: &str, words: &[&str]) -> MessageView {
    let seen = typed(who, place, line).await;
    let text = seen.text();
    for word in words {
        assert!(text.contains(word), "{line}: no {word:?} in {text}");
    }
    seen
}

/// Everything goes that the bot can delete; what is said from then on is said in #rescue.
async fn destroy(bot: &Fixture) {
    let guild = bot.sandbox.guild_id();
    // A community keeps its rules.
    let off = json!({"features": ["ROLE_ICONS"], "rules_channel_id": null, "public_updates_channel_id": null});
    asks(bot, "PATCH", &format!("guilds/{guild}"), off).await;
    let rescue = json!({"name": "rescue", "type": 0});
    asks(bot, "POST", &format!("guilds/{guild}/channels"), rescue).await;
    for channel in list(bot, "channels").await {
        if channel["name"] != "rescue" {
            let path = format!("channels/{}", channel["id"].as_str().unwrap());
            asks(bot, "DELETE", &path, Value::Null).await;
        }
    }
    for what in ["roles", "emojis", "stickers"] {
        for item in list(bot, what).await {
            if item["managed"] == true || item["id"].as_str() == Some(guild.to_string().as_str()) {
                continue;
            }
            let path = format!("guilds/{guild}/{what}/{}", item["id"].as_str().unwrap());
            asks(bot, "DELETE", &path, Value::Null).await;
        }
    }
    let settings =
        json!({"icon": null, "name": "Wreck", "verification_level": 0, "afk_timeout": 60});
    asks(bot, "PATCH", &format!("guilds/{guild}"), settings).await;
}

/// Begins the restore that was shown, and waits for its end; what the last message says.
async fn begins(who: &Actor, place: &str, shown: &MessageView) -> String {
    who.clicks_on(shown, "Begin").await.unwrap();
    let is_over = |message: &MessageView| {
        let text = message.text();
        ["Restored", "Undone", "Stopped", "interrupted"]
            .iter()
            .any(|end| text.contains(end))
    };
    let mut known = Vec::new();
    let seen = async {
        loop {
            known = who.messages(place);
            let mut latest = known
                .iter()
                .rev()
                .filter(|message| message.id > shown.id && !message.ephemeral);
            if let Some(over) = latest.find(|message| is_over(message)) {
                return over.text();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, seen).await;
    seen.unwrap_or_else(|_| panic!("it never ended: {:#?}", who.messages(place)))
}
