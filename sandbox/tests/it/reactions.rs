//! Reactions: with which emojis.

use serde_json::json;

use crate::bot::Bot;

#[tokio::test]
async fn reactions_are_with_emojis_that_one_has() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let said = member.says("general", "hello").await.unwrap();
    let (guild, foreign) = (bot.sandbox.guild_id(), bot.sandbox.owner_id());
    let (own, far) = bot.sandbox.change_world(|world| {
        let elsewhere = world.add_guild("Elsewhere", foreign);
        let bot = world.user_named("Cogwright").unwrap();
        world.remove_member(elsewhere, bot);
        let far = world.add_emoji(elsewhere, "far");
        (world.add_emoji(guild, "gear"), far)
    });
    let reactions = bot.in_channel("general", &format!("messages/{}/reactions", said.id));
    for unknown in ["gear:1".to_owned(), format!("far:{far}"), "gear".to_owned()] {
        let path = format!("{reactions}/{unknown}/@me");
        let (status, refused) = bot.send("PUT", &path, None).await;
        assert_eq!(
            (status, &refused["code"]),
            (400, &json!(10014)),
            "{unknown}"
        );
    }
    // The id decides, whatever the name.
    let path = format!("{reactions}/wheel:{own}/@me");
    assert_eq!(bot.send("PUT", &path, None).await.0, 204);
    let emoji = &bot.told("MESSAGE_REACTION_ADD").await["emoji"];
    assert_eq!(
        (&emoji["id"], &emoji["name"]),
        (&json!(own.to_string()), &json!("gear"))
    );

    assert!(member.reacts(&said, &format!("far:{far}")).await.is_err());
    let owner = bot.sandbox.actor("owner").unwrap();
    owner.reacts(&said, &format!("far:{far}")).await.unwrap();
    // What is on the message can be taken up by anybody.
    member.reacts(&said, &format!("far:{far}")).await.unwrap();
    let path = format!("{reactions}/far:{far}/@me");
    assert_eq!(bot.send("PUT", &path, None).await.0, 204);
}
