//! What the plugin is served with: a call, and a Discord that says the same to everything.

use std::{error::Error, sync::Arc};

use host_commands::router::Routes;
use host_loader::{EventRecord, Packet, next_id};
use plugin_api::{
    abi::{CommandHead, EventHeader, Origin, frame_kind},
    manifest::CommandKind,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// `!work`, as the dispatcher would queue it.
///
/// # Errors
///
/// The plugin did not answer well.
pub async fn work(routes: &Routes) -> Result<(), Box<dyn Error>> {
    let event = Arc::new(EventRecord {
        header: EventHeader {
            channel_id: 2,
            user_id: 3,
            message_id: 4,
            ..EventHeader::EMPTY
        },
        content: "!work".into(),
        user_name: "ann".into(),
        json: "{}".into(),
    });
    let head = CommandHead {
        kind: CommandKind::Chat,
        command: "work".into(),
        origin: Origin::Message {
            channel_id: 2,
            message_id: 4,
            user_id: 3,
        },
        options: std::collections::BTreeMap::new(),
        ephemeral: false,
        typed: String::new(),
        checked: false,
    };
    let packet = Packet::new(frame_kind::COMMAND, next_id(), &head).with_event(event);
    let answer = routes
        .with_command(CommandKind::Chat, "work", |route| route.slot.invoke(packet))
        .ok_or("there is no command `work`")?
        .map_err(|refused| format!("{refused:?}"))?
        .await?;
    match answer.error() {
        None => Ok(()),
        Some(error) => Err(error.message.into()),
    }
}

/// A Discord that answers every request with the same message: what is measured is the plugin, not a world that grows.
///
/// # Errors
///
/// There is no port for it.
pub async fn discord() -> Result<String, Box<dyn Error>> {
    const BODY: &str = r#"{"id":"5"}"#;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                // One request at a time, small enough for one read.
                while let Ok(1..) = stream.read(&mut buffer).await {
                    let response = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
                        BODY.len()
                    );
                    if stream.write_all(response.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}
