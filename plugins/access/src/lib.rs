//! Server rules for commands, for a server's owner and administrators: who may use them, why one refuses, and the
//! prefix.
//!
//! The host enforces it all, whether this plugin is loaded or not.

mod prefix;
mod roles;
mod why;

use plugin_api::{Power, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .description("Who may use which command, why one refuses, and the server's prefix")
        .category("Framework", "⚙️")
        .powers([Power::CommandsRules])
        .command(roles::config())
        .command(why::why())
        .command(prefix::setprefix())
        .command(prefix::mentionprefix())
});

/// Proposes the commands that begin with what is typed, or have it in them.
async fn commands(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let mut paths: Vec<String> = ctx
        .host()
        .commands()
        .list(None)
        .await?
        .into_iter()
        .map(|command| command.path)
        .filter(|path| path.contains(&typed))
        .collect();
    paths.sort_by_key(|path| (!path.starts_with(&typed), path.clone()));
    paths.truncate(25);
    Ok(paths)
}
