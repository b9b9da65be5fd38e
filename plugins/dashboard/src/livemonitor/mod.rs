//! Commands `livemonitor …`: the pages, as the bot's owners steer them from within Discord.
//!
//! | file | commands |
//! | --- | --- |
//! | `serving.rs` | `quickstart`, `status`, `url`, `enable`, `disable` |
//! | `sessions.rs` | `sessions`, `revoke` |
//!
//! No answer has a link that logs somebody in, nor anything that would open a session: links go to direct messages by the host itself, which
//! shows them to no plugin.

mod serving;
mod sessions;

use plugin_api::prelude::*;

use crate::Dashboard;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let openly_by_prefix = [
        serving::quickstart(),
        serving::status(),
        serving::url(),
        serving::enable(),
        serving::disable(),
        sessions::revoke(),
    ];
    let group = Command::group("livemonitor", "The bot's web pages, for its owners")
        .owner_only()
        .help(
            "The dashboard shows the bot live and steers it. `quickstart` sends you a link that logs you in; who else may log in, and \
             what they may there, is on its page Roles.",
        )
        // Addresses of people: private by prefix as well.
        .command(sessions::sessions().ephemeral());
    let group = openly_by_prefix.into_iter().fold(group, |group, command| {
        group.command(command.ephemeral_by_slash())
    });
    plugin.command(group).pages(sessions::PAGES, sessions::page)
}
