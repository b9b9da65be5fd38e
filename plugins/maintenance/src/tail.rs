//! Commands `fw_log tail` and `fw_log follow`: the last lines of the log, and those that come.

use std::{collections::VecDeque, pin::pin, time::Duration};

use plugin_api::{
    abi::{LogCall, LogLine},
    prelude::*,
    text::{counted, plain, word},
};
use tokio::time::{Instant, sleep};

/// How long lines are followed.
const FOLLOWED: Duration = Duration::from_secs(300);

/// How often the message is changed at most.
const EVERY: Duration = Duration::from_secs(2);

/// Characters of lines in a message.
const ROOM: usize = 3_800;

/// Lines that are followed from.
const BEGIN: u32 = 10;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

pub(super) fn tail() -> Command {
    narrowed(
        Command::new("tail", "Shows the last lines of the log")
            .help("As a file where they are too long for a message. Secrets are masked.")
            .option(
                CommandOption::integer("lines", "How many; 20 unless it is said")
                    .min(1)
                    .max(500),
            ),
    )
    .example("fw_log tail 50 warn")
    .run(show)
}

pub(super) fn follow() -> Command {
    narrowed(
        Command::new("follow", "Shows lines of the log as they come, for five minutes")
            .help("In one message, which changes as lines come; its button stops that. Secrets are masked."),
    )
    .example("fw_log follow")
    .run(go_along)
}

fn narrowed(command: Command) -> Command {
    command
        .option(CommandOption::string("level", "Lines as severe as this, or more").choices(LEVELS))
        .option(CommandOption::string(
            "plugin",
            "Lines of this plugin alone",
        ))
}

fn wanted(ctx: &CommandContext, limit: u32) -> Result<LogCall> {
    Ok(LogCall {
        level: ctx.option("level")?,
        plugin: ctx.option("plugin")?,
        limit: Some(limit),
        ..LogCall::default()
    })
}

async fn show(ctx: CommandContext) -> Result {
    let lines: Option<u32> = ctx.option("lines")?;
    let call = wanted(&ctx, lines.unwrap_or(20))?;
    let found = ctx.host().log(&call).await?;
    let card = embed(title(&call)).footer(counted(found.lines.len() as u64, "line"));
    let lines: Vec<String> = found.lines.iter().map(line).collect();
    let text = lines.join("\n");
    if lines.is_empty() {
        return ctx
            .reply(card.description("There is no such line.").build())
            .await;
    }
    let message = match text.chars().count() <= ROOM {
        true => NewMessage::from(card.description(block(&text))),
        false => NewMessage::from(card.description("They are in the file.")).file("log.txt", text),
    };
    ctx.reply(message).await
}

async fn go_along(ctx: CommandContext) -> Result {
    let mut call = wanted(&ctx, BEGIN)?;
    let found = ctx.host().log(&call).await?;
    let mut page = Followed::new(title(&call));
    page.take(&found.lines, 0);
    (call.since, call.limit) = (Some(found.next), Some(500));
    let until = Instant::now() + FOLLOWED;
    let over = {
        let first = page.shown("Followed for five minutes").timeout(FOLLOWED);
        // A question holds no reload up, and is closed by one.
        let mut stop = pin!(ctx.ask(first, [("Stop", "stop")]));
        loop {
            tokio::select! {
                answer = &mut stop => break match answer {
                    Ok(Some(_)) => "Stopped",
                    Ok(None) if Instant::now() >= until => "Five minutes are over",
                    Ok(None) => "Over: this plugin was reloaded",
                    Err(error) if is_gone(&error) => return Ok(()),
                    Err(error) => return Err(error),
                },
                () = sleep(EVERY) => {}
            }
            let new = ctx.host().log(&call).await?;
            call.since = Some(new.next);
            if (!new.lines.is_empty() || new.lost > 0)
                && !page.changed(&ctx, new.lines, new.lost).await?
            {
                return Ok(());
            }
        }
    };
    let last = page.shown(over).without_components();
    match ctx.edit_reply(last).await {
        Err(error) if is_gone(&error) => Ok(()),
        other => other,
    }
}

/// Whether somebody has deleted the message.
fn is_gone(error: &Error) -> bool {
    error.http_status() == Some(404)
}

/// The lines that are shown at this moment: the newest that there is room for.
struct Followed {
    title: String,
    lines: VecDeque<String>,
    length: usize,
    seen: u64,
    lost: u64,
}

impl Followed {
    const fn new(title: String) -> Self {
        Self {
            title,
            lines: VecDeque::new(),
            length: 0,
            seen: 0,
            lost: 0,
        }
    }

    fn take(&mut self, lines: &[LogLine], lost: u64) {
        self.lost += lost;
        self.seen += lines.len() as u64;
        for line in lines.iter().map(line) {
            self.length += line.chars().count() + 1;
            self.lines.push_back(line);
            while self.length > ROOM
                && let Some(oldest) = self.lines.pop_front()
            {
                self.length -= oldest.chars().count() + 1;
            }
        }
    }

    /// Shows what has come; `false`: the message is gone.
    async fn changed(
        &mut self,
        ctx: &CommandContext,
        lines: Vec<LogLine>,
        lost: u64,
    ) -> Result<bool> {
        self.take(&lines, lost);
        match ctx
            .edit_reply(self.shown("Followed for five minutes"))
            .await
        {
            Ok(()) => Ok(true),
            Err(error) if error.http_status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn shown(&self, state: &str) -> NewMessage {
        let text: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let text = match text.is_empty() {
            true => "No line yet.".to_owned(),
            false => block(&text.join("\n")),
        };
        let lost = match self.lost {
            0 => String::new(),
            lost => format!(", {} missed", counted(lost, "line")),
        };
        let footer = format!("{state} · {}{lost}", counted(self.seen, "line"));
        embed(&self.title)
            .description(text)
            .footer(footer)
            .build()
            .into()
    }
}

fn title(call: &LogCall) -> String {
    let plugin = call
        .plugin
        .as_deref()
        .map(|name| format!(" of {}", word(name)));
    let level = call
        .level
        .as_deref()
        .map(|level| format!(", {level} and worse"));
    format!(
        "Log{}{}",
        plugin.unwrap_or_default(),
        level.unwrap_or_default()
    )
}

/// A line as the file has it, in short; cut where it alone would fill a message.
fn line(line: &LogLine) -> String {
    let seconds = line.at_ms / 1_000 % 86_400;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    // Whom it is about stands apart from its text.
    let about = match &line.plugin {
        Some(plugin) => format!(" [{plugin}]"),
        None => String::new(),
    };
    let text = format!(
        "{hours:02}:{minutes:02}:{seconds:02} {:5} {}{about}: {}",
        line.level.to_uppercase(),
        line.target,
        line.text
    );
    plugin_api::text::clip(&plain(&text), 1_000)
}

fn block(text: &str) -> String {
    format!("```\n{text}\n```")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_shown_that_there_is_room_for() {
        let mut page = Followed::new("Log".into());
        let lines: Vec<LogLine> = (0..500)
            .map(|number| {
                let mut line = LogLine::default();
                (line.number, line.at_ms) = (number, 3_723_000);
                line.level = "info".into();
                line.target = "host".into();
                line.text = format!("line {number} ```");
                line
            })
            .collect();
        page.take(&lines, 7);
        assert!(page.length <= ROOM && page.lines.len() > 50);
        assert_eq!(
            page.lines.back().unwrap(),
            "01:02:03 INFO  host: line 499 '''"
        );
        let mut of_plugin = LogLine::default();
        (of_plugin.target, of_plugin.plugin) = ("host".into(), Some("shop".into()));
        of_plugin.text = "loaded".into();
        assert!(line(&of_plugin).ends_with(" host [shop]: loaded"));
        let json = page.shown("Followed").to_json().unwrap();
        let footer = json["embeds"][0]["footer"]["text"].as_str().unwrap();
        assert_eq!(footer, "Followed · 500 lines, 7 lines missed");
    }
}
