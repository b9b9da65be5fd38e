//! Registry of plugins: which there are, what each is, needs and costs, and whether a file would load.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `registry.rs` | all plugins with what they declare, as one look at the host gives them |
//! | `relations.rs` | what a plugin needs and what it gets: dependencies, conflicts, circles, and the mark of its state |
//! | `list.rs`, `info.rs`, `costs.rs` | `pr_list`, `pr_info`, and what a plugin uses: `fw_plugin` |
//! | `graph.rs`, `layout.rs`, `drawing.rs` | `pr_graph`: which plugin needs which, in layers, as a picture |
//! | `validate.rs` | `pr_validate`: a dry run of a file |
//! | `enforce.rs`, `alerts.rs` | `pr_enforce`, `pr_alert_channel`: settings of the host |
//! | `record.rs`, `file.rs` | `plugin_registry.json` in this plugin's folder, written when plugins come and go |
//!
//! The loader enforces dependencies and conflicts before anything of a plugin serves; nothing here is needed for that.

mod alerts;
mod card;
mod costs;
mod drawing;
mod enforce;
mod file;
mod graph;
mod info;
mod layout;
mod list;
mod record;
mod registry;
mod relations;
mod validate;

use std::{rc::Rc, time::Duration};

use plugin_api::{
    Power, given,
    hook::{ExtensionFailed, ExtensionLoaded, ExtensionUnloaded},
    prelude::*,
};

use self::file::Keeper;

/// What a reader is told where the power to see plugins was taken away.
const NOT_GRANTED: &str =
    "The bot's owner keeps that private: this plugin has not been granted the power to see it.";

export_plugin!(|| {
    let keeper = Rc::new(Keeper::default());
    Plugin::new()
        .category("Framework", "🔌")
        .powers([Power::PluginsRead, Power::SettingsWrite, Power::Alerts])
        .command(for_everybody(list::command()))
        .command(for_everybody(info::command()))
        .command(for_everybody(graph::command()))
        .command(for_owners(costs::command()))
        .command(for_owners(validate::command()))
        .command(for_owners(enforce::command()))
        .command(for_owners(alerts::command()))
        .pages("list", list::page)
        .component(info::OWNERS, info::for_owners)
        .on_hook("file", file::on::<ExtensionLoaded>(&keeper))
        .on_hook("file", file::on::<ExtensionUnloaded>(&keeper))
        .on_hook("file", file::on::<ExtensionFailed>(&keeper))
        .on_hook("file", file::on::<SettingChanged>(&keeper))
        .on_hook("faults", alerts::loaded)
});

fn for_everybody(command: Command) -> Command {
    command.cooldown(1, Duration::from_secs(10))
}

fn for_owners(command: Command) -> Command {
    command.owner_only().ephemeral_by_slash()
}

/// The plugins that begin with what is typed, or have it in them.
async fn names(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let all = ctx.host().plugins().all().await?;
    Ok(proposed(
        ctx.typed(),
        all.into_iter().map(|plugin| plugin.name),
    ))
}

/// Those that begin with what is typed first, then those that have it in them.
fn proposed(typed: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let typed = typed.to_lowercase();
    let fits = |name: &String| !name.is_empty() && name.to_lowercase().contains(&typed);
    let mut names: Vec<String> = names.filter(fits).collect();
    names.sort_by_key(|name| (!name.to_lowercase().starts_with(&typed), name.clone()));
    names.dedup();
    names.truncate(25);
    names
}
