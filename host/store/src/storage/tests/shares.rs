//! Tests of fair shares: what one plugin may take of the databases' time, threads and memory, and what the others
//! notice of it.

use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::time::timeout;

use super::*;

/// What nothing here may take. The attacks took minutes, or did not end.
const PATIENCE: Duration = Duration::from_secs(300);

const ANN: u64 = 613_425_648_685_547_541;

/// Does not end by itself.
const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn configured(timeout_ms: u32) -> String {
    format!("[storage]\nstatement_timeout_ms = {timeout_ms}")
}

async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| panic!("{what} takes longer than {PATIENCE:?}"))
}

#[tokio::test]
async fn functions_over_long_texts_end_in_time() {
    let kit = Kit::configured(&configured(500));
    let greedy = kit.plugin("greedy", json!({})).await;
    let long = "hex(zeroblob(500000))";
    for function in [
        format!("instr({long}, hex(zeroblob(250000)) || '1')"),
        format!("replace({long}, hex(zeroblob(250000)) || '1', 'x')"),
        format!("trim({long}, hex(randomblob(500000)) || '0')"),
        format!("length(replace({long}, '0', {long}))"),
        format!("{long} LIKE '%' || substr({long}, 1, 150) || '1%'"),
        format!("{long} GLOB '*' || substr({long}, 1, 150) || '1*'"),
    ] {
        let rows = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count({function}) FROM n"
        );
        for sql in [format!("SELECT {function}"), rows] {
            // Done, refused or stopped: it makes no difference, but that it ends.
            let _ = in_time(&sql, greedy.query(1, &sql)).await;
        }
    }
    let sql = format!("SELECT {long} LIKE '%' || {long} || '%'");
    says(
        greedy.query(1, &sql).await,
        &["LIKE or GLOB pattern too complex"],
    );
    for function in ["json_patch('{}', '{}')", "jsonb_patch('{}', '{}')"] {
        says(
            greedy.query(1, &format!("SELECT {function}")).await,
            &["refused: the function `json", "use `json_set`"],
        );
    }
    for (count, function) in [(501, "hex(1)"), (26, "1 LIKE 2")] {
        let sql = format!("SELECT {}", vec![function; count].join(" + "));
        says(
            greedy.query(1, &sql).await,
            &[
                "a statement calls 500 functions at most",
                "use several statements",
            ],
        );
    }
}

/// SQLite's limit of memory is the process's: the others' tests would notice.
#[test]
fn values_and_memory_have_limits_that_are_told() {
    const ALONE: &str = "COGWRIGHT_TEST_ALONE";
    let name = "storage::tests::shares::values_and_memory_have_limits_that_are_told";
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(values_and_memory());
    }
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

async fn values_and_memory() {
    let kit = Kit::configured(
        "[storage]\nmax_memory_bytes = 134217728\nmax_value_bytes = 1048576\nstatement_timeout_ms = 60000",
    );
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    greedy
        .execute(1, "CREATE TABLE greedy__t (x)", json!([]))
        .await
        .unwrap();
    says(
        greedy
            .execute(
                1,
                "INSERT INTO greedy__t VALUES (?1)",
                json!(["x".repeat(2 << 20)]),
            )
            .await,
        &["has more than 1048576 bytes (`storage.max_value_bytes`): keep it as a file"],
    );
    let at = KvCall {
        guild_id: Some(1),
        store: "long".into(),
        key: "long".into(),
        ..KvCall::default()
    };
    let value = serde_json::to_vec(&"x".repeat(2 << 20)).unwrap();
    says(
        greedy.kv_store("set", &at, &value).await,
        &["1048576 are the most (`storage.max_value_bytes`)"],
    );
    // Sorted on the disk.
    let sort = "SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300)
                SELECT zeroblob(1000000) AS b, i FROM n ORDER BY b, i LIMIT 300)";
    in_time("sorting", greedy.query(1, sort)).await.unwrap();
    // All at once in memory.
    let wide = vec!["hex(zeroblob(500000))"; 240].join(", ");
    says(
        in_time("a wide row", greedy.query(1, &format!("SELECT {wide}"))).await,
        &[
            "134217728 bytes of memory (`storage.max_memory_bytes`)",
            "read or change less at once",
        ],
    );
    assert_eq!(victim.query(2, "SELECT 1").await.unwrap(), json!([[1]]));
    assert_eq!(greedy.query(1, "SELECT 1").await.unwrap(), json!([[1]]));
    // Whoever is beside one that takes all that there is sees nothing of it.
    let made = "CREATE TABLE victim__t (x)";
    victim.execute(2, made, json!([])).await.unwrap();
    let wide = format!("SELECT {wide}");
    let greedy = join_all((1..=4).map(|_| async {
        for _ in 0..4 {
            assert!(greedy.query(1, &wide).await.is_err());
            greedy.query(1, sort).await.unwrap();
        }
    }));
    let served = async {
        for _ in 0..200 {
            victim
                .execute(
                    2,
                    "INSERT INTO victim__t VALUES (zeroblob(1000))",
                    json!([]),
                )
                .await
                .unwrap();
            let count = "SELECT count(DISTINCT x || rowid) FROM victim__t";
            victim.query(2, count).await.unwrap();
        }
    };
    in_time("both", async { tokio::join!(greedy, served) }).await;
}

#[tokio::test]
async fn a_call_has_one_limit_however_many_statements_it_has() {
    let kit = Kit::configured(&configured(2_000));
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    // Each takes some time, and none the limit: all together are far beyond it.
    let some = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT count(*) FROM n";
    let steps = (0..100_000).map(|_| step(some, json!([]))).collect();
    let (stopped, served) = in_time("a long call", async {
        tokio::join!(greedy.run(0, steps), victim.query(0, "SELECT 1"))
    })
    .await;
    says(
        stopped,
        &[
            "2000 ms (`storage.statement_timeout_ms`) and was stopped",
            "all statements of a call count",
        ],
    );
    served.unwrap();
}

#[tokio::test]
async fn a_thousand_calls_of_one_plugin_do_not_refuse_anothers() {
    for database_id in [DatabaseId::Bot, DatabaseId::Guild(1)] {
        let guild = u64::from(database_id != DatabaseId::Bot);
        let kit = Kit::new();
        let greedy = kit.plugin("greedy", json!({})).await;
        let victim = kit.plugin("victim", json!({})).await;
        let (release, held) = std::sync::mpsc::channel::<()>();
        // Nothing is carried out before all is queued.
        let held = kit.storage.with(database_id, move |_, _| {
            let _ = held.recv();
            Ok(())
        });
        let write = "CREATE TABLE IF NOT EXISTS greedy__t (x)";
        let flood = join_all((0..1_500).map(|_| greedy.execute(guild, write, json!([]))));
        let made = "CREATE TABLE victim__t (x)";
        let served = victim.execute(guild, made, json!([]));
        let go = async { drop(release) };
        let (_, calls, served, ()) = in_time("a flood", async {
            tokio::join!(biased; held, flood, served, go)
        })
        .await;
        served.unwrap();
        let refused: Vec<_> = calls.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 1_500 - 1_024);
        for error in refused {
            assert!(
                error.contains("1024 of the plugin's calls wait for")
                    && error.contains("await them"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn slow_calls_of_one_plugin_leave_threads_for_the_others() {
    let kit = Kit::configured(&configured(4_000));
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    victim.query(99, "SELECT 1").await.unwrap();
    let slow = join_all((1..=16).map(|guild| greedy.query(guild, ENDLESS)));
    let served = Box::pin(async {
        tokio::task::yield_now().await;
        for _ in 0..20 {
            victim.query(99, "SELECT 1").await.unwrap();
        }
    });
    match in_time("the victim", select(Box::pin(slow), served)).await {
        Either::Right(_) => {}
        Either::Left((slow, _)) => panic!("the slow ones were done first: {slow:?}"),
    }
}

#[tokio::test]
async fn an_endless_trigger_ends_and_holds_up_neither_erasure_nor_others_nor_the_end() {
    let kit = Kit::configured(&configured(1_000));
    let tables = |plugin: &str, more: &str| {
        let sql = format!(
            "CREATE TABLE {plugin}__rows (user_id INTEGER); INSERT INTO {plugin}__rows VALUES ({ANN}); {more}"
        );
        json!({
            "migrations": [migration(1, "guild", &sql)],
            "subjects": [{"table": format!("{plugin}__rows"), "column": "user_id"}],
        })
    };
    let trap = "CREATE TRIGGER greedy__trap BEFORE DELETE ON greedy__rows BEGIN
             SELECT 1 WHERE (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n) > 0;
         END;";
    let greedy = kit.plugin("greedy", tables("greedy", trap)).await;
    let victim = kit.plugin("victim", tables("victim", "")).await;
    for guild in 1..=6 {
        greedy.query(guild, "SELECT 1").await.unwrap();
        victim.query(guild, "SELECT 1").await.unwrap();
    }
    let erased = in_time("the erasure", kit.storage.erase_subject(ANN)).await;
    let erased = erased.unwrap();
    assert_eq!((erased.rows, erased.failed.len()), (6, 6), "{erased:?}");
    let words: Vec<&str> = erased.failed.iter().map(|(_, why)| &**why).collect();
    for why in &words {
        assert!(
            why.contains("the plugin `greedy`, its table `greedy__rows`"),
            "{why}"
        );
    }
    assert!(
        words[0].contains("it took longer than 1000 ms"),
        "{words:?}"
    );
    assert!(
        words[5].contains("not tried, since it was stopped 3 times"),
        "{words:?}"
    );
    let write = "INSERT INTO victim__rows VALUES (2)";
    in_time("a write", victim.execute(1, write, json!([])))
        .await
        .unwrap();
    let delete = greedy.execute(1, "DELETE FROM greedy__rows", json!([]));
    let _ = tokio::join!(in_time("the end", kit.close()), delete);
    assert_eq!(super::super::backups(kit.folder.path()).len(), 1);
}

#[tokio::test]
async fn what_tables_calculate_by_themselves_is_counted_and_does_not_keep_a_backup_from_being_made()
{
    let kit = Kit::configured(&configured(1_000));
    let greedy = kit.plugin("greedy", json!({})).await;
    let calls = |count: usize| vec!["length(hex(x))"; count].join(" + ");
    let heavy = format!("CREATE TABLE greedy__t (x CHECK ({} > 0))", calls(251));
    says(
        greedy.execute(1, &heavy, json!([])).await,
        &["refused: a statement calls 500 functions at most"],
    );
    let made = format!("CREATE TABLE greedy__t (x, y AS ({}))", calls(150));
    greedy.execute(1, &made, json!([])).await.unwrap();
    let told = "the table `greedy__t` and its indexes would calculate more than 500 functions for each row";
    for more in [
        format!("ALTER TABLE greedy__t ADD COLUMN z AS ({})", calls(150)),
        format!("CREATE INDEX greedy__i ON greedy__t ({})", calls(150)),
        "ALTER TABLE greedy__t ADD COLUMN z CHECK (x LIKE 'a' AND x LIKE 'b' AND x NOT LIKE 'c' AND x GLOB 'd' \
             AND x LIKE 'e' AND x LIKE 'f' AND x LIKE 'g' AND x LIKE 'h' AND x LIKE 'i' AND x LIKE 'j')"
            .to_owned(),
    ] {
        says(greedy.execute(1, &more, json!([])).await, &[told]);
    }
    let index = "CREATE INDEX greedy__i ON greedy__t (instr(x, 'a'), trim(x), replace(x, 1, 2))";
    greedy.execute(1, index, json!([])).await.unwrap();
    for value in ["'a'", "1.5", "x'61'", "NULL"] {
        let insert = format!("INSERT INTO greedy__t (x) VALUES ({value})");
        greedy.execute(1, &insert, json!([])).await.unwrap();
    }
    let backup = kit.storage.backup().await.unwrap();
    assert_eq!((backup.copied, backup.failed.len()), (1, 0), "{backup:?}");
}

/// Operators are no functions: a number is read out of all of a text with each, and the authorizer is told of none.
#[tokio::test]
async fn what_goes_over_long_texts_without_a_function_is_counted_too() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", json!({})).await;
    for sql in [
        "CREATE TABLE shop__t (t)",
        "INSERT INTO shop__t VALUES (1)",
        "CREATE TABLE shop__log (x)",
    ] {
        shop.execute(1, sql, json!([])).await.unwrap();
    }
    let many = |what: &str, count: usize| vec![vec![what; 100].join(" + "); count / 100].join(", ");
    let refused = ["at most for one row, what its triggers and views do included, and this one"];
    for what in [
        "-t",
        "(t + 1)",
        "CAST(t AS REAL)",
        "CAST(t AS INTEGER)",
        "(t = 'x' COLLATE NOCASE)",
        "(t || 'x')",
    ] {
        let sql = |count| format!("SELECT {} FROM shop__t", many(what, count));
        says(shop.query(1, &sql(3_000)).await, &refused);
        shop.query(1, &sql(400)).await.unwrap();
    }
    // Nor in the tables' own shape, in views or triggers.
    let generated: Vec<String> = (0..30)
        .map(|n| format!("g{n} AS ({})", many("-t", 100)))
        .collect();
    for sql in [
        format!("CREATE TABLE shop__own (t, {})", generated.join(", ")),
        format!(
            "CREATE VIEW shop__all AS SELECT {} FROM shop__t",
            many("-t", 3_000)
        ),
        format!(
            "CREATE TRIGGER shop__trap AFTER DELETE ON shop__t BEGIN INSERT INTO shop__log SELECT 1 WHERE {}; END",
            vec![many("-old.t", 100); 30].join(" AND ")
        ),
    ] {
        shop.execute(1, &sql, json!([])).await.unwrap();
    }
    says(
        shop.execute(1, "INSERT INTO shop__own VALUES (1) RETURNING *", json!([]))
            .await,
        &refused,
    );
    says(shop.query(1, "SELECT * FROM shop__all").await, &refused);
    says(
        shop.execute(1, "DELETE FROM shop__t", json!([])).await,
        &refused,
    );
    // What a statement has of constants alone is no work.
    let values = vec!["(1)"; 20_000].join(", ");
    let insert = format!("INSERT INTO shop__log VALUES {values}");
    assert_eq!(
        shop.execute(1, &insert, json!([])).await.unwrap().changed,
        20_000
    );
}

/// In a migration, and in what the host erases.
#[tokio::test]
async fn and_what_migrations_and_erasures_go_over() {
    let kit = Kit::new();
    let sum = vec![vec!["-old.user_id"; 100].join(" + "); 30].join(" AND ");
    let trap = format!(
        "CREATE TABLE shop__t (user_id); CREATE TABLE shop__log (x);
         CREATE TRIGGER shop__trap AFTER DELETE ON shop__t BEGIN INSERT INTO shop__log SELECT 1 WHERE {sum}; END;
         INSERT INTO shop__t VALUES (7);"
    );
    let heavy = format!("{trap} DELETE FROM shop__t;");
    let one = |sql: &str| json!({"migrations": [migration(1, "guild", sql)], "subjects": [{"table": "shop__t", "column": "user_id"}]});
    let expect = "at most for one row, what its triggers and views do included";
    let shop = kit.generation("shop", 1, one(&heavy)).await.unwrap();
    says(shop.query(1, "SELECT 1").await, &["migration 1", expect]);
    kit.storage.generation_ended(&shop.caller);
    let shop = kit.generation("shop", 2, one(&trap)).await.unwrap();
    shop.query(1, "SELECT 1").await.unwrap();
    let erased = kit.storage.erase_subject(7).await.unwrap();
    assert_eq!(erased.failed.len(), 1, "{erased:?}");
    assert!(
        format!("{:?}", erased.failed[0]).contains(expect),
        "{erased:?}"
    );
}

/// A hundred paths in a text of a megabyte, in each of many functions, took a minute.
#[tokio::test]
async fn functions_with_many_paths_count_as_many() {
    let kit = Kit::new();
    let shop = kit.plugin("shop", json!({})).await;
    let many = |call: &str, count| format!("SELECT {}", vec![call; count].join(", "));
    let refused = ["JSON functions with paths as 10"];
    for call in [
        "json_set('{}', '$.a', 1)",
        "JSON_EXTRACT('{}', '$.a', '$.b')",
        "jsonb_remove('{}', '$.a')",
    ] {
        says(shop.query(1, &many(call, 51)).await, &refused);
        shop.query(1, &many(call, 50)).await.unwrap();
    }
    // The operator has one path.
    shop.query(1, &many("'{}' ->> '$.a'", 200)).await.unwrap();
    let checks = vec!["json_extract(x, '$.a')"; 60].join(" + ");
    let made = format!("CREATE TABLE shop__t (x CHECK ({checks}))");
    says(shop.execute(1, &made, json!([])).await, &refused);
}
