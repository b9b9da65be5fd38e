//! A bot on twilight, pointed at the sandbox.

use std::env;

use twilight_gateway::{
    ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};
use twilight_http::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    _ = rustls::crypto::ring::default_provider().install_default();
    // What `cogwright sandbox --no-bot` prints.
    let (token, gateway) = (env::var("DISCORD_TOKEN")?, env::var("DISCORD_GATEWAY")?);
    let address = gateway.trim_start_matches("ws://").to_owned();

    let http = Client::builder()
        .token(token.clone())
        .proxy(address, true)
        .build();
    let intents = Intents::GUILD_MESSAGES | Intents::MESSAGE_CONTENT;
    let config = ConfigBuilder::new(token, intents)
        .proxy_url(gateway)
        .build();
    let mut shard = Shard::with_config(ShardId::ONE, config);

    while let Some(event) = shard.next_event(EventTypeFlags::MESSAGE_CREATE).await {
        if let Event::MessageCreate(message) = event?
            && message.content == "!hello"
            && !message.author.bot
        {
            let answer = format!("Hello, {}!", message.author.name);
            http.create_message(message.channel_id)
                .reply(message.id)
                .content(&answer)
                .await?;
        }
    }
    Ok(())
}
