//! Tests of calls that SQLite does not stop.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use rusqlite::functions::FunctionFlags;
use tokio::time::timeout;

use super::*;

/// What nothing here may take.
const PATIENCE: Duration = Duration::from_secs(60);

const SHORT: &str = "[storage]\nstatement_timeout_ms = 100";

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.unwrap()
}

/// Gives a database's connection the function `stall()`, which returns when the returned sender goes, as one of SQLite's would
/// in the middle of a row. Tells when one has begun.
async fn stalling(kit: &Kit, database_id: DatabaseId) -> (mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    let held = Arc::new(Mutex::new(held));
    let made = kit.storage.with(database_id, move |_, connected| {
        let stall = move |_: &mut rusqlite::functions::Context<'_>| {
            begun.send(()).unwrap();
            let _ = held.lock().unwrap().recv();
            Ok(1)
        };
        let connection = &connected.connection;
        let flags = FunctionFlags::SQLITE_UTF8;
        connection
            .create_scalar_function("stall", 0, flags, stall)
            .unwrap();
        Ok(())
    });
    made.await.unwrap();
    let queues = kit.storage.queues().unwrap();
    queues.set_grace(Duration::from_millis(100));
    (release, begins)
}

/// Until its calls to this database are carried out again.
async fn until_served(plugin: &Plugin<'_>, guild: u64) {
    in_time(async {
        while plugin.query(guild, "SELECT 1").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_does_not_stop_is_left_behind_and_the_others_go_on() {
    let kit = Kit::configured(SHORT);
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    for plugin in ["greedy", "victim"] {
        let made = format!("CREATE TABLE {plugin}__t (x)");
        let of = if plugin == "greedy" { &greedy } else { &victim };
        of.execute(1, &made, json!([])).await.unwrap();
    }
    let (release, begins) = stalling(&kit, DatabaseId::Guild(1)).await;
    // Those of others that came with it, in the same batch, are carried out as if nothing had been.
    let stuck = greedy.query(1, "SELECT stall()");
    let read = victim.query(1, "SELECT count(*) FROM victim__t");
    let write = victim.execute(1, "INSERT INTO victim__t VALUES (1)", json!([]));
    let (stuck, read, write) = in_time(async { tokio::join!(biased; stuck, read, write) }).await;
    begins.recv().unwrap();
    says(
        stuck,
        &[
            "it took longer than 100 ms (`storage.statement_timeout_ms`), and does not stop",
            "other calls of the plugin `greedy` are refused until it has ended",
            "`SELECT stall()` on 1/guild.db",
        ],
    );
    read.unwrap();
    write.unwrap();
    // Its own calls wait for nothing, the others' are carried out, in every database.
    for guild in [0, 1, 2] {
        says(
            greedy.query(guild, "SELECT 1").await,
            &[
                "a call of the plugin `greedy` took longer than",
                "still does not stop",
            ],
        );
        assert_eq!(
            in_time(victim.query(guild, "SELECT 1")).await.unwrap(),
            json!([[1]])
        );
    }
    let count = "SELECT count(*) FROM victim__t";
    assert_eq!(victim.query(1, count).await.unwrap(), json!([[1]]));
    kit.storage.backup().await.unwrap();
    drop(release);
    until_served(&greedy, 1).await;
    assert_eq!(victim.query(1, count).await.unwrap(), json!([[1]]));
}

/// Long before their time is over, and with their connections alone.
#[tokio::test(flavor = "multi_thread")]
async fn queries_that_take_their_time_step_aside_for_readers_and_writers() {
    for guild in [0, 1] {
        let kit = Kit::configured("[storage]\nstatement_timeout_ms = 600000\nthreads = 2");
        let greedy = kit.plugin("greedy", json!({})).await;
        let victim = kit.plugin("victim", json!({})).await;
        greedy.query(guild, "SELECT 1").await.unwrap();
        let made = "CREATE TABLE victim__t (x)";
        victim.execute(guild, made, json!([])).await.unwrap();
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let slow = futures_util::future::join_all((0..8).map(|_| greedy.query(guild, endless)));
        let insert = "INSERT INTO victim__t VALUES (1)";
        let served = Box::pin(async {
            for _ in 0..50 {
                victim.execute(guild, insert, json!([])).await.unwrap();
                victim
                    .query(guild, "SELECT count(*) FROM victim__t")
                    .await
                    .unwrap();
            }
        });
        let done = futures_util::future::select(Box::pin(slow), served);
        match in_time(done).await {
            futures_util::future::Either::Right(_) => {}
            futures_util::future::Either::Left((slow, _)) => panic!("{slow:?}"),
        }
        // The end of the bot stops them.
        kit.storage.shut_down(Duration::from_millis(100)).await;
    }
}

/// With what the short ones leave of the processor; and the thread that has worked so works for nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_has_stepped_aside_has_a_lower_priority_than_the_others() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let config = "[storage]\nstatement_timeout_ms = 600000\nthreads = 1";
    let guild = 1;
    let kit = Kit::configured(config);
    let (slow, other) = (
        kit.plugin("slow", json!({})).await,
        kit.plugin("other", json!({})).await,
    );
    let of_queue = async || {
        let asked = kit
            .storage
            .with(DatabaseId::of(guild), move |_, _| Ok(nice()));
        in_time(asked).await.unwrap()
    };
    let usual = of_queue().await;
    let (release, begins) = stalling(&kit, DatabaseId::of(guild)).await;
    let tells = kit
        .storage
        .with(DatabaseId::of(guild), move |_, connected| {
            let flags = FunctionFlags::SQLITE_UTF8;
            let made = connected
                .connection
                .create_scalar_function("nice", 0, flags, move |_| Ok(nice()));
            made.unwrap();
            Ok(())
        });
    tells.await.unwrap();
    let asked = slow.query(guild, "SELECT stall() * nice()");
    let meanwhile = async {
        // The others are served, so it has stepped aside.
        in_time(other.query(guild, "SELECT 1")).await.unwrap();
        assert_eq!(of_queue().await, usual);
        begins.recv().unwrap();
        drop(release);
    };
    let (told, ()) = tokio::join!(asked, meanwhile);
    assert_eq!(told.unwrap(), json!([[usual.max(10)]]));
    for _ in 0..10 {
        assert_eq!(of_queue().await, usual);
    }
}

/// In one batch with what others write it would keep them from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_query_between_writes_is_taken_out_of_their_transaction() {
    let kit = Kit::configured("[storage]\nstatement_timeout_ms = 600000");
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    victim
        .execute(1, "CREATE TABLE victim__t (x)", json!([]))
        .await
        .unwrap();
    greedy.query(1, "SELECT 1").await.unwrap();
    let (release, held) = mpsc::channel::<()>();
    // All of it waits, and comes as one batch.
    let held = kit.storage.with(DatabaseId::Guild(1), move |_, _| {
        let _ = held.recv();
        Ok(())
    });
    let insert = |plugin| async move {
        let plugin: &Plugin<'_> = plugin;
        plugin
            .execute(1, "INSERT INTO victim__t VALUES (1)", json!([]))
            .await
    };
    let endless =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let writes = async {
        let go = async { drop(release) };
        let (_, one, two, ()) = tokio::join!(biased; held, insert(&victim), insert(&victim), go);
        one.unwrap();
        two.unwrap();
        victim.query(1, "SELECT count(*) FROM victim__t").await
    };
    let slow = greedy.query(1, endless);
    match in_time(futures_util::future::select(
        Box::pin(slow),
        Box::pin(writes),
    ))
    .await
    {
        futures_util::future::Either::Right((count, _)) => {
            assert_eq!(count.unwrap(), json!([[2]]));
        }
        futures_util::future::Either::Left((slow, _)) => panic!("{slow:?}"),
    }
    kit.storage.shut_down(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_bots_database_too_and_as_often_as_it_comes() {
    let kit = Kit::configured(&format!("{SHORT}\nthreads = 2"));
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    for _ in 0..4 {
        // Each of its connections is made anew by then.
        let (release, begins) = stalling(&kit, DatabaseId::Bot).await;
        says(
            in_time(greedy.query(0, "SELECT stall()")).await,
            &["and does not stop"],
        );
        begins.recv().unwrap();
        assert_eq!(
            in_time(victim.query(0, "SELECT 1")).await.unwrap(),
            json!([[1]])
        );
        drop(release);
        until_served(&greedy, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_writes_and_does_not_stop_is_undone_and_the_others_are_told_or_read_on() {
    let kit = Kit::configured(SHORT);
    let greedy = kit.plugin("greedy", json!({})).await;
    let victim = kit.plugin("victim", json!({})).await;
    let made = "CREATE TABLE greedy__t (x)";
    greedy.execute(1, made, json!([])).await.unwrap();
    let made = "CREATE TABLE victim__t (x)";
    victim.execute(1, made, json!([])).await.unwrap();
    let (release, begins) = stalling(&kit, DatabaseId::Guild(1)).await;
    let insert = "INSERT INTO greedy__t SELECT stall()";
    says(
        in_time(greedy.execute(1, insert, json!([]))).await,
        &["and does not stop"],
    );
    begins.recv().unwrap();
    let write = "INSERT INTO victim__t VALUES (1)";
    says(
        in_time(victim.execute(1, write, json!([]))).await,
        &[
            "1/guild.db can be read and not be written to",
            "a call of the plugin `greedy`",
            "try again when it has ended",
        ],
    );
    let count = "SELECT (SELECT count(*) FROM victim__t), (SELECT count(*) FROM greedy__t)";
    assert!(
        in_time(victim.query(1, "SELECT count(*) FROM victim__t"))
            .await
            .is_ok()
    );
    in_time(victim.query(2, "SELECT 1")).await.unwrap();
    drop(release);
    until_served(&greedy, 1).await;
    in_time(victim.execute(1, write, json!([]))).await.unwrap();
    let raw = rusqlite::Connection::open(kit.file(DatabaseId::Guild(1))).unwrap();
    let counts = raw.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(counts.unwrap(), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_text_tables_are_searched_by_queries_alone() {
    let kit = Kit::new();
    let tables = "CREATE VIRTUAL TABLE notes__search USING fts5 (text);
        CREATE VIRTUAL TABLE notes__odd USING fts5 (text, tokenize = 'trigram');
        CREATE TABLE notes__all (user_id INTEGER, text);
        INSERT INTO notes__search (rowid, text) VALUES (1, 'green tea'), (2, 'black tea');";
    let manifest = json!({
        "migrations": [migration(1, "guild", tables)],
        "subjects": [{"table": "notes__all", "column": "user_id"}],
    });
    let notes = kit.plugin("notes", manifest).await;
    let found = "SELECT rowid FROM notes__search WHERE notes__search MATCH 'green' ORDER BY rank";
    assert_eq!(notes.query(1, found).await.unwrap(), json!([[1]]));
    let refused = "refused: a full-text table is searched by `query` alone";
    for search in [
        "DELETE FROM notes__search WHERE notes__search MATCH 'green'",
        "DELETE FROM notes__search WHERE rowid IN (SELECT rowid FROM notes__search('green'))",
        "DELETE FROM notes__search WHERE notes__search = 'green'",
        "INSERT INTO notes__all SELECT 1, text FROM notes__search WHERE text MATCH 'green'",
        "INSERT INTO notes__all SELECT 1, text FROM notes__odd WHERE text LIKE '%green%'",
        "INSERT INTO notes__all SELECT 1, text FROM notes__odd WHERE text GLOB '*green*'",
        "WITH f AS (SELECT rowid FROM notes__search('green')) UPDATE notes__all SET text = (SELECT * FROM f)",
        found,
    ] {
        let write = step("DELETE FROM notes__all WHERE user_id = 4", json!([]));
        let steps = vec![step(search, json!([])), write];
        says(notes.run(1, steps).await, &[refused]);
    }
    // Nor by what is set off.
    let trap = "CREATE TRIGGER notes__trap AFTER DELETE ON notes__all BEGIN
        INSERT INTO notes__all SELECT 2, text FROM notes__search('green'); END";
    let insert = "INSERT INTO notes__all VALUES (613425648685547541, 'x')";
    notes.execute(1, insert, json!([])).await.unwrap();
    // Compiled before there is a trap.
    let delete = "DELETE FROM notes__all WHERE user_id = 3";
    notes.execute(1, delete, json!([])).await.unwrap();
    notes.execute(1, trap, json!([])).await.unwrap();
    says(notes.execute(1, delete, json!([])).await, &[refused]);
    let erased = kit.storage.erase_subject(613_425_648_685_547_541).await;
    let failed = erased.unwrap().failed;
    assert!(
        failed.len() == 1 && failed[0].1.contains("is searched by `query` alone"),
        "{failed:?}"
    );
    let view = "CREATE VIEW notes__view AS SELECT rowid AS id, text FROM notes__search('green')";
    notes.execute(1, view, json!([])).await.unwrap();
    let content = "CREATE VIRTUAL TABLE notes__again USING fts5 (text, content='notes__view', content_rowid='id')";
    says(
        notes.execute(1, content, json!([])).await,
        &["`notes__view`, a view that searches a full-text table"],
    );
    // What finds a row by its number is no search.
    for plain in [
        "UPDATE notes__search SET text = 'white tea' WHERE rowid = 2",
        "DELETE FROM notes__search WHERE rowid = 1",
        "INSERT INTO notes__search (notes__search) VALUES ('optimize')",
    ] {
        notes.execute(1, plain, json!([])).await.unwrap();
    }
    let text = "SELECT text FROM notes__search WHERE text MATCH 'tea'";
    assert_eq!(notes.query(1, text).await.unwrap(), json!([["white tea"]]));
}

/// A search among what others write at the same moment, in the same batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_between_writes_keeps_its_turn() {
    let kit = Kit::new();
    let tables = "CREATE VIRTUAL TABLE notes__search USING fts5 (text);
        INSERT INTO notes__search VALUES ('green tea')";
    let manifest = json!({"migrations": [migration(1, "guild", tables)]});
    let notes = kit.plugin("notes", manifest).await;
    let shop = kit.plugin("shop", shop()).await;
    let calls = (0..60_u64).map(|n| {
        let (notes, shop) = (&notes, &shop);
        async move {
            match n % 3 {
                0 => {
                    notes
                        .query(1, "SELECT text FROM notes__search('green')")
                        .await
                }
                1 => shop
                    .execute(
                        1,
                        "INSERT INTO shop__items VALUES (?1, 1)",
                        json!([n.to_string()]),
                    )
                    .await
                    .map(|_| json!([["green tea"]])),
                _ => notes
                    .execute(
                        1,
                        "INSERT INTO notes__search VALUES ('green tea')",
                        json!([]),
                    )
                    .await
                    .map(|_| json!([["green tea"]])),
            }
        }
    });
    for result in in_time(futures_util::future::join_all(calls)).await {
        assert_eq!(result.unwrap()[0], json!(["green tea"]));
    }
    let count = "SELECT count(*) FROM shop__items";
    assert_eq!(shop.query(1, count).await.unwrap(), json!([[20]]));
}

/// However many reads of others come between.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_has_its_turn_among_reads_without_end() {
    let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
    let (one, other) = (
        kit.plugin("one", json!({})).await,
        kit.plugin("other", json!({})).await,
    );
    let victim = kit.plugin("victim", json!({})).await;
    let made = "CREATE TABLE victim__t (x)";
    victim.execute(1, made, json!([])).await.unwrap();
    let flood = futures_util::future::join_all((0..64).map(|n| {
        let greedy = if n % 2 == 0 { &one } else { &other };
        async move {
            loop {
                greedy.query(1, "SELECT 1").await.unwrap();
            }
        }
    }));
    let served = Box::pin(async {
        for _ in 0..150 {
            let insert = "INSERT INTO victim__t VALUES (1)";
            victim.execute(1, insert, json!([])).await.unwrap();
        }
    });
    let done = futures_util::future::select(Box::pin(flood), served);
    assert!(matches!(
        in_time(done).await,
        futures_util::future::Either::Right(_)
    ));
}
