//! Groups of settings: a table of the host's, or a plugin; and which of all settings are shown.

use plugin_api::abi::SettingView;

/// A table of the host's, or a plugin with settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) plugin: bool,
    /// How many settings it has.
    pub(super) all: u64,
    /// How many of them have a value of their own.
    pub(super) set: u64,
}

/// What is shown of all settings.
#[derive(Debug, PartialEq)]
pub(super) struct Shown<'a> {
    /// The group; `None`: settings are searched for in all.
    pub(super) group: Option<&'a str>,
    pub(super) settings: Vec<&'a SettingView>,
    pub(super) page: u64,
    /// On all pages.
    pub(super) total: u64,
}

/// The group of a setting.
fn group(one: &SettingView) -> &str {
    one.plugin
        .as_deref()
        .unwrap_or_else(|| one.path.split('.').next().unwrap_or_default())
}

/// Whether it has a value of its own: a file that says the defaults again sets nothing.
pub(super) fn is_set(one: &SettingView) -> bool {
    match one.from.as_str() {
        "default" => false,
        "server" => true,
        _ => one.value != one.default,
    }
}

/// The groups, in the order of the settings.
pub(super) fn of(all: &[SettingView]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in all {
        let (name, plugin) = (group(one), one.plugin.is_some());
        let set = u64::from(is_set(one));
        // Not the last one alone: what a table's own tables have stands further down.
        match groups
            .iter_mut()
            .find(|it| (it.name, it.plugin) == (name, plugin))
        {
            Some(known) => {
                known.all += 1;
                known.set += set;
            }
            None => groups.push(Group {
                name,
                plugin,
                all: 1,
                set,
            }),
        }
    }
    groups
}

/// The settings that have all the words that are searched for, or those of the wanted group, or of the first one.
pub(super) fn shown<'a>(
    all: &'a [SettingView],
    groups: &[Group<'a>],
    wanted: &str,
    search: &str,
    page: u64,
    size: usize,
) -> Shown<'a> {
    let words: Vec<String> = search
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let open = match words.is_empty() {
        false => None,
        true => groups
            .iter()
            .find(|it| it.name == wanted)
            .or(groups.first())
            .map(|it| it.name),
    };
    let fits = |one: &&SettingView| match open {
        Some(open) => group(one) == open,
        None => {
            let text = format!("{} {}", one.path, one.description).to_lowercase();
            words.iter().all(|word| text.contains(word))
        }
    };
    let found: Vec<&SettingView> = all.iter().filter(fits).collect();
    let total = found.len() as u64;
    let page = page.clamp(1, total.div_ceil(size as u64).max(1));
    let begin = usize::try_from(page - 1).unwrap_or_default() * size;
    Shown {
        group: open,
        settings: found.into_iter().skip(begin).take(size).collect(),
        page,
        total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, plugin: Option<&str>, from: &str) -> SettingView {
        let mut one = SettingView::default();
        one.path = path.to_owned();
        one.plugin = plugin.map(str::to_owned);
        one.from = from.to_owned();
        one.description = format!("What {path} is for");
        one
    }

    fn settings() -> Vec<SettingView> {
        let mut prefix = one("bot.prefix", None, "file");
        prefix.value = "?".into();
        vec![
            prefix,
            one("log.level", None, "default"),
            one("log.level", Some("log"), "default"),
            // What the file says is the default.
            one("bot.owner_ids", None, "file"),
        ]
    }

    fn paths<'a>(shown: &Shown<'a>) -> Vec<&'a str> {
        shown.settings.iter().map(|one| one.path.as_str()).collect()
    }

    #[test]
    fn a_table_and_a_plugin_of_one_name_are_two_groups() {
        let all = settings();
        let groups: Vec<(&str, bool, u64, u64)> = of(&all)
            .iter()
            .map(|it| (it.name, it.plugin, it.all, it.set))
            .collect();
        assert_eq!(
            groups,
            [
                ("bot", false, 2, 1),
                ("log", false, 1, 0),
                ("log", true, 1, 0)
            ]
        );
    }

    #[test]
    fn the_first_group_is_shown_where_none_is_wanted_and_a_search_looks_at_all() {
        let all = settings();
        let groups = of(&all);
        let first = shown(&all, &groups, "", "", 1, 10);
        assert_eq!(paths(&first), ["bot.prefix", "bot.owner_ids"]);
        let gone = shown(&all, &groups, "gone", "", 1, 10);
        assert_eq!(gone.group, Some("bot"));
        let searched = shown(&all, &groups, "bot", "  LEVEL for ", 1, 10);
        assert_eq!(paths(&searched), ["log.level", "log.level"]);
        assert_eq!(searched.group, None);
        assert_eq!(paths(&shown(&all, &groups, "", "absent", 1, 10)), [""; 0]);
    }

    #[test]
    fn a_page_that_is_not_there_is_the_last_one() {
        let all = settings();
        let groups = of(&all);
        let last = shown(&all, &groups, "bot", "", 9, 1);
        assert_eq!(
            (paths(&last), last.page, last.total),
            (vec!["bot.owner_ids"], 2, 2)
        );
        assert_eq!(shown(&all, &groups, "bot", "", 0, 1).page, 1);
    }
}
