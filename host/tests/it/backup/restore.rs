//! Restores: of all, of parts, exactly, undone, and by a bot that may not do all of it.

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{asks, begins, bot, destroy, has, list, names, role, typed};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_destroyed_is_made_anew_and_nothing_is_different() {
    let bot = bot().await;
    let owner = bot.owner();
    has(
        &owner,
        "general",
        "backup create label:first",
        &["Snapshot #1 first is taken", "6 roles"],
    )
    .await;
    has(
        &owner,
        "general",
        "backup diff snapshot:1",
        &["no difference"],
    )
    .await;
    let before = names(&bot).await;

    destroy(&bot).await;
    assert_eq!(list(&bot, "roles").await.len(), 2);
    let shown = has(
        &owner,
        "rescue",
        "backup restore snapshot:1",
        &[
            "make role Captain",
            "put the roles in order",
            "make category Deck",
            "switch Community on",
        ],
    )
    .await;
    let over = begins(&owner, "rescue", &shown).await;
    assert!(
        over.contains("Restored") && over.contains("0 differences"),
        "{over}"
    );
    assert!(!over.contains("Not as in the snapshot"), "{over}");

    let rescue = bot.sandbox.channel_id("rescue").unwrap();
    asks(&bot, "DELETE", &format!("channels/{rescue}"), json!(null)).await;
    has(
        &owner,
        "general",
        "backup diff snapshot:1",
        &["no difference"],
    )
    .await;
    assert_eq!(names(&bot).await, before);
    let server = asks(
        &bot,
        "GET",
        &format!("guilds/{}", bot.sandbox.guild_id()),
        json!(null),
    )
    .await;
    assert_eq!(server["features"], json!(["ROLE_ICONS", "COMMUNITY"]));
    let captain = list(&bot, "roles").await;
    let captain = captain.iter().find(|it| it["name"] == "Captain").unwrap();
    assert!(captain["icon"].is_string(), "{captain}");
    // What is no name: rights, emojis with their roles and pictures, settings.
    let bridge = list(&bot, "channels").await;
    let bridge = bridge.iter().find(|it| it["name"] == "bridge").unwrap();
    assert_eq!(bridge["permission_overwrites"].as_array().unwrap().len(), 3);
    let emojis = list(&bot, "emojis").await;
    assert_eq!(emojis[0]["roles"], json!([role(&bot, "Crew").await]));
    assert_eq!(list(&bot, "stickers").await[0]["name"], "anchor");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_besides_stays_or_goes_and_a_restore_is_taken_back() {
    let bot = bot().await;
    let (owner, guild) = (bot.owner(), bot.sandbox.guild_id());
    typed(&owner, "general", "backup create").await;
    let before = names(&bot).await;
    asks(
        &bot,
        "POST",
        &format!("guilds/{guild}/channels"),
        json!({"name": "extra"}),
    )
    .await;
    asks(
        &bot,
        "POST",
        &format!("guilds/{guild}/roles"),
        json!({"name": "Extra"}),
    )
    .await;
    let sailor = bot
        .sandbox
        .change_world(|world| world.user_named("sailor-00").unwrap());
    let crew = role(&bot, "Crew").await;
    let path = format!("guilds/{guild}/members/{sailor}");
    asks(
        &bot,
        "PATCH",
        &path,
        json!({"roles": [crew, role(&bot, "Extra").await]}),
    )
    .await;
    has(
        &owner,
        "general",
        "backup diff snapshot:1",
        &["+ role Extra", "~ member sailor-00: +Extra −Captain"],
    )
    .await;
    let pier = bot.sandbox.channel_id("bots").unwrap();
    asks(&bot, "DELETE", &format!("channels/{pier}"), json!(null)).await;
    let changed = names(&bot).await;

    // Only the channels; #extra stays.
    let shown = has(
        &owner,
        "general",
        "backup restore snapshot:1 parts:channels",
        &["make channel #bots"],
    )
    .await;
    assert!(!shown.text().contains("extra"), "{}", shown.text());
    let over = begins(&owner, "general", &shown).await;
    assert!(
        over.contains("Restored") && over.contains("backup undo"),
        "{over}"
    );
    assert!(names(&bot).await.1.contains(&"\"bots\"".to_owned()));

    // Taken back: what it has made is gone, #extra is there.
    let shown = has(&owner, "general", "backup undo", &["remove channel #bots"]).await;
    let over = begins(&owner, "general", &shown).await;
    assert!(over.contains("Undone"), "{over}");
    assert_eq!(names(&bot).await, changed);
    has(
        &owner,
        "general",
        "backup undo",
        &["no restore in this server"],
    )
    .await;

    // Exactly: with the switch.
    let shown = typed(&owner, "general", "backup restore snapshot:1").await;
    owner
        .clicks_on(&shown, "Delete what is there besides")
        .await
        .unwrap();
    let shown = owner
        .expects_ephemeral("general", "remove channel #extra")
        .await
        .unwrap();
    assert!(
        shown.text().contains("remove role Extra"),
        "{}",
        shown.text()
    );
    begins(&owner, "general", &shown).await;
    assert_eq!(names(&bot).await, before);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_with_a_low_role_does_what_it_can_and_lists_the_rest() {
    let bot = bot().await;
    let (owner, guild) = (bot.owner(), bot.sandbox.guild_id());
    let general = bot.sandbox.channel_id("general").unwrap();
    // Above the bot.
    let admiral = bot
        .sandbox
        .change_world(|world| world.add_role(guild, "Admiral", Permissions::empty()));
    typed(&owner, "general", "backup create").await;
    let moderator = role(&bot, "Moderator").await;
    let path = format!("guilds/{guild}/roles/{}", moderator.as_str().unwrap());
    asks(
        &bot,
        "PATCH",
        &path,
        json!({"hoist": true, "permissions": "0"}),
    )
    .await;
    let may = Permissions::MANAGE_ROLES | Permissions::MANAGE_MESSAGES;
    bot.sandbox.change_world(|world| {
        world.set_role_permissions(guild, admiral, Permissions::BAN_MEMBERS);
        world.deny(general, guild, Permissions::ADD_REACTIONS);
        world.set_bot_permissions(guild, may);
    });
    let shown = has(
        &owner,
        "general",
        "backup restore snapshot:1",
        &[
            "change role Moderator: hoist, permissions",
            "role Moderator: the bot can't give what it has not",
            "role Admiral: it does not stand below the bot's highest role",
            "channel #general: the bot lacks MANAGE_CHANNELS",
        ],
    )
    .await;
    let over = begins(&owner, "general", &shown).await;
    for words in ["Restored", "role Admiral", "the bot lacks MANAGE_CHANNELS"] {
        assert!(over.contains(words), "{over}");
    }
    let roles = list(&bot, "roles").await;
    let moderator = roles.iter().find(|role| role["id"] == moderator).unwrap();
    assert_eq!(moderator["hoist"], false);
    let bits: u64 = moderator["permissions"].as_str().unwrap().parse().unwrap();
    let has = Permissions::from_bits_truncate(bits);
    assert!(has.contains(Permissions::MANAGE_MESSAGES), "{has:?}");
    assert!(!has.contains(Permissions::BAN_MEMBERS), "{has:?}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_what_was_shown() {
    let bot = bot().await;
    let owner = bot.owner();
    typed(&owner, "general", "backup create").await;
    let staff = bot.sandbox.channel_id("staff").unwrap();
    asks(&bot, "DELETE", &format!("channels/{staff}"), json!(null)).await;
    // The channel, its place, and a look at all members.
    let shown = has(&owner, "general", "backup restore snapshot:1", &["3 steps"]).await;
    let bots = bot.sandbox.channel_id("bots").unwrap();
    asks(&bot, "DELETE", &format!("channels/{bots}"), json!(null)).await;
    owner.clicks_on(&shown, "Begin").await.unwrap();
    let again = owner
        .expects_ephemeral("general", "has changed since")
        .await
        .unwrap();
    assert!(
        again.text().contains("make channel #bots"),
        "{}",
        again.text()
    );
    // Nothing was begun, and there is one snapshot.
    has(
        &owner,
        "general",
        "backup stop",
        &["No restore is under way"],
    )
    .await;
    let listed = typed(&owner, "general", "backup list").await.text();
    assert!(!listed.contains("#2"), "{listed}");
    let over = begins(&owner, "general", &again).await;
    assert!(over.contains("Restored"), "{over}");
    bot.close().await;
}
