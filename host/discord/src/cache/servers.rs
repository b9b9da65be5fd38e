//! List of the servers that the bot is in, a line each, page by page.

use plugin_api::abi::{ServerView, ServersCall, ServersReply};

use super::{
    Cache,
    kept::{GuildKept, NAME},
    packed::words::code,
};

/// Servers of a page, where nothing is said.
const PAGE: usize = 100;
/// Most of them.
const MOST: usize = 1_000;

impl Cache {
    /// A page of the servers.
    pub(super) fn servers(&self, call: &ServersCall) -> ServersReply {
        let limit = call
            .limit
            .map_or(PAGE, |limit| limit as usize)
            .clamp(1, MOST);
        let after = call.after.unwrap_or_default();
        let wanted = call.name.to_lowercase();
        let store = self.store();
        let mut ids: Vec<u64> = store
            .guilds
            .keys()
            .copied()
            .filter(|id| *id > after)
            .collect();
        ids.sort_unstable();
        let mut reply = ServersReply::default();
        reply.total = store.guilds.len() as u64;
        reply.members = store.guilds.values().map(|guild| guild.members).sum();
        for id in ids {
            let Some(guild) = store.guilds.get(&id) else {
                continue;
            };
            let name = guild.object().text(NAME).unwrap_or_default();
            if !wanted.is_empty() && !name.to_lowercase().contains(&wanted) {
                continue;
            }
            if reply.servers.len() == limit {
                reply.next = reply.servers.last().map(|last| last.id);
                break;
            }
            reply.servers.push(view(id, name, guild));
        }
        reply
    }
}

fn view(id: u64, name: String, guild: &GuildKept) -> ServerView {
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let mut view = ServerView::default();
    (view.id, view.name) = (id, name);
    view.members = guild.members;
    view.channels = small(guild.channels.len());
    view.roles = small(guild.roles.len());
    view.owner_id = guild.owner;
    view.icon = guild.object().text(const { code("icon") });
    view.joined_at = guild.object().text(const { code("joined_at") });
    view.is_out = guild.is_out;
    view
}
