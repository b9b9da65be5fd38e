//! Menus of help over time: whose they are, after a reload, and when nobody uses them.

use sandbox::MessageView;

use super::{bot, clicked, is_open, labels, picked};
use crate::support::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn menus_are_the_askers_alone_and_go_on_after_a_reload_and_when_a_plugin_is_gone() {
    let bot = bot().await;
    let (owner, member, other) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    let menu = bot.ask(&member, "!help").await;
    let refused = other.clicks_on(&menu, "Credits").await.unwrap();
    let refused = refused.message.unwrap();
    assert!(refused.ephemeral && refused.text().contains("Only <@"));
    let credits = clicked(&member, &menu, "Credits").await;
    assert!(credits.ephemeral && credits.text().contains("**Cogwright**"));
    let link = "https://github.com/TheHolyOneZ/discord-bot-framework";
    assert!(credits.text().contains(link) && credits.text().contains("TheHolyOneZ"));
    assert_eq!(credits.components[0]["components"][0]["url"], link);
    let garden = picked(&member, &menu, "Choose a category", "🌱 Garden").await;

    bot.ask(&owner, "!reload help").await;
    bot.until_generation("help", 2).await;
    let second = clicked(&member, &garden, "▶").await;
    assert!(second.text().contains("Page 2 of 2"), "{}", second.text());
    let name = labels(&second).remove(0);
    let page = picked(&member, &second, "Open a page", &name).await;
    // Back to the page that it is on, also after the bot was started anew.
    let bot = bot.restart().await;
    bot.until_generation("help", 1).await;
    bot.until_generation("garden", 1).await;
    let (owner, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap());
    let back = clicked(&member, &page, "Back").await;
    assert!(back.text().contains("Page 2 of 2"), "{}", back.text());
    // What is not there any more leads to the menu.
    bot.ask(&owner, "!unload garden").await;
    let menu = clicked(&member, &back, "◀").await;
    assert!(
        menu.text().starts_with("Help\nYou may use"),
        "{}",
        menu.text()
    );
    assert!(!labels(&menu).contains(&"🌱 Garden".to_owned()));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_that_nobody_uses_is_disabled_after_the_usual_time() {
    let bot = Fixture::configured(&["help"], "[components]\ntimeout_s = 1\n").await;
    let member = bot.member();
    bot.until_generation("help", 1).await;
    let menu = bot.ask(&member, "!help").await;
    let is_over = |view: &MessageView| view.id == menu.id && !is_open(view, "Credits");
    let over = member.expects_where("general", "a disabled menu", is_over);
    assert!(over.await.unwrap().text().starts_with("Help"));
    bot.close().await;
}
