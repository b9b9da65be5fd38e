//! Roles: who may use these pages, and what.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `people.rs` | who has which role |
//! | `list.rs` | the roles, and which tabs each sees |
//! | `edit.rs` | a role's rights, to change |
//!
//! Nobody gives what they don't have: the host refuses it, and here it is greyed out.

mod edit;
mod list;
mod people;

use std::collections::BTreeSet;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{AccessReply, RoleView},
    prelude::*,
};

use crate::{Dashboard, shell, shell::Head, ui};

/// Who may see who may what, and who may change it.
const SEES: &str = "pages.access";
const SETS_ROLE: &str = "pages.set_role";
const REMOVES_ROLE: &str = "pages.remove_role";
const SETS_USER: &str = "pages.set_user";
const SENDS_LINK: &str = "pages.send_link";

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let get = |path: &str, words: &str| Route::get(path).right(SEES).words(words);
    plugin
        .tab(
            Tab::new("access", "Roles", "/roles")
                .icon("👥")
                .group("Admin"),
        )
        .route(get("/roles", "Who has which role"), people::page)
        .route(
            get("/roles/people", "Those who have a role, as a list"),
            people::list,
        )
        .route(
            Route::post("/roles/people/set")
                .right(SETS_USER)
                .words("Gives somebody a role"),
            people::set,
        )
        .route(
            Route::post("/roles/people/remove")
                .right(SETS_USER)
                .words("Takes somebody's role away"),
            people::remove,
        )
        .route(
            Route::post("/roles/people/link").right(SENDS_LINK).words(
                "Sends somebody with a role a link by direct message that logs them in once",
            ),
            people::send_link,
        )
        .route(get("/roles/all", "The roles"), list::page)
        .route(
            get("/roles/preview", "The tabs that a role sees"),
            list::preview,
        )
        .route(get("/roles/edit", "A role's rights"), edit::page)
        .route(
            Route::post("/roles/save")
                .right(SETS_ROLE)
                .words("Makes a role, or changes one"),
            edit::save,
        )
        .route(
            Route::post("/roles/remove")
                .right(REMOVES_ROLE)
                .words("Removes a role, from whoever has it, too"),
            edit::remove,
        )
}

/// A page of the tab.
async fn framed(
    ctx: &RouteContext<Dashboard>,
    current: &str,
    actions: Markup,
    content: Markup,
) -> Result<RouteReply> {
    let base = ctx.base();
    let pages = [
        (format!("{base}/roles"), "People"),
        (format!("{base}/roles/all"), "Roles"),
    ];
    let current = format!("{base}{current}");
    let head = Head {
        tab: "access",
        title: "Roles",
        words: "Who may use these pages, and what they may do here.",
        actions,
    };
    let content = html! {
        (ui::subtabs("Roles", &pages, &current))
        (content)
    };
    shell::page_with(ctx, head, content).await
}

/// What whoever looks may give.
struct Own {
    all: bool,
    rights: BTreeSet<String>,
    own_servers: bool,
}

impl Own {
    fn of(ctx: &RouteContext<Dashboard>, access: &AccessReply) -> Self {
        let session = ctx.session();
        let role = access.roles.iter().find(|it| it.name == session.role);
        Self {
            all: session.all,
            rights: role.map_or_else(BTreeSet::new, |role| role.rights.iter().cloned().collect()),
            own_servers: session.own_servers,
        }
    }

    fn has(&self, right: &str) -> bool {
        self.all || self.rights.contains(right)
    }

    /// Whether they may give all that a role has, and so give it, change it and take it away.
    fn covers(&self, role: &RoleView) -> bool {
        self.all
            || !role.all
                && (role.own_servers || !self.own_servers)
                && role.rights.iter().all(|right| self.has(right))
    }
}

/// A user's id, as it was typed.
fn user_id(typed: &str) -> Result<u64> {
    let digits = typed
        .trim()
        .trim_start_matches("<@")
        .trim_start_matches('!');
    let id = digits.trim_end_matches('>').parse().ok();
    id.filter(|id| *id > 0).ok_or_else(|| {
        Error::user(
            "That is no user's id: in Discord, switch the developer mode on (Settings, Advanced), then pick Copy User ID in their menu.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(rights: &[&str], own_servers: bool) -> RoleView {
        let mut role = RoleView::default();
        role.rights = rights.iter().map(|it| (*it).to_owned()).collect();
        role.own_servers = own_servers;
        role
    }

    #[test]
    fn nobody_covers_more_than_they_have() {
        let own = |all, rights: &[&str], own_servers| Own {
            all,
            rights: rights.iter().map(|it| (*it).to_owned()).collect(),
            own_servers,
        };
        let mut owner = role(&[], false);
        owner.all = true;
        assert!(own(true, &[], false).covers(&owner));
        assert!(!own(false, &["a", "b"], false).covers(&owner));
        assert!(own(false, &["a", "b"], false).covers(&role(&["a"], false)));
        assert!(!own(false, &["a"], false).covers(&role(&["a", "b"], false)));
        assert!(!own(false, &["a"], true).covers(&role(&["a"], false)));
        assert!(own(false, &["a"], true).covers(&role(&["a"], true)));
    }

    #[test]
    fn an_id_is_taken_as_it_is_copied() {
        for typed in [
            "80351110224678912",
            " 80351110224678912 ",
            "<@80351110224678912>",
            "<@!80351110224678912>",
        ] {
            assert_eq!(user_id(typed).unwrap(), 80_351_110_224_678_912, "{typed}");
        }
        for typed in ["", "0", "ann", "-5", "1.5", "99999999999999999999999"] {
            assert!(user_id(typed).is_err(), "{typed}");
        }
    }
}
