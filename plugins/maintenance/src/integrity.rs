//! Command `integritycheck`: each part of the bot looked at, with a verdict. What can't be asked is one of them.

use plugin_api::{
    abi::{DatabaseCall, PluginState},
    prelude::*,
    text::{counted, lines, number, plain, size},
};

use crate::asked;

/// Characters of what is told of a part.
const WORDS: usize = 600;

pub(super) fn integritycheck() -> Command {
    Command::new(
        "integritycheck",
        "Looks through databases, files, plugins, shards and settings",
    )
    .help("Each gets a verdict, and what can't be looked at does not keep the rest from it.")
    .example("integritycheck")
    .run(run)
}

/// Bytes free on the disk from which on nothing is said of them: as many as the plugin `diagnostics` wants by default.
const LITTLE_DISK: u64 = 1_000_000_000;

/// Verdict of a part: the worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Good,
    Unknown,
    Odd,
    Bad,
}

impl Verdict {
    const fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Unknown => "?",
            Self::Odd => "!",
            Self::Bad => "✗",
        }
    }
}

struct Part {
    name: &'static str,
    verdict: Verdict,
    /// What it is about, and then what is wrong.
    words: Vec<String>,
}

impl Part {
    fn new(name: &'static str, found: Result<(Verdict, Vec<String>), String>) -> Self {
        let (verdict, words) = found.unwrap_or_else(|why| (Verdict::Unknown, vec![why]));
        Self {
            name,
            verdict,
            words,
        }
    }
}

async fn run(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let host = ctx.host();
    let parts = [
        Part::new("Databases", asked("database.check", databases(host).await)),
        Part::new("Files", asked("files.stats", files(host).await)),
        Part::new("Plugins", asked("plugins.list", plugins(host).await)),
        Part::new("Shards", asked("shards.list", shards(host).await)),
        Part::new("Settings", asked("settings.verify", settings(host).await)),
        Part::new("Machine", asked("bot.status", machine(host).await)),
    ];
    let worst = parts.iter().map(|part| part.verdict).max();
    let card = embed("Integrity");
    let mut card = match worst.unwrap_or(Verdict::Good) {
        Verdict::Good => card.success().description("All is as it should be."),
        Verdict::Unknown => card
            .warning()
            .description("Some of it could not be looked at."),
        Verdict::Odd => card.warning().description("Something should be looked at."),
        Verdict::Bad => card.error().description("Something is broken."),
    };
    let mut cut = false;
    for part in &parts {
        let words = lines(&part.words, WORDS);
        cut |= words != part.words.join("\n");
        card = card.field(
            format!("{} {}", part.verdict.mark(), part.name),
            plugin_api::text::or_none(&words),
            false,
        );
    }
    let message = NewMessage::from(card);
    ctx.reply(match cut {
        false => message,
        true => {
            let all = parts.iter().map(|part| {
                let words = part.words.join("\n  ");
                format!("{} {}\n  {words}", part.verdict.mark(), part.name)
            });
            message.file("integrity.txt", all.collect::<Vec<_>>().join("\n"))
        }
    })
    .await
}

type Found = Result<(Verdict, Vec<String>)>;

async fn databases(host: &Host) -> Found {
    let mut call = DatabaseCall::default();
    let (mut checked, mut faults) = (0, Vec::new());
    loop {
        let page = host.databases().check(&call).await?;
        checked += page.checked;
        let told = page.faults.iter();
        faults.extend(told.map(|fault| plain(&format!("{}: {}", fault.name, fault.reason))));
        match page.next {
            Some(next) => call.after = Some(next),
            None => break,
        }
    }
    let verdict = if faults.is_empty() {
        Verdict::Good
    } else {
        Verdict::Bad
    };
    let mut words = vec![format!("{} looked through", counted(checked, "database"))];
    words.extend(faults);
    Ok((verdict, words))
}

async fn files(host: &Host) -> Found {
    let it = host.file_stats().await?;
    let verdict = match &*it.health {
        "healthy" => Verdict::Good,
        "degraded" => Verdict::Odd,
        _ => Verdict::Bad,
    };
    let words = format!(
        "{}: {} failed of {}, {} of {}",
        it.health,
        number(it.read_failures),
        counted(it.reads, "read"),
        number(it.write_failures),
        counted(it.writes, "write"),
    );
    Ok((verdict, vec![words]))
}

async fn plugins(host: &Host) -> Found {
    let all = host.plugins().all().await?;
    let mut verdict = Verdict::Good;
    let mut troubles = Vec::new();
    for plugin in &all {
        if plugin.state != PluginState::Serving {
            verdict = verdict.max(Verdict::Bad);
            let why = plugin.error.as_deref().unwrap_or("it is not running");
            troubles.push(plain(&format!("{}: {why}", plugin.name)));
        } else if let Some(why) = &plugin.error {
            verdict = verdict.max(Verdict::Odd);
            troubles.push(plain(&format!(
                "{}: its newest file is not what serves: {why}",
                plugin.name
            )));
        }
        if plugin.panics > 0 {
            verdict = verdict.max(Verdict::Odd);
            troubles.push(format!(
                "{}: {}",
                plugin.name,
                counted(plugin.panics, "panic")
            ));
        }
        if plugin.dropped > 0 {
            verdict = verdict.max(Verdict::Odd);
            troubles.push(format!(
                "{}: {} dropped",
                plugin.name,
                counted(plugin.dropped, "event")
            ));
        }
    }
    let serving = all
        .iter()
        .filter(|it| it.state == PluginState::Serving)
        .count();
    let mut words = vec![format!(
        "{serving} of {} serve",
        counted(all.len() as u64, "plugin")
    )];
    words.extend(troubles);
    Ok((verdict, words))
}

async fn shards(host: &Host) -> Found {
    let found = host.shards().await?.shards;
    let connected = found.iter().filter(|shard| shard.connected).count();
    let verdict = match connected {
        all if all == found.len() => Verdict::Good,
        0 => Verdict::Bad,
        _ => Verdict::Odd,
    };
    let mut words = vec![format!(
        "{connected} of {} connected",
        counted(found.len() as u64, "shard")
    )];
    let away = found.iter().filter(|shard| !shard.connected);
    words.extend(away.map(|shard| format!("shard {} has no connection", shard.id)));
    Ok((verdict, words))
}

async fn settings(host: &Host) -> Found {
    let found = host.verify_settings().await?;
    let verdict = match (found.errors.len(), found.warnings.len()) {
        (0, 0) => Verdict::Good,
        (0, _) => Verdict::Odd,
        _ => Verdict::Bad,
    };
    let mut words = vec![format!(
        "{}, {}",
        counted(found.errors.len() as u64, "error"),
        counted(found.warnings.len() as u64, "warning")
    )];
    let all = found.errors.iter().chain(&found.warnings);
    words.extend(all.map(|fault| plain(format!("{} {}", fault.place, fault.words).trim())));
    Ok((verdict, words))
}

async fn machine(host: &Host) -> Found {
    let bot = host.bot().status().await?;
    let mut verdict = Verdict::Good;
    let mut words = vec![format!(
        "{} of memory, {:.0} % of a processor",
        size(bot.memory_bytes),
        bot.cpu_percent
    )];
    if let (Some(free), Some(all)) = (bot.disk_free_bytes, bot.disk_bytes) {
        words.push(format!(
            "{} free of {} where the data are",
            size(free),
            size(all)
        ));
        if free < LITTLE_DISK {
            verdict = Verdict::Odd;
        }
    }
    if bot.machine_available_bytes < bot.machine_memory_bytes / 20 {
        verdict = Verdict::Odd;
        words.push(format!(
            "only {} of memory are free",
            size(bot.machine_available_bytes)
        ));
    }
    if let (Some(open), Some(limit)) = (bot.descriptors, bot.descriptors_limit) {
        words.push(format!("{} of {} descriptors", number(open), number(limit)));
        if open > limit / 5 * 4 {
            verdict = Verdict::Odd;
        }
    }
    Ok((verdict, words))
}
