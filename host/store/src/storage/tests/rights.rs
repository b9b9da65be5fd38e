//! Tests that nothing of a plugin's runs with the host's rights: an attacker beside a victim.

use rusqlite::Connection;

use super::*;

const ANN: u64 = 613_425_648_685_547_541;

/// A bank with one secret of Ann's and one of somebody else's.
async fn victim(kit: &Kit) -> Plugin<'_> {
    let tables = "CREATE TABLE victim__accounts (user_id INTEGER, coins INTEGER, secret TEXT);
                  INSERT INTO victim__accounts VALUES (613425648685547541, 10, 'pin of ann'), (2, 20, 'pin of bob')";
    let manifest = json!({
        "migrations": [migration(1, "guild", tables)],
        "subjects": [{"table": "victim__accounts", "column": "user_id"}],
    });
    let victim = kit.plugin("victim", manifest).await;
    victim
        .query(1, "SELECT 1 FROM victim__accounts")
        .await
        .unwrap();
    victim
}

/// A plugin with a table about users, a place for its loot, and a trap.
async fn attacker<'a>(kit: &'a Kit, trap: &str) -> Plugin<'a> {
    let tables = format!(
        "CREATE TABLE attacker__bait (user_id INTEGER);
         CREATE TABLE attacker__loot (text TEXT);
         INSERT INTO attacker__bait VALUES (613425648685547541);
         {trap}"
    );
    let manifest = json!({
        "migrations": [migration(1, "guild", &tables)],
        "subjects": [{"table": "attacker__bait", "column": "user_id"}],
    });
    let attacker = kit.plugin("attacker", manifest).await;
    attacker
        .query(1, "SELECT 1 FROM attacker__bait")
        .await
        .unwrap();
    attacker
}

/// Bob's row is as it was, and the attacker knows nothing.
async fn unharmed(victim: &Plugin<'_>, attacker: &Plugin<'_>) {
    let rows = victim
        .query(1, "SELECT * FROM victim__accounts WHERE user_id = 2")
        .await;
    assert_eq!(rows.unwrap(), json!([[2, 20, "pin of bob"]]));
    let loot = attacker.query(1, "SELECT * FROM attacker__loot").await;
    assert_eq!(loot.unwrap(), json!([]));
}

#[tokio::test]
async fn a_trigger_on_a_subject_does_nothing_that_its_plugin_may_not() {
    let traps = [
        "INSERT INTO attacker__loot SELECT secret FROM victim__accounts;",
        "UPDATE victim__accounts SET coins = 0;",
        "DELETE FROM victim__accounts;",
        "INSERT INTO victim__accounts VALUES (1, 1, 'x');",
        "REPLACE INTO victim__accounts VALUES (2, 0, 'x');",
        "INSERT INTO attacker__loot SELECT value FROM cogwright__shelf;",
        "DELETE FROM cogwright__subjects;",
        "UPDATE cogwright__settings SET value = '1';",
        "INSERT INTO attacker__loot SELECT count(*) FROM dbstat;",
        "INSERT INTO attacker__loot SELECT quick_check FROM pragma_quick_check;",
    ];
    for trap in traps {
        for when in ["AFTER", "BEFORE"] {
            let kit = Kit::new();
            let victim = victim(&kit).await;
            let trap = format!(
                "CREATE TRIGGER attacker__trap {when} DELETE ON attacker__bait BEGIN {trap} END;"
            );
            let attacker = attacker(&kit, &trap).await;
            let erased = kit.storage.erase_subject(ANN).await.unwrap();
            // The victim's part is done, the attacker's is named.
            assert_eq!(erased.rows, 1, "{trap}: {erased:?}");
            let [(database_id, why)] = &erased.failed[..] else {
                panic!("{trap}: {erased:?}")
            };
            assert!(database_id.contains("1/guild.db"), "{database_id}");
            for part in ["`attacker`", "attacker__bait"] {
                assert!(why.contains(part), "{trap}: {why}");
            }
            // By the fence, or by SQLite itself.
            assert!(
                why.contains("refused: ") || why.contains("unsafe use of"),
                "{trap}: {why}"
            );
            unharmed(&victim, &attacker).await;
        }
    }
}

#[tokio::test]
async fn nor_when_its_plugin_is_not_loaded_nor_in_the_backups() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    victim(&kit).await;
    let trap = "CREATE TRIGGER attacker__trap AFTER DELETE ON attacker__bait
                BEGIN INSERT INTO attacker__loot SELECT secret FROM victim__accounts; END";
    attacker(&kit, trap).await;
    let backup = kit.storage.backup().await.unwrap().folder;
    let kit = kit.restart("[storage]\nbackup_on_shutdown = false").await;
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert_eq!((erased.rows, erased.copies), (1, 1), "{erased:?}");
    assert_eq!(erased.failed.len(), 2, "{erased:?}");
    let copy = Connection::open(DatabaseId::Guild(1).file(&backup)).unwrap();
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        copy.query_row(&sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!((count("attacker__loot"), count("victim__accounts")), (0, 1));
    let victim = victim(&kit).await;
    let attacker = kit.plugin("attacker", json!({})).await;
    unharmed(&victim, &attacker).await;
}

#[tokio::test]
async fn a_trap_in_a_foreign_key_or_a_cascade_is_no_way_round() {
    let kit = Kit::new();
    let victim = victim(&kit).await;
    let trap = "CREATE TABLE attacker__parent (user_id INTEGER PRIMARY KEY);
                CREATE TABLE attacker__child (of_user REFERENCES attacker__parent ON DELETE CASCADE);
                INSERT INTO attacker__parent VALUES (613425648685547541);
                INSERT INTO attacker__child VALUES (613425648685547541);
                CREATE TRIGGER attacker__trap AFTER DELETE ON attacker__child
                BEGIN UPDATE victim__accounts SET coins = 0; END";
    let attacker = attacker(&kit, trap).await;
    kit.storage.generation_ended(&attacker.caller);
    let manifest = json!({"subjects": [{"table": "attacker__parent", "column": "user_id"}]});
    let attacker = kit.generation("attacker", 2, manifest).await.unwrap();
    attacker.query(1, "SELECT 1").await.unwrap();
    // The parents are declared at the first write.
    attacker
        .execute(1, "DELETE FROM attacker__loot", json!([]))
        .await
        .unwrap();
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert!(
        erased.failed[0].1.contains("attacker__parent"),
        "{erased:?}"
    );
    unharmed(&victim, &attacker).await;
}

#[tokio::test]
async fn a_view_of_anothers_rows_is_no_subject() {
    let kit = Kit::new();
    let victim = victim(&kit).await;
    let trap = "CREATE VIEW attacker__spy AS SELECT 613425648685547541 AS user_id, secret FROM victim__accounts";
    let attacker = attacker(&kit, trap).await;
    kit.storage.generation_ended(&attacker.caller);
    let manifest = json!({"subjects": [{"table": "attacker__spy", "column": "user_id"}]});
    let attacker = kit.generation("attacker", 2, manifest).await.unwrap();
    attacker
        .execute(1, "DELETE FROM attacker__loot", json!([]))
        .await
        .unwrap();
    let exported = kit.storage.export_subject(ANN).await.unwrap();
    let text = std::fs::read_to_string(&exported.file).unwrap();
    assert!(!text.contains("pin of bob"), "{text}");
    assert!(
        text.contains("pin of ann") && text.contains("attacker__bait"),
        "{text}"
    );
    assert!(
        exported.failed[0].1.contains("attacker__spy"),
        "{exported:?}"
    );
    unharmed(&victim, &attacker).await;
}

#[tokio::test]
async fn virtual_tables_name_only_what_is_their_plugins() {
    let kit = Kit::new();
    let _victim = victim(&kit).await;
    let attacker = attacker(&kit, "").await;
    let refused = [
        "fts5 (secret, content='victim__accounts')",
        "fts5 (secret, content=victim__accounts)",
        "fts5 (secret, content = \"victim__accounts\", content_rowid='user_id')",
        "fts5 (secret, CONTENT=[victim__accounts])",
        "fts5 (secret, 'content'=`victim__accounts`)",
        "fts5 (secret, content='VICTIM__accounts')",
        "fts5 (secret, /* , */ content='victim__accounts')",
        "fts5 (secret, content='cogwright__shelf')",
        "fts5 (secret, content='sqlite_schema')",
        "fts5 (secret, content='dbstat')",
        "fts4 (secret, content='victim__accounts')",
        "fts4 (secret, uncompress='upper', compress='lower')",
        "fts5vocab ('victim__search', 'row')",
        "fts5vocab (main, victim__search, row)",
        "fts4aux (victim__search)",
        "fts3tokenize (simple)",
        "dbstat",
        "sqlite_stmt",
        "bytecode",
        "pragma_table_info",
        "json_each",
    ];
    for declared in refused {
        let sql = format!("CREATE VIRTUAL TABLE attacker__v USING {declared}");
        let error = attacker.execute(1, &sql, json!([])).await.expect_err(&sql);
        // A quoted option is none to SQLite.
        assert!(
            error.starts_with("refused: ") || error.starts_with("parse error"),
            "{sql}: {error}"
        );
        let names = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'attacker__v%'";
        assert_eq!(
            attacker.query(1, names).await.unwrap(),
            json!([[0]]),
            "{sql}"
        );
    }
    for allowed in [
        "fts5 (text, content='attacker__loot')",
        "fts5 (text, content='', tokenize = 'porter unicode61', prefix='2 3')",
        "fts5 (text, user UNINDEXED, columnsize=0, detail=column)",
        "rtree (id, x1, x2, +what)",
    ] {
        for sql in [
            format!("CREATE VIRTUAL TABLE attacker__v USING {allowed}"),
            "DROP TABLE attacker__v".to_owned(),
        ] {
            attacker.execute(1, &sql, json!([])).await.expect(&sql);
        }
    }
    for sql in [
        "SELECT count(*) FROM dbstat",
        "SELECT 1 FROM fts3tokenize",
        "SELECT count(*) FROM pragma_database_list",
        "SELECT count(*) FROM pragma_function_list",
        "WITH dbstat AS (SELECT 1) SELECT count(*) FROM main.dbstat",
        "SELECT sqlite_log(1, 'x')",
        "SELECT fts3_tokenizer('simple')",
    ] {
        let error = attacker.query(1, sql).await.expect_err(sql);
        assert!(
            error.starts_with("refused: ") || error.contains("no such table"),
            "{sql}: {error}"
        );
    }
}

/// As a file may be that an older host has let a plugin make.
#[tokio::test]
async fn a_full_text_table_over_anothers_rows_tells_nothing_also_in_old_files() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    victim(&kit).await;
    attacker(&kit, "").await;
    kit.close().await;
    {
        let old = Connection::open(kit.file(DatabaseId::Guild(1))).unwrap();
        let sql = "CREATE VIRTUAL TABLE attacker__search USING fts5 (user_id, secret, content='victim__accounts');
                   INSERT INTO attacker__search (attacker__search) VALUES ('rebuild');
                   INSERT INTO cogwright__subjects VALUES ('attacker', 'attacker__search', 'user_id')";
        old.execute_batch(sql).unwrap();
    }
    let kit = kit.restart("[storage]\nbackup_on_shutdown = false").await;
    let victim = victim(&kit).await;
    let attacker = kit.plugin("attacker", json!({})).await;
    let exported = kit.storage.export_subject(ANN).await.unwrap();
    let text = std::fs::read_to_string(&exported.file).unwrap();
    assert!(!text.contains("pin of bob"), "{text}");
    assert!(
        exported.failed[0].1.contains("attacker__search"),
        "{exported:?}"
    );
    let spied = attacker
        .query(
            1,
            "SELECT * FROM attacker__search WHERE attacker__search MATCH 'pin'",
        )
        .await;
    says(spied, &["refused: "]);
    unharmed(&victim, &attacker).await;
    // And a plugin that may use its full-text table does not lend it its rights.
    kit.storage.backup().await.unwrap();
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert!(
        erased
            .failed
            .iter()
            .all(|(_, why)| why.contains("attacker__search")),
        "{erased:?}"
    );
    unharmed(&victim, &attacker).await;
}

#[tokio::test]
async fn a_subject_whose_column_is_gone_is_named_and_one_that_was_declared_anew_is_told() {
    let kit = Kit::new();
    let of = |column: &str| json!({"subjects": [{"table": "shop__orders", "column": column}]});
    let shop = kit.plugin("shop", of("user_id")).await;
    for sql in [
        "CREATE TABLE shop__orders (user_id INTEGER, what)",
        "INSERT INTO shop__orders VALUES (613425648685547541, 'tea')",
    ] {
        shop.execute(1, sql, json!([])).await.unwrap();
    }
    // What is declared is noted when a generation first uses the database.
    kit.storage.generation_ended(&shop.caller);
    let shop = kit.generation("shop", 2, of("user_id")).await.unwrap();
    let rename = "ALTER TABLE shop__orders RENAME COLUMN user_id TO buyer";
    shop.execute(1, rename, json!([])).await.unwrap();
    let exported = kit.storage.export_subject(ANN).await.unwrap();
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    let of_export: String = exported.failed.iter().map(|(_, why)| &**why).collect();
    let of_erasure: String = erased.failed.iter().map(|(_, why)| &**why).collect();
    for said in [of_export, of_erasure] {
        assert!(
            said.contains("`shop__orders`: it has no column `user_id` any more"),
            "{said}"
        );
    }
    assert_eq!(erased.rows, 0);
    // The next version says which it is now.
    kit.storage.generation_ended(&shop.caller);
    let shop = kit.generation("shop", 3, of("buyer")).await.unwrap();
    shop.query(1, "SELECT 1").await.unwrap();
    let exported = kit.storage.export_subject(ANN).await.unwrap();
    assert!(exported.failed.is_empty(), "{:?}", exported.failed);
    let text = std::fs::read_to_string(&exported.file).unwrap();
    assert!(text.contains("tea"), "{text}");
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert!(erased.failed.is_empty(), "{:?}", erased.failed);
    assert_eq!(erased.rows, 1);
}

#[tokio::test]
async fn a_broken_subject_fails_alone() {
    let kit = Kit::new();
    let victim = victim(&kit).await;
    let attacker = attacker(&kit, "CREATE TABLE attacker__letters (user_id INTEGER); \
        INSERT INTO attacker__letters VALUES (613425648685547541); \
        CREATE TABLE attacker__odd (user_id INTEGER); \
        INSERT INTO attacker__odd VALUES (613425648685547541); \
        CREATE TRIGGER attacker__trap BEFORE DELETE ON attacker__odd BEGIN SELECT raise(ABORT, 'never'); END; \
        CREATE VIEW attacker__broken AS SELECT user_id FROM attacker__gone").await;
    kit.storage.generation_ended(&attacker.caller);
    let subjects = ["letters", "odd", "broken"];
    let subjects: Vec<Value> = subjects
        .iter()
        .map(|table| json!({"table": format!("attacker__{table}"), "column": "user_id"}))
        .collect();
    let attacker = kit
        .generation("attacker", 2, json!({"subjects": subjects}))
        .await
        .unwrap();
    attacker
        .execute(1, "DELETE FROM attacker__loot", json!([]))
        .await
        .unwrap();
    let raw = Connection::open(kit.file(DatabaseId::Guild(1))).unwrap();
    raw.execute_batch("INSERT OR IGNORE INTO cogwright__subjects VALUES ('attacker', 'attacker__broken', 'user_id')")
        .unwrap();
    let exported = kit.storage.export_subject(ANN).await.unwrap();
    let text = std::fs::read_to_string(&exported.file).unwrap();
    for part in ["pin of ann", "attacker__letters", "attacker__odd"] {
        assert!(text.contains(part), "{text}");
    }
    let failed = &exported.failed;
    assert!(
        failed.len() == 1 && failed[0].1.contains("attacker__broken"),
        "{failed:?}"
    );
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert_eq!(erased.rows, 3, "{erased:?}");
    assert_eq!(erased.failed.len(), 2, "{erased:?}");
    let words = erased
        .failed
        .iter()
        .map(|(_, why)| &**why)
        .collect::<String>();
    for part in ["attacker__broken", "attacker__odd", "never"] {
        assert!(words.contains(part), "{words}");
    }
    let left =
        "SELECT (SELECT count(*) FROM attacker__letters), (SELECT count(*) FROM attacker__odd)";
    assert_eq!(attacker.query(1, left).await.unwrap(), json!([[0, 1]]));
    unharmed(&victim, &attacker).await;
}

/// As authors do it: an index of the texts, kept up by triggers.
#[tokio::test]
async fn a_full_text_table_that_triggers_keep_up_is_erased_with_its_rows() {
    let kit = Kit::new();
    let tables = "CREATE TABLE notes__all (id INTEGER PRIMARY KEY, user_id INTEGER, text TEXT);
        CREATE VIRTUAL TABLE notes__search USING fts5 (text, content='notes__all', content_rowid='id');
        CREATE TRIGGER notes__added AFTER INSERT ON notes__all BEGIN
            INSERT INTO notes__search (rowid, text) VALUES (new.id, new.text); END;
        CREATE TRIGGER notes__gone AFTER DELETE ON notes__all BEGIN
            INSERT INTO notes__search (notes__search, rowid, text) VALUES ('delete', old.id, old.text); END;
        INSERT INTO notes__all (user_id, text) VALUES (613425648685547541, 'green tea'), (2, 'black tea')";
    let manifest = json!({
        "migrations": [migration(1, "bot", tables), migration(1, "guild", tables)],
        "subjects": [{"table": "notes__all", "column": "user_id"}],
    });
    let notes = kit.plugin("notes", manifest).await;
    for database_id in [0, 1] {
        let more = "INSERT INTO notes__all (user_id, text) VALUES (613425648685547541, 'iced tea')";
        notes.execute(database_id, more, json!([])).await.unwrap();
    }
    let exported = kit.storage.export_subject(ANN).await.unwrap();
    assert_eq!(
        (exported.databases, exported.failed.len()),
        (2, 0),
        "{exported:?}"
    );
    let erased = kit.storage.erase_subject(ANN).await.unwrap();
    assert_eq!((erased.rows, erased.failed.len()), (4, 0), "{erased:?}");
    for database_id in [0, 1] {
        let found = "SELECT text FROM notes__search WHERE notes__search MATCH 'tea'";
        assert_eq!(
            notes.query(database_id, found).await.unwrap(),
            json!([["black tea"]])
        );
    }
    let backup = kit.storage.backup().await.unwrap();
    assert_eq!((backup.copied, backup.failed.len()), (2, 0), "{backup:?}");
}
