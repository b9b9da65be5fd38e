//! Roles to choose: by buttons, by a menu, by reactions.

use twilight_model::gateway::Intents;

use super::{Form, bot, hears, typed, until_role};

async fn panel<'a>(owner: &'a sandbox::Actor, style: &str, single: &str) -> Form<'a> {
    let mut form = Form::begin(owner, "reaction_roles").await;
    let text = form
        .fill(
            "Message and roles",
            &[
                ("channel", "panel"),
                ("message", "Choose!"),
                ("roles", "🎉 @Nobody"),
            ],
        )
        .await;
    assert!(
        text.contains("`@Nobody` is no role of this server") && text.contains("🎉 @Nobody"),
        "{text}"
    );
    form.fill(
        "Message and roles",
        &[
            ("channel", "panel"),
            ("message", "Choose!"),
            ("roles", "🎉 @Tea\n🫖 Helper"),
        ],
    )
    .await;
    form.fill(
        "How",
        &[("style", style), ("single", single), ("undo", "yes")],
    )
    .await;
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_chosen_by_buttons_and_put_down_again() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    panel(&owner, "buttons", "yes").await.saved().await;
    let message = member.expects("panel", "Choose!").await.unwrap();
    assert_eq!(message.buttons().len(), 2, "{message:?}");
    let says = async |button: &str, wanted: &str| {
        let clicked = member.clicks_on(&message, button).await.unwrap();
        let seen = member.expects_reply_to(&clicked).await.unwrap();
        assert!(
            seen.ephemeral && seen.text().contains(wanted),
            "{button}: {}",
            seen.text()
        );
    };
    says("Tea", "You have").await;
    until_role(&bot, "member", "Tea", true).await;
    // Only one at a time.
    says("Helper", "no more").await;
    until_role(&bot, "member", "Tea", false).await;
    until_role(&bot, "member", "Helper", true).await;
    bot.plugins().reload("automations").await.unwrap();
    says("Helper", "any more").await;
    until_role(&bot, "member", "Helper", false).await;
    typed(&owner, "automations toggle automation:1").await;
    says("Tea", "switched off").await;
    let (intents, _) = bot.bot.services().routes().intents();
    assert!(
        !intents.contains(Intents::GUILD_MESSAGE_REACTIONS),
        "{intents:?}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_chosen_by_a_menu() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    panel(&owner, "menu", "no").await.saved().await;
    let message = member.expects("panel", "Choose!").await.unwrap();
    let picked = member
        .picks_on(&message, "Choose your roles", &["Tea", "Helper"])
        .await
        .unwrap();
    member.expects_reply_to(&picked).await.unwrap();
    until_role(&bot, "member", "Tea", true).await;
    until_role(&bot, "member", "Helper", true).await;
    let picked = member
        .picks_on(&message, "Choose your roles", &["Helper"])
        .await
        .unwrap();
    member.expects_reply_to(&picked).await.unwrap();
    until_role(&bot, "member", "Tea", false).await;
    until_role(&bot, "member", "Helper", true).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_chosen_by_reactions() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    panel(&owner, "reactions", "no").await.saved().await;
    hears(&bot, Intents::GUILD_MESSAGE_REACTIONS).await;
    let message = member.expects("panel", "Choose!").await.unwrap();
    // A session with that intent comes first: until then nobody hears of it.
    let given = async {
        loop {
            member.reacts(&message, "🎉").await.unwrap();
            let waited = tokio::time::timeout(
                std::time::Duration::from_secs(2),
                until_role(&bot, "member", "Tea", true),
            )
            .await;
            if waited.is_ok() {
                break;
            }
            member.unreacts(&message, "🎉").await.unwrap();
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, given)
        .await
        .unwrap();
    member.unreacts(&message, "🎉").await.unwrap();
    until_role(&bot, "member", "Tea", false).await;
    bot.close().await;
}
