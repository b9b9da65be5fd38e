//! Credits: whose work this is, and whose showed the way.

use plugin_api::prelude::*;

/// The handler of the button.
pub(crate) const CREDITS: &str = "credits";

/// The project that Cogwright learned from.
const REFERENCE: &str = "https://github.com/TheHolyOneZ/discord-bot-framework";

/// For the eyes of who has clicked alone.
pub(crate) async fn show(ctx: ComponentContext) -> Result {
    let card = embed("Credits").description(format!(
        "This bot runs on **Cogwright**, a host in Rust whose features are plugins that come and go while it runs.\n\n\
         The reference project that showed the way is [discord-bot-framework]({REFERENCE}) by **TheHolyOneZ**: thank you!"
    ));
    let link = link_button("discord-bot-framework", REFERENCE);
    ctx.reply(NewMessage::from(card).row([link]).ephemeral())
        .await
}
