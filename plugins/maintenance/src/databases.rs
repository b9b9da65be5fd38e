//! Command `dbstats`: how the databases are.

use std::collections::BTreeMap;

use plugin_api::{
    EmbedBuilder, Value,
    abi::{DatabaseCall, DatabaseFile, DatabaseStats},
    prelude::*,
    text::{ago, counted, number, or_none, size, word},
};

use crate::asked;

/// What is named of files, tables and commands.
const TOP: usize = 5;

/// Tables that are counted.
const COUNTED: usize = 40;

pub(super) fn dbstats() -> Command {
    Command::new("dbstats", "Shows how the databases are")
        .help("The pool, the largest databases, the tables of the bot's own with the most rows, and the commands that were used most in 30 days.")
        .example("dbstats")
        .run(show)
}

async fn show(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let host = ctx.host();
    let mut card = embed("Databases");
    let mut listing = None;
    card = match asked("database.stats", all(host).await) {
        Ok(stats) => {
            let card = pool(card, &stats);
            listing = (stats.files.len() > TOP).then(|| table(&stats.files));
            card.field("Largest", or_none(&largest(&stats.files)), false)
        }
        Err(why) => card.field("Pool", or_none(&why), false),
    };
    let tables = asked("database.tables", tables(host).await);
    card = card.field(
        "Tables of the bot's own with the most rows",
        or_none(&tables.unwrap_or_else(|why| why)),
        false,
    );
    let used = asked("commands.usage", used(host).await);
    card = card.field(
        "Commands used most in 30 days",
        or_none(&used.unwrap_or_else(|why| why)),
        false,
    );
    let message = NewMessage::from(card);
    ctx.reply(match listing {
        Some(listing) => message.file("databases.txt", listing),
        None => message,
    })
    .await
}

/// The figures, with the files of all pages.
async fn all(host: &Host) -> Result<DatabaseStats> {
    let mut call = DatabaseCall::default();
    let mut stats = host.databases().stats(&call).await?;
    while let Some(next) = stats.next.take() {
        call.after = Some(next);
        let page = host.databases().stats(&call).await?;
        stats.files.extend(page.files);
        stats.next = page.next;
    }
    Ok(stats)
}

fn pool(card: EmbedBuilder, it: &DatabaseStats) -> EmbedBuilder {
    let pool = format!(
        "{} open, {} at most so far, opened {} times\n{} with {} waiting\n{}",
        number(it.open),
        number(it.most_open),
        number(it.opened),
        counted(it.threads, "thread"),
        counted(it.queued, "call"),
        counted(it.slow_statements, "slow statement"),
    );
    let backup = it.last_backup_ms.map_or_else(|| "none".to_owned(), ago);
    let left = match it.left {
        0 => "none".to_owned(),
        left => format!("{}, {}", counted(left, "database"), size(it.left_bytes)),
    };
    card.field(
        "On the disk",
        format!("{}, {}", counted(it.databases, "database"), size(it.bytes)),
        true,
    )
    .field("Of servers that were left", left, true)
    .field("Last backup", backup, true)
    .field("Pool", pool, false)
}

fn bytes(file: &DatabaseFile) -> u64 {
    file.bytes + file.log_bytes
}

fn largest(files: &[DatabaseFile]) -> String {
    let mut files: Vec<&DatabaseFile> = files.iter().collect();
    files.sort_by_key(|file| std::cmp::Reverse(bytes(file)));
    let lines = files.iter().take(TOP).map(|file| {
        let free = 100 * file.free_pages / file.pages.max(1);
        let state = match (file.open, file.left) {
            (_, true) => ", of a server that was left",
            (true, _) => ", open",
            _ => "",
        };
        format!(
            "`{}` {}, {free} % free{state}",
            file.name,
            size(bytes(file))
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn table(files: &[DatabaseFile]) -> String {
    let mut lines = vec!["name\tbytes\tlog bytes\tpages\tfree pages\topen\tleft".to_owned()];
    lines.extend(files.iter().map(|it| {
        format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}",
            it.name, it.bytes, it.log_bytes, it.pages, it.free_pages, it.open, it.left
        )
    }));
    lines.join("\n")
}

/// Rows of the bot's own tables, counted. A look may not ask for their bytes: `dbstat`, which knows them, reads all pages.
async fn tables(host: &Host) -> Result<String> {
    let found = host.databases().tables(&DatabaseCall::default()).await?;
    let tables: Vec<_> = found
        .tables
        .iter()
        .filter(|table| table.kind == "table")
        .take(COUNTED)
        .collect();
    if tables.is_empty() {
        return Ok("none".to_owned());
    }
    let parts = tables.iter().map(|table| {
        let quoted = table.name.replace('"', "\"\"");
        format!("SELECT count(*) FROM \"{quoted}\"")
    });
    let sql = parts.collect::<Vec<_>>().join(" UNION ALL ");
    let (rows, _) = host
        .databases()
        .query(None, &sql, Vec::new(), COUNTED as u32)
        .await?;
    let counts = rows.iter().map(|row| match row.values().first() {
        Some(Value::Integer(count)) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    });
    let mut counts: Vec<_> = tables.iter().zip(counts).collect();
    counts.sort_by_key(|(table, count)| (std::cmp::Reverse(*count), table.name.clone()));
    let lines = counts.iter().take(TOP).map(|(table, count)| {
        let whose = table.plugin.as_deref().unwrap_or("nobody");
        format!(
            "`{}` of {}: {}",
            word(&table.name),
            word(whose),
            counted(*count, "row")
        )
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

async fn used(host: &Host) -> Result<String> {
    let mut uses: BTreeMap<String, u64> = BTreeMap::new();
    for day in host.commands().usage(None, None).await? {
        *uses.entry(day.command).or_default() += day.uses;
    }
    let mut uses: Vec<_> = uses.into_iter().collect();
    uses.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let lines = uses
        .iter()
        .take(TOP)
        .enumerate()
        .map(|(at, (command, count))| {
            format!("{}. `{command}`: {}", at + 1, counted(*count, "use"))
        });
    Ok(match &*lines.collect::<Vec<_>>() {
        [] => "none was used yet".to_owned(),
        lines => lines.join("\n"),
    })
}
