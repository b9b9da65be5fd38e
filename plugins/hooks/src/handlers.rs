//! Handlers of hooks: all of them, one by its id, and ids while somebody types.

use plugin_api::{
    abi::{HookCircuit, HookInfo, HooksCall},
    prelude::*,
    text::{counted, milliseconds, word},
};

/// Ids that Discord shows while somebody types, and characters of each.
const PROPOSED: (usize, usize) = (25, 100);

/// All handlers, by id.
pub(crate) async fn all(host: &Host) -> Result<Vec<HookInfo>> {
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

/// A handler as it is now; `None`: there is none, or nothing may be seen of it.
pub(crate) async fn seen(host: &Host, id: &str) -> Option<HookInfo> {
    let mut all = all(host).await.ok()?;
    let at = all.iter().position(|hook| hook.id == id)?;
    Some(all.swap_remove(at))
}

/// An option for a handler's id.
pub(crate) fn id_option() -> CommandOption {
    CommandOption::string(
        "id",
        "The handler, as `eh_list` shows it: plugin:event:handler",
    )
    .required()
    .rest()
}

pub(crate) async fn ids(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let ids = all(ctx.host()).await?.into_iter().map(|hook| hook.id);
    Ok(ids
        .filter(|id| id.to_lowercase().contains(&typed) && id.chars().count() <= PROPOSED.1)
        .take(PROPOSED.0)
        .collect())
}

/// Whether events reach it, with a mark where they do not.
pub(crate) fn state(hook: &HookInfo) -> &'static str {
    match (hook.enabled, hook.circuit) {
        (false, _) => "🔴 switched off",
        (true, HookCircuit::Open) => "⚠️ rests after failures",
        (true, HookCircuit::HalfOpen) => "⚠️ is tried again",
        (true, _) => "on",
    }
}

/// A handler in two or three lines.
pub(crate) fn lines(hook: &HookInfo) -> String {
    let mut figures = vec![
        counted(hook.runs, "run"),
        format!("{} failed", hook.failures),
    ];
    for (count, what) in [
        (hook.dropped, "dropped"),
        (hook.skipped, "skipped"),
        (hook.waiting, "waiting"),
    ] {
        if count > 0 {
            figures.push(format!("{count} {what}"));
        }
    }
    let each = |us: u64| us.checked_div(hook.runs).map(milliseconds);
    figures.extend(each(hook.handled_us).map(|time| format!("{time} each")));
    figures.extend(each(hook.waited_us).map(|time| format!("{time} late")));
    let mut text = format!(
        "`{}` · {} · priority {}\n{}",
        word(&hook.id),
        state(hook),
        hook.priority,
        figures.join(" · "),
    );
    if let Some(error) = &hook.last_error {
        text.push_str(&format!("\nlast error: {}", word(error)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook() -> HookInfo {
        let mut hook = HookInfo::default();
        hook.id = "shop:shop.sold:count".into();
        hook.enabled = true;
        hook
    }

    #[test]
    fn a_handler_is_told_with_the_figures_that_it_has() {
        let mut hook = hook();
        assert_eq!(
            lines(&hook),
            "`shop:shop.sold:count` · on · priority 0\n0 runs · 0 failed"
        );
        (hook.runs, hook.failures, hook.skipped) = (2, 1, 3);
        (hook.handled_us, hook.waited_us) = (5_000, 25_000);
        hook.last_error = Some("no\ntea".into());
        assert_eq!(
            lines(&hook),
            "`shop:shop.sold:count` · on · priority 0\n2 runs · 1 failed · 3 skipped · 2.50 ms each · 12.5 ms late\nlast \
             error: no tea"
        );
    }

    #[test]
    fn what_is_switched_off_or_rests_has_a_mark() {
        let mut hook = hook();
        hook.circuit = HookCircuit::Open;
        assert_eq!(state(&hook), "⚠️ rests after failures");
        hook.circuit = HookCircuit::HalfOpen;
        assert_eq!(state(&hook), "⚠️ is tried again");
        hook.enabled = false;
        assert_eq!(state(&hook), "🔴 switched off");
    }
}
