//! A bot on twilight, logged in to a sandbox of its own.

use std::{
    ops::Deref,
    sync::{Arc, Once},
    time::Duration,
};

use sandbox::{Options, Sandbox};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use twilight_gateway::{
    ConfigBuilder, EventTypeFlags, Intents, Message, Shard, ShardId, StreamExt,
};
use twilight_http::{Client, client::InteractionClient};
use twilight_model::{gateway::event::Event, id::Id};

use crate::openapi::Watch;

/// Intents that let a bot see everything that these tests do.
pub const ALL: Intents = Intents::all();

/// As long as a test waits for what must happen.
pub const DEADLINE: Duration = Duration::from_secs(10);

pub struct Bot {
    pub sandbox: Sandbox,
    pub http: Arc<Client>,
    pub shard: Shard,
    pub watch: Watch,
}

/// Installs the TLS code that twilight insists on, even for plain connections.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
}

/// A sandbox whose REST is checked against Discord's description until it is dropped.
pub struct Watched {
    sandbox: Sandbox,
    _watch: Watch,
}

impl Deref for Watched {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

/// Starts a sandbox for a test that brings its own client.
pub async fn watched(options: Options) -> Watched {
    let sandbox = Sandbox::start(options).await.unwrap();
    let _watch = Watch::over(&sandbox);
    Watched { sandbox, _watch }
}

pub fn http_client(sandbox: &Sandbox, token: &str) -> Client {
    Client::builder()
        .token(token.to_owned())
        .proxy(sandbox.http_proxy(), true)
        .build()
}

pub fn shard(sandbox: &Sandbox, id: ShardId, intents: Intents) -> Shard {
    let config = ConfigBuilder::new(sandbox.token(), intents)
        .proxy_url(sandbox.gateway_url())
        .build();
    Shard::with_config(id, config)
}

impl Bot {
    pub async fn start(options: Options, intents: Intents) -> Self {
        install_tls();
        let sandbox = Sandbox::start(options).await.unwrap();
        let watch = Watch::over(&sandbox);
        let http = Arc::new(http_client(&sandbox, &sandbox.token()));
        let shard = shard(&sandbox, ShardId::ONE, intents);
        let mut bot = Self {
            sandbox,
            http,
            shard,
            watch,
        };
        bot.next(|event| matches!(event, Event::GuildCreate(_)).then_some(()))
            .await;
        bot
    }

    pub async fn new() -> Self {
        Self::start(Options::default(), ALL).await
    }

    /// A bot that may do anything that its role's place allows.
    pub async fn almighty() -> Self {
        let bot = Self::new().await;
        let guild = bot.sandbox.guild_id();
        let all = twilight_model::guild::Permissions::all();
        bot.sandbox
            .change_world(|world| world.set_bot_permissions(guild, all));
        bot
    }

    /// The answer to a request that must succeed.
    pub async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(method, path, Some(&body)).await;
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {answer}"
        );
        answer
    }

    /// The code of the error that a request must be answered with.
    pub async fn refused(&self, method: &str, path: &str, body: Value) -> u64 {
        let (status, answer) = self.send(method, path, Some(&body)).await;
        assert!(status >= 400, "{method} {path}: {status} {answer}");
        answer["code"].as_u64().unwrap()
    }

    /// Where a body is wrong: the path of each field with the code of its error.
    pub async fn faults(&self, method: &str, path: &str, body: Value) -> Vec<String> {
        let (status, answer) = self.send(method, path, Some(&body)).await;
        assert_eq!(
            (status, &answer["code"]),
            (400, &Value::from(50035)),
            "{answer}"
        );
        let mut found = Vec::new();
        leaves(&answer["errors"], String::new(), &mut found);
        found
    }

    /// The data of the next dispatch of this name, as it came.
    pub async fn told(&mut self, name: &str) -> Value {
        let search = async {
            loop {
                let Some(Ok(Message::Text(text))) =
                    futures_util::StreamExt::next(&mut self.shard).await
                else {
                    continue;
                };
                let payload: Value = serde_json::from_str(&text).unwrap();
                if payload["t"] == name {
                    return payload["d"].clone();
                }
            }
        };
        let waited = tokio::time::timeout(DEADLINE, search).await;
        waited.unwrap_or_else(|_| panic!("{name} never came"))
    }

    /// `guilds/{id}/{rest}` of the first guild.
    pub fn in_guild(&self, rest: &str) -> String {
        format!("guilds/{}/{rest}", self.sandbox.guild_id())
    }

    /// The next event that fits; others are passed over.
    pub async fn next<T>(&mut self, mut fits: impl FnMut(Event) -> Option<T>) -> T {
        let search = async {
            loop {
                match self.shard.next_event(EventTypeFlags::all()).await {
                    Some(Ok(event)) => {
                        if let Some(found) = fits(event) {
                            return found;
                        }
                    }
                    // A connection that breaks is no failure: the shard connects again.
                    Some(Err(error)) => {
                        println!("{error}: {:?}", std::error::Error::source(&error))
                    }
                    None => panic!("the shard has closed: {:?}", self.shard.state()),
                }
            }
        };
        tokio::time::timeout(DEADLINE, search)
            .await
            .expect("the event never came")
    }

    /// The next event that fits, however long it takes.
    pub async fn next_forever(&mut self, fits: impl Fn(&Event) -> bool) -> Event {
        loop {
            if let Some(Ok(event)) = self.shard.next_event(EventTypeFlags::all()).await
                && fits(&event)
            {
                return event;
            }
        }
    }

    pub async fn next_interaction(
        &mut self,
    ) -> Box<twilight_model::gateway::payload::incoming::InteractionCreate> {
        self.next(|event| match event {
            Event::InteractionCreate(interaction) => Some(interaction),
            _ => None,
        })
        .await
    }

    pub async fn next_message(
        &mut self,
    ) -> Box<twilight_model::gateway::payload::incoming::MessageCreate> {
        self.next(|event| match event {
            Event::MessageCreate(message) if !message.author.bot => Some(message),
            _ => None,
        })
        .await
    }

    /// `channels/{id}/{rest}` of a channel by name.
    pub fn in_channel(&self, channel: &str, rest: &str) -> String {
        let path = format!(
            "channels/{}/{rest}",
            self.sandbox.channel_id(channel).unwrap()
        );
        path.trim_end_matches('/').to_owned()
    }

    /// A plain HTTP request to the API, for what twilight would not send; gives the status and the JSON.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        send(&self.sandbox, method, path, body).await
    }

    /// A plain HTTP request to the API; gives the head and the body.
    pub async fn raw(&self, method: &str, path: &str, body: Option<&Value>) -> (String, String) {
        raw(&self.sandbox, method, path, body).await
    }

    pub fn interactions(&self) -> InteractionClient<'_> {
        self.http
            .interaction(Id::new(self.sandbox.application_id()))
    }
}

fn leaves(errors: &Value, at: String, found: &mut Vec<String>) {
    for (key, value) in errors.as_object().into_iter().flatten() {
        if key == "_errors" {
            let codes = value.as_array().into_iter().flatten();
            found.extend(codes.map(|error| format!("{at} {}", error["code"].as_str().unwrap())));
        } else {
            let dot = if at.is_empty() { "" } else { "." };
            leaves(value, format!("{at}{dot}{key}"), found);
        }
    }
}

/// Fetches a path of the sandbox without logging in.
pub async fn get(sandbox: &Sandbox, path: &str) -> (String, String) {
    request(sandbox, "GET", path, "", "").await
}

/// A request over a connection of its own.
pub async fn request(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (String, String) {
    let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        sandbox.addr(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (format!("{head}\r\n"), body.to_owned())
}

/// See [`Bot::send`].
pub async fn send(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let (head, body) = raw(sandbox, method, path, body).await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

async fn raw(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> (String, String) {
    let authorization = format!("Authorization: Bot {}\r\n", sandbox.token());
    let body = body.map(Value::to_string).unwrap_or_default();
    request(
        sandbox,
        method,
        &format!("/api/v10/{path}"),
        &authorization,
        &body,
    )
    .await
}
