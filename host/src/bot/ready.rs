//! Ready line of the log: written once all shards have a session.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use host_loader::Plugins;
use tokio::sync::watch;
use twilight_model::guild::Permissions;

use crate::{dispatch::Dispatch, status::counted};

/// What answers need in a server, whatever commands declare.
const ANSWERS: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES)
    .union(Permissions::ADD_REACTIONS)
    .union(Permissions::READ_MESSAGE_HISTORY);

/// Waits for all shards, and logs that the bot is ready. `pulse` counts up whenever a shard gets a session; it ends with the bot, which
/// this must not keep.
pub(super) async fn announce(
    dispatch: Weak<Dispatch>,
    plugins: Arc<Plugins>,
    mut pulse: watch::Receiver<u64>,
    began: Instant,
    ready: watch::Sender<bool>,
) {
    loop {
        pulse.borrow_and_update();
        let Some(dispatch) = dispatch.upgrade() else {
            return;
        };
        let shards = dispatch.services.figures.shards().len();
        if shards > 0 && dispatch.guilds.shards() == shards {
            tell(&dispatch, &plugins, shards, began);
            ready.send_replace(true);
            return;
        }
        drop(dispatch);
        if pulse.changed().await.is_err() {
            return;
        }
    }
}

fn tell(dispatch: &Dispatch, plugins: &Plugins, shards: usize, began: Instant) {
    let status = plugins.status();
    let loaded = status.iter().filter(|it| it.serving.is_some()).count();
    let refused = status
        .iter()
        .filter(|it| it.serving.is_none() && it.error.is_some())
        .count();
    let refused = match refused {
        0 => String::new(),
        refused => format!(" ({refused} refused: `extensions` says why)"),
    };
    tracing::info!(
        "ready: {}, {}, {}{refused}, after {:.1?}; invite: {}",
        counted(dispatch.guilds.count() as u64, "server"),
        counted(shards as u64, "shard"),
        counted(loaded as u64, "plugin"),
        began.elapsed(),
        invite(dispatch)
    );
}

/// The address by which the bot is invited to a server, with what its commands say that it needs there
/// ([reference](https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow)).
fn invite(dispatch: &Dispatch) -> String {
    let commands = dispatch.routes.commands();
    let needed = commands.iter().fold(ANSWERS, |all, route| {
        all | Permissions::from_bits_truncate(route.command.access.bot_permissions)
    });
    format!(
        "https://discord.com/oauth2/authorize?client_id={}&permissions={}&scope=bot+applications.commands",
        dispatch.services.application_id(),
        needed.bits()
    )
}
