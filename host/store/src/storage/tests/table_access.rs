//! Tests of table access.

use super::*;

/// Two plugins: `shop`, and `bank`, which shares a table for reading, one for writing, and keeps one.
async fn two(kit: &Kit, shop: Value) -> (Plugin<'_>, Plugin<'_>) {
    let bank = kit
        .plugin(
            "bank",
            json!({
                "migrations": [migration(1, "guild", "
                    CREATE TABLE bank__secret (pin INTEGER);
                    CREATE TABLE bank__rates (name TEXT PRIMARY KEY, rate REAL);
                    CREATE TABLE bank__orders (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
                    INSERT INTO bank__secret VALUES (1234);
                    INSERT INTO bank__rates VALUES ('tea', 0.5);
                    CREATE VIEW bank__view AS SELECT pin FROM bank__secret")],
                "shares": [{"table": "bank__rates"}, {"table": "bank__orders", "writes": true}, {"table": "bank__view"}],
            }),
        )
        .await;
    bank.query(1, "SELECT 1 FROM bank__rates").await.unwrap();
    let shop = kit.plugin("shop", shop).await;
    let made = shop
        .execute(
            1,
            "CREATE TABLE shop__items (name TEXT PRIMARY KEY, price INTEGER)",
            json!([]),
        )
        .await;
    made.unwrap();
    (shop, bank)
}

/// `bank`'s tables as `shop` declares their use.
fn uses() -> Value {
    json!({"uses_tables": [
        {"table": "bank__rates"}, {"table": "bank__orders", "writes": true}, {"table": "bank__view"},
        // Declared, and not shared.
        {"table": "bank__secret", "writes": true},
    ]})
}

#[tokio::test]
async fn what_is_not_the_plugins_is_out_of_reach() {
    let kit = Kit::new();
    let (shop, bank) = two(&kit, uses()).await;
    let refused = [
        // Others' tables, directly and by detours.
        "SELECT * FROM bank__secret",
        "SELECT count(*) FROM bank__secret",
        "SELECT pin FROM BANK__SECRET",
        "SELECT main.bank__secret.pin FROM main.bank__secret",
        "SELECT name FROM shop__items WHERE price = (SELECT pin FROM bank__secret)",
        "WITH x AS (SELECT pin FROM bank__secret) SELECT * FROM x",
        // A `WITH` clause that borrows a name of the owner's.
        "WITH bank__view AS (SELECT pin FROM bank__secret) SELECT * FROM bank__view",
        "WITH bank__anything AS (SELECT pin FROM bank__secret) SELECT pin FROM bank__anything",
        "SELECT * FROM bank__view",
        "INSERT INTO shop__items SELECT 'pin', pin FROM bank__secret",
        "INSERT INTO bank__secret VALUES (1)",
        "INSERT INTO bank__rates VALUES ('coffee', 1)",
        "UPDATE bank__rates SET rate = 2",
        "UPDATE shop__items SET price = 1 WHERE price IN (SELECT pin FROM bank__secret)",
        "DELETE FROM bank__secret",
        "REPLACE INTO bank__secret VALUES (1)",
        // Others' shapes.
        "DROP TABLE bank__secret",
        "DROP VIEW bank__view",
        "ALTER TABLE bank__orders ADD COLUMN x",
        "ALTER TABLE shop__items RENAME TO bank__items",
        "ALTER TABLE shop__items RENAME TO items",
        "CREATE TABLE bank__more (x)",
        "CREATE TABLE items (x)",
        "CREATE TABLE shop__ (x)",
        "CREATE TABLE bank__copy AS SELECT 1",
        "CREATE TABLE shop__copy AS SELECT * FROM bank__secret",
        "CREATE INDEX shop__by_what ON bank__orders (what)",
        "CREATE INDEX bank__by_name ON shop__items (name)",
        "CREATE VIEW bank__spy AS SELECT 1",
        "CREATE TRIGGER shop__spy AFTER INSERT ON bank__orders BEGIN DELETE FROM shop__items; END",
        "CREATE TRIGGER bank__spy AFTER INSERT ON shop__items BEGIN SELECT 1; END",
        "CREATE TABLE shop__child (x REFERENCES bank__orders (id))",
        // The host's, and SQLite's.
        "SELECT * FROM cogwright__shelf",
        "SELECT count(*) FROM cogwright__migrations",
        "DELETE FROM cogwright__migrations",
        "DROP TABLE cogwright__shelf",
        "CREATE TABLE cogwright__x (x)",
        "UPDATE sqlite_sequence SET seq = 7",
        "DELETE FROM sqlite_sequence",
        "UPDATE sqlite_master SET sql = ''",
        "SELECT * FROM dbstat",
        // What is not for plugins at all.
        "ATTACH 'x.db' AS x",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "PRAGMA journal_mode = delete",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version",
        "PRAGMA quick_check",
        "SELECT * FROM pragma_quick_check",
        "PRAGMA foreign_keys = off",
        "SELECT * FROM pragma_database_list",
        "SELECT load_extension('x')",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT x",
        "RELEASE one_call",
        "CREATE TEMP TABLE shop__t (x)",
        "CREATE TEMP VIEW shop__v AS SELECT 1",
        "ANALYZE",
        "CREATE VIRTUAL TABLE shop__v USING dbstat",
    ];
    for sql in refused {
        for call in ["storage.query", "storage.execute"] {
            let params = StorageCall {
                guild_id: Some(1),
                steps: vec![step(sql, json!([]))],
            };
            let result = shop.call::<StorageReply>(call, params, b"").await;
            let error = result.expect_err(sql);
            assert!(
                error.starts_with("refused: ")
                    || error.contains("may not be modified")
                    || error.contains("cannot VACUUM"),
                "{sql}: {error}"
            );
        }
    }
    assert_eq!(
        bank.query(1, "SELECT pin FROM bank__view").await.unwrap(),
        json!([[1234]])
    );
    assert_eq!(
        bank.query(1, "SELECT * FROM bank__rates").await.unwrap(),
        json!([["tea", 0.5]])
    );
    let names = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'shop%'";
    assert_eq!(shop.query(1, names).await.unwrap(), json!([[1]]));
}

#[tokio::test]
async fn what_is_the_plugins_own_or_shared_is_allowed() {
    let kit = Kit::new();
    let (shop, bank) = two(&kit, uses()).await;
    let allowed = [
        "SELECT rate FROM bank__rates",
        "WITH a AS (SELECT name FROM bank__rates) SELECT count(*) FROM a",
        "WITH a AS (SELECT 1) SELECT count(*) FROM a",
        "INSERT INTO bank__orders (what) VALUES ('tea')",
        "UPDATE bank__orders SET what = 'coffee'",
        "DELETE FROM bank__orders WHERE id = 99",
        "CREATE INDEX shop__by_price ON shop__items (price)",
        "CREATE VIEW shop__cheap AS SELECT name, rate FROM shop__items JOIN bank__rates USING (name)",
        "SELECT * FROM shop__cheap",
        "CREATE TABLE shop__log (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT REFERENCES shop__items (name))",
        "CREATE TRIGGER shop__sold AFTER INSERT ON shop__items BEGIN INSERT INTO shop__log (name) VALUES (new.name); END",
        "INSERT INTO shop__items VALUES ('tea', 3) ON CONFLICT DO UPDATE SET price = excluded.price",
        "ALTER TABLE shop__log RENAME TO shop__journal",
        "ALTER TABLE shop__journal RENAME COLUMN name TO item",
        "ALTER TABLE shop__journal ADD COLUMN at INTEGER",
        "REINDEX shop__by_price",
        "CREATE TABLE shop__strict (x INTEGER PRIMARY KEY, y INTEGER CHECK (y > 0)) STRICT",
        "INSERT INTO shop__strict VALUES (1, 1)",
        "ALTER TABLE shop__strict ADD COLUMN z TEXT NOT NULL DEFAULT 'z'",
        "ALTER TABLE shop__strict DROP COLUMN y",
        "SELECT * FROM json_each('[1, 2]')",
        "SELECT name FROM pragma_table_info('shop__items')",
        "PRAGMA table_info(shop__items)",
        "SELECT name FROM sqlite_schema",
        "CREATE VIRTUAL TABLE shop__search USING fts5 (text)",
        "INSERT INTO shop__search VALUES ('green tea')",
        "SELECT * FROM shop__search WHERE shop__search MATCH 'tea'",
        "UPDATE shop__search SET text = 'black tea'",
        "DROP TABLE shop__search",
        "CREATE TABLE shop__copy AS SELECT * FROM bank__rates",
        "DROP VIEW shop__cheap",
        "DROP TABLE shop__journal",
        "SELECT last_insert_rowid(), changes(), datetime(), upper('x')",
    ];
    for sql in allowed {
        shop.execute(1, sql, json!([]))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(
        bank.query(1, "SELECT what FROM bank__orders")
            .await
            .unwrap(),
        json!([["coffee"]])
    );
}

#[tokio::test]
async fn a_refusal_says_what_to_declare() {
    let kit = Kit::new();
    let (shop, _bank) = two(
        &kit,
        json!({"uses_tables": [{"table": "bank__secret"}, {"table": "inn__beds"}]}),
    )
    .await;
    says(
        shop.query(1, "SELECT * FROM bank__rates").await,
        &["`bank__rates` belongs to the plugin `bank`: declare `.uses_table(\"bank__rates\")`"],
    );
    says(
        shop.execute(1, "DELETE FROM bank__orders", json!([])).await,
        &["declare `.writes_table(\"bank__orders\")`"],
    );
    says(
        shop.query(1, "SELECT * FROM bank__secret").await,
        &["`bank`, which would have to declare `.shares(\"bank__secret\")`"],
    );
    says(
        shop.query(1, "SELECT * FROM cogwright__shelf").await,
        &["is the host's own"],
    );
    says(
        shop.execute(1, "CREATE TABLE stock (x)", json!([])).await,
        &["what it makes, changes or drops begins with `shop__`"],
    );
    // Nothing of the name is there; SQLite says so, and no more.
    says(
        shop.query(1, "SELECT * FROM inn__beds").await,
        &["no such table: inn__beds"],
    );
}

#[tokio::test]
async fn sharing_ends_with_the_owner_and_cached_statements_with_it() {
    let kit = Kit::new();
    let (shop, bank) = two(&kit, uses()).await;
    let sql = "SELECT rate FROM bank__rates";
    for _ in 0..3 {
        shop.query(1, sql).await.unwrap();
    }
    kit.storage.generation_ended(&bank.caller);
    says(shop.query(1, sql).await, &["`bank`, which is not loaded"]);
    // And two plugins that send the same text do not share what SQLite has allowed to one of them.
    let secret = "SELECT pin FROM bank__secret";
    let bank = kit.generation("bank", 2, json!({})).await.unwrap();
    bank.query(1, secret).await.unwrap();
    says(shop.query(1, secret).await, &["refused"]);
    bank.query(1, secret).await.unwrap();
}

#[tokio::test]
async fn triggers_do_not_borrow_the_rights_of_whoever_sets_them_off() {
    let kit = Kit::new();
    let (shop, bank) = two(&kit, uses()).await;
    // `shop` can't make a trigger on what it merely uses, but on its own table it can, and lets `bank` write to that.
    let shop = {
        kit.storage.generation_ended(&shop.caller);
        let shares = json!({"shares": [{"table": "shop__items", "writes": true}]});
        kit.generation("shop", 2, shares).await.unwrap()
    };
    let trap = "CREATE TRIGGER shop__trap AFTER INSERT ON shop__items BEGIN UPDATE bank__secret SET pin = 0; END";
    shop.execute(1, trap, json!([])).await.unwrap();
    kit.storage.generation_ended(&bank.caller);
    let uses = json!({"uses_tables": [{"table": "shop__items", "writes": true}]});
    let bank = kit.generation("bank", 2, uses).await.unwrap();
    says(
        bank.execute(1, "INSERT INTO shop__items VALUES ('bait', 1)", json!([]))
            .await,
        &["`bank__secret` belongs to the plugin `bank`: declare"],
    );
    assert_eq!(
        bank.query(1, "SELECT pin FROM bank__secret").await.unwrap(),
        json!([[1234]])
    );
}

/// Found by a database, where it is not known at the load: `bank` was not here then.
#[tokio::test]
async fn a_plugin_whose_name_differs_in_case_alone_gets_none_of_the_others_tables() {
    for (there, comes) in [("bank", "Bank"), ("Bank", "bank")] {
        for guild in [0, 1] {
            let kit = Kit::new();
            let twin = kit.plugin(comes, json!({})).await;
            // With migrations and without: it may make its tables by itself.
            let migrated =
                json!({"migrations": [migration(1, "guild", "CREATE TABLE bank__rates (rate)")]});
            for manifest in [json!({}), migrated] {
                let bank = kit.generation(there, 1, manifest).await.unwrap();
                let made = "CREATE TABLE IF NOT EXISTS bank__secret AS SELECT 1234 AS pin";
                bank.execute(guild, made, json!([])).await.unwrap();
                for sql in [
                    "SELECT pin FROM bank__secret",
                    "DELETE FROM bank__secret",
                    "DROP TABLE bank__secret",
                    "SELECT 1",
                ] {
                    let told = format!(
                        "{} has tables of the plugin `{there}`, whose name differs from `{comes}`",
                        DatabaseId::of(guild)
                    );
                    says(twin.execute(guild, sql, json!([])).await, &[&told]);
                    says(twin.query(guild, sql).await, &[&told]);
                }
                let pin = bank.query(guild, "SELECT pin FROM bank__secret").await;
                assert_eq!(pin.unwrap(), json!([[1234]]));
                kit.storage.generation_ended(&bank.caller);
            }
        }
    }
}

/// And at the load, where anything is left of the other, which is not loaded: tables, key-value stores, or files.
#[tokio::test]
async fn a_plugin_is_not_loaded_where_its_namesake_has_left_something() {
    for (there, comes) in [("bank", "Bank"), ("Bank", "bank"), ("b_1", "B_1")] {
        for what in ["tables", "a key-value store"] {
            let kit = Kit::new();
            let bank = kit.plugin(there, json!({})).await;
            match what {
                "tables" => {
                    let made = format!("CREATE TABLE {there}__secret AS SELECT 1234 AS pin");
                    bank.execute(7, &made, json!([])).await.unwrap();
                }
                _ => {
                    let call = json!({"guild_id": "7", "shelf": "vault", "key": "pin"});
                    let value = format!("{:?}", "4".repeat(100_000));
                    let call = serde_json::from_value(call).unwrap();
                    bank.kv_store("set", &call, value.as_bytes()).await.unwrap();
                }
            }
            kit.storage.generation_ended(&bank.caller);
            let refused = |kit: &Kit| {
                let (caller, none) = (Caller::new(comes, 1), Manifest::default());
                let started = kit.storage.generation_starts(&caller, &none);
                let started = futures_util::FutureExt::now_or_never(started).unwrap();
                let told = started.map_err(|error| error.to_string());
                let expect = format!(
                    "the plugin `{there}`, whose name differs from `{comes}` in upper and lower case alone, keeps "
                );
                says(told, &[&expect, "give this plugin another name"]);
                assert_eq!(kit.storage.fence_count(), 0);
            };
            refused(&kit);
            // What is counted anew is still the same plugin's, and it is known after a restart, too.
            let recount = kit.storage.with(DatabaseId::of(7), |database, connected| {
                database.recount(connected)
            });
            recount.await.unwrap();
            refused(&kit);
            let kit = kit.restart("").await;
            kit.storage.looked_around();
            refused(&kit);
            kit.generation(there, 2, json!({})).await.unwrap();
        }
    }
    // A folder of files, or of a state.
    let kit = Kit::new();
    std::fs::create_dir_all(kit.folder.path().join("plugins/shop/files")).unwrap();
    let told = kit.generation("Shop", 1, json!({})).await.map(drop);
    let expect = [
        "the plugin `shop`, whose name differs from `Shop`",
        "has files in",
        "plugins/shop",
    ];
    says(told.map_err(|error| error.to_string()), &expect);
    kit.generation("shop", 1, json!({})).await.unwrap();
    // Nothing is left of one that has given everything back.
    let kit = Kit::new();
    let bank = kit.plugin("bank", json!({})).await;
    bank.execute(1, "CREATE TABLE bank__x (x)", json!([]))
        .await
        .unwrap();
    bank.execute(1, "DROP TABLE bank__x", json!([]))
        .await
        .unwrap();
    kit.storage.generation_ended(&bank.caller);
    kit.generation("Bank", 1, json!({})).await.unwrap();
}
