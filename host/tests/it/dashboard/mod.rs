//! Stories of the dashboard: its tabs as those see them who use it. `crate::pages::browser` is the browser.

mod tools;
mod backups;
mod database;
mod files;
mod tour;

use crate::{
    pages::{browser::PAGES, tearoom},
    support::Fixture,
};

/// What the stories' tabs ask the host for.
const GRANTS: &str = "[grants.dashboard]\npowers = [\"bot.read\", \"database.inspect\", \"database.manage\", \"database.write\", \
                      \"files.bot\", \"pages.read\", \"plugins.read\"]\n";

/// A bot with the dashboard, and the tea room that gives roles.
async fn opened(config: &str) -> Fixture {
    let config = format!("{PAGES}{config}{}", tearoom::GRANTS);
    let bot = Fixture::configured(&["dashboard"], &config).await;
    bot.drop_in(&tearoom::library(), "tearoom");
    bot.until_generation("tearoom", 1).await;
    bot.until_generation("dashboard", 1).await;
    bot
}
