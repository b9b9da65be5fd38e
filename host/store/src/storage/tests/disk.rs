//! Tests of the disk quotas.

use std::time::Duration;

use tokio::time::timeout;

use super::*;

/// What nothing here may take.
const PATIENCE: Duration = Duration::from_secs(60);

const MIB: u64 = 1 << 20;

const SMALL: &str = "[storage]\nmax_plugin_bytes = 4194304\nbackup_on_shutdown = false";

/// Rows of a MiB.
fn insert(count: u32) -> String {
    format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {count})
         INSERT INTO greedy__t SELECT zeroblob(1000000) FROM n"
    )
}

async fn greedy(kit: &Kit) -> Plugin<'_> {
    let tables = "CREATE TABLE greedy__t (x)";
    let migrations = json!([migration(1, "bot", tables), migration(1, "guild", tables)]);
    kit.plugin("greedy", json!({"migrations": migrations}))
        .await
}

fn kept(kit: &Kit, plugin: &str) -> u64 {
    kit.storage.disk().of(plugin).tables
}

#[tokio::test]
async fn a_plugin_keeps_what_it_may_in_all_databases_together_and_loses_nothing() {
    let kit = Kit::configured(SMALL);
    let greedy = greedy(&kit).await;
    let victim = kit.plugin("victim", shop_of("victim")).await;
    for guild in 0..3 {
        greedy.execute(guild, &insert(1), json!([])).await.unwrap();
    }
    assert!((3 * MIB - 200_000..4 * MIB).contains(&kept(&kit, "greedy")));
    let told = [
        "the plugin `greedy` keeps",
        "and may keep 4194304 (`storage.max_plugin_bytes`)",
        "nothing was changed. Delete what is not needed, or have the owner raise it",
    ];
    for guild in 0..4 {
        // In one row too many, and in one statement that would fill the disk; with others' calls beside it.
        for count in [2, 100_000] {
            let sql = insert(count);
            let (refused, served) = tokio::join!(
                greedy.execute(guild, &sql, json!([])),
                victim.execute(guild, "INSERT INTO victim__items VALUES (NULL)", json!([])),
            );
            says(refused, &told);
            served.unwrap();
        }
        let size = std::fs::metadata(kit.file(DatabaseId::of(guild)))
            .unwrap()
            .len();
        assert!(size < 6 * MIB, "{size}");
    }
    let at = KvCall {
        guild_id: Some(1),
        store: "s".into(),
        ..KvCall::default()
    };
    let value = serde_json::to_vec(&"x".repeat(1_000_000)).unwrap();
    let mut refused = None;
    for key in 0..4 {
        let at = KvCall {
            key: key.to_string(),
            ..at.clone()
        };
        refused = refused.or(greedy.kv_store("set", &at, &value).await.err());
    }
    says::<()>(Err(refused.unwrap()), &told);
    // What is there is there, can be deleted, and makes room.
    for guild in 0..3 {
        let count = greedy.query(guild, "SELECT count(*) FROM greedy__t").await;
        assert_eq!(count.unwrap(), json!([[1]]));
    }
    greedy
        .execute(2, "DELETE FROM greedy__t", json!([]))
        .await
        .unwrap();
    let before = kept(&kit, "greedy");
    assert!(before < 3 * MIB + 500_000, "{before}");
    // It is known again after a restart, before anything is opened.
    let kit = kit.restart(SMALL).await;
    let counted = async {
        while kept(&kit, "greedy") != before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(PATIENCE, counted).await.is_err() {
        panic!("{} is not {before}", kept(&kit, "greedy"));
    }
}

fn shop_of(plugin: &str) -> Value {
    let sql = format!("CREATE TABLE {plugin}__items (x)");
    json!({"migrations": [migration(1, "bot", &sql), migration(1, "guild", &sql)]})
}

#[tokio::test]
async fn what_is_deleted_is_given_back_to_the_system() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    let greedy = greedy(&kit).await;
    greedy.execute(1, &insert(12), json!([])).await.unwrap();
    greedy
        .execute(1, "DELETE FROM greedy__t", json!([]))
        .await
        .unwrap();
    assert!(kept(&kit, "greedy") < MIB, "{}", kept(&kit, "greedy"));
    let shrunk = async {
        loop {
            let pages = greedy.query(1, "SELECT 1").await;
            pages.unwrap();
            let raw = rusqlite::Connection::open(kit.file(DatabaseId::Guild(1))).unwrap();
            let pages: i64 = raw
                .query_row("PRAGMA page_count", [], |row| row.get(0))
                .unwrap();
            if pages < 600 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, shrunk).await.unwrap();
}

#[tokio::test]
async fn a_migration_that_keeps_too_much_is_undone_and_says_so() {
    let kit = Kit::configured(SMALL);
    let sql = format!("CREATE TABLE greedy__t (x); {}", insert(8));
    let manifest = json!({"migrations": [migration(1, "bot", &sql)]});
    let refused = kit.generation("greedy", 1, manifest).await;
    let error = refused.err().unwrap().to_string();
    for part in [
        "migration 1 of `greedy` failed on main.db, and nothing of it has happened",
        "the plugin `greedy` keeps 0 bytes",
        "`storage.max_plugin_bytes`",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(kept(&kit, "greedy"), 0);
}

#[tokio::test]
async fn a_slow_migration_names_its_own_setting() {
    let kit = Kit::configured("[storage]\nmigration_timeout_ms = 50");
    let sql = "CREATE TABLE greedy__t AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let manifest = json!({"migrations": [migration(1, "bot", sql)]});
    let refused = kit.generation("greedy", 1, manifest).await;
    let error = refused.err().unwrap().to_string();
    for part in [
        "migration 1 of `greedy` failed on main.db",
        "it took longer than 50 ms (`storage.migration_timeout_ms`) and was stopped",
        "change fewer rows in one migration, or raise the setting",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

/// A file of a host that did not count, and what the host itself takes away.
#[tokio::test]
async fn what_was_there_before_is_counted_and_what_is_erased_is_not() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    let sql = "CREATE TABLE notes__all (user_id INTEGER, text)";
    let notes = || {
        json!({
            "migrations": [migration(1, "guild", sql)],
            "subjects": [{"table": "notes__all", "column": "user_id"}],
        })
    };
    let plugin = kit.plugin("notes", notes()).await;
    let insert = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3)
        INSERT INTO notes__all SELECT 613425648685547541, zeroblob(1000000) FROM n";
    plugin.execute(1, insert, json!([])).await.unwrap();
    let before = kept(&kit, "notes");
    kit.close().await;
    let raw = rusqlite::Connection::open(kit.file(DatabaseId::Guild(1))).unwrap();
    raw.execute_batch("DROP TABLE cogwright__disk; PRAGMA user_version = 2")
        .unwrap();
    drop(raw);
    let kit = kit.restart("[storage]\nbackup_on_shutdown = false").await;
    let plugin = kit.plugin("notes", notes()).await;
    plugin.query(1, "SELECT 1").await.unwrap();
    let counted = kept(&kit, "notes");
    assert!(counted.abs_diff(before) < 100_000, "{counted} {before}");
    let erased = kit.storage.erase_subject(613_425_648_685_547_541).await;
    assert_eq!(erased.unwrap().rows, 3);
    assert!(kept(&kit, "notes") < 100_000, "{}", kept(&kit, "notes"));
}
