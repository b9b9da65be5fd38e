//! Tests of statements, transactions and key-value stores.

use super::*;

#[tokio::test]
async fn values_go_in_and_come_out_as_they_are() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", json!({})).await;
    let made = shop
        .execute(5, "CREATE TABLE shop__all (a, b, c, d, e, f)", json!([]))
        .await;
    made.unwrap();
    let call = StorageCall {
        guild_id: Some(5),
        steps: vec![step(
            "INSERT INTO shop__all VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            json!([null, i64::MIN, 1.0, "té", {"blob": [1, 3]}, {"real": "-inf"}]),
        )],
    };
    let (reply, _): (StorageReply, _) = shop
        .call("storage.execute", call, &[9, 1, 2, 255, 9])
        .await
        .unwrap();
    assert_eq!(
        (reply.results[0].changed, reply.results[0].inserted_id),
        (1, 1)
    );
    let call = StorageCall {
        guild_id: Some(5),
        steps: vec![step("SELECT *, typeof(c) FROM shop__all", json!([]))],
    };
    let (reply, body): (StorageReply, _) = shop.call("storage.query", call, b"").await.unwrap();
    assert_eq!(
        serde_json::to_value(&reply.results[0].rows).unwrap(),
        json!([[null, i64::MIN, 1.0, "té", {"blob": [0, 3]}, {"real": "-inf"}, "real"]])
    );
    assert_eq!(body, [1, 2, 255]);
    assert_eq!(reply.results[0].columns[6], "typeof(c)");
}

#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all() {
    let kit = Kit::new();
    let bank = kit.plugin("bank", json!({})).await;
    let sql = "CREATE TABLE bank__accounts (user INTEGER PRIMARY KEY, coins INTEGER NOT NULL)";
    bank.execute(0, sql, json!([])).await.unwrap();
    let sql = "INSERT INTO bank__accounts VALUES (1, 10), (2, 0) RETURNING user";
    let inserted = bank.execute(0, sql, json!([])).await.unwrap();
    assert_eq!((inserted.changed, inserted.rows.len()), (2, 2));
    let transfer = |from: u64, to: u64, coins: i64| {
        let must = |mut step: StorageStep, words: &str| {
            step.expect = Some(StorageExpect {
                changed: Some(1),
                refusal: Some(words.to_owned()),
                ..StorageExpect::default()
            });
            step
        };
        let give = "UPDATE bank__accounts SET coins = coins - ?2 WHERE user = ?1 AND coins >= ?2";
        let take = "UPDATE bank__accounts SET coins = coins + ?2 WHERE user = ?1";
        bank.run(
            0,
            vec![
                must(step(give, json!([from, coins])), "not enough coins"),
                must(step(take, json!([to, coins])), "no such account"),
            ],
        )
    };
    transfer(1, 2, 4).await.unwrap();
    says(transfer(1, 2, 7).await, &["not enough coins", "on main.db"]);
    says(
        transfer(1, 3, 1).await,
        &["no such account", "nothing of the transaction has happened"],
    );
    let balance = "SELECT user, coins FROM bank__accounts ORDER BY user";
    assert_eq!(
        bank.query(0, balance).await.unwrap(),
        json!([[1, 6], [2, 4]])
    );
    let mut full = step("SELECT count(*) < 2 FROM bank__accounts", json!([]));
    full.expect = Some(StorageExpect {
        holds: Some(true),
        ..StorageExpect::default()
    });
    let add = step("INSERT INTO bank__accounts VALUES (3, 0)", json!([]));
    says(
        bank.run(0, vec![add, full]).await,
        &["a condition does not hold"],
    );
    assert_eq!(
        bank.query(0, balance).await.unwrap(),
        json!([[1, 6], [2, 4]])
    );
}

#[tokio::test]
async fn errors_name_the_statement_the_place_and_the_next_step() {
    let kit = Kit::configured(
        "[storage]\nmax_rows = 10\nmax_result_bytes = 4096\nstatement_timeout_ms = 50",
    );
    let shop = kit.plugin("shop", shop()).await;
    says(
        shop.query(7, "SELECT * FROM shop__itmes").await,
        &[
            "no such table: shop__itmes",
            "in `SELECT * FROM shop__itmes` on 7/guild.db",
        ],
    );
    says(
        shop.execute(0, "INSERT INTO shop__items VALUES (?1)", json!(["a", 2]))
            .await,
        &["main.db"],
    );
    says(
        shop.execute(0, "INSERT INTO shop__items VALUES (?1, ?2)", json!(["a"]))
            .await,
        &["1 parameter(s) were given, and the statement has 2"],
    );
    says(
        shop.execute(0, "INSERT INTO shop__items VALUES ('a', 0)", json!([]))
            .await,
        &["CHECK constraint failed"],
    );
    says(
        shop.execute(0, "SELECT 1; SELECT 2", json!([])).await,
        &["several statements: send them as a transaction"],
    );
    says(
        shop.execute(0, " ", json!([])).await,
        &["the statement is empty"],
    );
    // A misspelt column is an error, and not a text.
    says(
        shop.query(0, "SELECT \"prise\" FROM shop__items").await,
        &["no such column: \"prise\""],
    );
    let numbers =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 11) SELECT i FROM n";
    says(
        shop.query(0, numbers).await,
        &["more than 10 rows (`storage.max_rows`)", "LIMIT"],
    );
    says(
        shop.query(0, "SELECT hex(zeroblob(3000))").await,
        &["more than 4096 bytes (`storage.max_result_bytes`)"],
    );
    let endless =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    for database_id in [0, 7] {
        says(
            shop.query(database_id, endless).await,
            &["longer than 50 ms (`storage.statement_timeout_ms`) and was stopped"],
        );
    }
    let unknown = Plugin {
        storage: &kit.storage,
        caller: Caller::new("nobody", 1),
    };
    says(
        unknown.query(0, "SELECT 1").await,
        &["the plugin's generation is over"],
    );
}

#[tokio::test]
async fn a_query_may_write_too() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", shop()).await;
    for database_id in [0, 3] {
        let rows = shop
            .query(
                database_id,
                "INSERT INTO shop__items VALUES ('tea', 3) RETURNING name",
            )
            .await;
        assert_eq!(rows.unwrap(), json!([["tea"]]));
        let rows = shop
            .query(database_id, "SELECT price FROM shop__items")
            .await;
        assert_eq!(rows.unwrap(), json!([[3]]));
    }
}

#[tokio::test]
async fn shelves_keep_values_by_key() {
    let kit = Kit::new();
    let (shop, bank) = (
        kit.plugin("shop", json!({})).await,
        kit.plugin("bank", json!({})).await,
    );
    let at = |guild_id, kv_store: &str, key: &str| KvCall {
        guild_id: some(guild_id),
        store: kv_store.into(),
        key: key.into(),
        ..KvCall::default()
    };
    let (got, _) = shop
        .kv_store("get", &at(5, "prices", "tea"), b"")
        .await
        .unwrap();
    assert!(!got.done && got.version == 0);
    shop.kv_store("set", &at(5, "prices", "tea"), b"3")
        .await
        .unwrap();
    shop.kv_store("set", &at(5, "prices", "tea"), br#"{"coins":4}"#)
        .await
        .unwrap();
    let (got, value) = shop
        .kv_store("get", &at(5, "prices", "tea"), b"")
        .await
        .unwrap();
    assert_eq!(
        (got.done, got.version, &*value),
        (true, 2, &br#"{"coins":4}"#[..])
    );
    // Another place, another key-value store, another plugin, another subject: none of them sees it.
    let about = KvCall {
        subject: Some(9),
        ..at(5, "prices", "tea")
    };
    for (plugin, call) in [
        (&shop, at(6, "prices", "tea")),
        (&shop, at(0, "prices", "tea")),
        (&shop, at(5, "price", "tea")),
        (&bank, at(5, "prices", "tea")),
        (&shop, about),
    ] {
        assert!(
            !plugin.kv_store("get", &call, b"").await.unwrap().0.done,
            "{call:?}"
        );
    }
    // Versions: nothing is overwritten unseen.
    let with = |version| KvCall {
        version: Some(version),
        ..at(5, "prices", "tea")
    };
    for (version, written) in [(0, false), (1, false), (3, false), (2, true), (2, false)] {
        let (set, _) = shop.kv_store("set", &with(version), b"5").await.unwrap();
        assert_eq!(set.done, written, "{version}");
    }
    let new = KvCall {
        version: Some(4),
        ..at(5, "prices", "coffee")
    };
    assert!(!shop.kv_store("set", &new, b"1").await.unwrap().0.done);
    let new = KvCall {
        version: Some(0),
        ..new
    };
    assert!(shop.kv_store("set", &new, b"1").await.unwrap().0.done);
    shop.kv_store("set", &at(5, "prices", "co%"), b"1")
        .await
        .unwrap();
    let (keys, _) = shop
        .kv_store("keys", &at(5, "prices", "co"), b"")
        .await
        .unwrap();
    assert_eq!(keys.keys, ["co%", "coffee"]);
    let (keys, _) = shop
        .kv_store("keys", &at(5, "prices", "co%"), b"")
        .await
        .unwrap();
    assert_eq!(keys.keys, ["co%"]);
    assert!(
        shop.kv_store("delete", &at(5, "prices", "tea"), b"")
            .await
            .unwrap()
            .0
            .done
    );
    assert!(
        !shop
            .kv_store("delete", &at(5, "prices", "tea"), b"")
            .await
            .unwrap()
            .0
            .done
    );
    says(
        shop.kv_store("set", &at(5, "prices", "x"), b"no json")
            .await,
        &["the value of a key-value store is JSON"],
    );
    says(
        shop.kv_store("get", &at(5, "prices", &"x".repeat(513)), b"")
            .await,
        &["a key has 512 bytes at most"],
    );
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", shop()).await;
    for database_id in [0, 4] {
        let done = shop
            .execute(
                database_id,
                "INSERT INTO shop__items VALUES ('tea', 3)",
                json!([]),
            )
            .await;
        done.unwrap();
    }
    let kit = kit.restart("").await;
    let shop = kit.plugin("shop", super::shop()).await;
    for database_id in [0, 4] {
        assert_eq!(
            shop.query(database_id, "SELECT * FROM shop__items")
                .await
                .unwrap(),
            json!([["tea", 3]])
        );
    }
    kit.close().await;
    says(
        shop.query(0, "SELECT 1").await,
        &["the databases are closed"],
    );
}

/// A value that a blob's offset points outside of, or beyond.
#[tokio::test]
async fn a_blob_outside_of_the_call_is_refused() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", json!({})).await;
    for blob in [(0, 4), (3, 1), (u64::MAX, 1), (1, u64::MAX)] {
        let params = vec![StorageValue::Blob { blob }];
        let steps = vec![StorageStep {
            sql: "SELECT ?1".into(),
            params,
            expect: None,
        }];
        let call = StorageCall {
            guild_id: Some(1),
            steps,
        };
        let result = shop
            .call::<StorageReply>("storage.query", call, b"abc")
            .await;
        says(result, &["parameter 1 lies outside of the call"]);
    }
}
