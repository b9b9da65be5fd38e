//! Stories of the bot's web pages: who logs in, what each role may, and that nobody else's page does anything.
//!
//! | file | what it tells |
//! | --- | --- |
//! | `logins.rs` | logging in by both ways, sessions, and their end |
//! | `rights.rs` | roles, servers of one's own, and what plugins are allowed for whoever asks |
//! | `routes.rs` | requests to plugins' routes, and what they answer |
//! | `live.rs` | what open pages follow |
//! | `port.rs` | TLS by file, and what is served along |
//! | `faults.rs` | the reference system's faults, each by its number |

pub mod browser;
mod faults;
mod live;
pub mod logins;
mod port;
mod rights;
mod routes;
pub mod tearoom;

use serde_json::json;

use self::browser::{Browser, PAGES};
use crate::support::Fixture;

/// A bot with the tea room, `hello`, and more configuration.
pub async fn tearoom(more: &str) -> Fixture {
    let config = format!("{PAGES}{more}\n{}", tearoom::GRANTS);
    let bot = Fixture::configured(&["hello"], &config).await;
    bot.drop_in(&tearoom::library(), "tearoom");
    bot.until_generation("tearoom", 1).await;
    bot.until_generation("hello", 1).await;
    bot
}

/// Gives somebody a role, as the owner does; none takes it back.
pub async fn give(owner: &Browser, user: u64, role: Option<&str>) {
    let body = json!({"user_id": user.to_string(), "role": role});
    owner
        .does("/p/tearoom/set_user", body)
        .await
        .is(200, "roles");
}
