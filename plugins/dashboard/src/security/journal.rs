//! The audit journal: searched and filtered, page by page, and whether its chain holds.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{AuditCall, AuditEntry},
    prelude::*,
    text::{counted, number},
    twilight_model::util::Timestamp,
};

use super::{VERIFIES, framed};
use crate::{
    Dashboard, shell,
    ui::{self, Action, Tone},
};

/// Entries on a page.
const PAGE: u32 = 50;

/// What is searched for, as the address has it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Search {
    text: String,
    user: Option<u64>,
    plugin: String,
    call: String,
    result: String,
    since_ms: Option<u64>,
    until_ms: Option<u64>,
    before: Option<u64>,
}

/// Length of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

impl Search {
    pub(super) fn read(ctx: &RouteContext<Dashboard>) -> Result<Self> {
        Self::of(|name| ctx.query(name))
    }

    fn of<'a>(query: impl Fn(&str) -> &'a str) -> Result<Self> {
        let number = |name: &str, what: &str| match query(name).trim() {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Error::user(format!("{what} is a number, as it stands in the list."))),
        };
        Ok(Self {
            text: query("q").trim().to_owned(),
            user: number("user", "A user's id")?,
            plugin: query("plugin").trim().to_owned(),
            call: query("call").trim().to_owned(),
            result: query("result").trim().to_owned(),
            since_ms: day(query("from"))?,
            // The day that is named is one of them.
            until_ms: day(query("to"))?.map(|ms| ms + DAY_MS),
            before: number("before", "The entry that a page begins before")?,
        })
    }

    pub(super) fn call(&self, limit: u32) -> AuditCall {
        let some = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
        AuditCall {
            before: self.before,
            plugin: some(&self.plugin),
            user_id: self.user,
            call: some(&self.call),
            limit: Some(limit),
            since_ms: self.since_ms,
            until_ms: self.until_ms,
            result: some(&self.result),
            text: some(&self.text),
        }
    }
}

/// The beginning of a day in UTC, as browsers write it: `2026-01-31`.
fn day(text: &str) -> Result<Option<u64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let unfit = || Error::user("A day is written as year, month and day: 2026-01-31.");
    let day = Timestamp::parse(&format!("{text}T00:00:00+00:00")).map_err(|_| unfit())?;
    let ms = day.as_micros() / 1_000;
    u64::try_from(ms).map(Some).map_err(|_| unfit())
}

/// The query as it is, but for one value.
fn query(ctx: &RouteContext<Dashboard>, without: &str) -> String {
    let pairs = ctx
        .queries()
        .iter()
        .filter(|(name, value)| name != without && !value.is_empty());
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}={}", ui::encoded(name), ui::encoded(value)))
        .collect();
    pairs.join("&")
}

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let search = Search::read(&ctx)?;
    let base = ctx.base();
    // Older pages stay as they are: what is new stands on the first one.
    let live = search.before.is_none().then_some("host:audit");
    let content = html! {
        (filters(&ctx))
        div #verified aria-live="polite" {}
        section #journal data-src={ (base) "/security/journal/entries?" (query(&ctx, "")) } data-live=[live] {
            (drawn(&ctx, &search).await?)
        }
    };
    let actions = html! {
        @if ctx.may(VERIFIES) {
            (Action::new("Verify the chain", format!("{base}/security/journal/verify")).then("show:#verified"))
        }
        a.button href={ (base) "/security/journal.csv?" (query(&ctx, "before")) } download { "CSV" }
    };
    framed(&ctx, "/security/journal", actions, content).await
}

fn filters(ctx: &RouteContext<Dashboard>) -> Markup {
    let results = [
        ("", "any result"),
        ("done", "done"),
        ("refused", "refused"),
        ("failed", "failed"),
    ];
    let calls = [
        ("", "any deed"),
        ("pages.login", "logins"),
        ("pages.logout", "log-outs"),
        ("pages.", "pages and roles"),
        ("plugins.", "plugins"),
        ("settings.", "settings"),
        ("dashboard/", "by this dashboard"),
    ];
    let field = |name: &str, label: &str, kind: &str| {
        html! { input type=(kind) name=(name) value=(ctx.query(name)) placeholder=(label) aria-label=(label) title=(label); }
    };
    ui::filter_bar(
        &format!("{}/security/journal", ctx.base()),
        html! {
            (ui::search_field("q", "Search in everything", ctx.query("q")))
            (ui::select_field("call", "Deed", &calls, ctx.query("call")))
            (ui::select_field("result", "Result", &results, ctx.query("result")))
            (field("user", "User id", "text"))
            (field("plugin", "Plugin", "text"))
            (field("from", "From this day on (UTC)", "date"))
            (field("to", "Until this day (UTC)", "date"))
        },
    )
}

pub(super) async fn list(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let search = Search::read(&ctx)?;
    Ok(shell::part(&drawn(&ctx, &search).await?))
}

async fn drawn(ctx: &RouteContext<Dashboard>, search: &Search) -> Result<Markup> {
    let entries = ctx.host().audit(&search.call(PAGE)).await?;
    if entries.is_empty() {
        return Ok(ui::empty(
            "No entry",
            "The journal has what was changed, refused and logged in to. Nothing of it fits here.",
        ));
    }
    let rows = html! { @for entry in &entries { (row(ctx, entry)) } };
    let last = entries.last().map(|it| it.sequence);
    let next = last.filter(|last| entries.len() == PAGE as usize && *last > 1);
    let rest = query(ctx, "before");
    Ok(html! {
        section.card {
            (ui::table("Audit journal", &["Number", "When", "Who", "What", "Result"], rows))
        }
        nav.pager aria-label="Pages" {
            @if search.before.is_some() { a.button href={ "?" (rest) } { "Latest" } }
            @if let Some(next) = next { a.button href={ "?" (rest) "&before=" (next) } { "Older" } }
        }
    })
}

fn row(ctx: &RouteContext<Dashboard>, entry: &AuditEntry) -> Markup {
    html! {
        tr data-key=(entry.sequence) {
            th scope="row" {
                a href={ (ctx.base()) "/security/journal/entry/" (entry.sequence) } aria-label={ "Entry " (entry.sequence) } { (number(entry.sequence)) }
            }
            td { (ui::ago(entry.at_ms)) }
            td { (who(entry)) }
            td { code { (entry.call) } br; small.muted { bdi.cut { (through(entry)) } } }
            td { (result(&entry.result)) }
        }
    }
}

/// Who has acted.
pub(super) fn who(entry: &AuditEntry) -> Markup {
    html! { @if entry.user == 0 { span.muted { "nobody" } } @else { code { (entry.user) } } }
}

/// By what way it came.
pub(super) fn through(entry: &AuditEntry) -> String {
    let way = entry.way.replace('`', "");
    match (&*entry.plugin, &*way) {
        ("", way) => way.to_owned(),
        (plugin, "") => plugin.to_owned(),
        (plugin, way) => format!("{plugin}, {way}"),
    }
}

/// How it ended, in a colour and its own words.
pub(super) fn result(result: &str) -> Markup {
    let tone = match result {
        _ if result.starts_with("done") => Tone::Good,
        _ if result.starts_with("refused") => Tone::Warn,
        _ => Tone::Bad,
    };
    let (word, rest) = result.split_once(':').unwrap_or((result, ""));
    html! {
        (ui::badge(tone, word))
        @if !rest.is_empty() { br; small.muted { bdi.cut title=(rest.trim()) { (rest.trim()) } } }
    }
}

pub(super) async fn verify(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let verified = ctx.host().verify_audit().await?;
    Ok(shell::part(&match &verified.fault {
        None => html! {
            p.notice.good {
                "The chain holds: " (counted(verified.entries, "entry")) @if verified.entries > 0 {
                    ", from " (number(verified.first)) " to " (number(verified.last))
                } ", as they were written."
            }
        },
        Some(fault) => html! {
            p.notice.bad {
                "The chain is broken at line " (number(fault.line)) " of " code { (fault.file) } ": " bdi { (fault.what) }
                ". Compare it with a backup, and look who could write to the bot's data folder."
            }
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(pairs: &'static [(&str, &str)]) -> Result<Search> {
        Search::of(|name| {
            let mut named = pairs.iter().filter(|(it, _)| *it == name);
            named.next().map_or("", |(_, value)| *value)
        })
    }

    #[test]
    fn a_search_is_what_the_host_is_asked() {
        let of = search(&[
            ("q", " tea "),
            ("user", "71"),
            ("result", "done"),
            ("from", "2026-01-01"),
            ("to", "2026-01-01"),
        ]);
        let call = of.unwrap().call(50);
        assert_eq!(call.text.as_deref(), Some("tea"));
        assert_eq!((call.user_id, call.limit), (Some(71), Some(50)));
        assert_eq!(call.plugin, None);
        assert_eq!(call.since_ms, Some(1_767_225_600_000));
        assert_eq!(call.until_ms, Some(1_767_225_600_000 + DAY_MS));
        assert_eq!(search(&[]).unwrap(), Search::default());
    }

    #[test]
    fn what_cant_be_searched_for_is_told() {
        for pairs in [
            &[("user", "ann")][..],
            &[("from", "yesterday")],
            &[("before", "-1")],
        ] {
            let pairs: &'static [(&str, &str)] = pairs;
            assert!(
                search(pairs).unwrap_err().user_message().is_some(),
                "{pairs:?}"
            );
        }
    }
}
