//! Login, resume, reconnect, shards and intents.

use sandbox::{Options, Sandbox, World};
use serde_json::json;
use twilight_gateway::{CloseFrame, EventTypeFlags, Intents, Message, ShardId, StreamExt};
use twilight_model::{
    gateway::{
        event::Event,
        payload::outgoing::{
            RequestGuildMembers, UpdatePresence, update_presence::UpdatePresencePayload,
        },
        presence::{ActivityType, MinimalActivity, Status},
    },
    id::Id,
};

use crate::bot::{ALL, Bot, DEADLINE, install_tls, shard};

/// The close code that an identification with these leads to.
async fn close_code(options: Options, token: Option<&str>, id: ShardId, intents: Intents) -> u16 {
    install_tls();
    let sandbox = crate::bot::watched(options).await;
    let mut shard = match token {
        Some(token) => {
            let config = twilight_gateway::ConfigBuilder::new(token.to_owned(), intents);
            twilight_gateway::Shard::with_config(
                id,
                config.proxy_url(sandbox.gateway_url()).build(),
            )
        }
        None => shard(&sandbox, id, intents),
    };
    let closed = async {
        loop {
            let message = futures_util::StreamExt::next(&mut shard).await;
            if let Some(Ok(Message::Close(frame))) = message {
                return frame.map_or(0, |frame| frame.code);
            }
        }
    };
    tokio::time::timeout(DEADLINE, closed).await.unwrap()
}

#[tokio::test]
async fn bad_logins_are_closed() {
    let guilds = Intents::GUILDS;
    assert_eq!(
        close_code(Options::default(), Some("nonsense"), ShardId::ONE, guilds).await,
        4004
    );
    let unknown = Intents::from_bits_retain(1 << 40);
    assert_eq!(
        close_code(Options::default(), None, ShardId::ONE, unknown).await,
        4013
    );
    let mut world = World::sandbox();
    world.set_privileged_intents(Intents::empty());
    let options = Options {
        world,
        ..Options::default()
    };
    assert_eq!(
        close_code(options, None, ShardId::ONE, Intents::MESSAGE_CONTENT).await,
        4014
    );
}

#[tokio::test]
async fn nothing_is_lost_when_the_connection_is_cut() {
    let mut bot = Bot::new().await;
    let owner = bot.sandbox.actor("owner").unwrap();
    owner.says("general", "before").await.unwrap();
    assert_eq!(bot.next_message().await.content, "before");
    bot.sandbox.drop_connections();
    for number in 0..5 {
        owner
            .says("general", &format!("missed {number}"))
            .await
            .unwrap();
    }
    let mut resumed = false;
    for number in 0..5 {
        let content = bot.next(|event| match event {
            Event::Resumed => {
                resumed = true;
                None
            }
            Event::Ready(_) => panic!("the session was lost"),
            Event::MessageCreate(message) => Some(message.content.clone()),
            _ => None,
        });
        assert_eq!(content.await, format!("missed {number}"));
    }
    if !resumed {
        bot.next(|event| matches!(event, Event::Resumed).then_some(()))
            .await;
    }
    owner.says("general", "after").await.unwrap();
    assert_eq!(bot.next_message().await.content, "after");
}

#[tokio::test]
async fn reconnect_resumes_and_an_invalid_session_starts_again() {
    let mut bot = Bot::new().await;
    bot.sandbox.reconnect_all();
    bot.next(|event| match event {
        Event::Resumed => Some(()),
        Event::Ready(_) => panic!("the session was lost"),
        _ => None,
    })
    .await;
    bot.sandbox.invalidate_sessions();
    bot.next(|event| matches!(event, Event::Ready(_)).then_some(()))
        .await;
    bot.next(|event| matches!(event, Event::GuildCreate(_)).then_some(()))
        .await;
    bot.sandbox.ask_for_heartbeats();
    bot.next(|event| matches!(event, Event::GatewayHeartbeatAck).then_some(()))
        .await;
    let heartbeats = bot
        .sandbox
        .traffic()
        .into_iter()
        .filter(|crossing| crossing.what == "HEARTBEAT")
        .count();
    assert!(heartbeats >= 2, "asked and answered");
}

#[tokio::test]
async fn an_ended_session_cannot_be_resumed() {
    let mut bot = Bot::new().await;
    bot.shard.close(CloseFrame::NORMAL);
    bot.next(|event| matches!(event, Event::Ready(_)).then_some(()))
        .await;
}

#[tokio::test]
async fn intents_are_honoured() {
    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES;
    let mut bot = Bot::start(Options::default(), intents).await;
    let member = bot.sandbox.actor("member").unwrap();
    member.says("dm", "not heard").await.unwrap();
    member.types("general").await.unwrap();
    let sent = member.says("general", "secret").await.unwrap();
    member.reacts(&sent, "👍").await.unwrap();
    member.says("general", "for @Cogwright").await.unwrap();
    let mut seen = Vec::new();
    bot.next(|event| {
        seen.push(format!("{:?}", event.kind()));
        matches!(&event, Event::MessageCreate(message) if message.content.starts_with("for"))
            .then_some(())
    })
    .await;
    assert_eq!(seen, ["MessageCreate", "MessageCreate"]);
    let traffic = bot.sandbox.traffic();
    let secret = traffic
        .iter()
        .find(|crossing| crossing.what == "MESSAGE_CREATE")
        .unwrap();
    assert_eq!(secret.body["content"], "");
}

#[tokio::test]
async fn presence_is_remembered_and_members_are_chunked() {
    let mut bot = Bot::new().await;
    let activity = MinimalActivity {
        kind: ActivityType::Playing,
        name: "with cogs".to_owned(),
        url: None,
    };
    let presence =
        UpdatePresencePayload::new(vec![activity.into()], false, None, Status::Idle).unwrap();
    bot.shard.command(&UpdatePresence {
        d: presence,
        op: twilight_model::gateway::OpCode::PresenceUpdate,
    });
    let guild = Id::new(bot.sandbox.guild_id());
    bot.shard.command(
        &RequestGuildMembers::builder(guild)
            .nonce("n")
            .query("", None),
    );
    let chunk = bot
        .next(|event| {
            if let Event::MemberChunk(chunk) = event {
                Some(chunk)
            } else {
                None
            }
        })
        .await;
    assert_eq!(
        (chunk.members.len(), chunk.nonce.as_deref()),
        (4, Some("n"))
    );
    let presence = bot.sandbox.presence().unwrap();
    assert_eq!(
        (&presence["status"], &presence["activities"][0]["name"]),
        (&json!("idle"), &json!("with cogs"))
    );
}

#[tokio::test]
async fn guilds_and_direct_messages_go_to_their_shards() {
    install_tls();
    let mut world = World::sandbox();
    let owner = world.user_named("owner").unwrap();
    let guilds: Vec<_> = (0..3)
        .map(|number| world.add_guild(&format!("Guild {number}"), owner))
        .collect();
    for guild in &guilds {
        world.add_channel(*guild, "hall");
    }
    let sandbox = Sandbox::start(Options {
        world,
        ..Options::default()
    })
    .await
    .unwrap();
    for number in 0..2 {
        let mut shard = shard(&sandbox, ShardId::new(number, 2), ALL);
        loop {
            let event = shard
                .next_event(EventTypeFlags::all())
                .await
                .unwrap()
                .unwrap();
            if let Event::Ready(ready) = event {
                assert!(
                    ready
                        .guilds
                        .iter()
                        .all(|guild| (guild.id.get() >> 22) % 2 == u64::from(number))
                );
                break;
            }
        }
    }
}
