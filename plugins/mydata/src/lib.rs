//! Data about users: everybody sees and erases their own (`mydata`, `forgetme`), the bot's owners anybody's (`fw_export_data`,
//! `fw_erase_data`; `/userdata export`, `/userdata erase`).
//!
//! About whom somebody may ask, the host decides (power `subjects`): nothing is checked here that it does not check again.

mod forgetme;
mod kept;
mod mydata;
mod owners;

use std::time::Duration;

use plugin_api::{Power, prelude::*};

/// Each use goes through all databases, one after the other: so many, within [`REST`].
const USES: u32 = 2;
const REST: Duration = Duration::from_secs(300);

export_plugin!(|| {
    let slash = Command::group(
        "userdata",
        "What is kept about somebody: for the bot's owners",
    )
    .owner_only()
    .command(owners::export("export").slash_only())
    .command(owners::erase("erase").slash_only().ephemeral());
    let typed = |command: Command| command.prefix_only().owner_only();
    Plugin::new()
        .category("Framework", "🔏")
        .powers([Power::Subjects])
        .command(mydata::mydata().ephemeral().cooldown(USES, REST))
        .command(forgetme::forgetme().ephemeral().cooldown(USES, REST))
        .component(forgetme::BUTTON, forgetme::answered)
        .command(slash)
        .command(typed(owners::export("fw_export_data")))
        .command(typed(owners::erase("fw_erase_data")))
});
