//! Tests of looks into whole databases: nothing is changed by them, and all has a limit.

use plugin_api::abi::{DatabaseCall, StorageValue};

use super::*;

fn ask(guild_id: u64, sql: &str) -> DatabaseCall {
    DatabaseCall {
        guild_id: some(guild_id),
        sql: sql.to_owned(),
        ..DatabaseCall::default()
    }
}

impl Kit {
    /// What an owner finds.
    async fn look(&self, guild_id: u64, sql: &str) -> Result<Value, String> {
        let found = self.storage.inspect(ask(guild_id, sql), Vec::new()).await;
        let (found, _) = found.map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(&found.rows).unwrap())
    }
}

async fn two_plugins() -> Kit {
    let kit = Kit::new();
    let plugin = kit.plugin("shop", shop()).await;
    let insert = "INSERT INTO shop__items VALUES ('cup', 3), ('pot', 12)";
    for guild in [0, 7] {
        plugin.execute(guild, insert, json!([])).await.unwrap();
    }
    let sql = "CREATE VIRTUAL TABLE bank__letters USING fts5(text); CREATE VIEW bank__rich AS SELECT 1 AS one";
    let bank = json!({"migrations": [migration(1, "bot", sql)]});
    let bank = kit.plugin("bank", bank).await;
    let insert = "INSERT INTO bank__letters VALUES ('a green cup')";
    bank.execute(0, insert, json!([])).await.unwrap();
    kit
}

#[tokio::test]
async fn an_owner_sees_all_plugins_tables_and_changes_none() {
    let kit = two_plugins().await;
    let found = kit.look(0, "SELECT name, price FROM shop__items ORDER BY 2");
    assert_eq!(found.await.unwrap(), json!([["cup", 3], ["pot", 12]]));
    for good in [
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i) FROM n",
        "SELECT text FROM bank__letters",
        "SELECT one FROM bank__rich",
        "SELECT key FROM cogwright__about",
        "SELECT name FROM sqlite_schema WHERE type = 'table'",
        "SELECT name FROM pragma_table_info('shop__items')",
        "PRAGMA table_info(shop__items)",
        "EXPLAIN SELECT * FROM shop__items",
        "VALUES (1), (2)",
        "SELECT upper(name) FROM shop__items ;",
    ] {
        kit.look(0, good)
            .await
            .unwrap_or_else(|error| panic!("{good}: {error}"));
    }
    for bad in [
        "",
        " -- nothing",
        "DELETE FROM shop__items",
        "INSERT INTO shop__items VALUES ('jug', 1)",
        "UPDATE shop__items SET price = 1 RETURNING price",
        "DELETE FROM shop__items RETURNING name",
        "WITH x AS (SELECT 'jug' AS name, 1 AS price) INSERT INTO shop__items SELECT * FROM x",
        "WITH x AS (SELECT 1) DELETE FROM shop__items RETURNING *",
        "REPLACE INTO shop__items VALUES ('cup', 1)",
        "DROP TABLE shop__items",
        "CREATE TABLE shop__more (x)",
        "CREATE TEMP TABLE more (x)",
        "ALTER TABLE shop__items RENAME TO shop__things",
        "ATTACH DATABASE 'other.db' AS other",
        "ATTACH ':memory:' AS other",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "REINDEX",
        "ANALYZE",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT one",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = delete",
        "PRAGMA user_version",
        "PRAGMA wal_checkpoint",
        "PRAGMA database_list",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM pragma_module_list",
        "SELECT * FROM dbstat",
        "SELECT * FROM sqlite_stmt",
        "SELECT load_extension('evil')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT readfile('/etc/passwd')",
        "SELECT * FROM bank__letters WHERE bank__letters MATCH 'green'",
        "INSERT INTO bank__letters (bank__letters) VALUES ('rebuild')",
        "SELECT 1; DELETE FROM shop__items",
        "SELECT 1; SELECT 2",
        "UPDATE cogwright__migrations SET number = 9",
        "DELETE FROM sqlite_schema",
        "SELECT * FROM other__table",
        "no sql",
    ] {
        let found = kit.look(0, bad).await;
        assert!(found.is_err(), "{bad}: {found:?}");
    }
    let found = kit.look(0, "SELECT count(*), sum(price) FROM shop__items");
    assert_eq!(found.await.unwrap(), json!([[2, 15]]));
    says(
        kit.look(9, "SELECT 1").await,
        &["there is no database 9/guild.db"],
    );
    assert!(!kit.file(DatabaseId::Guild(9)).exists());
    kit.close().await;
}

/// Interactions are answered by them.
#[tokio::test]
async fn tokens_of_interactions_are_not_shown() {
    let kit = two_plugins().await;
    let insert = "INSERT INTO cogwright__deletions VALUES (1, 2, 0, 3, 'a-token', 4)";
    let done = kit.storage.in_bot(move |bot| bot.execute(insert, []));
    done.await.unwrap();
    let found = kit.look(0, "SELECT token, message_id FROM cogwright__deletions");
    assert_eq!(found.await.unwrap(), json!([[null, 1]]));
    let found = kit.look(
        0,
        "SELECT d.TOKEN || '', length(token) FROM Cogwright__Deletions AS d WHERE token LIKE 'a%'",
    );
    assert_eq!(found.await.unwrap(), json!([]));
    kit.close().await;
}

#[tokio::test]
async fn rows_bytes_and_time_have_their_limits() {
    let kit = Kit::new();
    let plugin = kit.plugin("shop", shop()).await;
    let insert = "INSERT INTO shop__items SELECT 'item ' || value, 1 FROM json_each(?1)";
    let all: Vec<u32> = (0..1_500).collect();
    let all = json!([serde_json::to_string(&all).unwrap()]);
    plugin.execute(0, insert, all).await.unwrap();
    let sql = "SELECT name, x'beef' FROM shop__items";
    for (limit, expected) in [
        (None, 100),
        (Some(1), 1),
        (Some(0), 1),
        (Some(5_000), 1_000),
    ] {
        let call = DatabaseCall {
            limit,
            ..ask(0, sql)
        };
        let (found, body) = kit.storage.inspect(call, Vec::new()).await.unwrap();
        assert_eq!((found.rows.len(), body.len()), (expected, expected * 2));
        assert!(found.more);
        let at = (expected as u64 - 1) * 2;
        assert_eq!(
            found.rows[expected - 1][1],
            StorageValue::Blob { blob: (at, 2) }
        );
    }
    let (found, _) = kit
        .storage
        .inspect(ask(0, "SELECT 1 FROM shop__items LIMIT 100"), Vec::new())
        .await
        .unwrap();
    assert!(!found.more && found.rows.len() == 100);
    // As many as there is room for, and no part of one.
    let sql = "SELECT printf('%.*c', 400000, 'x') FROM shop__items LIMIT 5";
    let (found, _) = kit.storage.inspect(ask(0, sql), Vec::new()).await.unwrap();
    assert!(found.more && found.rows.len() == 2, "{}", found.rows.len());
    let parts = "printf('%.*c', 500000, 'x')";
    let sql = format!("SELECT {parts}, {parts}, {parts}");
    says(kit.look(0, &sql).await, &["1048576 bytes in one row"]);
    let params = DatabaseCall {
        params: vec![
            StorageValue::Text("item 7".into()),
            StorageValue::Blob { blob: (0, 3) },
        ],
        ..ask(0, "SELECT price, ?2 FROM shop__items WHERE name = ?1")
    };
    let (found, body) = kit.storage.inspect(params, b"tea".to_vec()).await.unwrap();
    assert_eq!((found.rows.len(), &*body), (1, &b"tea"[..]));
    let missing = ask(0, "SELECT ?1");
    assert!(kit.storage.inspect(missing, Vec::new()).await.is_err());
    kit.close().await;
}

#[tokio::test]
async fn a_look_that_takes_too_long_is_stopped() {
    let kit = Kit::configured("[storage]\nstatement_timeout_ms = 300");
    let plugin = kit.plugin("shop", shop()).await;
    let insert = "INSERT INTO shop__items VALUES ('cup', 3)";
    plugin.execute(0, insert, json!([])).await.unwrap();
    let endless =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    says(kit.look(0, endless).await, &["longer than 300 ms"]);
    kit.close().await;
}

#[tokio::test]
async fn tables_are_told_with_their_owners_columns_and_indexes_page_by_page() {
    let kit = two_plugins().await;
    let all = kit.storage.tables(ask(0, "")).await.unwrap();
    let of = |name: &str| all.tables.iter().find(|it| it.name == name).unwrap();
    let items = of("shop__items");
    assert_eq!(items.plugin.as_deref(), Some("shop"));
    assert_eq!(items.kind, "table");
    assert_eq!((items.columns[0].key, items.columns[1].not_null), (1, true));
    assert!(
        items
            .indexes
            .iter()
            .any(|(name, sql)| name == "shop__items_price" && sql.contains("price"))
    );
    assert_eq!(of("bank__letters").kind, "virtual");
    assert_eq!(of("bank__letters_data").kind, "shadow");
    assert_eq!(of("bank__rich").kind, "view");
    assert_eq!(of("cogwright__about").plugin.as_deref(), Some("cogwright"));
    let (mut call, mut names) = (ask(0, ""), Vec::new());
    call.limit = Some(3);
    loop {
        let page = kit.storage.tables(call.clone()).await.unwrap();
        assert!(page.tables.len() <= 3);
        names.extend(page.tables.into_iter().map(|it| it.name));
        let Some(next) = page.next else { break };
        call.after = Some(next);
    }
    let whole: Vec<_> = all.tables.iter().map(|it| it.name.clone()).collect();
    assert_eq!(names, whole);
    let of_shop = DatabaseCall {
        plugin: Some("Shop".into()),
        ..ask(7, "")
    };
    let of_shop = kit.storage.tables(of_shop).await.unwrap();
    assert_eq!(of_shop.tables.len(), 1);
    kit.close().await;
}
