//! Tests with damaged files, full disks, folders that can't be written: each says what happened, keeps what is there,
//! and leaves the other databases alone.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

async fn filled(config: &str) -> Kit {
    let kit = Kit::configured(config);
    let shop = kit.plugin("shop", shop()).await;
    for database_id in [0, 1, 2] {
        let insert = "INSERT INTO shop__items
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT i, i FROM n";
        shop.execute(database_id, insert, json!([])).await.unwrap();
    }
    kit
}

const NO_BACKUP: &str = "[storage]\nbackup_on_shutdown = false";

#[tokio::test]
async fn a_damaged_database_is_left_as_it_is_and_the_others_go_on() {
    let kit = filled(NO_BACKUP).await;
    kit.close().await;
    let file = kit.file(DatabaseId::Guild(1));
    let whole = fs::read(&file).unwrap();
    let mut torn = whole.clone();
    for byte in &mut torn[4_096..] {
        *byte ^= 0x5A;
    }
    for damage in [
        b"this is no database, but it is a file of some length".repeat(90),
        torn,
    ] {
        fs::write(&file, &damage).unwrap();
        let storage = open(&kit.folder, NO_BACKUP);
        let kit = Kit {
            storage,
            folder: tempfile::tempdir().unwrap(),
        };
        let shop = kit.plugin("shop", shop()).await;
        for _ in 0..2 {
            for sql in [
                "SELECT sum(price) FROM shop__items",
                "INSERT INTO shop__items VALUES ('x', 1)",
            ] {
                says(
                    shop.execute(1, sql, json!([])).await,
                    &[
                        "1/guild.db is damaged",
                        "it is left as it is",
                        "`cogwright restore`",
                    ],
                );
            }
        }
        for database_id in [0, 2] {
            shop.execute(
                database_id,
                "UPDATE shop__items SET price = price + 1",
                json!([]),
            )
            .await
            .unwrap();
        }
        // Put right while the bot runs: it is used again.
        kit.storage.shut_down(Duration::from_secs(5)).await;
        assert!(
            fs::read(&file).unwrap() == damage,
            "the damaged file was changed"
        );
    }
    fs::write(&file, whole).unwrap();
    let storage = open(&kit.folder, NO_BACKUP);
    let kit = Kit { storage, ..kit };
    let shop = kit.plugin("shop", shop()).await;
    assert_eq!(
        shop.query(1, "SELECT count(*) FROM shop__items")
            .await
            .unwrap(),
        json!([[2000]])
    );
}

#[tokio::test]
async fn a_damaged_file_that_was_replaced_is_used_again_without_a_restart() {
    let kit = filled(NO_BACKUP).await.restart(NO_BACKUP).await;
    let file = kit.file(DatabaseId::Guild(1));
    let whole = fs::read(&file).unwrap();
    fs::write(&file, vec![7; 9_000]).unwrap();
    let shop = kit.plugin("shop", shop()).await;
    says(
        shop.query(1, "SELECT 1 FROM shop__items").await,
        &["is damaged"],
    );
    fs::write(&file, whole).unwrap();
    assert_eq!(
        shop.query(1, "SELECT count(*) FROM shop__items")
            .await
            .unwrap(),
        json!([[2000]])
    );
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_left_alone() {
    let kit = Kit::new();
    let file = kit.file(DatabaseId::Guild(4));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other
        .execute_batch("CREATE TABLE diary (day TEXT)")
        .unwrap();
    other.close().unwrap();
    let before = fs::read(&file).unwrap();
    let shop = kit.plugin("shop", shop()).await;
    says(
        shop.query(4, "SELECT 1").await,
        &[
            "4/guild.db is a database, but not one of Cogwright's",
            "move it away",
        ],
    );
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_or_written_says_so() {
    let kit = Kit::configured(NO_BACKUP);
    fs::write(kit.folder.path().join("8"), "a file where a folder belongs").unwrap();
    let shop = kit.plugin("shop", shop()).await;
    says(shop.query(8, "SELECT 1").await, &["/8: ", "exists"]);
    shop.query(9, "SELECT 1").await.unwrap();
    assert_eq!(
        fs::read_to_string(kit.folder.path().join("8")).unwrap(),
        "a file where a folder belongs"
    );

    let locked = kit.folder.path().join("10");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("try"), "").is_ok() {
        eprintln!("this user may write anywhere (root?): the read-only folder is not tried");
        return;
    }
    says(
        shop.query(10, "SELECT 1").await,
        &[
            "10/guild.db can't be written",
            "by the user that the bot runs as",
        ],
    );
    shop.query(9, "SELECT 1").await.unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
    shop.query(10, "SELECT 1").await.unwrap();
}

/// SQLite's own limit of pages stands for the disk's end: the same code comes.
#[tokio::test]
async fn a_full_disk_fails_the_call_and_changes_nothing() {
    let kit = filled(NO_BACKUP).await;
    let shop = Plugin {
        storage: &kit.storage,
        caller: Caller::new("shop", 1),
    };
    let limit = |pages: u64| {
        kit.storage.with(DatabaseId::Guild(1), move |_, connected| {
            connected.end_disk_at(pages);
            Ok(())
        })
    };
    limit(1).await.unwrap();
    let insert = "INSERT INTO shop__items VALUES (?1, 1)";
    let long = json!(["x".repeat(100_000)]);
    let (full, fits) = tokio::join!(
        shop.execute(1, insert, long.clone()),
        shop.execute(
            1,
            "UPDATE shop__items SET price = 9 WHERE name = '5'",
            json!([])
        ),
    );
    says(
        full,
        &[
            "the disk is full",
            "1/guild.db was not changed; make room and try again",
        ],
    );
    fits.unwrap();
    shop.execute(2, insert, long.clone()).await.unwrap();
    let state =
        "SELECT count(*), (SELECT price FROM shop__items WHERE name = '5') FROM shop__items";
    assert_eq!(shop.query(1, state).await.unwrap(), json!([[2000, 9]]));
    limit(1 << 30).await.unwrap();
    shop.execute(1, insert, long).await.unwrap();
}

#[tokio::test]
async fn another_program_that_holds_the_database_is_named() {
    let kit = filled("[storage]\nbusy_timeout_ms = 50\nbackup_on_shutdown = false").await;
    let other = rusqlite::Connection::open(kit.file(DatabaseId::Guild(1))).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let shop = Plugin {
        storage: &kit.storage,
        caller: Caller::new("shop", 1),
    };
    let sql = "UPDATE shop__items SET price = 1";
    says(
        shop.execute(1, sql, json!([])).await,
        &[
            "1/guild.db is locked by another program",
            "50 ms (`storage.busy_timeout_ms`)",
        ],
    );
    // Reading goes on.
    shop.query(1, "SELECT count(*) FROM shop__items")
        .await
        .unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    shop.execute(1, sql, json!([])).await.unwrap();
}

#[test]
fn two_bots_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(&folder, "");
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    let error = Storage::open(&config).unwrap_err().to_string();
    assert!(error.contains("is in use by a bot that runs"), "{error}");
}
