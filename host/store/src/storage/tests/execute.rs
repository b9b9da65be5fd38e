//! Tests of owners' changes by SQL: rows of plugins' tables alone, all or nothing, tried first where that is wanted.

use host_capability::{Effect, HostCall};
use host_loader::Behalf;
use plugin_api::abi::{DatabaseCall, DatabaseChanged};

use super::*;

impl Kit {
    async fn change(
        &self,
        guild_id: u64,
        sql: &str,
        dry_run: bool,
    ) -> Result<DatabaseChanged, String> {
        let call = DatabaseCall {
            guild_id: some(guild_id),
            sql: sql.to_owned(),
            dry_run,
            ..DatabaseCall::default()
        };
        let done = self.storage.execute(call, Vec::new()).await;
        done.map_err(|error| error.to_string())
    }
}

const MORE: &str = "
CREATE TABLE bank__log (text TEXT);
CREATE TABLE bank__accounts (id INTEGER PRIMARY KEY, owner TEXT NOT NULL);
CREATE TABLE bank__coins (account INTEGER REFERENCES bank__accounts (id) ON DELETE CASCADE);
CREATE TRIGGER bank__noted AFTER DELETE ON bank__accounts BEGIN INSERT INTO bank__log VALUES (old.owner); END;
CREATE VIRTUAL TABLE bank__letters USING fts5(text);
INSERT INTO bank__accounts VALUES (1, 'smith'), (2, 'miller');
INSERT INTO bank__coins VALUES (1), (1), (2)";

async fn two_plugins() -> Kit {
    let kit = Kit::new();
    let shop = kit.plugin("shop", shop()).await;
    let insert = "INSERT INTO shop__items VALUES ('cup', 3), ('pot', 12)";
    for guild in [0, 7] {
        shop.execute(guild, insert, json!([])).await.unwrap();
    }
    let bank = json!({"migrations": [migration(1, "bot", MORE)]});
    let bank = kit.plugin("bank", bank).await;
    bank.query(0, "SELECT 1").await.unwrap();
    kit
}

async fn count(kit: &Kit, guild_id: u64, table: &str) -> i64 {
    let call = DatabaseCall {
        guild_id: some(guild_id),
        sql: format!("SELECT count(*) FROM {table}"),
        ..DatabaseCall::default()
    };
    let (found, _) = kit.storage.inspect(call, Vec::new()).await.unwrap();
    match found.rows[0][0] {
        StorageValue::Integer(count) => count,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rows_of_any_plugin_are_changed_and_counted() {
    let kit = two_plugins().await;
    let sql = "UPDATE shop__items SET price = price + 1; DELETE FROM shop__items WHERE name = 'pot' RETURNING name;";
    let done = kit.change(0, sql, false).await.unwrap();
    assert_eq!((done.statements, done.changed, done.beside), (2, 3, 0));
    assert_eq!(done.tables.len(), 1);
    let table = &done.tables[0];
    assert_eq!(
        (&*table.name, table.before, table.after),
        ("shop__items", 2, 1)
    );
    assert_eq!(count(&kit, 0, "shop__items WHERE price = 4").await, 1);
    assert_eq!(
        count(&kit, 7, "shop__items").await,
        2,
        "another database stays"
    );
    let done = kit
        .change(7, "DELETE FROM shop__items", false)
        .await
        .unwrap();
    assert_eq!(done.changed, 2);
    kit.close().await;
}

#[tokio::test]
async fn a_trial_tells_what_would_change_and_changes_nothing() {
    let kit = two_plugins().await;
    let sql = "DELETE FROM bank__accounts WHERE id = 1";
    let tried = kit.change(0, sql, true).await.unwrap();
    assert!(tried.dry_run);
    let told = |done: &DatabaseChanged| {
        let mut tables: Vec<_> = done
            .tables
            .iter()
            .map(|it| (it.name.clone(), it.before, it.after))
            .collect();
        tables.sort();
        (done.changed, done.beside, tables)
    };
    assert_eq!((tried.changed, tried.beside), (1, 3));
    assert!(
        told(&tried)
            .2
            .contains(&("bank__accounts".to_owned(), 2, 1))
    );
    assert!(told(&tried).2.contains(&("bank__log".to_owned(), 0, 1)));
    for (table, rows) in [("bank__accounts", 2), ("bank__coins", 3), ("bank__log", 0)] {
        assert_eq!(count(&kit, 0, table).await, rows, "{table}");
    }
    let done = kit.change(0, sql, false).await.unwrap();
    assert_eq!(told(&done), told(&tried));
    for (table, rows) in [("bank__accounts", 1), ("bank__coins", 1), ("bank__log", 1)] {
        assert_eq!(count(&kit, 0, table).await, rows, "{table}");
    }
    kit.close().await;
}

#[tokio::test]
async fn nothing_else_than_rows_of_plugins_tables_is_changed() {
    let kit = two_plugins().await;
    for bad in [
        "",
        " -- nothing",
        "SELECT * FROM shop__items",
        "EXPLAIN DELETE FROM shop__items",
        "INSERT INTO cogwright__about VALUES ('x', 'y')",
        "DELETE FROM cogwright__migrations",
        "UPDATE COGWRIGHT__SHELF SET value = '1'",
        "DELETE FROM Cogwright__Hooks_Off",
        "DELETE FROM sqlite_schema",
        "DELETE FROM sqlite_sequence",
        "INSERT INTO bank__letters VALUES ('a letter')",
        "INSERT INTO bank__letters (bank__letters) VALUES ('rebuild')",
        "DELETE FROM bank__letters_data",
        "INSERT INTO bank__log SELECT text FROM bank__letters WHERE bank__letters MATCH 'x'",
        "INSERT INTO bank__log SELECT name FROM dbstat",
        "INSERT INTO bank__log SELECT load_extension('evil')",
        "DROP TABLE shop__items",
        "CREATE TABLE shop__more (x)",
        "CREATE TEMP TABLE more (x)",
        "CREATE INDEX shop__i ON shop__items (name)",
        "DROP TRIGGER bank__noted",
        "ALTER TABLE shop__items RENAME TO shop__things",
        "ATTACH DATABASE 'other.db' AS other",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "REINDEX",
        "ANALYZE",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT one",
        "PRAGMA user_version = 7",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA table_info(shop__items)",
        "DELETE FROM shop__items; COMMIT",
        "DELETE FROM shop__items; SELECT 1",
        "DELETE FROM shop__items; UPDATE cogwright__about SET value = ''",
        "DELETE FROM shop__items; INSERT INTO shop__items VALUES ('jug', -1)",
        "DELETE FROM shop__items; no sql",
        "DELETE FROM shop__items WHERE name = ?1",
        "DELETE FROM other__table",
    ] {
        for dry_run in [true, false] {
            let done = kit.change(0, bad, dry_run).await;
            assert!(done.is_err(), "{bad}: {done:?}");
        }
    }
    assert_eq!(count(&kit, 0, "shop__items").await, 2);
    assert_eq!(count(&kit, 0, "bank__log").await, 0);
    says(
        kit.change(0, "DELETE FROM cogwright__about", false).await,
        &["statement 1", "the host's own"],
    );
    says(
        kit.change(0, "DELETE FROM shop__items;\nDELETE FROM shop__tems", false)
            .await,
        &["statement 2: no such table", "in `"],
    );
    says(
        kit.change(
            0,
            "DELETE FROM shop__items;\n  DELETE FROM shop__items WHERE nam = 1",
            false,
        )
        .await,
        &["statement 2: no such column: nam (line 2, column 33)"],
    );
    says(
        kit.change(9, "DELETE FROM shop__items", false).await,
        &["there is no database 9/guild.db"],
    );
    assert!(!kit.file(DatabaseId::Guild(9)).exists());
    // And plugins go on.
    let done = kit
        .change(0, "DELETE FROM shop__items", false)
        .await
        .unwrap();
    assert_eq!(done.changed, 2);
    kit.close().await;
}

#[tokio::test]
async fn a_change_that_takes_too_long_is_stopped_and_taken_back() {
    let kit = Kit::configured("[storage]\nstatement_timeout_ms = 300");
    let plugin = kit.plugin("shop", shop()).await;
    let insert = "INSERT INTO shop__items VALUES ('cup', 3)";
    plugin.execute(0, insert, json!([])).await.unwrap();
    let endless = "DELETE FROM shop__items; INSERT INTO shop__items SELECT i, 1 FROM \
                   (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)";
    says(kit.change(0, endless, false).await, &["longer than 300 ms"]);
    assert_eq!(count(&kit, 0, "shop__items").await, 1);
    plugin
        .execute(0, "DELETE FROM shop__items", json!([]))
        .await
        .unwrap();
    kit.close().await;
}

#[tokio::test]
async fn the_journal_learns_of_the_rows_before_and_after_and_of_no_trial() {
    let kit = two_plugins().await;
    let call = |dry_run: bool| HostCall {
        name: "database.execute".into(),
        params: json!({"sql": "DELETE FROM shop__items WHERE name = 'cup'", "dry_run": dry_run}),
        body: Vec::new(),
        behalf: Behalf::Plugin,
        effect: Effect::default(),
    };
    for (dry_run, noted) in [
        (true, (Value::Null, Value::Null)),
        (
            false,
            (
                json!({"rows": {"shop__items": 2}}),
                json!({"rows": {"shop__items": 1}, "changed": 1, "beside": 0}),
            ),
        ),
    ] {
        let call = call(dry_run);
        let effect = call.effect.clone();
        kit.storage.serve_database(call).await.unwrap();
        assert_eq!(effect.take(), noted);
    }
    kit.close().await;
}
