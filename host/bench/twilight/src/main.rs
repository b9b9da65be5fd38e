//! Raw twilight bot: the gateway, the REST client and two commands, with nothing between them. One thread, since on two cores that takes the
//! least of processor time and has the shortest way.
//!
//! `DISCORD_TOKEN`, `BENCH_REST` (`host:port`), `BENCH_GATEWAY` (`ws://host:port`); `BENCH_LIMITER=on` for twilight's own rate limiter.

use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use twilight_gateway::{
    ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};
use twilight_http::Client;
use twilight_model::{
    application::{
        command::CommandType,
        interaction::{Interaction, InteractionData},
    },
    channel::Message,
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
};
use twilight_util::builder::command::CommandBuilder;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// All that it wants to see: the rest is not parsed.
const WANTED: EventTypeFlags =
    EventTypeFlags::MESSAGE_CREATE.union(EventTypeFlags::INTERACTION_CREATE);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    _ = rustls::crypto::ring::default_provider().install_default();
    let token = env::var("DISCORD_TOKEN")?;
    let mut client = Client::builder()
        .token(token.clone())
        .proxy(env::var("BENCH_REST")?, true);
    if env::var("BENCH_LIMITER").as_deref() != Ok("on") {
        client = client.ratelimiter(None);
    }
    let http = Arc::new(client.build());
    let application = http.current_user_application().await?.model().await?.id;
    let hello = CommandBuilder::new("hello", "Says hello", CommandType::ChatInput).build();
    let registering = Arc::clone(&http);
    tokio::spawn(async move {
        let all = [hello];
        let interactions = registering.interaction(application);
        if let Err(error) = interactions.set_global_commands(&all).await {
            eprintln!("can't register: {error}");
        }
    });

    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::MESSAGE_CONTENT;
    let config = ConfigBuilder::new(token, intents)
        .proxy_url(env::var("BENCH_GATEWAY")?)
        .build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    let heard = Arc::new(AtomicU64::new(0));
    while let Some(event) = shard.next_event(WANTED).await {
        match event? {
            Event::MessageCreate(message) if message.author.bot => {}
            Event::MessageCreate(message) => {
                let text = match message.content.as_str() {
                    "!hello" => format!("Hello, {}!", message.author.name),
                    "!heard" => heard.load(Relaxed).to_string(),
                    content => {
                        if content.contains("ahoy") {
                            heard.fetch_add(1, Relaxed);
                        }
                        continue;
                    }
                };
                tokio::spawn(told(reply(Arc::clone(&http), message.message, text)));
            }
            Event::InteractionCreate(interaction) => {
                tokio::spawn(told(respond(Arc::clone(&http), interaction.0)));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn told(work: impl Future<Output = Outcome<()>>) {
    if let Err(error) = work.await {
        eprintln!("{error}");
    }
}

async fn reply(http: Arc<Client>, message: Message, text: String) -> Outcome<()> {
    http.create_message(message.channel_id)
        .reply(message.id)
        .content(&text)
        .await?;
    Ok(())
}

async fn respond(http: Arc<Client>, interaction: Interaction) -> Outcome<()> {
    let Some(InteractionData::ApplicationCommand(command)) = &interaction.data else {
        return Ok(());
    };
    if command.name != "hello" {
        return Ok(());
    }
    let name = interaction.author().map_or("?", |it| &it.name);
    let response = InteractionResponse {
        kind: InteractionResponseType::ChannelMessageWithSource,
        data: Some(InteractionResponseData {
            content: Some(format!("Hello, {name}!")),
            ..InteractionResponseData::default()
        }),
    };
    http.interaction(interaction.application_id)
        .create_response(interaction.id, &interaction.token, &response)
        .await?;
    Ok(())
}
