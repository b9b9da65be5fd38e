//! List of commands: which of them are wanted, in which order, and each as a row.

use std::cmp::Reverse;

use maud::{Markup, html};
use plugin_api::{
    CommandView, RouteContext,
    manifest::CommandKind,
    text::{clip, milliseconds, number},
};

use crate::{
    Dashboard,
    ui::{self, Tone},
};

/// Commands on a page.
const PAGE: u64 = 50;

/// Characters of a description.
const WORDS: usize = 120;

/// Kinds of commands: value in the query, and words.
pub(super) const KINDS: [(&str, &str); 10] = [
    ("", "All kinds"),
    ("hybrid", "Hybrid"),
    ("slash", "Slash only"),
    ("prefix", "Prefix only"),
    ("menu", "Context menus"),
    ("owner", "For the bot's owners"),
    ("ruled", "With a server's rule"),
    ("failing", "With errors"),
    ("unused", "Not used"),
    ("hidden", "Hidden from help"),
];

/// The orders that there are.
pub(super) const ORDERS: [(&str, &str); 7] = [
    ("", "By name"),
    ("plugin", "By plugin"),
    ("uses", "Most used"),
    ("errors", "Most errors"),
    ("share", "Largest share of errors"),
    ("slowest", "Slowest"),
    ("last", "Used last"),
];

/// What somebody wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    pub(super) search: &'a str,
    pub(super) plugin: &'a str,
    pub(super) kind: &'a str,
    pub(super) order: &'a str,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(ctx: &'a RouteContext<Dashboard>) -> Self {
        Self {
            search: ctx.query("q"),
            plugin: ctx.query("plugin"),
            kind: ctx.query("kind"),
            order: ctx.query("sort"),
        }
    }

    fn fits(&self, command: &CommandView) -> bool {
        let is_kind = match self.kind {
            "hybrid" => command.prefix && command.slash,
            "slash" => command.slash && !command.prefix && !is_menu(command),
            "prefix" => command.prefix && !command.slash,
            "menu" => is_menu(command),
            "owner" => command.owner_only,
            "ruled" => !command.roles.is_empty(),
            "failing" => command.errors > 0,
            "unused" => command.uses == 0,
            "hidden" => command.hidden,
            _ => true,
        };
        let is_of = self.plugin.is_empty() || command.plugin == self.plugin;
        is_kind && is_of && self.says(command)
    }

    /// Whether all words that are searched for are in its path, aliases, description or plugin.
    fn says(&self, command: &CommandView) -> bool {
        if self.search.trim().is_empty() {
            return true;
        }
        let text = format!(
            "{} {} {} {}",
            command.path,
            command.aliases.join(" "),
            command.description,
            command.plugin
        );
        let text = text.to_lowercase();
        let bare = self.search.trim().trim_start_matches(['/', '!']);
        bare.split_whitespace()
            .all(|word| text.contains(&word.to_lowercase()))
    }

    /// Those that are wanted, in order.
    pub(super) fn pick(self, all: &[CommandView]) -> Vec<&CommandView> {
        let mut picked: Vec<&CommandView> = all.iter().filter(|it| self.fits(it)).collect();
        match self.order {
            // As they are declared, plugin by plugin.
            "plugin" => picked.sort_by(|a, b| a.plugin.cmp(&b.plugin)),
            "uses" => picked.sort_by_key(|it| Reverse(it.uses)),
            "errors" => picked.sort_by_key(|it| Reverse(it.errors)),
            "share" => {
                picked.sort_by_key(|it| Reverse((it.errors * 10_000).checked_div(it.uses)));
            }
            "slowest" => picked.sort_by_key(|it| Reverse(it.mean_us)),
            "last" => picked.sort_by(|a, b| b.last_day.cmp(&a.last_day)),
            _ => picked.sort_by(|a, b| a.path.cmp(&b.path)),
        }
        picked
    }
}

pub(super) fn is_menu(command: &CommandView) -> bool {
    matches!(command.kind, CommandKind::User | CommandKind::Message)
}

/// The kind in a word.
pub(super) fn kind(command: &CommandView) -> &'static str {
    match (command.kind, command.prefix, command.slash) {
        (CommandKind::User, ..) => "user menu",
        (CommandKind::Message, ..) => "message menu",
        (_, true, true) => "hybrid",
        (_, true, false) => "prefix",
        (_, false, true) => "slash",
        (_, false, false) => "not reached",
    }
}

/// Address of a command's page. `address` is the list's.
pub(super) fn link(address: &str, command: &CommandView) -> String {
    let mut link = format!("{address}/command?name={}", ui::encoded(&command.path));
    if is_menu(command) {
        link.push_str("&kind=");
        link.push_str(command.kind.word());
    }
    link
}

pub(super) fn drawn(
    ctx: &RouteContext<Dashboard>,
    picked: &[&CommandView],
    address: &str,
    page: u64,
) -> Markup {
    let pager = ui::Pager {
        page,
        size: PAGE,
        total: picked.len() as u64,
    };
    let page = page.clamp(1, pager.pages());
    let from = usize::try_from((page - 1).saturating_mul(PAGE)).unwrap_or(usize::MAX);
    let rows = html! {
        @for command in picked.iter().skip(from).take(PAGE as usize) { (row(command, address)) }
    };
    html! {
        @if picked.is_empty() {
            (ui::empty("No such command", "Search for fewer words, or show all kinds and plugins."))
        } @else {
            div.card {
                (ui::table("Commands", &["Command", "Plugin", "Kind", "Uses", "Errors", "Mean", "Used last"], rows))
            }
            (ui::pager(pager, ctx.queries(), "command"))
        }
    }
}

fn row(command: &CommandView, address: &str) -> Markup {
    html! {
        tr data-key={ (command.kind.word()) " " (command.path) } {
            th scope="row" {
                a href=(link(address, command)) { (ui::name(&command.path)) }
                @if !command.description.is_empty() { div.muted.command-words { bdi { (clip(&command.description, WORDS)) } } }
            }
            td { (ui::name(&command.plugin)) }
            td {
                span.row {
                    span.tag { (kind(command)) }
                    @if command.owner_only { span.tag { "owners" } }
                    @if !command.roles.is_empty() { span.tag { "rule" } }
                    @if command.hidden { span.tag { "hidden" } }
                }
            }
            td.number { (number(command.uses)) }
            td.number {
                @if command.errors > 0 { (ui::badge(Tone::Bad, number(command.errors))) } @else { span.muted { "0" } }
            }
            td.number { @if command.uses > 0 { (milliseconds(command.mean_us)) } @else { span.muted { "–" } } }
            td.number { @if command.last_day.is_empty() { span.muted { "–" } } @else { (command.last_day) } }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::commands) fn command(path: &str, prefix: bool, slash: bool) -> CommandView {
        let mut command = CommandView::default();
        command.path = path.to_owned();
        command.plugin = "shop".to_owned();
        (command.prefix, command.slash) = (prefix, slash);
        command
    }

    fn all() -> Vec<CommandView> {
        let mut ban = command("ban", true, true);
        ban.aliases = vec!["hammer".to_owned()];
        (ban.uses, ban.errors, ban.mean_us) = (100, 5, 9);
        ban.last_day = "2026-11-22".to_owned();
        let mut tag = command("tag add", false, true);
        (tag.uses, tag.errors) = (4, 2);
        tag.last_day = "2026-11-30".to_owned();
        tag.roles = vec![7];
        let mut reboot = command("reboot", true, false);
        (reboot.owner_only, reboot.hidden) = (true, true);
        reboot.plugin = "cogwright".to_owned();
        let mut menu = command("Report", false, true);
        menu.kind = CommandKind::Message;
        vec![ban, tag, reboot, menu]
    }

    fn paths(wanted: Wanted<'_>) -> Vec<String> {
        let all = all();
        wanted.pick(&all).iter().map(|it| it.path.clone()).collect()
    }

    #[test]
    fn each_kind_leaves_what_it_says() {
        let of = |kind| {
            paths(Wanted {
                kind,
                ..Wanted::default()
            })
        };
        assert_eq!(of(""), ["Report", "ban", "reboot", "tag add"]);
        assert_eq!(of("hybrid"), ["ban"]);
        assert_eq!(of("slash"), ["tag add"]);
        assert_eq!(of("prefix"), ["reboot"]);
        assert_eq!(of("menu"), ["Report"]);
        assert_eq!(of("owner"), ["reboot"]);
        assert_eq!(of("ruled"), ["tag add"]);
        assert_eq!(of("failing"), ["ban", "tag add"]);
        assert_eq!(of("unused"), ["Report", "reboot"]);
        assert_eq!(of("hidden"), ["reboot"]);
    }

    #[test]
    fn each_order_is_one() {
        let first = |order| {
            paths(Wanted {
                order,
                ..Wanted::default()
            })[0]
                .clone()
        };
        assert_eq!(first("plugin"), "reboot");
        assert_eq!(first("uses"), "ban");
        assert_eq!(first("errors"), "ban");
        assert_eq!(first("share"), "tag add");
        assert_eq!(first("slowest"), "ban");
        assert_eq!(first("last"), "tag add");
    }

    #[test]
    fn a_search_finds_paths_aliases_and_plugins_as_they_are_typed() {
        let found = |search| {
            paths(Wanted {
                search,
                ..Wanted::default()
            })
        };
        assert_eq!(found("/TAG add"), ["tag add"]);
        assert_eq!(found("!hammer"), ["ban"]);
        assert_eq!(found("cogwright"), ["reboot"]);
        assert!(found("ban tag").is_empty());
    }

    #[test]
    fn a_hybrid_command_is_one_row_and_others_words_are_escaped() {
        let mut ban = command("ban", true, true);
        ban.description = "<script>".to_owned();
        let shown = row(&ban, "/p/d/commands").into_string();
        assert_eq!(shown.matches("<tr").count(), 1);
        assert!(shown.contains("hybrid") && !shown.contains("<script>"));
    }
}
