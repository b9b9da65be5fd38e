//! Commands `fw_migrations` and `fw_migrate`: which migrations have run, and running what is missing.

use plugin_api::{
    abi::{DatabaseCall, MigrationView},
    prelude::*,
    text::{FIELD, counted, moment, plain},
};

use crate::with_failures;

/// The pages of `fw_migrations`.
pub(super) const PAGES: &str = "migrations";

/// Those that ran last, on the first page.
const LATEST: usize = 10;

/// Fields of a page.
const PER_PAGE: usize = 4;

pub(super) fn migrations() -> Command {
    Command::new("fw_migrations", "Shows which migrations have run, and when")
        .help("The ten that ran last, and all of each plugin: in how many databases, when first and when last.")
        .example("fw_migrations")
        .run(async |ctx: CommandContext| ctx.pages(PAGES, "").await)
}

pub(super) fn migrate() -> Command {
    Command::new(
        "fw_migrate",
        "Runs the migrations that are missing, in every database",
    )
    .option(CommandOption::string(
        "plugin",
        "One plugin's; left out: all",
    ))
    .example("fw_migrate")
    .run(run)
}

pub(super) async fn page(ctx: PageContext) -> Result<Page> {
    let all = all(ctx.host()).await?;
    let fields = fields(&all);
    let pages = fields.len().div_ceil(PER_PAGE).max(1);
    let mut card = embed("Migrations").description(match all.is_empty() {
        true => "No plugin has declared any.",
        false => {
            "A server's database is migrated when it is first used. `fw_migrate` does it for all."
        }
    });
    if ctx.index() == 0 {
        let latest = latest(&all);
        if !latest.is_empty() {
            card = card.field("Run last", latest.join("\n"), false);
        }
    }
    for (plugin, lines) in fields.iter().skip(ctx.index() * PER_PAGE).take(PER_PAGE) {
        card = card.field(plugin, lines, false);
    }
    Ok(Page::new(card, pages))
}

async fn all(host: &Host) -> Result<Vec<MigrationView>> {
    let mut call = DatabaseCall::default();
    let mut all = Vec::new();
    loop {
        let page = host.databases().migrations(&call).await?;
        all.extend(page.migrations);
        match page.next {
            Some(next) => call.after = Some(next),
            None => return Ok(all),
        }
    }
}

fn latest(all: &[MigrationView]) -> Vec<String> {
    let mut ran: Vec<(u64, &MigrationView)> = all
        .iter()
        .filter_map(|it| Some((it.last_ms?, it)))
        .collect();
    ran.sort_by_key(|(at, it)| (std::cmp::Reverse(*at), it.plugin.clone(), it.number));
    let line = |(at, it): &(u64, &MigrationView)| {
        format!("{} `{}` {} {}", date(*at), it.plugin, it.number, whose(it))
    };
    ran.iter().take(LATEST).map(line).collect()
}

/// Each plugin's, in as many fields as they need.
fn fields(all: &[MigrationView]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut of = "";
    for it in all {
        let line = line(it);
        match fields.last_mut() {
            Some((_, lines)) if of == it.plugin && lines.len() + line.len() < FIELD - 1 => {
                lines.push('\n');
                lines.push_str(&line);
            }
            _ if of == it.plugin => fields.push((format!("{of}, more"), line)),
            _ => {
                of = &it.plugin;
                fields.push((of.to_owned(), line));
            }
        }
    }
    fields
}

fn line(it: &MigrationView) -> String {
    let declared = match it.declared {
        true => "",
        false => ", and no loaded plugin declares it",
    };
    let when = match (it.first_ms, it.last_ms) {
        (Some(first), Some(last)) if first / 1_000 != last / 1_000 => {
            format!(", first {}, last {}", date(first), date(last))
        }
        (_, Some(last)) => format!(", {}", date(last)),
        _ => String::new(),
    };
    format!(
        "{} {}: run in {} of {}{when}{declared}",
        it.number,
        whose(it),
        it.applied,
        it.databases
    )
}

fn whose(it: &MigrationView) -> &'static str {
    match it.for_guilds {
        true => "for servers",
        false => "for the bot",
    }
}

fn date(at_ms: u64) -> String {
    moment(i64::try_from(at_ms).unwrap_or(i64::MAX), 'f')
}

async fn run(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let plugin: Option<String> = ctx.option("plugin")?;
    let done = ctx.host().databases().migrate(plugin.as_deref()).await?;
    let text = format!("{} run", counted(done.ran, "migration"));
    let mut failed: Vec<String> = done.reasons.iter().map(|why| plain(why)).collect();
    let told = failed.len() as u64;
    if done.failed > told {
        failed.push(format!("and {} more; the log has them", done.failed - told));
    }
    ctx.reply(with_failures("Migrated", text, &failed)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(plugin: &str, number: u32, at_ms: u64) -> MigrationView {
        let mut it = MigrationView::default();
        plugin.clone_into(&mut it.plugin);
        (it.number, it.declared, it.applied, it.databases) = (number, true, 1, 2);
        (it.first_ms, it.last_ms) = (Some(1_000), Some(at_ms));
        it
    }

    #[test]
    fn the_last_ten_come_first_and_a_plugin_of_many_has_several_fields() {
        let mut all: Vec<_> = (1..=60)
            .map(|n| ran("bank", n, u64::from(n) * 1_000))
            .collect();
        all.push(ran("shop", 1, 99_000));
        let latest = latest(&all);
        assert_eq!(latest.len(), LATEST);
        assert_eq!(latest[0], "<t:99:f> `shop` 1 for the bot");
        assert_eq!(latest[1], "<t:60:f> `bank` 60 for the bot");
        let fields = fields(&all);
        assert_eq!(fields[0].0, "bank");
        assert_eq!(fields[1].0, "bank, more");
        assert_eq!(fields.last().unwrap().0, "shop");
        assert!(fields.iter().all(|(_, lines)| lines.len() <= FIELD));
        let lines: usize = fields.iter().map(|(_, lines)| lines.lines().count()).sum();
        assert_eq!(lines, 61);
    }
}
