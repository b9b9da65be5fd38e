//! Tests with many databases and many calls at once.

use std::fs;

use futures_util::future::join_all;

use super::*;

/// A small version of what `host/examples/databases.rs` measures.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_databases_with_a_few_open() {
    let kit = Kit::configured("[storage]\nmax_open = 16\nbackup_on_shutdown = false");
    let shop = kit.plugin("shop", json!({})).await;
    let at = |guild_id| KvCall {
        guild_id: Some(guild_id),
        store: "visits".into(),
        key: "n".into(),
        ..KvCall::default()
    };
    // A fixed order that looks random: 7919 is prime to 200.
    let order: Vec<u64> = (0..600_u64).map(|n| n * 7_919 % 200 + 1).collect();
    for batch in order.chunks(40) {
        let calls: Vec<_> = batch.iter().map(|guild| at(*guild)).collect();
        let sets = calls.iter().map(|call| shop.kv_store("set", call, b"1"));
        for set in join_all(sets).await {
            set.unwrap();
        }
    }
    let numbers = kit.storage.numbers().unwrap();
    assert!(numbers.most_open <= 16, "{numbers:?}");
    assert!(numbers.threads <= 4, "{numbers:?}");
    let open = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|fd| fs::read_link(fd.unwrap().path()).ok())
        .filter(|path| path.starts_with(kit.folder.path()))
        .count();
    assert!(open <= 3 * 16 + 1, "{open} descriptors");
    for guild in 1..=200 {
        let (got, _) = shop.kv_store("get", &at(guild), b"").await.unwrap();
        assert_eq!((got.done, got.version), (true, 3), "{guild}");
    }
    // Of a server that was left the database is closed, and opened again when somebody asks.
    let before = kit.storage.numbers().unwrap().open;
    kit.storage.guild_left(200);
    while kit.storage.numbers().unwrap().open == before {
        tokio::task::yield_now().await;
    }
    assert!(shop.kv_store("get", &at(200), b"").await.unwrap().0.done);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_once_share_a_transaction_and_each_stands_for_itself() {
    let kit = Kit::configured("[storage]\nstatement_timeout_ms = 200\nbackup_on_shutdown = false");
    let shop = kit.plugin("shop", shop()).await;
    for database_id in [0, 1] {
        let slow = "INSERT INTO shop__items
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, count(*) FROM n";
        let calls = (0..300_u64).map(|n| {
            let shop = &shop;
            async move {
                match n {
                    // One that breaks a rule, and one that takes the whole transaction with it.
                    50 => {
                        shop.execute(
                            database_id,
                            "INSERT INTO shop__items VALUES ('x', -1)",
                            json!([]),
                        )
                        .await
                    }
                    60 => shop.execute(database_id, slow, json!([])).await,
                    _ => {
                        shop.execute(
                            database_id,
                            "INSERT INTO shop__items VALUES (?1, 1)",
                            json!([n.to_string()]),
                        )
                        .await
                    }
                }
            }
        });
        let failed: Vec<usize> = join_all(calls)
            .await
            .iter()
            .enumerate()
            .filter(|(_, result)| result.is_err())
            .map(|(at, _)| at)
            .collect();
        assert_eq!(failed, [50, 60]);
        let count = shop
            .query(database_id, "SELECT count(*) FROM shop__items")
            .await
            .unwrap();
        assert_eq!(count, json!([[298]]));
    }
}

/// A constraint that is checked at the end of the transaction fails the call that broke it, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_constraint_that_is_checked_late_fails_its_own_call() {
    let kit = Kit::new();
    let sql = "CREATE TABLE shop__parents (id INTEGER PRIMARY KEY);
               CREATE TABLE shop__children (id INTEGER REFERENCES shop__parents DEFERRABLE INITIALLY DEFERRED)";
    let shop = kit
        .plugin("shop", json!({"migrations": [migration(1, "guild", sql)]}))
        .await;
    let calls = (0..20_u64).map(|n| {
        let shop = &shop;
        async move {
            let table = if n == 7 { "children" } else { "parents" };
            let sql = format!("INSERT INTO shop__{table} VALUES (?1)");
            shop.execute(1, &sql, json!([n + 100])).await
        }
    });
    let results = join_all(calls).await;
    for (n, result) in results.into_iter().enumerate() {
        if n == 7 {
            says(result, &["FOREIGN KEY constraint failed"]);
        } else {
            result.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_ends_takes_its_queued_calls_with_it() {
    let kit = Kit::configured("[storage]\nthreads = 1\nstatement_timeout_ms = 300");
    let (shop, bank) = (
        kit.plugin("shop", shop()).await,
        kit.plugin("bank", json!({})).await,
    );
    shop.query(1, "SELECT 1").await.unwrap();
    let slow =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let held = bank.query(2, slow);
    let queued = shop.execute(1, "INSERT INTO shop__items VALUES ('late', 1)", json!([]));
    let end = async {
        kit.storage.generation_ended(&shop.caller);
    };
    let (_, late, ()) = tokio::join!(biased; held, queued, end);
    says(
        late,
        &["the plugin's generation is over; nothing has happened"],
    );
    let shop = kit.generation("shop", 2, super::shop()).await.unwrap();
    assert_eq!(
        shop.query(1, "SELECT count(*) FROM shop__items")
            .await
            .unwrap(),
        json!([[0]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_are_refused_and_not_piled_up() {
    let kit = Kit::configured("[storage]\nthreads = 1\nbackup_on_shutdown = false");
    let shop = kit.plugin("shop", shop()).await;
    let calls = (0..4_000).map(|_| shop.execute(1, "DELETE FROM shop__items", json!([])));
    let results = join_all(calls).await;
    let refused: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty());
    for error in refused {
        assert!(
            error.contains("calls wait for 1/guild.db already: await them"),
            "{error}"
        );
    }
    shop.query(1, "SELECT 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_its_own_call_and_nothing_else() {
    let kit = Kit::configured("[storage]\nthreads = 1");
    let shop = kit.plugin("shop", shop()).await;
    for database_id in [DatabaseId::Bot, DatabaseId::Guild(1)] {
        let broken = kit
            .storage
            .with::<()>(database_id, |_, _| panic!("on purpose"));
        assert!(broken.await.is_err());
    }
    for database_id in [0, 1] {
        let insert = "INSERT INTO shop__items VALUES ('tea', 3)";
        shop.execute(database_id, insert, json!([])).await.unwrap();
    }
}
