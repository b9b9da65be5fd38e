//! Measurements, and no tests: how long the worst single steps take, between which nothing stops SQLite, and what a
//! victim in the same database notices of attacks. `just table_access` prints them.

use std::time::{Duration, Instant};

use futures_util::future::{Either, join_all, select};

use super::*;

fn print(what: &str, took: Duration) {
    println!("| {what} | {:.0} ms |", took.as_secs_f64() * 1e3);
}

/// A number of the same terms.
fn many(what: &str, count: usize) -> String {
    vec![what; count].join(" + ")
}

/// A megabyte of zeros, and what is nearly that.
const LONG: &str = "hex(zeroblob(500000))";

/// Rows without end.
fn rows(count: usize, of: &str) -> String {
    format!(
        "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {count}) SELECT {of} AS x, i FROM n)"
    )
}

/// A JSON text of nearly a megabyte: an array, or an object of 60,000 keys.
fn json_text(kind: &str) -> String {
    match kind {
        "array" => format!("(SELECT json_group_array(i) FROM {})", rows(150_000, "i")),
        _ => format!(
            "(SELECT json_group_object(i, i) FROM {})",
            rows(60_000, "i")
        ),
    }
}

/// What is asked in one row: as many functions over as long texts as the limits let through.
fn functions() -> Vec<(String, String)> {
    let text = |call: &str, count| {
        let sql = format!("SELECT {} FROM greedy__t", many(call, count));
        (format!("{count} times `{call:.60}`"), sql)
    };
    let json = |kind: &str, call: &str, count| {
        let calls = many(
            &format!("length({})", call.replace('@', "substr(t, 1)")),
            count,
        );
        let sql = format!(
            "WITH j AS MATERIALIZED (SELECT {} AS t) SELECT {calls} FROM j",
            json_text(kind)
        );
        (
            format!("{count} times `{call:.60}` of a megabyte's {kind}"),
            sql,
        )
    };
    let databases = |count: usize, of: &str| {
        (0..count)
            .map(|n| of.replace('#', &n.to_string()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut all = vec![
        text(
            &format!("(t LIKE '%' || substr({LONG}, 1, 148) || '1%')"),
            18,
        ),
        text(
            &format!("(t GLOB '*' || substr({LONG}, 1, 148) || '1*')"),
            18,
        ),
        text(&format!("(t LIKE '{}1')", "%0".repeat(90)), 24),
        text("length(replace(t, '0', 'a'))", 249),
        text("length(replace(t, substr(t, 1, 500000), 'a'))", 160),
        text("instr(t, '1')", 499),
        text("instr(t, substr(t, 1, 500000) || '1')", 249),
        text("length(trim(t, '0'))", 249),
        text("length(trim(t, 'äöü'))", 249),
        text("length(upper(t))", 249),
        text("length(printf('%1000000d', i))", 249),
        text("length(printf('%,.1000000f', 1e300 + i))", 249),
        text("length(printf('%!.1000000f', 0.1 + i))", 249),
        text(
            "length(printf('%q%s', substr(t, 1, 500000), substr(t, 1, 490000)))",
            120,
        ),
        text("length(quote(t))", 249),
        text("length(hex(substr(t, 1, 500000)))", 160),
        text("length(unhex(t, '1'))", 249),
        text("length(randomblob(1000000 + i - i))", 249),
        text("unicode(t) + length(soundex(t))", 160),
        text("length(concat_ws(t, 1, 2))", 249),
        text(
            "length(strftime('%Y-%m-%d %H:%M:%f %j %w' || substr(t, 1, 900000), 'now'))",
            160,
        ),
        text(
            &format!(
                "length(strftime('%j', 'now', {}))",
                vec!["'+11 months', 'weekday 3', 'localtime', 'utc'"; 48].join(", ")
            ),
            240,
        ),
        text("json_valid(t)", 499),
        text("length(json_quote(t))", 249),
        json("array", "json_extract(@, '$[#-1]')", 40),
        json("array", "json_set(@, '$[0]', 1)", 40),
        json(
            "array",
            &format!("json_remove(@, {})", databases(190, "'$[#]'")),
            40,
        ),
        json(
            "array",
            "json_extract(@, '$[149000]') || json_insert(@, '$[149000]', 1)",
            20,
        ),
        json(
            "object",
            &format!("json_set(@, {})", databases(99, "'$.x#', 1")),
            40,
        ),
        json(
            "object",
            &format!("json_extract(@, {})", databases(190, "'$.x#'")),
            40,
        ),
        json("object", "json_type(@)", 40),
        json("object", "jsonb(@)", 40),
        (
            "a nest of 900 levels, `json_valid` 240 times".into(),
            format!(
                "SELECT {} FROM (SELECT replace(hex(zeroblob(450)), '0', '[') || replace(hex(zeroblob(450)), '0', ']') AS t)",
                many("json_valid(t)", 240)
            ),
        ),
    ];
    // What is no function, and what nothing is told of.
    let each = |op: &str| {
        let column = many(op, 100);
        let columns = vec![column; 9].join(", ");
        (
            format!("900 times `{op}`, and as often added up"),
            format!("SELECT {columns} FROM greedy__t, greedy__u"),
        )
    };
    all.extend([
        each("(t=u)"),
        each("(t=u COLLATE NOCASE)"),
        each("(t=u COLLATE RTRIM)"),
        each("(t+i)"),
        each("(CAST(t AS REAL))"),
        each("(CAST(t AS INTEGER))"),
        each("(t>i)"),
        each("((t||i)>u)"),
        each("(t BETWEEN i AND u)"),
        each("(CASE t WHEN u THEN 1 ELSE 2 END)"),
        each("-t"),
        each("(t IN (u, i))"),
    ]);
    all
}

/// What takes long to compile, or is one step over much that is stored.
fn shapes() -> Vec<(String, String)> {
    let named = |what: &str, sql: String| (what.to_owned(), sql);
    let mut nested = "SELECT 1 AS x".to_owned();
    for level in 0..40 {
        nested = format!("SELECT a.x FROM ({nested}) AS a, (SELECT {level} AS y) AS b");
    }
    let doubled = (1..30).fold("WITH c0 AS (SELECT 1 AS x)".to_owned(), |all, level| {
        let below = level - 1;
        format!("{all}, c{level} AS (SELECT a.x FROM c{below} AS a, c{below} AS b)")
    });
    let united = |levels: usize, width: usize| {
        let all = (1..=levels).fold(
            "WITH c0 AS (SELECT i AS x FROM greedy__t)".to_owned(),
            |all, level| {
                let one = format!("SELECT x FROM c{}", level - 1);
                format!(
                    "{all}, c{level} AS ({})",
                    vec![one; width].join(" UNION ALL ")
                )
            },
        );
        format!("{all} SELECT count(*) FROM c{levels}")
    };
    let join = |count: usize, of: &str, on: &dyn Fn(usize) -> String| {
        let tables: Vec<String> = (0..count).map(|n| format!("{of} AS t{n}")).collect();
        let conditions: Vec<String> = (1..count).map(on).collect();
        format!(
            "SELECT count(*) FROM {} WHERE {} LIMIT 1",
            tables.join(", "),
            conditions.join(" AND ")
        )
    };
    let ors = |count: usize| {
        (0..count)
            .map(|n| format!("a = {n} AND b = {n}"))
            .collect::<Vec<_>>()
            .join(" OR ")
    };
    vec![
        named("a text of a megabyte", format!("SELECT '{}'", "x".repeat(1_000_000))),
        named("`IN` of 100,000 values", format!("SELECT 1 IN ({})", (0..100_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","))),
        named("`IN` of 100,000 columns", format!("SELECT 1 IN ({}) FROM greedy__t", vec!["i"; 100_000].join(","))),
        named("`VALUES` of 80,000 rows", format!("SELECT count(*) FROM (VALUES {})", vec!["(1)"; 80_000].join(","))),
        named("`VALUES` of 80,000 sums", format!("SELECT count(*) FROM greedy__t, (VALUES {})", vec!["(1 + 1)"; 80_000].join(","))),
        named("900 levels of brackets", format!("SELECT {}1{}", "(".repeat(900), ")".repeat(900))),
        named("a `CASE` of 1,900 branches", format!("SELECT CASE t {} END FROM greedy__t", "WHEN i THEN i ".repeat(1_900))),
        named("`CASE` in each other, 300 times", format!("SELECT {}1{} FROM greedy__t", "CASE WHEN i THEN ".repeat(300), " END".repeat(300))),
        named("40 selects in each other", nested),
        named("30 `WITH` clauses that double", format!("{doubled} SELECT count(*) FROM c29")),
        named("`UNION ALL` of 10, 4 levels", united(4, 10)),
        named("`UNION ALL` of 100, 2 levels", united(2, 100)),
        named("`UNION ALL` of 100, 3 levels", united(3, 100)),
        named("`UNION ALL` of 2, 20 levels", united(20, 2)),
        named("a chain of 64 tables", join(64, "greedy__j", &|n| format!("t{n}.a = t{}.b", n - 1))),
        named("a star of 64 tables", join(64, "greedy__j", &|n| format!("t{n}.a = t0.b"))),
        named("64 tables, each with each", join(64, "greedy__j", &|n| (0..n).map(|m| format!("t{n}.a = t{m}.b AND t{n}.c = t{m}.d")).collect::<Vec<_>>().join(" AND "))),
        named("64 tables without conditions", join(64, "greedy__j", &|_| "1".to_owned())),
        named("30 tables, 400 `OR`s", format!("{} AND ({})", join(30, "greedy__j", &|n| format!("t{n}.a = t{}.b", n - 1)).replace(" LIMIT 1", ""), ors(400).replace("a =", "t0.a =").replace("b =", "t7.b ="))),
        named("10,000 `OR`s", format!("SELECT count(*) FROM greedy__j WHERE {}", ors(10_000))),
        named("64 left joins of views", format!("SELECT count(*) FROM greedy__j AS t0 {}", (1..64).map(|n| format!("LEFT JOIN (SELECT a, max(b) AS b FROM greedy__j GROUP BY a) AS t{n} ON t{n}.a = t{}.b", n - 1)).collect::<Vec<_>>().join(" "))),
        named("120 window functions", format!("SELECT {} FROM greedy__j", (0..120).map(|n| format!("sum(a) OVER (PARTITION BY b + {n} ORDER BY c)")).collect::<Vec<_>>().join(", "))),
        named("`ORDER BY` of wide rows", format!("SELECT count(*) FROM (SELECT * FROM {} ORDER BY x COLLATE NOCASE, i LIMIT -1 OFFSET 0)", rows(400, &format!("{LONG} || (i % 7)")))),
        named("`group_concat` over a window", format!("SELECT max(length(y)) FROM (SELECT group_concat(x, '') OVER (ORDER BY i ROWS BETWEEN 90 PRECEDING AND CURRENT ROW) AS y FROM {})", rows(3_000, "hex(zeroblob(5000))"))),
        named("an aggregate of each kind over 200,000 rows", format!("SELECT count(DISTINCT x), sum(x), total(x), min(x), max(x), avg(x), length(json_group_array(x % 3)), length(group_concat(x % 3)) FROM {}", rows(200_000, "i"))),
    ]
}

/// Each alone, as heavy as the limits let it be: answered how long after it began, where it had a second. What takes that second
/// and little more was stopped.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures"]
async fn steps() {
    let kit = Kit::configured("[storage]\nstatement_timeout_ms = 1000\nbackup_on_shutdown = false");
    kit.storage
        .queues()
        .unwrap()
        .set_grace(Duration::from_secs(200));
    let greedy = kit.plugin("greedy", json!({})).await;
    for sql in [
        // With texts of a megabyte that are the same but for their last character.
        "CREATE TABLE greedy__t (t, i)".to_owned(),
        format!("INSERT INTO greedy__t SELECT '1' || {LONG}, 1"),
        "CREATE TABLE greedy__u (u)".to_owned(),
        format!("INSERT INTO greedy__u SELECT '1' || {LONG} || '1'"),
        "CREATE TABLE greedy__j (a, b, c, d)".into(),
        "CREATE INDEX greedy__j1 ON greedy__j (a, b)".into(),
        "CREATE INDEX greedy__j2 ON greedy__j (b, c)".into(),
        "CREATE INDEX greedy__j3 ON greedy__j (c, d)".into(),
        "CREATE INDEX greedy__j4 ON greedy__j (d, a)".into(),
        "INSERT INTO greedy__j VALUES (1, 1, 1, 1), (2, 2, 2, 2)".into(),
    ] {
        greedy.execute(1, &sql, json!([])).await.unwrap();
    }
    println!("| step | answered after |\n| --- | --- |");
    for (what, sql) in functions().into_iter().chain(shapes()) {
        let began = Instant::now();
        let result = greedy.query(1, &sql).await;
        print(&format!("{what}{}", note(result)), began.elapsed());
    }
}

/// How a call ended, if not well.
fn note<T>(result: Result<T, String>) -> String {
    result.err().map_or(String::new(), |error| {
        let error = error.split("; in `").next().unwrap_or_default().to_owned();
        format!(": {}", error.chars().take(90).collect::<String>())
    })
}

/// What writes much in one step.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures"]
async fn bulk() {
    let kit =
        Kit::configured("[storage]\nstatement_timeout_ms = 10000\nbackup_on_shutdown = false");
    kit.storage
        .queues()
        .unwrap()
        .set_grace(Duration::from_secs(200));
    let greedy = kit.plugin("greedy", json!({})).await;
    println!("| step | answered after |\n| --- | --- |");
    let wide: Vec<String> = (0..400).map(|n| format!("c{n}")).collect();
    let words = "replace(hex(zeroblob(330000)), '00', 'ab ')";
    let prefixes = (1..32).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    let fill = |table: &str, count| {
        format!(
            "INSERT INTO greedy__{table} SELECT x FROM {}",
            rows(count, words)
        )
    };
    let tree = (0..5).map(|level| {
        let inserts = format!("INSERT INTO greedy__l{} VALUES (1); ", level + 1).repeat(40);
        format!(
            "CREATE TRIGGER greedy__g{level} AFTER INSERT ON greedy__l{level} BEGIN {inserts} END"
        )
    });
    let levels = (0..6).map(|level| format!("CREATE TABLE greedy__l{level} (x)"));
    for sql in levels.chain(tree) {
        greedy.execute(1, &sql, json!([])).await.unwrap();
    }
    let cases = [
        (
            "triggers that set off 40 others each, five times",
            "INSERT INTO greedy__l0 VALUES (1)".to_owned(),
        ),
        ("", "CREATE TABLE greedy__big (x)".to_owned()),
        ("", fill("big", 150)),
        ("", fill("big", 150)),
        (
            "`DELETE` of 300 MB without a condition",
            "DELETE FROM greedy__big".into(),
        ),
        ("", fill("big", 150)),
        ("", fill("big", 150)),
        ("`DROP TABLE` of 300 MB", "DROP TABLE greedy__big".into()),
        ("", "CREATE TABLE greedy__small (x)".into()),
        (
            "",
            format!(
                "INSERT INTO greedy__small SELECT i FROM {}",
                rows(3_000_000, "i")
            ),
        ),
        (
            "`CREATE INDEX` over 3,000,000 rows",
            "CREATE INDEX greedy__s1 ON greedy__small (x)".into(),
        ),
        (
            "`DELETE` of 3,000,000 rows without a condition",
            "DELETE FROM greedy__small".into(),
        ),
        ("", "DROP TABLE greedy__small".into()),
        (
            "",
            "CREATE VIRTUAL TABLE greedy__plain USING fts5 (t)".into(),
        ),
        ("FTS5: a row of a megabyte", fill("plain", 1)),
        ("FTS5: 100 rows of a megabyte", fill("plain", 100)),
        (
            "FTS5: `rebuild` of 100 MB",
            "INSERT INTO greedy__plain (greedy__plain) VALUES ('rebuild')".into(),
        ),
        (
            "FTS5: `optimize` of 100 MB",
            "INSERT INTO greedy__plain (greedy__plain) VALUES ('optimize')".into(),
        ),
        (
            "FTS5: `merge` of 100 MB",
            "INSERT INTO greedy__plain (greedy__plain, rank) VALUES ('merge', -1000000)".into(),
        ),
        (
            "FTS5: `integrity-check` of 100 MB",
            "INSERT INTO greedy__plain (greedy__plain) VALUES ('integrity-check')".into(),
        ),
        (
            "FTS5: `DELETE` of 100 MB",
            "DELETE FROM greedy__plain".into(),
        ),
        (
            "",
            "CREATE VIRTUAL TABLE greedy__tri USING fts5 (t, tokenize = 'trigram')".into(),
        ),
        ("FTS5, trigrams: a row of a megabyte", fill("tri", 1)),
        (
            "",
            format!(
                "CREATE VIRTUAL TABLE greedy__pre USING fts5 (t, tokenize = 'trigram', prefix = '{prefixes}')"
            ),
        ),
        (
            "FTS5, trigrams and 31 prefixes: a row of a megabyte",
            fill("pre", 1),
        ),
        (
            "",
            format!(
                "CREATE VIRTUAL TABLE greedy__none USING fts5 ({}, content = '')",
                wide.join(", ")
            ),
        ),
        (
            "FTS5 without content: 400 columns of a megabyte each",
            format!(
                "INSERT INTO greedy__none (rowid, {}) SELECT 1, {} FROM {}",
                wide.join(", "),
                vec!["x"; 400].join(", "),
                rows(1, words)
            ),
        ),
        (
            "",
            "INSERT INTO greedy__none (greedy__none, rank) VALUES ('hashsize', 2000000000)".into(),
        ),
        (
            "the same with a hash table without end",
            format!(
                "INSERT INTO greedy__none (rowid, {}) SELECT 2, {} FROM {}",
                wide.join(", "),
                vec!["x"; 400].join(", "),
                rows(1, words)
            ),
        ),
        (
            "",
            format!(
                "CREATE VIRTUAL TABLE greedy__both USING fts5 ({}, content = '', tokenize = 'trigram', prefix = '{prefixes}')",
                wide.join(", ")
            ),
        ),
        (
            "",
            "INSERT INTO greedy__both (greedy__both, rank) VALUES ('hashsize', 2000000000)".into(),
        ),
        (
            "the same with trigrams and 31 prefixes",
            format!(
                "INSERT INTO greedy__both (rowid, {}) SELECT 1, {} FROM {}",
                wide.join(", "),
                vec!["x"; 400].join(", "),
                rows(1, words)
            ),
        ),
        (
            "",
            "CREATE VIRTUAL TABLE greedy__r USING rtree (id, a, b, c, d)".into(),
        ),
        (
            "R-tree: 200,000 rows",
            format!(
                "INSERT INTO greedy__r SELECT i, i, i + 1, i, i + 1 FROM {}",
                rows(200_000, "i")
            ),
        ),
        (
            "R-tree: `rtreecheck`",
            "SELECT rtreecheck('greedy__r')".into(),
        ),
        ("R-tree: `DELETE` of all", "DELETE FROM greedy__r".into()),
    ];
    for (what, sql) in cases {
        let began = Instant::now();
        let result = greedy.execute(1, &sql, json!([])).await;
        if what.is_empty() {
            if let Err(error) = result {
                println!("| preparing failed: {error:.200} | |");
            }
            continue;
        }
        print(&format!("{what}{}", note(result)), began.elapsed());
    }
}

/// In full-text tables, with what nothing bounds: they are what is left behind.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures"]
async fn searches() {
    let kit = Kit::configured("[storage]\nstatement_timeout_ms = 1000\nbackup_on_shutdown = false");
    let greedy = kit.plugin("greedy", json!({})).await;
    let made = "CREATE VIRTUAL TABLE greedy__s USING fts5 (t)";
    greedy.execute(1, made, json!([])).await.unwrap();
    for text in ["a ".repeat(500_000), "a ".repeat(2_000)] {
        let insert = "INSERT INTO greedy__s VALUES (?1)";
        greedy.execute(1, insert, json!([text])).await.unwrap();
    }
    println!("| search | answered after |\n| --- | --- |");
    for (row, of) in [(2, "4,000 characters"), (1, "a megabyte")] {
        for (what, select, terms) in [
            ("10 words", "1", ["a"; 10].join(" ")),
            ("a phrase of 20", "1", format!("\"{}\"", "a ".repeat(20))),
            (
                "`NEAR` of 200",
                "1",
                format!("NEAR({}, 10)", "a ".repeat(200)),
            ),
            (
                "`bm25` of 50",
                "bm25(greedy__s)",
                vec!["a"; 50].join(" OR "),
            ),
            (
                "`highlight`",
                "length(highlight(greedy__s, 0, '<', '>'))",
                "a".into(),
            ),
            (
                "`snippet`",
                "length(snippet(greedy__s, 0, '<', '>', '', 8))",
                "a".into(),
            ),
        ] {
            let sql = format!(
                "SELECT {select} FROM greedy__s WHERE greedy__s MATCH '{terms}' AND rowid = {row}"
            );
            let began = Instant::now();
            let result = greedy.query(1, &sql).await;
            let took = began.elapsed();
            let how = match result {
                Ok(_) => "",
                Err(error) if error.contains("does not stop") => ", left behind",
                Err(_) => ", stopped",
            };
            print(&format!("{what}, {of}{how}"), took);
            if how == ", left behind" {
                // It has a thread for as long as it likes; the figures go on without it.
                return;
            }
        }
    }
}

/// The victim's calls, quiet and beside each attack, in the same server's database.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "figures"]
async fn victims() {
    let endless =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let sort = "SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300)
                SELECT zeroblob(1000000) AS b, i FROM n ORDER BY b, i LIMIT 300)";
    let wide = format!("SELECT {}", vec!["hex(zeroblob(500000))"; 240].join(", "));
    let big = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) INSERT INTO greedy__t SELECT i FROM n";
    let attacks: [(&str, bool, &str); 7] = [
        ("quiet", false, ""),
        ("a flood of reads", false, "SELECT 1"),
        (
            "a flood of small writes",
            true,
            "INSERT INTO greedy__t VALUES (1)",
        ),
        ("endless reads", false, endless),
        ("sorts of zeroblobs", false, sort),
        ("wide rows", false, &wide),
        ("writes of 20,000 rows", true, big),
    ];
    println!(
        "| beside | reads: p50 | p99 | writes: p50 | p99 | errors |\n| --- | --- | --- | --- | --- | --- |"
    );
    for guild in [1, 0] {
        println!("| **{}** | | | | | |", DatabaseId::of(guild));
        for (what, writes, sql) in attacks {
            let kit = Kit::configured("[storage]\nbackup_on_shutdown = false");
            let greedy = kit.plugin("greedy", json!({})).await;
            let victim = kit.plugin("victim", json!({})).await;
            for (plugin, name) in [(&greedy, "greedy"), (&victim, "victim")] {
                let made = format!("CREATE TABLE {name}__t (x)");
                plugin.execute(guild, &made, json!([])).await.unwrap();
            }
            let attack = join_all((0..if sql.is_empty() { 0 } else { 64 }).map(|_| async {
                loop {
                    let _ = match writes {
                        true => greedy.execute(guild, sql, json!([])).await.map(drop),
                        false => greedy.query(guild, sql).await.map(drop),
                    };
                }
            }));
            let measured = async {
                let (mut reads, mut wrote, mut errors) = (Vec::new(), Vec::new(), 0);
                for _ in 0..300 {
                    let began = Instant::now();
                    let insert = "INSERT INTO victim__t VALUES (1)";
                    errors += usize::from(victim.execute(guild, insert, json!([])).await.is_err());
                    wrote.push(began.elapsed());
                    let began = Instant::now();
                    let count = "SELECT max(rowid) FROM victim__t";
                    errors += usize::from(victim.query(guild, count).await.is_err());
                    reads.push(began.elapsed());
                }
                (reads, wrote, errors)
            };
            let (reads, wrote, errors) = if sql.is_empty() {
                measured.await
            } else {
                match select(Box::pin(attack), Box::pin(measured)).await {
                    Either::Right((measured, _)) => measured,
                    Either::Left(_) => unreachable!(),
                }
            };
            let at = |mut times: Vec<Duration>| {
                times.sort();
                let ms = |at: usize| format!("{:.2} ms", times[at].as_secs_f64() * 1e3);
                format!("{} | {}", ms(times.len() / 2), ms(times.len() * 99 / 100))
            };
            println!("| {what} | {} | {} | {errors} |", at(reads), at(wrote));
            kit.storage.shut_down(Duration::from_millis(500)).await;
        }
    }
}
