//! Catalog: the commands that somebody may use in a place, by category and by group.

use std::collections::BTreeMap;

use plugin_api::{CommandView, abi::CommandKind, prelude::*};

use crate::view::Key;

/// The host, as if it were a plugin.
const HOST: &str = "cogwright";

/// The commands that somebody may use in a place.
pub(crate) struct Catalog {
    commands: Vec<CommandView>,
    /// What commands begin with there.
    pub(crate) prefix: String,
}

/// What is listed under one name: by what plugins call their category, or by the plugin's name.
pub(crate) struct Category<'a> {
    pub(crate) title: String,
    pub(crate) icon: &'a str,
    /// Hidden ones are left out.
    pub(crate) commands: Vec<&'a CommandView>,
}

/// Entry of a list: a command, or some of them.
pub(crate) enum Entry<'a> {
    Command(&'a CommandView),
    Category(Category<'a>),
    /// A group, by its path.
    Group(&'a str, Vec<&'a CommandView>),
}

impl Catalog {
    /// Asks the host, once.
    pub(crate) async fn of(
        host: &Host,
        user: Id<marker::UserMarker>,
        guild: Option<Id<marker::GuildMarker>>,
        channel: Id<marker::ChannelMarker>,
    ) -> Result<Self> {
        let usable = host.commands().usable(user, guild, channel).await?;
        Ok(Self::new(usable.commands))
    }

    pub(crate) fn new(commands: Vec<CommandView>) -> Self {
        // Every command by prefix says how it is typed here; where there is none, nothing is said of a prefix either.
        let prefix = commands.iter().find_map(|it| {
            let typed = it.typed.first().filter(|_| it.prefix)?;
            typed.strip_suffix(&*it.path).map(str::to_owned)
        });
        Self {
            commands,
            prefix: prefix.unwrap_or_default(),
        }
    }

    /// All of them, hidden ones too.
    pub(crate) fn all(&self) -> &[CommandView] {
        &self.commands
    }

    /// Those that help lists.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &CommandView> {
        self.commands.iter().filter(|command| !command.hidden)
    }

    pub(crate) fn command(&self, key: Key) -> Option<&CommandView> {
        self.commands.iter().find(|it| Key::of_command(it) == key)
    }

    /// By title, the host's own last.
    pub(crate) fn categories(&self) -> Vec<Category<'_>> {
        let mut categories: BTreeMap<(bool, String), Category<'_>> = BTreeMap::new();
        for command in self.listed() {
            let title = title(command);
            let place = (command.plugin == HOST, title.to_lowercase());
            let category = categories.entry(place).or_insert_with(|| Category {
                title,
                icon: "",
                commands: Vec::new(),
            });
            if category.icon.is_empty() {
                category.icon = icon(command);
            }
            category.commands.push(command);
        }
        categories.into_values().collect()
    }

    pub(crate) fn category(&self, key: Key) -> Option<Category<'_>> {
        let mut all = self.categories().into_iter();
        all.find(|category| Key::of_category(&category.title) == key)
    }

    /// The category that a command is in; `None` for a hidden one.
    pub(crate) fn category_of(&self, command: &CommandView) -> Option<Category<'_>> {
        let is_in = |it: &Category<'_>| it.commands.iter().any(|one| std::ptr::eq(*one, command));
        self.categories().into_iter().find(is_in)
    }

    /// The path of the group with this key, and the commands in it, its own one (by prefix) first.
    pub(crate) fn group(&self, key: Key) -> Option<(&str, Vec<&CommandView>)> {
        let path = self
            .listed()
            .flat_map(|command| groups(&command.path))
            .find(|path| Key::of_group(path) == key)?;
        Some((path, self.inside(path).collect()))
    }

    /// The commands in a group, and its own one.
    pub(crate) fn inside<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a CommandView> {
        let is_inside = move |it: &&CommandView| {
            let rest = it.path.strip_prefix(path);
            it.kind == CommandKind::Chat
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        self.listed().filter(is_inside)
    }
}

impl Entry<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Command(command) => &command.path,
            Self::Category(category) => &category.title,
            Self::Group(path, _) => path,
        }
    }

    pub(crate) fn has(&self, command: &CommandView) -> bool {
        let is_it = |it: &&CommandView| std::ptr::eq(*it, command);
        match self {
            Self::Command(one) => is_it(one),
            Self::Category(category) => category.commands.iter().any(is_it),
            Self::Group(_, inside) => inside.iter().any(is_it),
        }
    }
}

impl Category<'_> {
    /// Title behind the icon.
    pub(crate) fn named(&self) -> String {
        match self.icon {
            "" => self.title.clone(),
            icon => format!("{icon} {}", self.title),
        }
    }

    /// The same where Discord shows no emoji but Unicode's: in the options of selects.
    pub(crate) fn label(&self) -> String {
        if self.icon.starts_with('<') {
            self.title.clone()
        } else {
            self.named()
        }
    }
}

/// Commands and the groups among them, in their order; `above` is the path of the group that they are in, or empty.
pub(crate) fn entries<'a>(commands: &[&'a CommandView], above: &str) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for command in commands {
        let group = groups(&command.path).find(|path| path.len() > above.len());
        let group = group.filter(|_| command.kind == CommandKind::Chat);
        let Some(group) = group else {
            entries.push(Entry::Command(command));
            continue;
        };
        let known = entries.iter_mut().find_map(|entry| match entry {
            Entry::Group(path, inside) if *path == group => Some(inside),
            _ => None,
        });
        match known {
            Some(inside) => inside.push(command),
            None => entries.push(Entry::Group(group, vec![command])),
        }
    }
    entries
}

/// The paths of the groups around a command, the outermost first.
pub(crate) fn groups(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices(' ').map(|(end, _)| &path[..end])
}

fn title(command: &CommandView) -> String {
    match (&*command.category, &*command.plugin) {
        ("", HOST) => "Cogwright".to_owned(),
        ("", plugin) => plugin.to_owned(),
        (category, _) => category.to_owned(),
    }
}

fn icon(command: &CommandView) -> &str {
    match (&*command.icon, &*command.plugin) {
        ("", HOST) => "🔧",
        ("", _) => "",
        (icon, _) => icon,
    }
}
