//! Stories of the plugin `automations`: each template made by its form, triggered, seen, switched, changed and deleted.

mod addresses;
mod fences;
mod filter;
mod forms;
mod keeps;
mod levels;
mod life;
mod lives;
mod outside;
mod pages;
mod refusals;
mod roles;
mod rooms;
mod tickets;
mod timed;
mod welcome;

use sandbox::{Actor, MessageView};
use serde_json::{Value, json};
use std::time::Duration;
use twilight_model::{gateway::Intents, guild::Permissions};

use crate::support::{Fixture, PATIENCE};

/// What the bot may in the server.
const MAY: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::ADD_REACTIONS)
    .union(Permissions::CONNECT)
    .union(Permissions::MANAGE_CHANNELS)
    .union(Permissions::MANAGE_MESSAGES)
    .union(Permissions::MANAGE_ROLES)
    .union(Permissions::MODERATE_MEMBERS)
    .union(Permissions::MOVE_MEMBERS);

/// A bot with the plugin. `owner` owns the server; `chief` manages it and no more, with a role in the middle; the bot's role is above
/// `Tea` and `Helper` and below `Crown`. There are a voice channel `lounge`, a category `Rooms` and the channels `log` and `panel`.
async fn bot() -> Fixture {
    bot_with("").await
}

async fn bot_with(config: &str) -> Fixture {
    let bot = Fixture::under(
        |options| furnish(&mut options.world),
        &["automations"],
        config,
    )
    .await;
    bot.until_generation("automations", 1).await;
    ready(&bot).await;
    bot
}

async fn ready(bot: &Fixture) {
    let registered = bot.sandbox.commands_registered("automations", PATIENCE);
    registered.await.unwrap();
}

fn furnish(world: &mut sandbox::World) {
    let guild = world.guild_named("Sandbox").unwrap();
    world.add_role(guild, "Tea", Permissions::empty());
    world.add_role(guild, "Helper", Permissions::empty());
    let chief = world.add_role(guild, "Chief", Permissions::MANAGE_GUILD);
    let user = world.add_user("chief");
    world.add_member(guild, user, &[chief]);
    for name in ["newcomer", "second", "third", "fourth", "fifth"] {
        world.add_user(name);
    }
    world.add_channel(guild, "log");
    world.add_channel(guild, "panel");
    world.add_voice_channel(guild, "lounge");
    world.add_category(guild, "Rooms");
    world.raise_bot(guild);
    world.set_bot_permissions(guild, MAY);
    world.add_role(guild, "Crown", Permissions::empty());
    let owner = world.user_named("owner").unwrap();
    let elsewhere = world.add_guild("Elsewhere", owner);
    world.add_channel(elsewhere, "abroad");
}

/// What a slash command answers.
async fn typed(who: &Actor, line: &str) -> MessageView {
    let asked = who.slash_line("general", line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    assert!(!seen.text().contains("error id"), "{line}: {}", seen.text());
    seen
}

/// A form that is open.
struct Form<'a> {
    who: &'a Actor,
    seen: MessageView,
}

impl<'a> Form<'a> {
    async fn begin(who: &'a Actor, template: &str) -> Self {
        let seen = typed(who, &format!("automations create template:{template}")).await;
        Self { who, seen }
    }

    async fn edit(who: &'a Actor, name: &str) -> Self {
        let seen = typed(who, &format!("automations edit automation:{name}")).await;
        Self { who, seen }
    }

    /// Fills a part of the form in; what it says then.
    async fn fill(&mut self, part: &str, fields: &[(&str, &str)]) -> String {
        let opened = self.who.clicks_on(&self.seen, part).await.unwrap();
        assert!(opened.modal.is_some(), "{part}: {opened:?}");
        let sent = self.who.submits(fields).await.unwrap();
        self.seen = self.who.expects_reply_to(&sent).await.unwrap();
        let text = self.seen.text();
        assert!(!text.contains("error id"), "{part}: {text}");
        text
    }

    /// Clicks a button of it; what comes of it.
    async fn click(&mut self, button: &str) -> String {
        let clicked = self.who.clicks_on(&self.seen, button).await.unwrap();
        let seen = self.who.expects_reply_to(&clicked).await.unwrap();
        let text = seen.text();
        assert!(!text.contains("error id"), "{button}: {text}");
        if seen.id == self.seen.id {
            self.seen = seen;
        }
        text
    }

    /// Adds a step behind the others.
    async fn step(&mut self, kind: &str, fields: &[(&str, &str)]) -> String {
        self.click("Add a step").await;
        let picked = self
            .who
            .picks_on(&self.seen, "Which step?", &[kind])
            .await
            .unwrap();
        let sent = match picked.modal {
            Some(_) => self.who.submits(fields).await.unwrap(),
            None => picked,
        };
        self.seen = self.who.expects_reply_to(&sent).await.unwrap();
        self.seen.text()
    }

    async fn saved(mut self) {
        let button = match self.seen.buttons().iter().any(|it| it == "Save") {
            true => "Save",
            false => "Save the change",
        };
        let text = self.click(button).await;
        assert!(text.contains("is saved and on"), "{text}");
    }
}

/// Waits until the bot asks for these intents.
async fn hears(bot: &Fixture, wanted: Intents) {
    let routes = || bot.bot.services().routes().intents().0;
    until("the intents", || routes().contains(wanted)).await;
    if wanted.contains(Intents::MESSAGE_CONTENT) {
        bot.until_content_is_seen().await;
    }
}

/// Does something again and again until the bot shows this: a session that takes over tells of what came later.
async fn until_shown(
    who: &Actor,
    channel: &str,
    wanted: &str,
    again: impl AsyncFn(),
) -> MessageView {
    let asking = async {
        loop {
            again().await;
            // What has come of it is waited for before it is done again, so that nothing of it is under way when it was seen.
            for _ in 0..100 {
                let all = who.messages(channel);
                let found = all.into_iter().rev().find(|it| it.text().contains(wanted));
                if let Some(found) = found {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or_else(|_| panic!("never {wanted} in {channel}"))
}

/// Joins the server, and leaves it before where they are in it.
async fn comes(who: &Actor) {
    if who.joins("Sandbox").await.is_err() {
        who.leaves("Sandbox").await.unwrap();
        who.joins("Sandbox").await.unwrap();
    }
}

/// Leaves the server, and joins it before where they are not in it.
async fn goes(who: &Actor) {
    // They may be in it already.
    who.joins("Sandbox").await.ok();
    who.leaves("Sandbox").await.unwrap();
}

/// A request of the bot's own to Discord.
async fn asked(bot: &Fixture, method: &str, path: String, body: Value) -> Value {
    let discord = &bot.bot.services().discord;
    discord.json(method, path, &body, false).await.unwrap()
}

/// The id of a role of the server.
async fn role(bot: &Fixture, name: &str) -> String {
    let all = asked(
        bot,
        "GET",
        format!("guilds/{}/roles", bot.sandbox.guild_id()),
        json!(null),
    )
    .await;
    let all = all.as_array().unwrap();
    let found = all.iter().find(|it| it["name"] == name);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// Waits until a user has a role, or has it no more.
async fn until_role(bot: &Fixture, user: &str, name: &str, has: bool) {
    let id = role(bot, name).await;
    let user = bot.sandbox.user_id(user).unwrap();
    let path = format!("guilds/{}/members/{user}", bot.sandbox.guild_id());
    let waiting = async {
        loop {
            let member = asked(bot, "GET", path.clone(), json!(null)).await;
            let roles = member["roles"].as_array().unwrap();
            if roles.iter().any(|it| *it == *id) == has {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "never: {name} of {user} {has}"
    );
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "never: {what}"
    );
}
