//! Stories of the dashboard: its tabs as those see them who use it. `crate::pages::browser` is the browser.

mod backups;
mod chat;
mod commands;
mod database;
mod faults;
mod files;
mod fuzz;
mod livemonitor;
mod plugins;
mod roles;
mod security;
mod tools;
mod tour;

use sandbox::Actor;
use serde_json::json;

use crate::{
    pages::{
        browser::{Browser, PAGES},
        tearoom,
    },
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

/// A bot with the dashboard, and more plugins.
async fn dashboard(others: &[&str]) -> Fixture {
    let plugins: Vec<&str> = [&["dashboard"], others].concat();
    let bot = Fixture::configured(&plugins, PAGES).await;
    bot.until_generation("dashboard", 1).await;
    bot
}

/// Gives somebody a role, as the owner does.
pub async fn gives(owner: &Browser, user: &Actor, role: &str) {
    let body = json!({"user_id": user.id().to_string(), "name": user.name(), "role": role});
    let words = format!("has the role {role}");
    owner
        .does("/p/dashboard/roles/people/set", body)
        .await
        .is(200, &words);
}
