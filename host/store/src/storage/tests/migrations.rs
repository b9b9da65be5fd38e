//! Tests of migrations, from one shape of the tables to the next.

use super::*;

fn version(count: u32) -> Value {
    let all = [
        "CREATE TABLE shop__items (name TEXT)",
        "ALTER TABLE shop__items ADD COLUMN price INTEGER; UPDATE shop__items SET price = 1",
    ];
    let migrations = |scope: &'static str| {
        (1..)
            .zip(all)
            .take(count as usize)
            .map(move |(number, sql)| migration(number, scope, sql))
    };
    let migrations: Vec<Value> = migrations("bot").chain(migrations("guild")).collect();
    json!({"migrations": migrations})
}

#[tokio::test]
async fn each_runs_once_in_each_database() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", version(1)).await;
    for database_id in [0, 5, 6] {
        shop.execute(
            database_id,
            "INSERT INTO shop__items VALUES ('tea')",
            json!([]),
        )
        .await
        .unwrap();
    }
    let applied = kit.storage.applied(DatabaseId::Bot).await.unwrap();
    assert_eq!(applied.len(), 1);
    assert_eq!(
        (
            &*applied[0].plugin,
            applied[0].number,
            applied[0].checksum.len()
        ),
        ("shop", 1, 64)
    );
    assert!(applied[0].applied_at_ms > 1_700_000_000_000);

    let kit = kit.restart("").await;
    let shop = kit.plugin("shop", version(2)).await;
    for database_id in [0, 5] {
        assert_eq!(
            shop.query(database_id, "SELECT * FROM shop__items")
                .await
                .unwrap(),
            json!([["tea", 1]])
        );
    }
    let states = kit.storage.migrations().await.unwrap();
    let told: Vec<_> = states
        .iter()
        .map(|state| {
            (
                state.for_guilds,
                state.number,
                state.applied,
                state.databases,
                state.declared,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (false, 1, 1, 1, true),
            (false, 2, 1, 1, true),
            (true, 1, 2, 2, true),
            (true, 2, 1, 2, true)
        ]
    );
    for (plugin, runs) in [("bank", 0), ("shop", 1)] {
        let (ran, failed) = kit.storage.migrate_plugin(plugin).await.unwrap();
        assert_eq!((ran, failed.len()), (runs, 0), "{plugin}");
    }
    // An older generation beside it goes on.
    let older = kit.generation("shop", 2, version(1)).await.unwrap();
    older
        .query(5, "SELECT name FROM shop__items")
        .await
        .unwrap();
}

#[tokio::test]
async fn one_that_fails_leaves_nothing_and_stops_that_plugin_alone() {
    let kit = Kit::new();
    let bad = |sql: &str| json!({"migrations": [migration(1, "bot", "CREATE TABLE shop__a (x)"), migration(2, "bot", sql)]});
    let failed = kit
        .generation(
            "shop",
            1,
            bad("CREATE TABLE shop__b (x); CREATE TABEL shop__c (x)"),
        )
        .await;
    says(
        failed.map(|_| ()).map_err(|error| error.to_string()),
        &[
            "migration 2 of `shop` failed on main.db, and nothing of it has happened",
            "near \"TABEL\"",
        ],
    );
    let shop = kit
        .generation("shop", 2, bad("CREATE TABLE shop__b (x)"))
        .await
        .unwrap();
    shop.query(0, "SELECT * FROM shop__a, shop__b")
        .await
        .unwrap();

    // A server's: its calls fail, others' don't, and it is tried again by the owner's command and by the next load.
    let guild = |sql: &str| json!({"migrations": [migration(1, "guild", sql)]});
    let inn = kit
        .plugin("inn", guild("INSERT INTO bank__x VALUES (1)"))
        .await;
    let bank = kit.plugin("bank", json!({})).await;
    says(
        inn.query(3, "SELECT 1").await,
        &["migration 1 of `inn` failed on 3/guild.db"],
    );
    says(
        inn.query(3, "SELECT 1").await,
        &["migration 1 of `inn` failed on 3/guild.db"],
    );
    bank.execute(3, "CREATE TABLE bank__x (x)", json!([]))
        .await
        .unwrap();
    let (ran, failed) = kit.storage.migrate_all().await.unwrap();
    assert_eq!(ran, 0);
    assert!(
        failed[0]
            .to_string()
            .contains("`bank__x` belongs to the plugin `bank`"),
        "{failed:?}"
    );
    let inn = kit
        .generation("inn", 2, guild("CREATE TABLE inn__x (x)"))
        .await
        .unwrap();
    inn.query(3, "SELECT * FROM inn__x").await.unwrap();
}

#[tokio::test]
async fn one_that_was_changed_afterwards_is_refused_with_both_checksums() {
    let kit = Kit::new();
    let one = |sql: &str| json!({"migrations": [migration(1, "bot", sql)]});
    let shop = kit.plugin("shop", one("CREATE TABLE shop__a (x)")).await;
    kit.storage.generation_ended(&shop.caller);
    let applied = kit.storage.applied(DatabaseId::Bot).await.unwrap();
    let changed = kit
        .generation("shop", 2, one("CREATE TABLE shop__a (x, y)"))
        .await;
    says(
        changed.map(|_| ()).map_err(|error| error.to_string()),
        &[
            "migration 1 of `shop` has run on main.db with another text",
            &applied[0].checksum,
            "with a new number",
        ],
    );
}

#[tokio::test]
async fn a_migration_is_fenced_as_its_plugin_is() {
    let kit = Kit::new();
    for (sql, expect) in [
        ("CREATE TABLE bank__a (x)", "begins with `shop__`"),
        (
            "CREATE TABLE shop__a (x); ALTER TABLE shop__a RENAME TO bank__a",
            "a name outside of `shop__`",
        ),
        (
            "CREATE TABLE shop__a (x REFERENCES bank__a (x))",
            "a foreign key refers to `bank__a`",
        ),
        (
            "COMMIT; CREATE TABLE shop__a (x)",
            "a transaction is sent as a whole",
        ),
        ("PRAGMA foreign_keys = off", "is the host's"),
    ] {
        let manifest = json!({"migrations": [migration(1, "bot", sql)]});
        let made = kit.generation("shop", 1, manifest).await;
        says(
            made.map(|_| ()).map_err(|error| error.to_string()),
            &[expect],
        );
    }
    assert_eq!(kit.storage.applied(DatabaseId::Bot).await.unwrap(), []);
}

#[test]
fn manifests_are_checked() {
    let check = |plugin: &str, manifest: Value, expect: &str| {
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let mut found = Vec::new();
        super::super::problems(&plugin.into(), &manifest, &mut found);
        let text = found.join("\n");
        assert!(
            if expect.is_empty() {
                text.is_empty()
            } else {
                text.contains(expect)
            },
            "{plugin}: {text}"
        );
    };
    check("shop", version(2), "");
    for name in ["cogwright", "my__shop", "shop_", "_shop"] {
        check(name, json!({}), "can't be a plugin's name");
    }
    check("sqlite_shop", version(1), "SQLite keeps names");
    check(
        "shop",
        json!({"migrations": [migration(0, "bot", "")]}),
        "migration 0 stands behind",
    );
    check(
        "shop",
        json!({"migrations": [migration(2, "bot", ""), migration(2, "bot", "")]}),
        "migration 2 stands behind migration 2",
    );
    check(
        "shop",
        json!({"shares": [{"table": "bank__x"}]}),
        "it shares the table `bank__x`",
    );
    check(
        "shop",
        json!({"subjects": [{"table": "x", "column": "y"}]}),
        "it tags the table `x`",
    );
    check(
        "shop",
        json!({"uses_tables": [{"table": "shop__x"}]}),
        "it uses the table `shop__x`",
    );
}

/// The tables of version 1, as its first host wrote them, with what it made when it was first written to.
const VERSION_1: &str = "
CREATE TABLE cogwright__about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cogwright__migrations (
    plugin TEXT NOT NULL, number INTEGER NOT NULL, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL,
    PRIMARY KEY (plugin, number)
) WITHOUT ROWID;
CREATE TABLE cogwright__subjects (
    plugin TEXT NOT NULL, table_name TEXT NOT NULL, column_name TEXT NOT NULL,
    PRIMARY KEY (plugin, table_name, column_name)
) WITHOUT ROWID;
CREATE TABLE cogwright__shelf (
    plugin TEXT NOT NULL, shelf TEXT NOT NULL, subject INTEGER NOT NULL, key TEXT NOT NULL,
    value TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (plugin, shelf, subject, key)
) WITHOUT ROWID;
CREATE INDEX cogwright__shelf_subject ON cogwright__shelf (subject) WHERE subject <> 0;
INSERT INTO cogwright__about VALUES ('place', 'the bot');
PRAGMA application_id = 1129792578;
PRAGMA user_version = 1;
";

fn old_file(kit: &Kit, more: &str) {
    let file = kit.folder.path().join("main.db");
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    connection.execute_batch(more).unwrap();
}

#[tokio::test]
async fn tables_of_the_host_have_a_version_and_an_older_file_takes_the_steps_it_lacks() {
    let used = "CREATE TABLE cogwright__usage (
            day TEXT NOT NULL, command TEXT NOT NULL, plugin TEXT NOT NULL,
            uses INTEGER NOT NULL, errors INTEGER NOT NULL, took_us INTEGER NOT NULL,
            PRIMARY KEY (day, command, plugin)
        ) WITHOUT ROWID;
        INSERT INTO cogwright__usage VALUES ('2026-11-20', 'ping', 'basics', 3, 1, 900);";
    for (more, uses) in [("", 0), (used, 3)] {
        let kit = Kit::new();
        old_file(&kit, more);
        let command_uses = kit
            .storage
            .usage_by_day(DatabaseId::Bot, "2026-01-01")
            .await;
        let found: u64 = command_uses.unwrap().iter().map(|used| used.uses).sum();
        assert_eq!(found, uses);
        assert_eq!(kit.storage.all_deletions().await.unwrap(), []);
        let version = kit.storage.in_bot(|connection| {
            connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        });
        assert_eq!(version.await.unwrap(), 4);
        // And again: nothing is left to be done.
        let kit = kit.restart("").await;
        assert!(
            kit.storage
                .usage_by_day(DatabaseId::Bot, "2026-01-01")
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_file_as_it_was() {
    let kit = Kit::new();
    // Something else has the name of a table that the step indexes.
    old_file(&kit, "CREATE VIEW cogwright__scheduled AS SELECT 1 AS id");
    assert!(kit.storage.all_deletions().await.is_err());
    let file = kit.folder.path().join("main.db");
    let connection = rusqlite::Connection::open(file).unwrap();
    let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    assert_eq!(version.unwrap(), 1);
    let count = "SELECT count(*) FROM sqlite_schema WHERE name = 'cogwright__usage'";
    let made: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(made, 0);
}

#[tokio::test]
async fn a_file_of_a_newer_host_is_left_alone_and_told_with_both_versions() {
    let kit = Kit::new();
    old_file(&kit, "PRAGMA user_version = 9");
    let error = kit.storage.all_deletions().await.unwrap_err().to_string();
    for part in [
        "main.db",
        "newer Cogwright",
        "version 9",
        "knows 4",
        "restore a backup",
    ] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
}
