//! Which command a name that is registered with Discord means.

use plugin_api::manifest::CommandKind;

use super::CommandRoute;
use crate::{plugin::tidy, router::Routes};

/// The command with these names: its own, or those below its plugin's name, where it is grouped.
pub(crate) fn resolve(
    routes: &Routes,
    kind: CommandKind,
    names: &[String],
) -> Option<CommandRoute> {
    let exact = routes.with_command(kind, &names.join(" "), Clone::clone);
    exact.or_else(|| {
        let (plugin, path) = names.split_first()?;
        let path = path.join(" ");
        let route = routes.with_command(kind, &path, Clone::clone)?;
        (*route.plugin == tidy(plugin)).then_some(route)
    })
}

/// As a member sees it.
pub(crate) fn typed(kind: CommandKind, names: &[String]) -> String {
    let slash = if kind == CommandKind::Chat { "/" } else { "" };
    format!("{slash}{}", names.join(" "))
}
