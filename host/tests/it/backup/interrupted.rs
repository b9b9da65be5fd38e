//! Restores that are interrupted: by a kill at each tenth request, and by answers that are lost.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sandbox::{Crossing, Way};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{PICTURE, config, furnish, typed};
use crate::{fixtures, process::Process, support::PATIENCE};

/// Whether a request changes something of the server: no message, no answer to an interaction.
fn is_change(crossing: &Crossing) -> bool {
    let of_server = |what: &str| {
        let (method, path) = what.split_once(' ').unwrap_or_default();
        let is_place = path.starts_with("/guilds/")
            || (path.starts_with("/channels/") && !path.contains("/messages"));
        method != "GET" && is_place
    };
    crossing.way == Way::Rest && of_server(&crossing.what)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_at_each_tenth_request_goes_on_and_ends_equal() {
    let sandbox = Process::discord(|_| {}).await;
    furnish(&sandbox);
    let libraries = [("backup", fixtures::example("backup"))];
    let config = config(&sandbox);
    let mut bot = Process::on(sandbox, &libraries, &config);
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    bot.sandbox
        .commands_registered("backup", PATIENCE)
        .await
        .unwrap();
    let guild = bot.sandbox.guild_id();
    let owner = bot.owner();
    let made = client(&bot);
    made.ask(
        "POST",
        &format!("guilds/{guild}/emojis"),
        json!({"name": "tea", "image": PICTURE}),
    )
    .await;
    typed(&owner, "general", "backup create").await;

    // All goes but for #general.
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    for channel in made.list(&format!("guilds/{guild}/channels")).await {
        if channel["id"] != general {
            made.ask(
                "DELETE",
                &format!("channels/{}", channel["id"].as_str().unwrap()),
                Value::Null,
            )
            .await;
        }
    }
    for what in ["roles", "emojis", "stickers"] {
        for item in made.list(&format!("guilds/{guild}/{what}")).await {
            if item["managed"] != true && item["id"].as_str() != Some(guild.to_string().as_str()) {
                let path = format!("guilds/{guild}/{what}/{}", item["id"].as_str().unwrap());
                made.ask("DELETE", &path, Value::Null).await;
            }
        }
    }
    drop(made);

    let shown = typed(&owner, "general", "backup restore snapshot:1").await;
    let changes = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&changes);
    bot.sandbox.observe(move |crossing| {
        if is_change(crossing) {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    owner.clicks_on(&shown, "Begin").await.unwrap();
    let is_over = |bot: &Process| {
        let said = bot.owner().messages("general");
        said.iter()
            .any(|message| message.text().contains("Restored"))
    };
    let mut kills = 0;
    let mut next = 10;
    while !is_over(&bot) {
        let until_tenth = async {
            while changes.load(Ordering::SeqCst) < next && !is_over(&bot) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, until_tenth).await.unwrap();
        if is_over(&bot) {
            break;
        }
        bot.signal("KILL");
        bot.ended().await;
        kills += 1;
        next = changes.load(Ordering::SeqCst) + 10;
        bot = bot.again().await;
    }
    assert!(
        kills >= 3,
        "{kills} kills, {} changes",
        changes.load(Ordering::SeqCst)
    );
    let said = bot.owner().messages("general");
    let over = said
        .iter()
        .find(|message| message.text().contains("Restored"))
        .unwrap();
    assert!(over.text().contains("0 differences"), "{}", over.text());
    bot.sandbox
        .commands_registered("backup", PATIENCE)
        .await
        .unwrap();
    let same = typed(&bot.owner(), "general", "backup diff snapshot:1")
        .await
        .text();
    assert!(same.contains("no difference"), "{same}");
}

/// Requests to Discord beside those of the bot, by its token.
struct Client {
    address: String,
    token: String,
}

fn client(bot: &Process) -> Client {
    Client {
        address: bot.sandbox.http_proxy(),
        token: bot.sandbox.token(),
    }
}

impl Client {
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} /api/v10/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bot {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        self.ask("GET", path, Value::Null)
            .await
            .as_array()
            .unwrap()
            .clone()
    }
}
