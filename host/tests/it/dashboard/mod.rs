//! Stories of the dashboard: its tabs as those see them who use it. `crate::pages::browser` is the browser.

mod chat;
mod livemonitor;
mod roles;
mod security;
mod tour;

use sandbox::Actor;
use serde_json::json;

use crate::{
    pages::browser::{Browser, PAGES},
    support::Fixture,
};

/// A bot with the dashboard, and more plugins.
async fn dashboard(others: &[&str]) -> Fixture {
    let plugins: Vec<&str> = [&["dashboard"], others].concat();
    let bot = Fixture::configured(&plugins, PAGES).await;
    bot.until_generation("dashboard", 1).await;
    bot
}

/// Gives somebody a role, as the owner does.
async fn gives(owner: &Browser, user: &Actor, role: &str) {
    let body = json!({"user_id": user.id().to_string(), "name": user.name(), "role": role});
    let words = format!("has the role {role}");
    owner
        .does("/p/dashboard/roles/people/set", body)
        .await
        .is(200, &words);
}
