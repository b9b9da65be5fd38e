//! Steps of a plan from differences, each with the rules that Discord has for it.

use std::collections::BTreeMap;

use plugin_api::twilight_model::guild::Permissions;

use super::{
    Act, Extras, Note, Plan, Standing, Step, Wish,
    needs::{is_for_communities, needed_to_change, needed_to_make, places},
};
use crate::{
    diff::{About, Change, What},
    model::{COMMUNITY, Contents, Kind, Snowflake, sort},
    pairs::Pairs,
};

/// When a step is done: those with the smaller number first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// What takes places that others need.
    FreePlaces,
    MakeRole,
    ChangeRole,
    OrderRoles,
    MakeExpression,
    ChangeExpression,
    MakeCategory,
    MakeChannel,
    /// Behind the channels that it takes, before those that take it.
    CommunityOn,
    MakeCommunityChannel,
    ChangeChannel,
    OrderChannels,
    /// Before its channels go.
    CommunityOff,
    Server,
    Bot,
    RemoveChannel,
    RemoveRole,
    Members,
}

pub(super) struct Planner<'a> {
    pub(super) wanted: &'a Contents,
    pub(super) live: &'a Contents,
    pub(super) wish: &'a Wish,
    pub(super) standing: &'a Standing,
    pub(super) plan: Plan,
    steps: Vec<(Turn, Step)>,
    /// How many of each are there when all is made.
    places: BTreeMap<Kind, usize>,
    /// Whether Community is on, or will be before the channels are made that take it.
    pub(super) is_community: bool,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        wanted: &'a Contents,
        live: &'a Contents,
        wish: &'a Wish,
        standing: &'a Standing,
        pairs: &Pairs,
    ) -> Self {
        let all = Kind::ALL.iter();
        let before = all.flat_map(|kind| live.of(*kind)).map(|item| item.id);
        let places = Kind::ALL.iter().map(|kind| (*kind, live.of(*kind).len()));
        Self {
            wanted,
            live,
            wish,
            standing,
            plan: Plan {
                steps: Vec::new(),
                notes: Vec::new(),
                pairs: pairs.clone(),
                before: before.collect(),
                granted: BTreeMap::new(),
                overwrites: BTreeMap::new(),
                has_role_icons: standing.has_feature("ROLE_ICONS"),
                takes_roles: wish.extras != Extras::Keep,
            },
            steps: Vec::new(),
            places: places.collect(),
            is_community: standing.has_feature(COMMUNITY),
        }
    }

    pub(super) fn finish(mut self) -> Plan {
        self.steps.sort_by_key(|(turn, _)| *turn);
        self.plan.steps = self.steps.into_iter().map(|(_, step)| step).collect();
        self.plan
    }

    pub(super) fn take(&mut self, change: &Change) {
        match (change.about, &change.what) {
            (About::Item(kind, None, Some(id)), What::Added) => self.make(kind, id, change),
            (About::Item(kind, Some(live), None), What::Removed) => self.remove(kind, live, change),
            (About::Item(kind, Some(live), Some(id)), What::Changed(edits)) => {
                let fields: Vec<_> = edits.iter().map(|edit| edit.field.clone()).collect();
                self.change(kind, live, id, fields, change);
            }
            (About::Item(kind, Some(live), _), What::Moved) => self.moved(kind, live, change),
            (About::Server, What::Changed(edits)) => {
                let fields = edits.iter().map(|edit| edit.field.clone()).collect();
                self.server(fields);
            }
            (About::Bot, What::Changed(edits)) => {
                let fields = edits.iter().map(|edit| edit.field.clone()).collect();
                self.step(Turn::Bot, "bot", "set the bot's settings", Act::Bot(fields));
            }
            _ => {}
        }
    }

    pub(super) fn members(&mut self) {
        let needed = Permissions::MANAGE_ROLES;
        if self.needs("the roles of members", needed) {
            let title = "give members their roles";
            self.step(Turn::Members, "members", title, Act::Members);
        }
    }

    fn make(&mut self, kind: Kind, id: Snowflake, change: &Change) {
        let Some(item) = self.wanted.item(kind, id) else {
            return;
        };
        if item.managed {
            let why = "it comes with its bot or integration: add that again";
            return self.note(&change.title, why);
        }
        if !self.needs(&change.title, needed_to_make(kind)) {
            return;
        }
        match kind {
            Kind::Role => {
                self.limit_role(item, None);
                if item.icon.is_some() || item.fields.contains_key("unicode_emoji") {
                    self.takes_icon(item);
                }
            }
            Kind::Channel => {
                if !self.takes_channel(item, change) {
                    return;
                }
                self.limit_channel(item, None);
            }
            Kind::Emoji | Kind::Sticker if item.line.is_none() => {
                return self.note(&change.title, "the snapshot has no picture of it");
            }
            Kind::Emoji | Kind::Sticker => {}
        }
        let (places, most) = (self.places.entry(kind).or_default(), places(kind));
        if *places >= most {
            let why = format!("a server has {most} {}s at most", kind.word());
            return self.note(&change.title, why);
        }
        *places += 1;
        let turn = match (kind, item.sort) {
            (Kind::Role, _) => Turn::MakeRole,
            (Kind::Channel, sort::CATEGORY) => Turn::MakeCategory,
            (Kind::Channel, sort) if is_for_communities(sort) => Turn::MakeCommunityChannel,
            (Kind::Channel, _) => Turn::MakeChannel,
            _ => Turn::MakeExpression,
        };
        let key = format!("make {} {id}", kind.word());
        let title = format!("make {}", change.title);
        self.step(turn, &key, &title, Act::Make(kind, id));
        self.order(kind);
    }

    fn change(
        &mut self,
        kind: Kind,
        live: Snowflake,
        id: Snowflake,
        mut fields: Vec<String>,
        change: &Change,
    ) {
        let pair = (self.wanted.item(kind, id), self.live.item(kind, live));
        let (Some(item), Some(now)) = pair else {
            return;
        };
        if !self.needs(&change.title, needed_to_change(kind)) {
            return;
        }
        match kind {
            Kind::Role => {
                if !self.standing.reaches(now.rank()) {
                    let why = format!(
                        "it does not stand below {} highest role",
                        self.standing.whose
                    );
                    return self.note(&change.title, why);
                }
                self.limit_role(item, Some(now));
            }
            Kind::Channel => self.limit_channel(item, Some(now)),
            _ => {}
        }
        let is_icon = |field: &String| matches!(field.as_str(), "icon" | "unicode_emoji");
        if kind == Kind::Role && fields.iter().any(is_icon) && !self.takes_icon(item) {
            fields.retain(|field| !is_icon(field));
        }
        let rights = "permission_overwrites".to_owned();
        if fields.contains(&rights) && !self.standing.may(Permissions::MANAGE_ROLES) {
            self.note(&change.title, "its rights: the bot lacks MANAGE_ROLES");
            fields.retain(|field| *field != rights);
        }
        if fields.is_empty() {
            return;
        }
        if fields.iter().any(|field| field == "parent_id") {
            // Among other siblings it has another place.
            self.order(kind);
        }
        let turn = match kind {
            Kind::Role => Turn::ChangeRole,
            Kind::Channel => Turn::ChangeChannel,
            _ => Turn::ChangeExpression,
        };
        let key = format!("change {} {id}", kind.word());
        let title = format!("change {}: {}", change.title, fields.join(", "));
        self.step(turn, &key, &title, Act::Change(kind, id, fields));
    }

    fn remove(&mut self, kind: Kind, live: Snowflake, change: &Change) {
        match &self.wish.extras {
            Extras::Remove => {}
            Extras::RemoveOf(chosen) if chosen.contains(&live) => {}
            _ => return,
        }
        let Some(item) = self.live.item(kind, live) else {
            return;
        };
        if item.managed {
            return self.note(&change.title, "it belongs to a bot or an integration");
        }
        if self.standing.here == Some(live) {
            return self.note(
                &change.title,
                "you watch the restore there: delete it by hand",
            );
        }
        if kind == Kind::Role && !self.standing.reaches(item.rank()) {
            let why = format!(
                "it does not stand below {} highest role",
                self.standing.whose
            );
            return self.note(&change.title, why);
        }
        if !self.needs(&change.title, needed_to_change(kind)) {
            return;
        }
        let turn = match kind {
            Kind::Role => Turn::RemoveRole,
            Kind::Channel => Turn::RemoveChannel,
            _ => {
                self.places.entry(kind).and_modify(|places| *places -= 1);
                Turn::FreePlaces
            }
        };
        let key = format!("remove {} {live}", kind.word());
        let title = format!("remove {}", change.title);
        self.step(turn, &key, &title, Act::Remove(kind, live));
    }

    fn moved(&mut self, kind: Kind, live: Snowflake, change: &Change) {
        let now = self.live.item(kind, live);
        if kind == Kind::Role && now.is_some_and(|now| !self.standing.reaches(now.rank())) {
            let why = format!(
                "its place: it does not stand below {} highest role",
                self.standing.whose
            );
            return self.note(&change.title, why);
        }
        if self.needs(&change.title, needed_to_change(kind)) {
            self.order(kind);
        }
    }

    fn order(&mut self, kind: Kind) {
        match kind {
            Kind::Role => {
                self.step(
                    Turn::OrderRoles,
                    "order roles",
                    "put the roles in order",
                    Act::OrderRoles,
                );
            }
            Kind::Channel => self.step(
                Turn::OrderChannels,
                "order channels",
                "put the channels in order",
                Act::OrderChannels,
            ),
            _ => {}
        }
    }

    /// Whether the bot may; notes what it lacks.
    pub(super) fn needs(&mut self, what: &str, any: Permissions) -> bool {
        if self.standing.may(any) {
            return true;
        }
        // twilight still has the name that it had before.
        let name = |name: &'static str| match name {
            "MANAGE_EMOJIS_AND_STICKERS" => "MANAGE_GUILD_EXPRESSIONS",
            name => name,
        };
        let names: Vec<_> = any.iter_names().map(|(it, _)| name(it)).collect();
        self.note(what, format!("the bot lacks {}", names.join(" or ")));
        false
    }

    pub(super) fn note(&mut self, what: &str, why: impl Into<String>) {
        self.plan.notes.push(Note::new(what, why));
    }

    /// Adds a step, once.
    pub(super) fn step(&mut self, turn: Turn, key: &str, title: &str, act: Act) {
        if self.steps.iter().any(|(_, step)| step.key == key) {
            return;
        }
        let (key, title) = (key.to_owned(), title.to_owned());
        self.steps.push((turn, Step { key, title, act }));
    }
}
