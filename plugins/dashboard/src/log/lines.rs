//! Lines of the log: the newest that fit, and those that come.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{LogCall, LogLine, LogReply},
    prelude::*,
    text::{clip, number},
};

use super::{LEVELS, READS, plugin_names, plugin_options, shown};
use crate::{Dashboard, shell, ui};

/// Lines that are shown at first, and kept on a page that follows.
const FIRST: u32 = 200;
const KEPT: u32 = 500;

/// Lines that a page gets at once when it follows: what is more than that comes with the next look.
const AT_ONCE: u32 = 200;

/// Characters of a line that are shown; the log's files have all of it.
const LONGEST: usize = 1_500;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/log")
                .right(READS)
                .words("The newest lines of the log by `level`, `plugin` and words (`q`)"),
            page,
        )
        .route(
            Route::get("/log/lines")
                .right(READS)
                .words("The lines behind the number `since`, newest first"),
            lines_part,
        )
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
struct Filter {
    level: String,
    plugin: String,
    text: String,
}

impl Filter {
    fn of(ctx: &RouteContext<Dashboard>) -> Self {
        let of = |name: &str| ctx.query(name).trim().to_owned();
        Self {
            level: of("level"),
            plugin: of("plugin"),
            text: of("q"),
        }
    }

    fn call(&self, since: Option<u64>, limit: u32) -> LogCall {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        LogCall {
            level: given(&self.level),
            plugin: given(&self.plugin),
            text: self.text.clone(),
            since,
            limit: Some(limit),
        }
    }

    fn query(&self) -> String {
        format!(
            "?level={}&plugin={}&q={}",
            ui::encoded(&self.level),
            ui::encoded(&self.plugin),
            ui::encoded(&self.text)
        )
    }
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let filter = Filter::of(&ctx);
    let reply = read(&ctx, &filter.call(None, FIRST)).await?;
    let names = plugin_names(&ctx).await?;
    let base = ctx.base();
    let address = format!("{base}/log");
    let levels: Vec<(&str, &str)> = [("", "of every level")]
        .into_iter()
        .chain(LEVELS.iter().map(|level| match *level {
            "error" => ("error", "errors"),
            "warn" => ("warn", "warnings and worse"),
            "info" => ("info", "info and worse"),
            "debug" => ("debug", "debug and worse"),
            other => (other, "trace and worse"),
        }))
        .collect();
    let content = html! {
        section.card {
            (ui::filter_bar(&address, html! {
                (ui::search_field("q", "Words, a module, an error id", &filter.text))
                (ui::select_field("level", "Level", &levels, &filter.level))
                (ui::select_field("plugin", "Plugin", &plugin_options(&names, &filter.plugin), &filter.plugin))
            }))
            div.row.between {
                p.muted {
                    @if reply.lines.is_empty() { "No line that is kept is like that: the last 5,000 are." }
                    @else { "Newest first. New lines come by themselves." }
                }
                div.actions {
                    @if !filter.text.is_empty() || !filter.plugin.is_empty() || !filter.level.is_empty() {
                        a.button.quiet href=(address) { "All lines" }
                    }
                    button.button type="button" data-pause="#log" aria-pressed="false" { "Pause" }
                }
            }
            ol #log.log data-follow={ (base) "/log/lines" (filter.query()) } data-next=(reply.next) data-live="host:log" data-max=(KEPT)
                tabindex="0" aria-label="Lines of the log" {
                @for line in reply.lines.iter().rev() { (row(&address, line)) }
            }
        }
    };
    shown(&ctx, "/log", content).await
}

/// The lines behind a number, with the number to ask behind the next time.
async fn lines_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let since: u64 = ctx.query_or("since", 0)?;
    let reply = read(&ctx, &Filter::of(&ctx).call(Some(since), AT_ONCE)).await?;
    let address = format!("{}/log", ctx.base());
    Ok(shell::part(&html! {
        ol data-next=(reply.next) {
            @for line in reply.lines.iter().rev() { (row(&address, line)) }
            @if reply.lost > 0 {
                li.log-lost.muted { (number(reply.lost)) " lines came too fast to be kept here: the log's files have them." }
            }
        }
    }))
}

/// Reads the log; an odd level is whoever's mistake who has written the address.
async fn read(ctx: &RouteContext<Dashboard>, call: &LogCall) -> Result<LogReply> {
    if let Some(level) = &call.level
        && !LEVELS.contains(&level.as_str())
    {
        return Err(Error::user(format!(
            "`{}` is no level: error, warn, info, debug or trace.",
            clip(level, 40)
        )));
    }
    ctx.host().log(call).await
}

fn row(address: &str, line: &LogLine) -> Markup {
    let plugin = line.plugin.as_deref().unwrap_or_default();
    html! {
        li data-key=(line.number) class={ "log-line level-" (line.level) } {
            span.log-when title=(ui::iso(line.at_ms).unwrap_or_default()) { (clock(line.at_ms)) }
            span.log-level { (line.level) }
            span.log-who {
                @if plugin.is_empty() { span.cut.muted title=(line.target) { bdi { (line.target) } } }
                @else { a.cut href={ (address) "?plugin=" (ui::encoded(plugin)) } title=(line.target) { bdi { (plugin) } } }
            }
            span.log-text { (words(address, &clip(&line.text, LONGEST))) }
        }
    }
}

/// The line's words; ids in it lead to all lines that have them.
fn words(address: &str, text: &str) -> Markup {
    let parts = split_at_ids(text);
    html! {
        bdi {
            @for (part, is_id) in parts {
                @if is_id { a href={ (address) "?q=" (ui::encoded(part)) } { (part) } } @else { (part) }
            }
        }
    }
}

/// Fields whose values lead to other lines.
const IDS: [&str; 3] = [" error_id=", " invocation=", " id="];

/// A text in parts: whether each is the value of a field that holds an id.
fn split_at_ids(text: &str) -> Vec<(&str, bool)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let found = IDS
            .iter()
            .filter_map(|field| rest.find(field).map(|at| at + field.len()))
            .min();
        let Some(at) = found else {
            break;
        };
        let (before, behind) = rest.split_at(at);
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let (id, after) = behind.split_at(end.unwrap_or(behind.len()));
        parts.push((before, false));
        parts.push((id, true));
        rest = after;
    }
    parts.push((rest, false));
    parts.retain(|(part, _)| !part.is_empty());
    parts
}

/// The time of day in UTC, to the millisecond.
pub(crate) fn clock(ms: u64) -> String {
    let of_day = ms % 86_400_000;
    let (seconds, ms) = (of_day / 1_000, of_day % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{ms:03}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_line_lead_to_the_lines_that_have_them() {
        let text = "it failed error_id=ab12cd plugin=tea invocation=77";
        let parts = split_at_ids(text);
        let ids: Vec<&str> = parts
            .iter()
            .filter(|(_, id)| *id)
            .map(|(part, _)| *part)
            .collect();
        assert_eq!(ids, ["ab12cd", "77"]);
        let whole: String = parts.iter().map(|(part, _)| *part).collect();
        assert_eq!(whole, text);
        assert_eq!(split_at_ids("no id= "), [("no id=", false), (" ", false)]);
        assert_eq!(split_at_ids(""), []);
    }

    #[test]
    fn a_line_is_escaped_and_has_its_time_and_level() {
        let mut line = LogLine::default();
        (line.number, line.at_ms, line.level) = (7, 3_723_004, "warn".to_owned());
        line.text = "<script>alert(1)</script> error_id=a1".to_owned();
        let shown = row("/p/d/log", &line).into_string();
        assert!(
            shown.contains("01:02:03.004") && shown.contains("log-line level-warn"),
            "{shown}"
        );
        assert!(shown.contains(r#"href="/p/d/log?q=a1""#) && !shown.contains("<script>"));
    }

    #[test]
    fn what_follows_asks_for_the_same() {
        let filter = Filter {
            level: "warn".into(),
            text: "a&b".into(),
            ..Filter::default()
        };
        assert_eq!(filter.query(), "?level=warn&plugin=&q=a%26b");
        let call = filter.call(Some(5), 9);
        assert_eq!(
            (call.plugin, call.since, call.limit),
            (None, Some(5), Some(9))
        );
    }
}
