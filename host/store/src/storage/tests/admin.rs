//! Tests of backups, and of all that is kept about one user.

use std::fs;

use super::{
    super::{backups, check_all, restore},
    *,
};

/// A plugin `bank` with accounts of users in each database.
fn bank() -> Value {
    let sql = "CREATE TABLE bank__accounts (user_id INTEGER PRIMARY KEY, coins INTEGER);
               CREATE TABLE bank__letters (user TEXT, picture BLOB)";
    json!({
        "migrations": [migration(1, "bot", sql), migration(1, "guild", sql)],
        "subjects": [{"table": "bank__accounts", "column": "user_id"}, {"table": "bank__letters", "column": "user"}],
    })
}

const ANN: u64 = 613_425_648_685_547_541;

async fn fill(bank: &Plugin<'_>, database_id: u64) {
    let insert = "INSERT INTO bank__accounts VALUES (?1, 77), (2, 5)";
    bank.execute(database_id, insert, json!([ANN]))
        .await
        .unwrap();
    let insert = "INSERT INTO bank__letters VALUES (?1, x'beef'), ('2', NULL)";
    bank.execute(database_id, insert, json!([ANN.to_string()]))
        .await
        .unwrap();
    for subject in [ANN, 2, 0] {
        let at = KvCall {
            guild_id: some(database_id),
            store: "wishes".into(),
            subject: some(subject),
            key: "tea".into(),
            version: None,
        };
        bank.kv_store("set", &at, br#""a-green-cup""#)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn all_about_a_user_is_told_and_erased_also_of_plugins_that_are_gone() {
    let kit = Kit::configured("[storage]\nmax_open = 8");
    let plugin = kit.plugin("bank", bank()).await;
    for database_id in [0, 1, 2, 3] {
        fill(&plugin, database_id).await;
    }
    let before = kit.storage.backup().await.unwrap();
    assert_eq!((before.copied, before.failed.len()), (4, 0));
    kit.storage.generation_ended(&plugin.caller);
    let kit = kit.restart("[storage]\nbackup_on_shutdown = false").await;

    let exported = kit.storage.export_subject(ANN).await.unwrap();
    assert_eq!(exported.databases, 4);
    let told: Value = serde_json::from_slice(&fs::read(&exported.file).unwrap()).unwrap();
    assert_eq!(told["databases"][0]["database"], "main.db");
    let tables = &told["databases"][1]["tables"];
    assert_eq!(tables[0]["rows"], json!([{"user_id": ANN, "coins": 77}]));
    assert_eq!(
        tables[1]["rows"],
        json!([{"user": ANN.to_string(), "picture": {"blob": "beef"}}])
    );
    let kv_stores = &told["databases"][1]["key-value stores"];
    assert_eq!(
        *kv_stores,
        json!([{"plugin": "bank", "shelf": "wishes", "key": "tea", "value": "a-green-cup"}])
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(&exported.file).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert_eq!(
        (erased.rows, erased.databases, erased.failed.len()),
        (12, 4, 0),
        "{erased:?}"
    );
    // The backup's four copies (and that of the stop), and the export.
    assert!(erased.copies >= 5, "{erased:?}");
    assert!(!exported.file.exists());
    assert_eq!(kit.storage.erase_subject(ANN).await.unwrap().rows, 0);
    assert_eq!(kit.storage.export_subject(ANN).await.unwrap().databases, 0);
    assert_eq!(kit.storage.export_subject(2).await.unwrap().databases, 4);
    kit.close().await;
    // Not a byte of it is left: neither in the databases nor in their copies.
    for folder in [
        vec![kit.folder.path().to_owned()],
        backups(kit.folder.path()),
    ]
    .concat()
    {
        for database_id in DatabaseId::all(&folder).unwrap() {
            let bytes = fs::read(database_id.file(&folder)).unwrap();
            let text = ANN.to_string();
            assert!(
                !bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes()),
                "{database_id}"
            );
            let number = ANN.to_be_bytes();
            assert!(
                !bytes.windows(8).any(|part| part == number),
                "{database_id}"
            );
        }
    }
}

#[tokio::test]
async fn backups_are_whole_rotated_and_share_what_has_not_changed() {
    use std::os::unix::fs::MetadataExt;

    let kit = Kit::configured("[storage]\nbackups_kept = 2\nbackup_on_shutdown = false");
    let bank = kit.plugin("bank", bank()).await;
    for database_id in [0, 1, 2] {
        fill(&bank, database_id).await;
    }
    let first = kit.storage.backup().await.unwrap();
    assert_eq!((first.copied, first.unchanged), (3, 0));
    bank.execute(1, "UPDATE bank__accounts SET coins = 1", json!([]))
        .await
        .unwrap();
    let second = kit.storage.backup().await.unwrap();
    assert_eq!((second.copied, second.unchanged), (1, 2));
    let inode = |folder: &PathBuf, database_id: DatabaseId| {
        fs::metadata(database_id.file(folder)).unwrap().ino()
    };
    assert_eq!(
        inode(&first.folder, DatabaseId::Guild(2)),
        inode(&second.folder, DatabaseId::Guild(2))
    );
    assert_ne!(
        inode(&first.folder, DatabaseId::Guild(1)),
        inode(&second.folder, DatabaseId::Guild(1))
    );
    let third = kit.storage.backup().await.unwrap();
    assert_eq!(backups(kit.folder.path()), [second.folder, third.folder]);
    assert!(kit.storage.numbers().unwrap().open <= 2);
}

#[tokio::test]
async fn a_backup_is_restored_after_a_check_and_what_was_there_is_kept() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    let plugin = kit.plugin("bank", bank()).await;
    for database_id in [0, 1] {
        fill(&plugin, database_id).await;
    }
    let backup = kit.storage.backup().await.unwrap().folder;
    plugin
        .execute(1, "DELETE FROM bank__accounts", json!([]))
        .await
        .unwrap();
    let data = kit.folder.path().to_owned();
    says(
        restore(&data, &backup).map_err(|error| error.to_string()),
        &["is in use by a bot that runs: stop that one first"],
    );
    kit.close().await;
    // A damaged copy is refused, and nothing is changed.
    let copy = DatabaseId::Guild(1).file(&backup);
    let whole = fs::read(&copy).unwrap();
    let mut broken = whole.clone();
    for byte in &mut broken[4_096..12_288] {
        *byte = 0xAA;
    }
    fs::write(&copy, broken).unwrap();
    says(
        restore(&data, &backup).map_err(|error| error.to_string()),
        &["is damaged"],
    );
    fs::write(&copy, whole).unwrap();
    let restored = restore(&data, &copy).unwrap();
    assert_eq!(
        (restored.len(), restored[0].database_id),
        (1, DatabaseId::Guild(1))
    );
    assert!(restored[0].kept.as_ref().unwrap().exists());
    assert_eq!(restore(&data, &backup).unwrap().len(), 2);
    for (database_id, found) in check_all(&data).unwrap() {
        found.unwrap_or_else(|error| panic!("{database_id}: {error}"));
    }
    let kit = kit.restart("").await;
    let bank = kit.plugin("bank", bank()).await;
    let rows = bank
        .query(1, "SELECT user_id, coins FROM bank__accounts ORDER BY 1")
        .await
        .unwrap();
    assert_eq!(rows, json!([[2, 5], [ANN, 77]]));
}

#[tokio::test]
async fn a_stop_leaves_a_backup() {
    let kit = Kit::new();
    let bank = kit.plugin("bank", bank()).await;
    fill(&bank, 9).await;
    kit.close().await;
    let all = backups(kit.folder.path());
    assert_eq!(all.len(), 1);
    assert_eq!(
        DatabaseId::all(&all[0]).unwrap(),
        [DatabaseId::Bot, DatabaseId::Guild(9)]
    );
}
