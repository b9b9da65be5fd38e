//! Help: a menu of the commands that one may use, a page for each, and a search.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `catalog.rs` | the commands that somebody may use in a place, by category and by group: one host call |
//! | `find.rs` | what a word means: a command, a group, a category, or a search |
//! | `view.rs` | which page is shown, as it stands in the custom ids: there is no other state, so menus outlive a reload |
//! | `pages.rs` | a view becomes a message: `menu.rs` the categories, `listing.rs` five commands, `sheet.rs` one command |
//! | `asker.rs`, `credits.rs` | who reads, and what the buttons lead to; whom to thank |
//! | `kind.rs`, `words.rs`, `text.rs` | marks of kinds; access, limits and options in words; texts that fit |

mod asker;
mod catalog;
mod credits;
mod find;
mod kind;
mod listing;
mod menu;
mod pages;
mod sheet;
mod text;
mod view;
mod words;

use plugin_api::prelude::*;

use self::{asker::Asker, catalog::Catalog, view::View};

export_plugin!(|| {
    Plugin::new()
        .category("Framework", "⚙️")
        .command(help())
        .component(asker::TURN, turned)
        .component(asker::PICK, picked)
        .component(credits::CREDITS, credits::show)
});

fn help() -> Command {
    Command::new("help", "Explains the commands that you may use here")
        .help(
            "Without a word it shows all by category. With one it opens the command, group or category of that name, and \
             otherwise looks for it in names and descriptions.",
        )
        .option(
            CommandOption::string("command", "A command, a group, a category, or a word to look for")
                .rest(),
        )
        .autocomplete("command", find::proposals)
        .example("help")
        .example("help help")
        .example("help Framework")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let word: Option<String> = ctx.option("command")?;
    let catalog = Catalog::of(ctx.host(), ctx.user().id, ctx.guild_id(), ctx.channel_id()).await?;
    let view = find::meant(&catalog, &word.unwrap_or_default());
    let message = pages::message(&catalog, &Asker::of(&ctx), &view)?;
    ctx.reply(message).await
}

/// A click on a button: its argument is the page, behind a letter for the button.
async fn turned(ctx: ComponentContext) -> Result {
    let page = ctx.argument().get(1..).unwrap_or_default().to_owned();
    open(&ctx, &page).await
}

async fn picked(ctx: ComponentContext) -> Result {
    let page = ctx.values().first().cloned().unwrap_or_default();
    open(&ctx, &page).await
}

async fn open(ctx: &ComponentContext, page: &str) -> Result {
    let catalog = Catalog::of(ctx.host(), ctx.user().id, ctx.guild_id(), ctx.channel_id()).await?;
    let view = View::parse(page).unwrap_or(View::Menu { page: 0 });
    let message = pages::message(&catalog, &Asker::of(ctx), &view)?;
    ctx.update(message).await
}
