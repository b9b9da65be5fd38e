//! Tests of what owners do with all databases: statistics, checks, backups of one server, forgetting a server.

use std::fs;

use plugin_api::abi::DatabaseCall;

use super::*;

/// Databases of the bot and of these servers; the bot is in 1 and 2.
async fn kit_of(guilds: &[u64]) -> Kit {
    let kit = Kit::new();
    let plugin = kit.plugin("shop", shop()).await;
    for guild in [0].iter().chain(guilds) {
        let insert = "INSERT INTO shop__items VALUES ('cup', 3)";
        plugin.execute(*guild, insert, json!([])).await.unwrap();
    }
    kit.storage.ask_for_guilds(|guild| guild < 3);
    kit
}

fn of_guild(guild: u64) -> DatabaseCall {
    DatabaseCall {
        guild_id: some(guild),
        ..DatabaseCall::default()
    }
}

#[tokio::test]
async fn statistics_are_told_page_by_page() {
    let kit = kit_of(&[1, 2, 7, 8]).await;
    let all = DatabaseCall::default();
    let stats = kit.storage.statistics(&all).await.unwrap();
    assert_eq!((stats.databases, stats.left, stats.open), (5, 2, 4));
    assert_eq!((stats.last_backup_ms, stats.next), (None, None));
    assert!(stats.bytes > stats.left_bytes && stats.left_bytes > 0);
    let names: Vec<_> = stats.files.iter().map(|file| &*file.name).collect();
    assert_eq!(
        names,
        [
            "main.db",
            "1/guild.db",
            "2/guild.db",
            "7/guild.db",
            "8/guild.db"
        ]
    );
    let last = &stats.files[4];
    assert_eq!((last.guild_id, last.left, last.open), (Some(8), true, true));
    assert!(last.modified_ms > 1_700_000_000_000);
    kit.storage.backup().await.unwrap();
    kit.storage.unseen();
    let mut call = DatabaseCall {
        limit: Some(2),
        ..DatabaseCall::default()
    };
    let mut pages = Vec::new();
    loop {
        let page = kit.storage.statistics(&call).await.unwrap();
        assert!(page.last_backup_ms.is_some());
        pages.push(page.files.len());
        let Some(next) = page.next else { break };
        call.after = Some(next);
    }
    assert_eq!(pages, [2, 2, 1]);
    // In the file by now.
    let one = kit.storage.statistics(&of_guild(7)).await.unwrap();
    assert_eq!(one.files.len(), 1);
    assert!(one.files[0].page_bytes >= 512 && one.files[0].pages > 1);
    call.limit = Some(0);
    assert!(
        kit.storage
            .statistics(&call)
            .await
            .unwrap()
            .files
            .is_empty()
    );
    kit.close().await;
}

#[tokio::test]
async fn a_damaged_database_is_found_while_the_others_are_used() {
    let kit = kit_of(&[1, 2, 7]).await;
    kit.storage.backup().await.unwrap();
    let file = kit.file(DatabaseId::Guild(7));
    kit.storage.guild_left(7);
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() - 4_096;
    bytes[at..].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let mut call = DatabaseCall {
        limit: Some(3),
        ..DatabaseCall::default()
    };
    let sound = kit.storage.check(&call).await.unwrap();
    assert_eq!((sound.checked, sound.faults.len()), (3, 0));
    assert_eq!(sound.next.as_deref(), Some("2/guild.db"));
    call.after = sound.next;
    let found = kit.storage.check(&call).await.unwrap();
    assert_eq!((found.checked, found.next), (1, None));
    assert_eq!(found.faults[0].name, "7/guild.db");
    assert!(
        found.faults[0].reason.contains("damaged"),
        "{:?}",
        found.faults
    );
    assert_eq!(kit.storage.check(&of_guild(1)).await.unwrap().faults, []);
    assert!(kit.storage.check(&of_guild(9)).await.is_err());
    kit.close().await;
}

#[tokio::test]
async fn one_server_is_backed_up_beside_the_backups_of_all_and_restored_from_there() {
    let kit = kit_of(&[1, 7])
        .await
        .restart("[storage]\nbackups_kept = 2\nbackup_on_shutdown = false")
        .await;
    kit.plugin("shop", shop()).await;
    let whole = kit.storage.backup().await.unwrap();
    for _ in 0..3 {
        let report = kit.storage.backup_guild(7).await.unwrap();
        assert_eq!((report.copied, report.failed.len()), (1, 0));
    }
    kit.storage.backup_guild(1).await.unwrap();
    assert!(kit.storage.backup_guild(9).await.is_err());
    let data = kit.folder.path().to_owned();
    assert_eq!(super::super::backups(&data).last(), Some(&whole.folder));
    let of = |guild| super::super::backup::all_of(&data, DatabaseId::Guild(guild));
    assert_eq!((of(7).len(), of(1).len()), (2, 1));
    kit.close().await;
    let restored = super::super::restore(&data, &of(7)[1]).unwrap();
    assert_eq!(restored[0].database_id, DatabaseId::Guild(7));
}

#[tokio::test]
async fn a_server_that_was_left_is_forgotten_and_one_that_was_not_by_force_alone() {
    let kit = kit_of(&[1, 7]).await;
    let plugin = kit.plugin("shop", shop()).await;
    let run = "INSERT INTO cogwright__scheduled (plugin, name, at_ms, guild_id, user_id, payload) VALUES ('shop', 'x', 1, ?1, 0, '')";
    let schedule = kit.storage.in_bot(move |bot| {
        bot.execute(run, [7])?;
        bot.execute(run, [1])
    });
    schedule.await.unwrap();
    kit.storage.backup().await.unwrap();
    kit.storage.backup_guild(7).await.unwrap();
    for (guild, words) in [
        (1, "by force alone"),
        (9, "nothing is kept"),
        (0, "no server"),
    ] {
        let refused = kit.storage.forget_guild(guild, false).await.unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let told = kit.storage.forget_guild(7, false).await.unwrap();
    assert_eq!((told.copies, told.runs, told.failed.len()), (2, 1, 0));
    assert!(told.bytes > 0);
    assert!(!kit.folder.path().join("7").exists());
    let left: i64 = kit
        .storage
        .in_bot(|bot| {
            bot.query_row("SELECT count(*) FROM cogwright__scheduled", [], |row| {
                row.get(0)
            })
        })
        .await
        .unwrap();
    assert_eq!(left, 1);
    let rows = kit.storage.check(&DatabaseCall::default()).await.unwrap();
    assert_eq!((rows.checked, rows.faults.len()), (2, 0));
    // While it is used: what comes meanwhile waits, and finds a new database that is migrated.
    let insert = "INSERT INTO shop__items VALUES ('pot', 9)";
    let (told, inserted) = tokio::join!(
        kit.storage.forget_guild(1, true),
        plugin.execute(1, insert, json!([]))
    );
    assert_eq!(told.unwrap().failed.len(), 0);
    assert!(inserted.is_ok(), "{inserted:?}");
    let found = plugin.query(1, "SELECT count(*) FROM shop__items WHERE name = 'cup'");
    assert_eq!(found.await.unwrap(), json!([[0]]));
    kit.close().await;
    assert!(
        super::super::check_all(kit.folder.path())
            .unwrap()
            .iter()
            .all(|(_, it)| it.is_ok())
    );
}

#[tokio::test]
async fn migrations_are_told_with_their_dates() {
    let kit = kit_of(&[1, 7]).await;
    let all = kit.storage.migrations().await.unwrap();
    assert_eq!(all.len(), 2);
    for it in all {
        assert_eq!(it.applied, it.databases);
        let (first, last) = (it.first_ms.unwrap(), it.last_ms.unwrap());
        assert!(first > 1_700_000_000_000 && first <= last);
    }
    kit.close().await;
}

/// Their names are those of the copies in which a user is erased.
#[tokio::test]
async fn a_user_is_erased_from_backups_of_single_servers_too() {
    let kit = Kit::new();
    let sql = "CREATE TABLE bank__accounts (user_id INTEGER PRIMARY KEY, coins INTEGER)";
    let bank = json!({
        "migrations": [migration(1, "guild", sql)],
        "subjects": [{"table": "bank__accounts", "column": "user_id"}],
    });
    let plugin = kit.plugin("bank", bank).await;
    let insert = "INSERT INTO bank__accounts VALUES (12, 77)";
    plugin.execute(7, insert, json!([])).await.unwrap();
    kit.storage.backup_guild(7).await.unwrap();
    let (json, databases, failed) = kit.storage.tell_subject(12).await.unwrap();
    assert_eq!((databases, failed), (1, 0));
    assert!(String::from_utf8(json).unwrap().contains("77"));
    assert!(!kit.folder.path().join("exports").exists());
    let erased = kit.storage.erase_subject(12).await.unwrap();
    assert_eq!((erased.rows, erased.copies), (1, 1));
    kit.close().await;
}

#[tokio::test]
async fn ten_thousand_servers_come_page_by_page() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    for guild in 1..=10_000 {
        let file = kit.file(DatabaseId::Guild(guild));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "what is none").unwrap();
    }
    let (mut call, mut seen) = (DatabaseCall::default(), 0);
    loop {
        let page = kit.storage.statistics(&call).await.unwrap();
        assert!(page.files.len() <= 100);
        assert_eq!((page.databases, page.bytes), (10_000, 120_000));
        seen += page.files.len();
        let Some(next) = page.next else { break };
        call.after = Some(next);
    }
    assert_eq!(seen, 10_000);
    let page = kit.storage.check(&DatabaseCall::default()).await.unwrap();
    assert!(page.checked <= 500 && page.checked as usize == page.faults.len());
    assert!(page.next.is_some());
    kit.close().await;
}
