//! Command `hooks`: the handlers of hooks, the latest events, and switching a handler on or off.

use plugin_api::{
    abi::{HookCircuit, HookEvent, HookInfo, HooksCall},
    prelude::*,
    text::{DESCRIPTION, clip, moment, word},
};

/// Events that are shown.
const EVENTS: u32 = 20;

#[derive(Choices, Clone, Copy)]
enum What {
    List,
    History,
    Enable,
    Disable,
    Reset,
}

pub(super) fn command(name: &str) -> Command {
    Command::new(name, "Shows the handlers of hooks, switches one on or off, closes its breaker")
        .help("A handler's id is `plugin:event:handler`, as the list shows it. One that is switched off stays so over a restart.")
        .option(CommandOption::of::<Option<What>>("what", "What to do; left out: shows all"))
        .option(CommandOption::string("id", "The handler, as the list shows it").rest())
        .autocomplete("id", ids)
        .run(run)
}

async fn ids(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let ids = all(ctx.host()).await?.into_iter().map(|hook| hook.id);
    Ok(ids
        .filter(|id| id.to_lowercase().contains(&typed))
        .take(25)
        .collect())
}

async fn all(host: &Host) -> Result<Vec<HookInfo>> {
    let mut call = HooksCall::default();
    let mut all = Vec::new();
    loop {
        let page = host.hooks(&call).await?;
        all.extend(page.hooks);
        match page.next {
            Some(next) => call.after = Some(next),
            None => return Ok(all),
        }
    }
}

async fn run(ctx: CommandContext) -> Result {
    let (what, id): (Option<What>, Option<String>) = (ctx.option("what")?, ctx.option("id")?);
    let host = ctx.host();
    let id = id.as_deref().map(str::trim).unwrap_or_default();
    let shown = match (what, id) {
        (None | Some(What::List), "") => list(&all(host).await?),
        (Some(What::History), "") => {
            let call = HooksCall {
                limit: Some(EVENTS),
                ..HooksCall::default()
            };
            history(&host.hook_history(&call).await?)
        }
        (Some(What::Enable), id) if !id.is_empty() => list(&[host.switch_hook(id, true).await?]),
        (Some(What::Disable), id) if !id.is_empty() => list(&[host.switch_hook(id, false).await?]),
        (Some(What::Reset), id) if !id.is_empty() => list(&[host.reset_hook(id).await?]),
        (None | Some(What::List | What::History), id) => {
            return Err(Error::user(format!(
                "`{}` goes without an id, and was given `{}`.",
                ctx.typed(),
                word(id)
            )));
        }
        (Some(_), _) => {
            return Err(Error::user(
                "Which handler? Put its id behind that, as the list shows it.",
            ));
        }
    };
    ctx.reply(shown).await
}

fn list(hooks: &[HookInfo]) -> NewMessage {
    let lines: Vec<String> = hooks.iter().map(line).collect();
    let text = match &*lines {
        [] => "No plugin that is loaded has hooks.".to_owned(),
        lines => lines.join("\n"),
    };
    embed("Hooks")
        .description(clip(&text, DESCRIPTION))
        .build()
        .into()
}

fn line(hook: &HookInfo) -> String {
    let state = match (hook.enabled, hook.circuit) {
        (false, _) => "switched off",
        (true, HookCircuit::Open) => "rests after failures",
        (true, HookCircuit::HalfOpen) => "is tried again",
        (true, _) => "on",
    };
    let runs = hook.runs.max(1);
    let error = match &hook.last_error {
        None => String::new(),
        Some(error) => format!("\n  last error: {}", word(error)),
    };
    format!(
        "`{}` (priority {}): {state}, {} run, {} failed, {} dropped, {} skipped, {} waiting, {} ms each, {} ms late{error}",
        word(&hook.id),
        hook.priority,
        hook.runs,
        hook.failures,
        hook.dropped,
        hook.skipped,
        hook.waiting,
        hook.handled_us / runs / 1_000,
        hook.waited_us / runs / 1_000,
    )
}

fn history(events: &[HookEvent]) -> NewMessage {
    let line = |event: &HookEvent| {
        let at = moment(i64::try_from(event.at_ms).unwrap_or(i64::MAX), 'T');
        let from = event.from.as_deref().unwrap_or("framework");
        format!(
            "{at} `{}` by {from}: {} queued, {} dropped, {} skipped; {} handled, {} failed, {} ms",
            word(&event.event),
            event.queued,
            event.dropped,
            event.skipped,
            event.handled,
            event.errors,
            event.took_us / 1_000,
        )
    };
    let lines: Vec<String> = events.iter().map(line).collect();
    let text = match &*lines {
        [] => "There were no events yet.".to_owned(),
        lines => lines.join("\n"),
    };
    embed("Latest events")
        .description(clip(&text, DESCRIPTION))
        .build()
        .into()
}
