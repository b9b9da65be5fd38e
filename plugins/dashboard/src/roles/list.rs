//! The roles: those that come with the host, and those that were made here; and which tabs each sees.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{AccessReply, RoleView, TabView},
    prelude::*,
    text::{counted, number},
};

use super::{Own, REMOVES_ROLE, SETS_ROLE, framed};
use crate::{
    Dashboard, sidebar,
    ui::{self, Action, Tone},
};

/// Roles on a page.
const PAGE: usize = 50;

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let access = ctx.host().pages().access().await?;
    let page: u64 = ctx.query_or("page", 1)?;
    let pager = ui::Pager {
        page,
        size: PAGE as u64,
        total: access.roles.len() as u64,
    };
    let first = usize::try_from(page.clamp(1, pager.pages()) - 1).unwrap_or_default() * PAGE;
    let shown = access.roles.iter().skip(first).take(PAGE);
    let own = Own::of(&ctx, &access);
    let rows = html! { @for role in shown { (row(&ctx, &access, &own, role)) } };
    let content = html! {
        section.card {
            (ui::table("Roles", &["Role", "What it is for", "Rights", "People", ""], rows))
        }
        (ui::pager(pager, ctx.queries(), "role"))
    };
    let actions = html! {
        @if ctx.may(SETS_ROLE) { a.button.primary href={ (ctx.base()) "/roles/edit" } { "New role" } }
    };
    framed(&ctx, "/roles/all", actions, content).await
}

fn row(ctx: &RouteContext<Dashboard>, access: &AccessReply, own: &Own, role: &RoleView) -> Markup {
    let name = ui::encoded(&role.name);
    let people = match role.all {
        true => access.owners.len(),
        false => access
            .people
            .iter()
            .filter(|it| it.role == role.name)
            .count(),
    };
    let edits = !role.built_in && own.covers(role);
    html! {
        tr data-key=(role.name) {
            th scope="row" {
                (ui::name(&role.name)) " "
                @if role.built_in { (ui::badge(Tone::Plain, "built in")) }
                @if role.own_servers { (ui::badge(Tone::Info, "own servers")) }
            }
            td { bdi { (role.words) } }
            td.number { @if role.all { "all" } @else { (number(role.rights.len() as u64)) } }
            td.number { (number(people as u64)) }
            td {
                div.actions {
                    a.button.quiet href={ (ctx.base()) "/roles/preview?role=" (name) } aria-label={ "What " (role.name) " sees" } { "Sees" }
                    a.button.quiet href={ (ctx.base()) "/roles/edit?role=" (name) }
                        aria-label={ @if edits && ctx.may(SETS_ROLE) { "Edit " } @else { "Rights of " } (role.name) } {
                        @if edits && ctx.may(SETS_ROLE) { "Edit" } @else { "Rights" }
                    }
                    @if ctx.may(SETS_ROLE) && !role.all {
                        a.button.quiet href={ (ctx.base()) "/roles/edit?copy=" (name) } aria-label={ "Copy " (role.name) } { "Copy" }
                    }
                    @if ctx.may(REMOVES_ROLE) && edits {
                        (Action::new("Delete", format!("{}/roles/remove", ctx.base()))
                            .body(&serde_json::json!({"role": role.name}))
                            .confirm(format!("Delete the role {}? {} it, and will have none.", role.name, have(people)))
                            .label(format!("Delete {}", role.name))
                            .then("reload")
                            .quiet())
                    }
                }
            }
        }
    }
}

fn have(people: usize) -> String {
    match people {
        0 => "Nobody has".to_owned(),
        1 => "One person has".to_owned(),
        more => format!("{} have", counted(more as u64, "person")),
    }
}

pub(super) async fn preview(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let access = ctx.host().pages().access().await?;
    let role = role(&access, ctx.query("role"))?;
    let tabs = ctx.host().pages().tabs().await?;
    let seen: Vec<TabView> = tabs.into_iter().filter(|tab| sees(role, tab)).collect();
    let whole = Own::of(&ctx, &access).covers(role);
    let content = html! {
        (ui::card(&format!("What {} sees", role.name), html! {
            p { bdi { (role.words) } }
            @if role.own_servers {
                p.notice { "Of servers, it sees those alone that whoever has it owns or manages." }
            }
            @if !whole {
                p.notice.warn { "It has more than your own role: tabs that you don't see are missing here." }
            }
            @if seen.is_empty() {
                (ui::empty("No tab", "This role has no right that shows one."))
            } @else {
                @for (heading, tabs) in sidebar::grouped(&seen) {
                    section {
                        h3 { bdi { (heading) } }
                        ul.row { @for tab in tabs { li { span.tag { bdi { (tab.title) } } } } }
                    }
                }
            }
            p.muted { "Buttons and parts of these pages that need a right the role lacks are left out, too." }
            div.actions {
                a.button href={ (ctx.base()) "/roles/edit?role=" (ui::encoded(&role.name)) } { "Its rights" }
                a.button href={ (ctx.base()) "/roles/all" } { "All roles" }
            }
        }))
    };
    framed(&ctx, "/roles/all", html! {}, content).await
}

/// Whether a role sees a tab.
fn sees(role: &RoleView, tab: &TabView) -> bool {
    role.all || tab.right.is_empty() || role.rights.contains(&tab.right)
}

/// A role by its name.
pub(super) fn role<'a>(access: &'a AccessReply, name: &str) -> Result<&'a RoleView> {
    access.roles.iter().find(|it| it.name == name).ok_or_else(|| {
        Error::user("There is no role of that name: it may have been deleted. The page Roles has those that there are.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_sees_the_tabs_that_need_nothing_and_those_it_has_the_right_to() {
        let tab = |right: &str| {
            let mut tab = TabView::default();
            tab.right = right.to_owned();
            tab
        };
        let mut role = RoleView::default();
        role.rights = vec!["tea/see".to_owned()];
        assert!(sees(&role, &tab("")) && sees(&role, &tab("tea/see")));
        assert!(!sees(&role, &tab("audit.list")));
        role.all = true;
        assert!(sees(&role, &tab("audit.list")));
    }

    #[test]
    fn how_many_have_a_role_is_a_sentence() {
        assert_eq!([have(0), have(1)], ["Nobody has", "One person has"]);
        assert!(have(3).ends_with(" have"));
    }
}
