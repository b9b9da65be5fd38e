//! A role's rights: looked at, copied, changed.

use std::collections::BTreeSet;

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{AccessCall, AccessReply, RightView, RoleView},
    prelude::*,
    text::counted,
};
use serde::Deserialize;

use super::{Own, SETS_ROLE, framed, list};
use crate::{
    Dashboard,
    ui::{self, Tone},
};

/// Rights under a heading: a power, or a plugin.
struct Group<'a> {
    name: &'a str,
    rights: Vec<&'a RightView>,
}

impl<'a> Group<'a> {
    /// All rights by what they are listed under, in the host's order.
    fn all(rights: &'a [RightView]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for right in rights {
            match groups.iter_mut().find(|it| it.name == right.group) {
                Some(group) => group.rights.push(right),
                None => groups.push(Self {
                    name: &right.group,
                    rights: vec![right],
                }),
            }
        }
        groups
    }

    /// What the filter looks at, so that a heading is shown with any of its rights.
    fn text(&self) -> String {
        let rights = self.rights.iter();
        let words: Vec<String> = rights
            .map(|it| format!("{} {}", it.name, it.means))
            .collect();
        format!("{} {}", self.name, words.join(" "))
    }
}

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let access = ctx.host().pages().access().await?;
    let own = Own::of(&ctx, &access);
    let (name, copied) = (ctx.query("role"), ctx.query("copy"));
    let (role, is_new) = match (name, copied) {
        ("", "") => (RoleView::default(), true),
        ("", copied) => (copy_of(list::role(&access, copied)?), true),
        (name, _) => (list::role(&access, name)?.clone(), false),
    };
    let why = why_not(&ctx, &own, &role, is_new);
    let fields = html! {
        (head(&role, is_new, why.is_none()))
        (rights(&access, &own, &role, why.is_none()))
        p.error data-error role="alert" {}
        div.actions.end.sticky-actions {
            a.button href={ (ctx.base()) "/roles/all" } { "Back" }
            @if why.is_none() {
                button.button.primary type="submit" { @if is_new { "Make the role" } @else { "Save" } }
            }
        }
    };
    let content = html! {
        @if let Some(why) = why {
            p.notice { (why) }
            // No form: there is nothing to be sent.
            div.stack { (fields) }
        } @else {
            form.stack data-post={ (ctx.base()) "/roles/save" } data-then={ "go:" (ctx.base()) "/roles/all" } { (fields) }
        }
    };
    let actions = html! {
        @if !is_new {
            a.button href={ (ctx.base()) "/roles/preview?role=" (ui::encoded(&role.name)) } { "What it sees" }
            @if ctx.may(SETS_ROLE) && !role.all {
                a.button href={ (ctx.base()) "/roles/edit?copy=" (ui::encoded(&role.name)) } { "Copy" }
            }
        }
    };
    framed(&ctx, "/roles/all", actions, content).await
}

/// A role to begin with, like another one.
fn copy_of(role: &RoleView) -> RoleView {
    let mut copy = role.clone();
    // As many characters as the host takes of a role's name.
    copy.name = format!("{} copy", role.name).chars().take(32).collect();
    (copy.built_in, copy.all) = (false, false);
    copy
}

/// Why a role can't be changed by whoever looks.
fn why_not(
    ctx: &RouteContext<Dashboard>,
    own: &Own,
    role: &RoleView,
    is_new: bool,
) -> Option<&'static str> {
    if !ctx.may(SETS_ROLE) {
        Some("Your role may look at roles, and not change them.")
    } else if role.built_in {
        Some("This role comes with the host and stays as it is. Copy it, and change the copy.")
    } else if !is_new && !own.covers(role) {
        Some("This role has more than yours, so you can't change it.")
    } else {
        None
    }
}

fn head(role: &RoleView, is_new: bool, edits: bool) -> Markup {
    ui::card(
        if is_new { "New role" } else { "Role" },
        html! {
            input type="hidden" name="new" value=(is_new);
            div.grid {
                label.field {
                    "Name"
                    input name="name" value=(role.name) maxlength="32" required autocomplete="off" readonly[!is_new || !edits];
                }
                label.field {
                    "What it is for"
                    input name="words" value=(role.words) maxlength="200" autocomplete="off" readonly[!edits];
                }
            }
            label.check {
                input type="checkbox" name="own_servers" checked[role.own_servers] disabled[!edits];
                span { "Own servers only" br; small.muted { "For the servers that whoever has it owns or manages, and no other." } }
            }
        },
    )
}

fn rights(access: &AccessReply, own: &Own, role: &RoleView, edits: bool) -> Markup {
    let has: BTreeSet<&str> = role.rights.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = access.rights.iter().map(|it| it.name.as_str()).collect();
    // Those of plugins that are not loaded: they stay as they are.
    let away: Vec<&&str> = has.iter().filter(|it| !known.contains(**it)).collect();
    let aside = html! {
        @if role.all { (ui::badge(Tone::Good, "everything")) }
        @else { small.muted { (counted(has.len() as u64, "right")) " of " (access.rights.len()) } }
    };
    ui::card_with(
        "Rights",
        aside,
        html! {
            input type="search" data-filter="#rights" placeholder="Search rights" aria-label="Search rights";
            ul #rights.rights {
                @for group in Group::all(&access.rights) {
                    li.rights-group data-text=(group.text()) { h3 { bdi { (group.name) } } }
                    @for right in &group.rights {
                        (check(right, role.all || has.contains(right.name.as_str()), own.has(&right.name), edits))
                    }
                }
                @if !away.is_empty() {
                    li.rights-group { h3 { "Of plugins that are not loaded" } }
                    @for right in away {
                        li { label.check {
                            input type="checkbox" name="rights[]" value=(right) checked disabled[!edits];
                            span { code { (right) } br; small.muted { "Counts again when its plugin is loaded." } }
                        } }
                    }
                }
            }
            p.muted hidden data-filter-empty="#rights" { "No right has these words." }
        },
    )
}

fn check(right: &RightView, checked: bool, own: bool, edits: bool) -> Markup {
    html! {
        li data-text={ (right.group) " " (right.name) " " (right.means) } {
            label.check.off[!own] {
                input type="checkbox" name="rights[]" value=(right.name) checked[checked && (own || !edits)] disabled[!edits || !own];
                span {
                    code { (right.name) } " "
                    @if right.changes { (ui::badge(Tone::Warn, "changes")) }
                    br;
                    small.muted { bdi { (right.means) } @if !own { " You don't have it, and can't give it." } }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Saved {
    #[serde(default)]
    new: String,
    name: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    own_servers: bool,
    #[serde(default, rename = "rights[]")]
    rights: Vec<String>,
}

pub(super) async fn save(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let saved: Saved = ctx.json()?;
    let name = saved.name.trim().to_owned();
    if saved.new == "true" {
        let access = ctx.host().pages().access().await?;
        if access
            .roles
            .iter()
            .any(|it| it.name.eq_ignore_ascii_case(&name))
        {
            return Err(Error::user(
                "There is a role of that name: pick another name, or edit that one.",
            ));
        }
    }
    let count = counted(saved.rights.len() as u64, "right");
    let call = AccessCall {
        role: Some(name.clone()),
        rights: Some(saved.rights),
        own_servers: Some(saved.own_servers),
        words: Some(saved.words),
        ..AccessCall::default()
    };
    ctx.host().pages().set_role(&call).await?;
    Ok(RouteReply::text(format!(
        "The role {name} has {count} now."
    )))
}

#[derive(Deserialize)]
struct Removed {
    role: String,
}

pub(super) async fn remove(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let removed: Removed = ctx.json()?;
    ctx.host().pages().remove_role(&removed.role).await?;
    Ok(RouteReply::text(format!(
        "The role {} is gone.",
        removed.role
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(name: &str, group: &str) -> RightView {
        let mut right = RightView::default();
        (right.name, right.group) = (name.to_owned(), group.to_owned());
        right
    }

    #[test]
    fn rights_stand_under_their_power_or_plugin() {
        let rights = [right("a.x", "a"), right("b.x", "b"), right("a.y", "a")];
        let groups = Group::all(&rights);
        let names: Vec<(&str, usize)> =
            groups.iter().map(|it| (it.name, it.rights.len())).collect();
        assert_eq!(names, [("a", 2), ("b", 1)]);
        assert!(groups[0].text().contains("a.y"));
    }

    #[test]
    fn a_copy_is_a_role_of_ones_own_and_never_everything() {
        let mut role = RoleView::default();
        role.name = "🫖".repeat(32);
        (role.built_in, role.all) = (true, true);
        let copy = copy_of(&role);
        assert!(!copy.built_in && !copy.all && copy.name.chars().count() == 32);
    }

    #[test]
    fn what_one_does_not_have_is_greyed_out() {
        let shown = check(&right("tea/pour", "tea"), false, false, true).into_string();
        assert!(
            shown.contains("disabled") && shown.contains("can't give it"),
            "{shown}"
        );
        let shown = check(&right("tea/pour", "tea"), true, true, true).into_string();
        assert!(
            shown.contains("checked") && !shown.contains("disabled"),
            "{shown}"
        );
    }
}
