//! State of a plugin: in a word, and what is wrong with it in sentences.

use maud::{Markup, html};
use plugin_api::{
    abi::{PluginState, PluginView},
    text::{counted, number},
};

use crate::ui::{self, Tone};

/// How a plugin is, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Quarantined,
    Refused,
    /// It serves, and its newest file does not.
    Older,
    Serving,
    /// Somebody has unloaded it.
    Unloaded,
}

impl Standing {
    pub(super) fn of(plugin: &PluginView) -> Self {
        match plugin.state {
            PluginState::Serving if plugin.error.is_none() => Self::Serving,
            PluginState::Serving => Self::Older,
            _ if plugin.unloaded => Self::Unloaded,
            _ if plugin.quarantined => Self::Quarantined,
            _ => Self::Refused,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Serving => "loaded",
            Self::Older => "loaded, newer file refused",
            Self::Unloaded => "unloaded",
            Self::Quarantined => "in quarantine",
            Self::Refused => "refused",
        }
    }

    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::Serving => Tone::Good,
            Self::Older => Tone::Warn,
            Self::Unloaded => Tone::Plain,
            Self::Quarantined | Self::Refused => Tone::Bad,
        }
    }
}

/// Whether it serves.
pub(super) fn serves(plugin: &PluginView) -> bool {
    plugin.state == PluginState::Serving
}

/// All that is wrong with it, a sentence each; nothing where it was unloaded on purpose.
pub(super) fn issues(plugin: &PluginView) -> Vec<String> {
    let mut issues = Vec::new();
    if let Some(crashed) = &plugin.crashed {
        issues.push(format!("It has crashed the bot: {crashed}"));
    }
    if plugin.unloaded && !serves(plugin) {
        return issues;
    }
    if let Some(error) = &plugin.error {
        issues.push(error.clone());
    }
    if plugin.state != PluginState::Serving {
        return issues;
    }
    for need in plugin.needs.iter().filter(|need| !is_met(plugin, need)) {
        issues.push(format!(
            "It needs {need}, which is not loaded, or in no version that fits."
        ));
    }
    if plugin.panics > 0 {
        issues.push(format!(
            "{} since it was loaded.",
            counted(plugin.panics, "panic")
        ));
    }
    if plugin.dropped > 0 {
        issues.push(format!(
            "{} events were dropped, since it was too far behind.",
            number(plugin.dropped)
        ));
    }
    if let Some(cell) = &plugin.cell {
        let lacks = cell.lacks.iter();
        issues.extend(lacks.map(|lack| format!("Its process: {lack}.")));
    }
    issues
}

/// Whether something serves what it needs under this name.
pub(super) fn is_met(plugin: &PluginView, need: &str) -> bool {
    let mut providers = plugin.providers.keys();
    providers.any(|name| name.eq_ignore_ascii_case(need))
}

/// The pills: how it is, and what else there is of it.
pub(super) fn pills(plugin: &PluginView) -> Markup {
    let standing = Standing::of(plugin);
    let is_healthy = issues(plugin).is_empty();
    html! {
        (ui::badge(standing.tone(), standing.words()))
        @if standing == Standing::Serving {
            @if is_healthy { (ui::badge(Tone::Good, "healthy")) } @else { (ui::badge(Tone::Warn, "issues")) }
        }
        @if let Some(canary) = &plugin.canary {
            (ui::badge(Tone::Info, html! { "canary " bdi { (canary.version) } }))
        }
        @if plugin.cell.is_some() { (ui::badge(Tone::Info, "in a cell")) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use plugin_api::abi::{CanaryView, CellView};

    use super::*;

    /// A plugin that serves.
    pub(in crate::plugins) fn serving(name: &str) -> PluginView {
        let mut plugin = PluginView::default();
        plugin.name = name.to_owned();
        plugin.version = "1.0.0".to_owned();
        plugin.state = PluginState::Serving;
        plugin
    }

    #[test]
    fn each_state_has_its_word() {
        let mut plugin = serving("tea");
        assert_eq!(Standing::of(&plugin), Standing::Serving);
        plugin.error = Some("its newest file is no plugin".to_owned());
        assert_eq!(Standing::of(&plugin), Standing::Older);
        plugin.state = PluginState::Refused;
        assert_eq!(Standing::of(&plugin), Standing::Refused);
        plugin.quarantined = true;
        assert_eq!(Standing::of(&plugin), Standing::Quarantined);
        plugin.unloaded = true;
        assert_eq!(Standing::of(&plugin), Standing::Unloaded);
    }

    #[test]
    fn what_is_wrong_is_said_and_what_was_meant_is_not_wrong() {
        let mut plugin = serving("tea");
        assert!(issues(&plugin).is_empty());
        plugin.needs = vec!["kettle".to_owned(), "Milk".to_owned()];
        plugin.providers = [("milk".to_owned(), "cow".to_owned())].into();
        plugin.panics = 1;
        plugin.dropped = 3;
        let mut cell = CellView::default();
        cell.lacks.push("it has no memory limit".to_owned());
        plugin.cell = Some(cell);
        let issues_now = issues(&plugin);
        assert_eq!(issues_now.len(), 4, "{issues_now:?}");
        assert!(issues_now[0].starts_with("It needs kettle"));
        plugin.state = PluginState::Refused;
        plugin.unloaded = true;
        plugin.error = Some("ann has unloaded it".to_owned());
        assert!(issues(&plugin).is_empty());
        plugin.crashed = Some("yesterday".to_owned());
        assert_eq!(issues(&plugin).len(), 1);
    }

    #[test]
    fn a_canary_and_a_cell_are_shown_and_their_words_escaped() {
        let mut plugin = serving("tea");
        let mut canary = CanaryView::default();
        canary.version = "<i>2".to_owned();
        plugin.canary = Some(canary);
        plugin.cell = Some(CellView::default());
        let shown = pills(&plugin).into_string();
        assert!(
            shown.contains("&lt;i&gt;2") && shown.contains("in a cell"),
            "{shown}"
        );
    }
}
