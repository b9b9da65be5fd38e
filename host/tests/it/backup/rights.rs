//! Rights: who may keep and restore a server, by which names, and whom a plan can reach.

use twilight_model::guild::Permissions;

use super::{begins, bot, has, role, typed};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_administrators_alone_by_every_name() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    typed(&owner, "general", "backup create").await;
    for line in [
        "!backup",
        "!backup create",
        "!backup list",
        "!backup restore 1",
        "!backup export 1",
        "!backup delete 1",
        "!backupcreate",
        "!backuplist",
        "!backuprestore 1",
        "!backupstats",
    ] {
        let refused = bot.ask(&member, line).await.text();
        assert!(refused.contains("Administrator"), "{line}: {refused}");
    }
    assert!(member.slash_line("general", "backup list").await.is_err());
    for (line, words) in [
        ("!backup", "Snapshots of this server"),
        ("!backuplist", "#1"),
        ("!backupview 1", "Snapshot #1"),
        ("!backupverify #1", "is sound"),
        ("!backupdiff 1", "no difference"),
        ("!backupstats", "1 snapshot"),
        ("!backupschedule status", "off"),
        ("!backupnote 1 a note", "has its note"),
        ("!backuppin 1", "is pinned"),
        ("!backup view 1", "a note"),
    ] {
        let told = bot.ask(&owner, line).await.text();
        assert!(told.contains(words), "{line}: {told}");
    }
    bot.close().await;
}

/// An administrator below the captain does not change the captain by a snapshot, nor what the captain's role may do.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_above_themselves_by_a_restore() {
    let bot = bot().await;
    let guild = bot.sandbox.guild_id();
    let owner = bot.owner();
    typed(&owner, "general", "backup create").await;
    let captain = role(&bot, "Captain").await;
    let path = format!("guilds/{guild}/roles/{}", captain.as_str().unwrap());
    super::asks(&bot, "PATCH", &path, serde_json::json!({"hoist": true})).await;
    let moderator: u64 = role(&bot, "Moderator")
        .await
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    bot.sandbox.change_world(|world| {
        world.set_role_permissions(guild, moderator, Permissions::ADMINISTRATOR);
    });
    let mate = bot.sandbox.actor("mod").unwrap();
    let shown = has(
        &mate,
        "general",
        "backup restore snapshot:1",
        &[
            "role Captain: it does not stand below your highest role",
            "role Moderator: it does not stand below your highest role",
        ],
    )
    .await;
    assert!(!shown.text().contains("change role"), "{}", shown.text());
    // Who has lost the right does not begin what was shown.
    let everybody = has(
        &mate,
        "general",
        "backup restore snapshot:1 exact:true",
        &["Restore snapshot"],
    )
    .await;
    bot.sandbox.change_world(|world| {
        world.set_role_permissions(guild, moderator, Permissions::empty());
    });
    mate.clicks_on(&everybody, "Show all").await.unwrap();
    mate.expects_ephemeral("general", "Only administrators")
        .await
        .unwrap();
    let shown = typed(&owner, "general", "backup restore snapshot:1").await;
    let over = begins(&owner, "general", &shown).await;
    assert!(over.contains("Restored"), "{over}");
    bot.close().await;
}
