//! Attacks on the storage that a plugin shares with a victim, each by its name: while it goes on, and after it, the
//! victim is answered as ever and its rows are as they were.

use crate::{
    fences::{attacker_with, both, erase, sql_of},
    support::Fixture,
};

/// An attack: how it is made, and what the attacker is told.
struct Attack {
    name: &'static str,
    /// What is done before it, once.
    before: &'static [&'static str],
    /// Of the fixture's ways: `query`, `write`, `transaction`, `files`, `shelf`, `elsewhere`.
    how: &'static str,
    sql: &'static str,
    /// A part of what the attacker is told; where nothing is said, it may do it.
    told: &'static str,
}

const fn reads(name: &'static str, sql: &'static str, told: &'static str) -> Attack {
    Attack {
        name,
        before: &[],
        how: "query",
        sql,
        told,
    }
}

const fn writes(name: &'static str, sql: &'static str, told: &'static str) -> Attack {
    Attack {
        how: "write",
        ..reads(name, sql, told)
    }
}

const fn by(how: &'static str, name: &'static str, told: &'static str) -> Attack {
    Attack {
        how,
        ..reads(name, "", told)
    }
}

const STOPPED: &str = "it took longer than 1000 ms (`storage.statement_timeout_ms`)";
const KEEPS: &str =
    "(`storage.max_plugin_bytes`): this would have been more, and nothing was changed";
const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// What takes time, memory, queues or the disk.
const GREEDY: &[Attack] = &[
    reads("an endless query", ENDLESS, STOPPED),
    reads(
        "a sort of 200 MB",
        "SELECT count(*) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) \
         SELECT zeroblob(1000000) AS b, i FROM n ORDER BY b, i LIMIT 200)",
        "",
    ),
    reads(
        "functions over long texts",
        "SELECT length(replace(hex(zeroblob(500000)), '0', 'a')) + instr(hex(zeroblob(500000)), '1') + \
         (hex(zeroblob(500000)) LIKE '%0%0%0%0%0%0%0%0%1')",
        "",
    ),
    reads(
        "a value beyond the limit",
        "SELECT length(group_concat(x)) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) \
         SELECT hex(zeroblob(10000)) AS x FROM n)",
        "`storage.max_value_bytes`",
    ),
    reads(
        "`WITH` clauses that double",
        "WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), b AS (SELECT p.x FROM a p, a q), c AS (SELECT p.x FROM b p, b q), \
         d AS (SELECT p.x FROM c p, c q), e AS (SELECT p.x FROM d p, d q), f AS (SELECT p.x FROM e p, e q) SELECT count(*) FROM f",
        STOPPED,
    ),
    reads(
        "more rows than a result may have",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "`storage.max_rows`",
    ),
    Attack {
        before: &[
            "CREATE VIRTUAL TABLE attacker__search USING fts5 (t)",
            "INSERT INTO attacker__search VALUES (replace(hex(zeroblob(10000)), '00', 'a '))",
        ],
        ..reads(
            "a search in the midst of one row",
            "SELECT count(*) FROM attacker__search WHERE attacker__search MATCH 'NEAR(a a a a a a a a a a a a, 10)'",
            "",
        )
    },
    writes(
        "a search while others can't write",
        "INSERT INTO attacker__loot SELECT t FROM attacker__search WHERE attacker__search MATCH 'a'",
        "a full-text table is searched by `query` alone",
    ),
    writes(
        "an endless write",
        "INSERT INTO attacker__loot WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        STOPPED,
    ),
    Attack {
        how: "transaction",
        ..reads(
            "a long transaction",
            "INSERT INTO attacker__loot SELECT count(*) FROM (WITH RECURSIVE n (i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i FROM n)",
            STOPPED,
        )
    },
    Attack {
        before: &[
            "CREATE TABLE attacker__more (x)",
            "CREATE TRIGGER attacker__endless AFTER INSERT ON attacker__more BEGIN INSERT INTO attacker__loot \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n; END",
        ],
        ..writes(
            "an endless trigger",
            "INSERT INTO attacker__more VALUES (1)",
            STOPPED,
        )
    },
    writes(
        "more than it may keep, at once",
        "INSERT INTO attacker__loot WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40) \
         SELECT zeroblob(500000) FROM n",
        KEEPS,
    ),
    by("flood", "1,500 calls at once", ""),
    by(
        "shelf",
        "more than it may keep, in a key-value store",
        KEEPS,
    ),
    by("files", "more than it may keep, in files", KEEPS),
    by(
        "elsewhere",
        "databases of servers that there are not",
        "and makes no database for it",
    ),
];

/// What reaches for what is the victim's, or the host's.
const REACHING: &[Attack] = &[
    reads(
        "a read of the victim's rows",
        "SELECT secret FROM victim__rows",
        "`victim__rows` belongs to the plugin `victim`",
    ),
    reads(
        "a read in other letters",
        "SELECT SECRET FROM Main.\"VICTIM__Rows\"",
        "belongs to the plugin `victim`",
    ),
    reads(
        "a read in a `WITH` clause that has the victim's name",
        "WITH victim__more AS (SELECT secret FROM victim__rows) SELECT * FROM victim__more",
        "refused: ",
    ),
    writes(
        "a change of the victim's rows",
        "UPDATE victim__rows SET secret = 'nothing'",
        "`victim__rows` belongs to the plugin `victim`",
    ),
    writes(
        "a copy of them",
        "INSERT INTO attacker__loot SELECT secret FROM victim__rows",
        "`victim__rows` belongs to the plugin `victim`",
    ),
    writes(
        "a table of them",
        "CREATE TABLE attacker__copy AS SELECT * FROM victim__rows",
        "`victim__rows` belongs to the plugin `victim`",
    ),
    writes(
        "a trigger on the victim's table",
        "CREATE TRIGGER attacker__spy AFTER INSERT ON victim__rows BEGIN INSERT INTO attacker__loot VALUES (new.secret); END",
        "`victim__rows` is not this plugin's",
    ),
    writes(
        "an index on it",
        "CREATE UNIQUE INDEX attacker__one ON victim__rows (secret)",
        "is not this plugin's",
    ),
    writes(
        "a foreign key into it",
        "CREATE TABLE attacker__child (of_row REFERENCES victim__rows (user_id))",
        "refused: ",
    ),
    writes("its end", "DROP TABLE victim__rows", "is not this plugin's"),
    writes(
        "another name for one's own table",
        "ALTER TABLE attacker__loot RENAME TO victim__loot2",
        "refused: ",
    ),
    writes(
        "a name that is the victim's but for its case",
        "CREATE TABLE VICTIM__rows2 (x)",
        "is not this plugin's",
    ),
    Attack {
        before: &[
            "CREATE TRIGGER attacker__trap AFTER INSERT ON attacker__loot BEGIN UPDATE victim__rows SET secret = 'x'; END",
        ],
        ..writes(
            "a trigger of its own that changes the victim's rows",
            "INSERT INTO attacker__loot VALUES ('x')",
            "`victim__rows` belongs to the plugin `victim`",
        )
    },
    Attack {
        before: &[
            "DROP TRIGGER attacker__trap",
            "CREATE VIEW attacker__view AS SELECT secret FROM victim__rows",
        ],
        ..reads(
            "a view of them",
            "SELECT * FROM attacker__view",
            "`victim__rows` belongs to the plugin `victim`",
        )
    },
    writes(
        "a full-text table of them",
        "CREATE VIRTUAL TABLE attacker__spy USING fts5 (secret, content='victim__rows')",
        "has to be a table of the plugin's own",
    ),
    writes(
        "a list of their words",
        "CREATE VIRTUAL TABLE attacker__words USING fts5vocab ('victim__rows', 'row')",
        "refused: ",
    ),
    writes(
        "the host's own tables",
        "DELETE FROM cogwright__disk",
        "is the host's own",
    ),
    reads(
        "the victim's key-value stores",
        "SELECT * FROM cogwright__shelf",
        "is the host's own",
    ),
    writes(
        "the table of tables",
        "UPDATE sqlite_schema SET sql = '' WHERE name = 'victim__rows'",
        "may not be modified",
    ),
    writes(
        "the victim's file by another name",
        "ATTACH 'guild.db' AS other",
        "refused: ",
    ),
    writes("a copy of all", "VACUUM INTO 'copy.db'", "VACUUM"),
    writes(
        "fences taken away",
        "PRAGMA writable_schema = 1",
        "refused: ",
    ),
    reads(
        "code from outside",
        "SELECT load_extension('x')",
        "refused: ",
    ),
];

const LEFT: &str = "SELECT secret FROM victim__rows WHERE secret LIKE 'of the %' ORDER BY 1";
const UNTOUCHED: &str = "done [Some(\"of the member\"), Some(\"of the owner\")]";

/// A plugin's statement that is no query.
async fn write_of(bot: &Fixture, plugin: &str, sql: &str) -> String {
    let line = format!("!{plugin}-write {sql}");
    bot.ask(&bot.member(), &line).await.content
}

/// Has the attack made over and over by several tasks, serves the victim's members while they are at it, and ends it; what the
/// attacker was told.
async fn beside(bot: &Fixture, attack: &Attack) -> String {
    let Attack { name, how, sql, .. } = attack;
    for sql in attack.before {
        assert_eq!(
            write_of(bot, "attacker", sql).await,
            "done",
            "{name}: {sql}"
        );
    }
    let member = bot.member();
    let line = format!("!attacker-attack {how} {sql}");
    let begun = bot.ask(&member, line.trim());
    assert_eq!(begun.await.content, "attacking", "{name}");
    for number in 0..3 {
        let insert = format!("INSERT INTO victim__rows VALUES (1, 'row {number}')");
        assert_eq!(write_of(bot, "victim", &insert).await, "done", "{name}");
        assert_eq!(sql_of(bot, "victim", LEFT).await, UNTOUCHED, "{name}");
    }
    // It did not end in the meantime: its tasks stop when they are told to.
    let told = bot.ask(&member, "!attacker-stop").await.content;
    let told = told.strip_prefix("none had stopped: ");
    let told = told.unwrap_or_else(|| panic!("{name}")).to_owned();
    let count = "SELECT count(*) || '' FROM victim__rows WHERE user_id = 1";
    assert_eq!(
        sql_of(bot, "victim", count).await,
        "done [Some(\"3\")]",
        "{name}"
    );
    let cleared = write_of(bot, "victim", "DELETE FROM victim__rows WHERE user_id = 1");
    assert_eq!(cleared.await, "done", "{name}");
    // The attacker is served, too.
    let loot = sql_of(bot, "attacker", "SELECT count(*) || '' FROM attacker__loot").await;
    assert_eq!(loot, "done [Some(\"0\")]", "{name}");
    told
}

async fn all_beside(attacks: &[Attack]) -> Fixture {
    let bot = both("[storage]\nstatement_timeout_ms = 1000\nmax_plugin_bytes = 8388608").await;
    for attack in attacks {
        let told = beside(&bot, attack).await;
        assert!(told.contains(attack.told), "{}: {told}", attack.name);
    }
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn the_victim_is_served_while_another_takes_all_that_it_can_get() {
    let bot = all_beside(GREEDY).await;
    let shown = bot
        .ask(&bot.owner(), "!cogwright plugin attacker")
        .await
        .text();
    assert!(
        shown.contains(" in files, of 8.4 MB (`storage.max_plugin_bytes`)"),
        "{shown}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_victims_is_out_of_reach_and_the_attacker_is_told_why() {
    all_beside(REACHING).await.close().await;
}

/// What a plugin brings when it is loaded.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_reaches_for_the_victims_rows_refuses_its_plugin() {
    let bot = both("").await;
    for (tag, migration) in [
        (
            "copies",
            "INSERT INTO attacker__loot SELECT secret FROM victim__rows",
        ),
        ("alters", "UPDATE victim__rows SET secret = 'nothing'"),
    ] {
        let library = attacker_with(
            tag,
            &format!(".migration(2, Scope::Guild, \"{migration}\")"),
        );
        bot.drop_in(&library, "attacker");
        // It is loaded; its migration is tried when it asks for the server's database.
        bot.until_generation("attacker", 2).await;
        let told = sql_of(&bot, "attacker", "SELECT secret FROM attacker__loot").await;
        assert!(
            told.contains("`victim__rows` belongs to the plugin `victim`"),
            "{tag}: {told}"
        );
        assert_eq!(sql_of(&bot, "victim", LEFT).await, UNTOUCHED, "{tag}");
    }
    bot.close().await;
}

/// What is declared to have users in it is a view of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_subject_is_named_and_everybody_elses_data_is_told_and_erased() {
    let bot = both("").await;
    for sql in [
        "DROP TABLE attacker__rows",
        "CREATE VIEW attacker__rows AS SELECT user_id, secret FROM attacker__gone",
    ] {
        assert_eq!(write_of(&bot, "attacker", sql).await, "done");
    }
    let member = bot.member();
    let (owner, export) = (
        bot.owner(),
        format!("!cogwright export-data <@{}>", member.id()),
    );
    owner.says("general", &export).await.unwrap();
    let sent = owner
        .expects_where("dm", "a file", |message| !message.attachments.is_empty())
        .await
        .unwrap();
    assert!(
        sent.content.contains("could not be read"),
        "{}",
        sent.content
    );
    let storage = &bot.bot.services().storage;
    let exported = storage.export_subject(member.id()).await.unwrap();
    let told = std::fs::read_to_string(exported.file).unwrap();
    assert!(
        told.contains("of the member") && !told.contains("of the owner"),
        "{told}"
    );
    assert!(told.contains("attacker__rows"), "{told}");
    let answer = erase(&bot).await;
    for part in [
        "1 entry in 1 database",
        "the plugin `attacker`, its table `attacker__rows`",
    ] {
        assert!(answer.contains(part), "{answer}");
    }
    let left = sql_of(&bot, "victim", LEFT).await;
    assert_eq!(left, "done [Some(\"of the owner\")]");
    bot.close().await;
}
