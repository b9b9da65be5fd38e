//! One session that calls every route that the sandbox serves, and the list of those that it does not.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{Options, Sandbox, World};
use serde_json::{Value, json};
use twilight_model::{
    gateway::{event::Event, payload::outgoing::UpdateVoiceState},
    guild::Permissions,
    id::Id,
};

use crate::{
    bot::{ALL, Bot, request, send},
    openapi::{DESCRIPTION, route_of, routes},
};

/// The calls in their order; the file says how to read it.
const CALLS: &str = include_str!("calls.txt");

/// A world in which the bot may do everything.
fn world() -> World {
    let mut world = World::sandbox();
    let guild = world.guild_named("Sandbox").unwrap();
    world.set_bot_permissions(guild, Permissions::all());
    world.add_announcement_channel(guild, "news");
    world.add_stage_channel(guild, "stage");
    world.add_voice_channel(guild, "talk");
    world.add_sku("Gold");
    let owner = world.user_named("owner").unwrap();
    for name in ["Second", "Third"] {
        let guild = world.add_guild(name, owner);
        world.set_bot_permissions(guild, Permissions::all());
    }
    world
}

fn options() -> Options {
    Options {
        world: world(),
        ..Options::default()
    }
}

/// The routes of the description that the sandbox knows. Each is asked for in a sandbox of its own: many destroy what
/// the next would need.
async fn served() -> BTreeSet<String> {
    let api = DESCRIPTION.as_ref().unwrap();
    let mut served = BTreeSet::new();
    for route in routes(api) {
        let sandbox = Sandbox::start(options()).await.unwrap();
        let (method, path) = route.split_once(' ').unwrap();
        let general = sandbox.channel_id("general").unwrap();
        let mut path = path
            .trim_start_matches('/')
            .replace("@original", "1")
            .replace("{guild_id}", &sandbox.guild_id().to_string())
            .replace("{channel_id}", &general.to_string())
            .replace("{application_id}", &sandbox.application_id().to_string());
        if path.contains("{webhook_token}") {
            let body = json!({"name": "Hook"});
            let (_, hook) = send(
                &sandbox,
                "POST",
                &format!("channels/{general}/webhooks"),
                Some(&body),
            )
            .await;
            path = path
                .replace("{webhook_id}", hook["id"].as_str().unwrap())
                .replace("{webhook_token}", hook["token"].as_str().unwrap());
        }
        // Any id does for the rest: the route is known before what it names is looked for.
        while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
            path.replace_range(start..=end, "1");
        }
        let (status, answer) = send(&sandbox, method, &path, None).await;
        let asked = sandbox.traffic().pop().unwrap();
        // A word that was taken for an id.
        let misread = answer.to_string().contains("is not snowflake");
        if !asked.unknown_route && status != 405 && !misread {
            served.insert(route);
        }
    }
    served
}

/// Ids and tokens by the names that the calls give them.
type Names = BTreeMap<String, String>;

fn fill(text: &str, names: &Names) -> String {
    let filled = names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    });
    assert!(
        !filled.split(['{', '}']).skip(1).step_by(2).any(
            |name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        ),
        "nothing has this name yet: {filled}"
    );
    filled
}

/// Makes a call and keeps what the line names of its answer; gives the route if it must be refused.
async fn call(bot: &Bot, line: &str, names: &mut Names) -> Option<String> {
    let (call, refusal) = match line.split_once(" => ") {
        Some((call, refusal)) => (call, Some(refusal)),
        None => (line, None),
    };
    let (call, kept) = call.split_once(" -> ").unwrap_or((call, ""));
    let (method, rest) = call.split_once(' ').unwrap();
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let path = fill(path, names);
    let body = fill(body, names);
    let (status, answer) = match body.strip_prefix("form ") {
        Some(fields) => form(bot, method, &path, fields).await,
        None => {
            let body = (!body.is_empty()).then(|| serde_json::from_str(&body).unwrap());
            bot.send(method, path.trim_start_matches('/'), body.as_ref())
                .await
        }
    };
    if let Some(refusal) = refusal {
        assert_eq!(format!("{status} {}", answer["code"]), refusal, "{line}");
        return route_of(DESCRIPTION.as_ref().unwrap(), method, &path);
    }
    assert!((200..300).contains(&status), "{line}: {status} {answer}");
    for pair in kept.split_whitespace() {
        let (name, pointer) = pair.split_once('=').unwrap();
        let value = answer
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{line}: {answer}"));
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        names.insert(name.to_owned(), value);
    }
    None
}

/// A form: `name=value` are its fields, `name=@file.txt` a small file of that name.
async fn form(bot: &Bot, method: &str, path: &str, fields: &str) -> (u16, Value) {
    let mut body = String::new();
    for field in fields.split_whitespace() {
        let (name, value) = field.split_once('=').unwrap();
        let (file, value) = match value.strip_prefix('@') {
            Some(file) => (format!("; filename=\"{file}\""), content_of(file)),
            None => (String::new(), value.to_owned()),
        };
        body.push_str(&format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--edge--\r\n");
    let headers = format!(
        "Authorization: Bot {}\r\nContent-Type: multipart/form-data; boundary=edge\r\n",
        bot.sandbox.token()
    );
    let (head, answer) = request(
        &bot.sandbox,
        method,
        &format!("/api/v10{path}"),
        &headers,
        &body,
    )
    .await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&answer).unwrap_or_default())
}

fn content_of(file: &str) -> String {
    match file.rsplit_once('.') {
        Some((_, "json")) => "{\"v\":\"5.5.7\",\"w\":320,\"h\":320,\"layers\":[]}".to_owned(),
        _ => "what is in it".to_owned(),
    }
}

/// What a user does, for what a bot can't bring about alone.
async fn act(bot: &mut Bot, line: &str, names: &mut Names) {
    let (user, deed) = line.split_once(' ').unwrap();
    if let Some(channel) = line.strip_prefix("@bot joins ") {
        return connect(bot, channel).await;
    }
    let actor = bot.sandbox.actor(user.trim_start_matches('@')).unwrap();
    let (deed, rest) = deed.split_once(' ').unwrap_or((deed, ""));
    match deed {
        "says" => {
            let sent = actor.says("general", rest).await.unwrap();
            names.insert("said".to_owned(), sent.id.to_string());
        }
        "reacts" => {
            let said = names["said"].parse().unwrap();
            let seen = bot
                .sandbox
                .message(bot.sandbox.channel_id("general").unwrap(), said)
                .unwrap();
            actor.reacts(&seen, rest).await.unwrap();
        }
        "slash" => {
            actor.start_slash("general", rest, &[]).unwrap();
            let interaction = bot.next_interaction().await;
            names.insert("interaction".to_owned(), interaction.id.to_string());
            names.insert("token".to_owned(), interaction.token.clone());
        }
        "joins" => actor.joins_voice(rest).await.unwrap(),
        "interested" => actor.is_interested(rest, true).await.unwrap(),
        "allows" => {
            let (command, whom) = rest.split_once(' ').unwrap();
            actor
                .overrides_command("Sandbox", command, whom, true)
                .unwrap();
        }
        other => panic!("{other} is no deed"),
    }
}

/// Lets the bot connect to a voice channel.
async fn connect(bot: &mut Bot, channel: &str) {
    let guild = Id::new(bot.sandbox.guild_id());
    let channel = Id::new(bot.sandbox.channel_id(channel).unwrap());
    bot.shard
        .command(&UpdateVoiceState::new(guild, channel, false, false));
    bot.next(|event| matches!(event, Event::VoiceServerUpdate(_)).then_some(()))
        .await;
}

#[tokio::test]
async fn every_route_is_called_in_one_session() {
    if DESCRIPTION.is_none() {
        return;
    }
    let mut bot = Bot::start(options(), ALL).await;
    let id = |name: &str| bot.sandbox.channel_id(name).unwrap().to_string();
    let mut names = Names::from([
        ("guild".to_owned(), bot.sandbox.guild_id().to_string()),
        ("app".to_owned(), bot.sandbox.application_id().to_string()),
        ("general".to_owned(), id("general")),
        ("bots".to_owned(), id("bots")),
        ("news".to_owned(), id("news")),
        ("stage".to_owned(), id("stage")),
        ("talk".to_owned(), id("talk")),
        (
            "owner".to_owned(),
            bot.sandbox.user_id("owner").unwrap().to_string(),
        ),
        (
            "mod".to_owned(),
            bot.sandbox.user_id("mod").unwrap().to_string(),
        ),
        (
            "member".to_owned(),
            bot.sandbox.user_id("member").unwrap().to_string(),
        ),
    ]);
    let mut refused = BTreeSet::new();
    for line in CALLS
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if line.starts_with('@') {
            act(&mut bot, line, &mut names).await;
        } else {
            refused.extend(call(&bot, line, &mut names).await);
        }
    }
    let called = bot.watch.served();
    let served = served().await;
    let seen: BTreeSet<_> = called.union(&refused).cloned().collect();
    let left_out: Vec<_> = served.difference(&seen).map(String::as_str).collect();
    assert!(
        left_out.is_empty(),
        "add to calls.txt:\n{}",
        left_out.join("\n")
    );
    let named: BTreeSet<_> = named_in_readme("## Routes always refused")
        .into_iter()
        .collect();
    assert_eq!(refused, named, "refused by the tour, and in README.md");
    println!(
        "{} routes were called, {} refused",
        called.len(),
        refused.len()
    );
}

/// The entries of a section of the README, in the first column of its table: `GET /a/{b}`, or `/a…` for all that begins so.
fn named_in_readme(heading: &str) -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once(heading).expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split(" | ").next().unwrap());
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn the_readme_names_the_routes_that_are_not_served() {
    let Some(api) = &*DESCRIPTION else { return };
    let served = served().await;
    let missing: BTreeSet<_> = routes(api).difference(&served).cloned().collect();
    let entries = named_in_readme("## Routes not served");
    let is_named = |entry: &str, route: &str| match entry.strip_suffix('…') {
        Some(start) => route.split_once(' ').unwrap().1.starts_with(start),
        None => entry == route,
    };
    let unnamed: Vec<_> = missing
        .iter()
        .filter(|route| !entries.iter().any(|entry| is_named(entry, route)))
        .map(String::as_str)
        .collect();
    assert!(
        unnamed.is_empty(),
        "not in sandbox/README.md:\n{}",
        unnamed.join("\n")
    );
    let wrong: Vec<_> = entries
        .iter()
        .filter(|entry| {
            served.iter().any(|route| is_named(entry, route))
                || !missing.iter().any(|route| is_named(entry, route))
        })
        .map(String::as_str)
        .collect();
    assert!(
        wrong.is_empty(),
        "served, or unknown to Discord:\n{}",
        wrong.join("\n")
    );
    println!(
        "{} routes are served, {} are not",
        served.len(),
        missing.len()
    );
}
