//! Placement of context menus: Discord accepts 15 of each kind. Beyond that the last of them opens a list of the rest.

use std::{cmp::Reverse, collections::BTreeSet};

use plugin_api::manifest::CommandKind;
use serde_json::{Map, Value, json};

use super::{DeclaredCommand, Input, Layout, Plan, Planned, merge};
use crate::How;

/// Menus of a kind.
pub(super) const LIMIT: usize = 15;
/// What a message can list: five selects with 25 choices each.
pub(super) const LISTED: usize = 125;
/// What the menu is called that opens the rest.
const MORE: &str = "More…";

/// Adds the context menus to the plan.
pub(super) fn plan(input: &Input<'_>, before: &Layout, plan: &mut Plan) {
    for (kind, number) in [(CommandKind::User, 2), (CommandKind::Message, 3)] {
        let declared = input.declared.iter().filter(|it| it.kind == kind);
        let mut menus: Vec<(&DeclaredCommand, Value)> = declared
            .filter_map(|it| Some((it, it.without(input.refused)?.into_owned())))
            .collect();
        let key = |it: &DeclaredCommand| (kind, it.name().to_owned());
        menus.sort_by_key(|(it, _)| {
            let is_known = before.menus.contains(&key(it));
            let uses = (input.uses)(&it.plugin);
            (!is_known, Reverse(uses), it.plugin.clone(), key(it))
        });
        let rest = if menus.len() > LIMIT {
            let rest = menus.split_off(LIMIT - 1);
            plan.layout
                .menus
                .extend(menus.iter().map(|(it, _)| key(it)));
            rest
        } else {
            Vec::new()
        };
        let names: BTreeSet<&str> = menus.iter().map(|(it, _)| it.name()).collect();
        let more = (1..).map(|number| match number {
            1 => MORE.to_owned(),
            number => format!("{MORE} {number}"),
        });
        let more = more.into_iter().find(|name| !names.contains(&**name));
        for (it, json) in &menus {
            plan.found(kind, it.name().to_owned(), How::Itself);
            plan.commands.push(Planned {
                json: json.clone(),
                plugins: BTreeSet::from([it.plugin.clone()]),
                uses: (input.uses)(&it.plugin),
            });
        }
        let (Some(more), false) = (more, rest.is_empty()) else {
            continue;
        };
        for (it, _) in rest.iter().take(LISTED) {
            plan.found(kind, it.name().to_owned(), How::InMenu(more.clone()));
        }
        let mut json = Map::from_iter([
            ("type".to_owned(), json!(number)),
            ("name".to_owned(), json!(more)),
        ]);
        merge::who_sees(&mut json, rest.iter().map(|(_, json)| json));
        plan.commands.push(Planned {
            json: json.into(),
            plugins: rest.iter().map(|(it, _)| it.plugin.clone()).collect(),
            uses: rest.iter().map(|(it, _)| (input.uses)(&it.plugin)).sum(),
        });
    }
}
