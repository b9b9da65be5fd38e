//! Command `eh_list`: the handlers of hooks, by event.

use std::cmp::Reverse;

use plugin_api::{
    abi::HookInfo,
    prelude::*,
    text::{counted, number, word},
};

use crate::handlers;

/// Handlers on a page: with the longest ids and errors they fit into an embed.
const PAGE: usize = 7;

pub(super) fn eh_list() -> Command {
    Command::new("eh_list", "Shows the handlers of hooks and how they fare")
        .alias("hooks")
        .alias("fw_hooks")
        .help(
            "By event, and those that are called first above the others. ⚠️ is a handler that rests after failures, 🔴 one that is \
             switched off. `eh_disable`, `eh_enable` and `eh_reset_circuit` change one, `eh_history` has the latest events.",
        )
        .example("eh_list")
        .run(async |ctx: CommandContext| {
            ctx.pages("handlers", "").await
        })
}

pub(super) async fn page(ctx: PageContext) -> Result<Page> {
    let mut all = handlers::all(ctx.host()).await?;
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    let shown: Vec<&HookInfo> = all.iter().skip(ctx.index() * PAGE).take(PAGE).collect();
    let mut card = embed("Hooks").footer(totals(&all));
    card = match shown.is_empty() {
        true => card.description("No plugin that is loaded handles hooks."),
        false => card.description(by_event(&shown)),
    };
    Ok(Page::new(card, all.len().div_ceil(PAGE)))
}

fn order(hook: &HookInfo) -> (&str, Reverse<i32>, &str) {
    (&hook.event, Reverse(hook.priority), &hook.id)
}

/// Handlers below the event that they are for.
fn by_event(hooks: &[&HookInfo]) -> String {
    let mut text = String::new();
    for of_event in hooks.chunk_by(|a, b| a.event == b.event) {
        let event = match &*of_event[0].event {
            "*" => "all events, or chosen ones".to_owned(),
            event => word(event),
        };
        text.push_str(&format!("**{event}**\n"));
        for hook in of_event {
            text.push_str(&handlers::lines(hook));
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn totals(hooks: &[HookInfo]) -> String {
    let of = |figure: fn(&HookInfo) -> u64| hooks.iter().map(figure).sum::<u64>();
    format!(
        "{}: {}, {} failed, {} dropped",
        counted(hooks.len() as u64, "handler"),
        counted(of(|hook| hook.runs), "run"),
        number(of(|hook| hook.failures)),
        number(of(|hook| hook.dropped)),
    )
}

#[cfg(test)]
mod tests {
    use plugin_api::text::DESCRIPTION;

    use super::*;

    fn hook(event: &str, priority: i32, name: &str) -> HookInfo {
        let mut hook = HookInfo::default();
        (hook.event, hook.priority) = (event.into(), priority);
        hook.id = format!("shop:{event}:{name}");
        hook.enabled = true;
        hook
    }

    #[test]
    fn each_event_has_its_handlers_and_the_first_stands_first() {
        let mut all = [
            hook("b", 0, "x"),
            hook("a", 0, "y"),
            hook("a", 9, "z"),
            hook("*", 0, "w"),
        ];
        all.sort_by(|a, b| order(a).cmp(&order(b)));
        let text = by_event(&all.iter().collect::<Vec<_>>());
        let wanted = [
            "**all events, or chosen ones**",
            "shop:*:w",
            "**a**",
            "shop:a:z",
            "shop:a:y",
            "**b**",
            "shop:b:x",
        ];
        let places: Vec<_> = wanted.iter().map(|it| text.find(it)).collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{text}"
        );
        assert_eq!(totals(&all), "4 handlers: 0 runs, 0 failed, 0 dropped");
    }

    #[test]
    fn the_longest_page_fits() {
        let mut long = hook("", 0, "");
        (long.id, long.last_error) = ("i".repeat(400), Some("e".repeat(400)));
        (
            long.runs,
            long.failures,
            long.dropped,
            long.skipped,
            long.waiting,
        ) = (1, u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        (long.handled_us, long.waited_us, long.circuit) =
            (u64::MAX, u64::MAX, plugin_api::abi::HookCircuit::Open);
        let mut all = vec![long; PAGE];
        for (at, hook) in all.iter_mut().enumerate() {
            hook.event = at.to_string().repeat(400);
        }
        let text = by_event(&all.iter().collect::<Vec<_>>());
        assert!(
            text.chars().count() <= DESCRIPTION,
            "{}",
            text.chars().count()
        );
    }
}
