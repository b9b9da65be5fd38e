//! Command `eh_history`: the latest events, and what has become of each.

use plugin_api::{
    abi::{HookEvent, HooksCall},
    prelude::*,
    text::{clip, counted, milliseconds, moment, word},
};

/// Events on a page, each a field: an embed takes 25 fields and 6,000 characters.
const PAGE: usize = 10;

/// Characters of an event.
const EVENT: usize = 350;

/// Events that are shown where nobody says how many, and at most.
const LIMIT: (u32, u32) = (10, 50);

pub(super) fn eh_history() -> Command {
    Command::new("eh_history", "Shows the latest events and what has become of them")
        .alias("hookhistory")
        .help("The newest first. The last 100 are kept, 20 of one kind; of what an event had with it the names alone, no values.")
        .example("eh_history 20")
        .option(
            CommandOption::integer("limit", "How many: 1 to 50, or else 10")
                .min(1)
                .max(f64::from(LIMIT.1)),
        )
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let limit: Option<u32> = ctx.option("limit")?;
    let limit = limit.unwrap_or(LIMIT.0);
    ctx.pages("events", limit).await
}

pub(super) async fn page(ctx: PageContext) -> Result<Page> {
    // It has been to Discord and back.
    let limit = ctx.argument().parse().unwrap_or(LIMIT.0);
    let call = HooksCall {
        limit: Some(limit.clamp(1, LIMIT.1)),
        ..HooksCall::default()
    };
    let events = ctx.host().hook_history(&call).await?;
    let mut card = embed("Latest events").footer(counted(events.len() as u64, "event"));
    if events.is_empty() {
        card = card.description("There were none since the bot began.");
    }
    for event in events.iter().skip(ctx.index() * PAGE).take(PAGE) {
        let by = event.from.as_deref().unwrap_or("the framework");
        card = card.field(
            format!("{} by {}", word(&event.event), word(by)),
            told(event),
            false,
        );
    }
    Ok(Page::new(card, events.len().div_ceil(PAGE)))
}

fn told(event: &HookEvent) -> String {
    let at = i64::try_from(event.at_ms).unwrap_or(i64::MAX);
    let mut parts = vec![
        format!("{} ({})", moment(at, 'T'), moment(at, 'R')),
        match event.queued {
            0 => "for no handler".to_owned(),
            queued => format!("for {}", counted(queued.into(), "handler")),
        },
    ];
    if event.handled > 0 {
        parts.push(format!("{} done, {} failed", event.handled, event.errors));
        parts.push(format!("took {}", milliseconds(event.took_us)));
        parts.push(format!("waited {}", milliseconds(event.queue_delay_us)));
    }
    for (count, what) in [(event.dropped, "dropped"), (event.skipped, "skipped")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let mut text = parts.join(" · ");
    if !event.keys.is_empty() {
        let keys: Vec<String> = event.keys.iter().map(|key| word(key)).collect();
        text.push_str(&format!("\nwith {}", keys.join(", ")));
    }
    clip(&text, EVENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_with_what_has_become_of_it() {
        let mut event = HookEvent::default();
        (event.at_ms, event.queued, event.skipped) = (1_000, 2, 1);
        assert_eq!(
            told(&event),
            "<t:1:T> (<t:1:R>) · for 2 handlers · 1 skipped"
        );
        (
            event.handled,
            event.errors,
            event.took_us,
            event.queue_delay_us,
        ) = (2, 1, 12_000, 500);
        event.keys = vec!["tea".into(), "a`b".into()];
        assert_eq!(
            told(&event),
            "<t:1:T> (<t:1:R>) · for 2 handlers · 2 done, 1 failed · took 12.0 ms · waited 0.50 ms · 1 skipped\nwith tea, aˋb"
        );
        event.keys = vec!["k".repeat(60); 30];
        assert_eq!(told(&event).chars().count(), EVENT);
    }
}
