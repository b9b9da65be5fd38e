//! Resource usage of a plugin: processor, memory, work, errors, disk; the last hour as lines, and what its time went into.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{CountView, PluginUsage},
    prelude::*,
    text::{clip, counted, milliseconds, number, size, span},
};

use super::samples::Lines;
use crate::{Dashboard, pulse::now_ms, shell, ui};

/// Rows of a table of handlers or calls.
const ROWS: usize = 100;

pub(super) async fn part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&drawn(&ctx, ctx.param("name")).await?))
}

/// Figures and lines of a plugin that serves; a sentence where it has just gone.
pub(super) async fn drawn(ctx: &RouteContext<Dashboard>, name: &str) -> Result<Markup> {
    let Ok(usage) = ctx.host().plugins().usage(name).await else {
        return Ok(ui::empty(
            "It is not loaded",
            "What it uses is known while it is.",
        ));
    };
    let samples = &ctx.state().samples;
    samples.saw(&usage);
    Ok(figures(&usage, &samples.lines(&usage.name, now_ms())))
}

fn figures(usage: &PluginUsage, lines: &Lines) -> Markup {
    let now = |line: &[Option<f64>]| line.iter().rev().flatten().next().copied();
    let cpu = now(&lines.cpu_percent);
    let percent = cpu.map_or_else(|| "not known yet".to_owned(), |it| format!("{it:.1} %"));
    let heap = usage
        .heap_bytes
        .map_or_else(|| "not known".to_owned(), size);
    let served = now(&lines.served).unwrap_or_default();
    let failed = now(&lines.failed).unwrap_or_default();
    let disk = usage.tables_bytes + usage.files_bytes;
    let peak = usage.footprint.heap_peak_bytes;
    html! {
        div.grid.four {
            (line("Processor", &percent, &lines.cpu_percent, 1.0, html! {
                (milliseconds(usage.cpu_us)) " since the bot began"
            }))
            (line("Memory", &heap, &lines.heap_bytes, 0.0, html! {
                @if let Some(peak) = peak { "at most " (size(peak)) " at a look" }
            }))
            (line("Requests", &format!("{served:.0} a minute"), &lines.served, 1.0, html! {
                (number(usage.served)) " in all, " (number(usage.waiting)) " waiting, " (number(usage.dropped)) " dropped"
            }))
            (line("Errors", &format!("{failed:.0} a minute"), &lines.failed, 1.0, html! {
                (number(usage.failed)) " in all, " (counted(usage.panics, "panic"))
            }))
        }
        div.stats {
            (ui::stat("Running for", span(usage.up_ms), format!("load {}, {}", usage.generation, counted(usage.reloads, "reload"))))
            (ui::stat("Threads", number(u64::from(usage.footprint.threads)), ""))
            (ui::stat("Tables", size(usage.tables_bytes), ""))
            (ui::stat("Files", size(usage.files_bytes), ""))
            (ui::stat("Mean wait", milliseconds(usage.waited_us.checked_div(usage.served).unwrap_or_default()), "until its thread takes a piece of work"))
        }
        (ui::meter("What it stores", disk as f64, usage.limit_bytes as f64, &format!("{} of {}", size(disk), size(usage.limit_bytes))))
    }
}

fn line(name: &str, value: &str, values: &[Option<f64>], most: f64, words: Markup) -> Markup {
    html! {
        section.card.tight {
            (ui::stat(name, value, words))
            (ui::sparkline(values, most, &format!("{name} over the last hour, now {value}")))
        }
    }
}

/// What its thread has worked on, and the host calls that it has made.
pub(super) async fn work(ctx: &RouteContext<Dashboard>, name: &str) -> Result<Markup> {
    if !ctx.may("plugins.usage") {
        return Err(Error::user(
            "Your role does not include `plugins.usage`, which tells what a plugin works on.",
        ));
    }
    let usage = ctx.host().plugins().usage(name).await?;
    Ok(html! {
        (ui::card("What it has worked on", counts(&usage.handlers, "It has had nothing to do yet.", false)))
        (ui::card("Host calls that it has made", counts(&usage.calls, "It has asked the host for nothing yet.", true)))
    })
}

fn counts(rows: &[CountView], none: &str, with_failed: bool) -> Markup {
    if rows.is_empty() {
        return html! { p.muted { (none) } };
    }
    let shown = html! {
        @for row in rows.iter().take(ROWS) {
            tr {
                th scope="row" { (ui::name(&clip(&row.name, 120))) }
                td { (row.kind) }
                td.number { (number(row.count)) }
                @if with_failed { td.number { (number(row.failed)) } }
                td.number { (milliseconds(row.took_us.checked_div(row.count).unwrap_or_default())) }
                td.number { (milliseconds(row.took_us)) }
            }
        }
    };
    let headings: &[&str] = match with_failed {
        true => &["Name", "Kind", "Times", "Failed", "Mean", "Together"],
        false => &["Name", "Kind", "Times", "Mean", "Together"],
    };
    html! {
        (ui::table("What took most time first", headings, shown))
        @if rows.len() > ROWS { p.muted { "and " (number((rows.len() - ROWS) as u64)) " others, which took less" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_also_where_nothing_is_known_yet() {
        let shown = figures(&PluginUsage::default(), &Lines::default()).into_string();
        assert!(
            shown.contains("not known yet") && !shown.contains("NaN"),
            "{shown}"
        );
    }

    #[test]
    fn a_table_is_bounded_and_says_so() {
        let mut row = CountView::default();
        row.name = "<b>".to_owned();
        let rows = vec![row; ROWS + 7];
        let shown = counts(&rows, "", true).into_string();
        assert_eq!(shown.matches("scope=\"row\"").count(), ROWS);
        assert!(shown.contains("and 7 others") && !shown.contains("<b>"));
    }
}
