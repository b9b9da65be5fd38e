//! Latest errors of all plugins: what failed, for whom, with the trace of a panic.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{ErrorKind, ErrorView, ErrorsCall, ErrorsReply},
    prelude::*,
    text::{clip, counted},
};

use super::{READS, SEES_ERRORS, plugin_names, plugin_options, shown};
use crate::{
    Dashboard, shell,
    ui::{self, Tone},
};

/// Errors on a page.
const PAGE: u32 = 50;

/// Characters of an error that are shown before it is opened.
const SHORT: usize = 160;

/// Kinds, in words.
const KINDS: [(&str, &str); 10] = [
    ("", "of every kind"),
    ("command", "commands"),
    ("component", "buttons, selects and forms"),
    ("listener", "listeners"),
    ("task", "tasks"),
    ("schedule", "schedules"),
    ("hook", "hooks"),
    ("page", "web pages"),
    ("panic", "panics"),
    ("host", "host calls"),
];

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/log/errors").right(SEES_ERRORS).words(
                "The latest errors by `plugin`, `kind` and `id`, those before the number `before`",
            ),
            page,
        )
        .route(
            Route::get("/log/errors/list")
                .right(SEES_ERRORS)
                .words("The same, without the page around"),
            part,
        )
}

fn call(ctx: &RouteContext<Dashboard>) -> Result<ErrorsCall> {
    let given = |name: &str| Some(ctx.query(name).trim().to_owned()).filter(|it| !it.is_empty());
    let kind = given("kind").map(|word| {
        let known = ErrorKind::ALL.iter().find(|kind| kind.word() == word);
        known
            .copied()
            .ok_or_else(|| Error::user(format!("`{}` is no kind of error.", clip(&word, 40))))
    });
    Ok(ErrorsCall {
        plugin: given("plugin"),
        kind: kind.transpose()?,
        error_id: given("id"),
        before: Some(ctx.query_or("before", 0)?).filter(|number| *number > 0),
        limit: Some(PAGE),
    })
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let call = call(&ctx)?;
    let reply = ctx.host().errors(&call).await?;
    let names = plugin_names(&ctx).await?;
    let address = format!("{}/log/errors", ctx.base());
    let query = query(&ctx);
    let content = html! {
        (ui::filter_bar(&address, html! {
            (ui::search_field("id", "An error id", ctx.query("id")))
            (ui::select_field("kind", "Kind", &KINDS, ctx.query("kind")))
            (ui::select_field("plugin", "Plugin", &plugin_options(&names, ctx.query("plugin")), ctx.query("plugin")))
        }))
        div #errors.stack data-src={ (address) "/list?" (query) "before=" (ctx.query("before")) } data-live="host:errors" {
            (drawn(&ctx, &reply))
        }
    };
    shown(&ctx, "/log/errors", content).await
}

async fn part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let reply = ctx.host().errors(&call(&ctx)?).await?;
    Ok(shell::part(&drawn(&ctx, &reply)))
}

/// What is asked for, but for the page.
fn query(ctx: &RouteContext<Dashboard>) -> String {
    let names = ["id", "kind", "plugin"];
    let parts = names.map(|name| format!("{name}={}&", ui::encoded(ctx.query(name))));
    parts.concat()
}

fn drawn(ctx: &RouteContext<Dashboard>, reply: &ErrorsReply) -> Markup {
    let log = ctx.may(READS).then(|| format!("{}/log", ctx.base()));
    html! {
        @if reply.errors.is_empty() {
            (ui::empty("Nothing like that has failed", "The last 500 errors are kept until the bot ends."))
        } @else {
            ul.card.list {
                @for error in &reply.errors { (row(log.as_deref(), error)) }
            }
        }
        div.row.between {
            p.muted { (counted(reply.total, "error")) " since the bot began" }
            @if let Some(next) = reply.next {
                a.button href={ (ctx.base()) "/log/errors?" (query(ctx)) "before=" (next) } { "Older ones" }
            }
        }
    }
}

/// One of them; `log` is the log's address, for whoever may read it.
fn row(log: Option<&str>, error: &ErrorView) -> Markup {
    let place = |name: &'static str, id: Option<u64>| {
        html! { @if let Some(id) = id { (ui::fact(name, html! { code { (id) } })) } }
    };
    html! {
        li data-key=(error.number) {
            details.wide {
                summary.error-head {
                    (kind(error.kind))
                    span.grow.cut { bdi { (error.plugin) } " · " bdi { (error.what) } }
                    small.muted { (ui::ago(error.at_ms)) }
                    span.wide.bad-text.cut { bdi { (clip(&error.text, SHORT)) } }
                }
                div.stack.error-body {
                    (ui::code_block("Error", &error.text))
                    @if !error.trace.is_empty() {
                        h3 { "Trace" }
                        (ui::code_block("Trace", &error.trace))
                    }
                    dl.facts {
                        @if !error.error_id.is_empty() { (ui::fact("Error id", html! { code { (error.error_id) } })) }
                        (place("User", error.user_id))
                        (place("Server", error.guild_id))
                        (place("Channel", error.channel_id))
                    }
                    @if let Some(log) = log {
                        div.actions {
                            @if !error.error_id.is_empty() {
                                a.button href={ (log) "?q=" (ui::encoded(&error.error_id)) } { "Its lines in the log" }
                            }
                            a.button href={ (log) "?plugin=" (ui::encoded(&error.plugin)) } { "The plugin's lines" }
                        }
                    }
                }
            }
        }
    }
}

fn kind(kind: ErrorKind) -> Markup {
    let word = kind.word();
    let tone = match kind {
        ErrorKind::Panic => Tone::Bad,
        ErrorKind::Host => Tone::Info,
        _ => Tone::Warn,
    };
    ui::badge(tone, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_asked_for_by_its_word() {
        let offered: Vec<&str> = KINDS.iter().skip(1).map(|(word, _)| *word).collect();
        let known: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(offered, known);
    }

    #[test]
    fn an_error_shows_its_trace_and_leads_to_the_log_where_one_may_read_it() {
        let mut error = ErrorView::default();
        error.text = "<b>broke".to_owned();
        error.trace = "tea::pour".to_owned();
        error.error_id = "ab12".to_owned();
        error.guild_id = Some(7);
        let shown = row(Some("/p/d/log"), &error).into_string();
        assert!(
            shown.contains("tea::pour") && shown.contains("/p/d/log?q=ab12"),
            "{shown}"
        );
        assert!(!shown.contains("<b>"));
        assert!(!row(None, &error).into_string().contains("/log?"));
    }
}
