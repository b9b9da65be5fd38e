//! Settings of the server, and Community with the channels that take it.

use plugin_api::twilight_model::guild::Permissions;

use super::{
    Act, Extras, Part,
    needs::is_for_communities,
    steps::{Planner, Turn},
};
use crate::{
    diff::Change,
    fields::COMMUNITY_CHANNELS,
    model::{Item, Kind},
};

impl Planner<'_> {
    pub(super) fn server(&mut self, mut fields: Vec<String>) {
        if !self.needs("the server's settings", Permissions::MANAGE_GUILD) {
            return;
        }
        let community = "community";
        if fields.iter().any(|field| field == community) {
            fields.retain(|field| field != community);
            self.community();
        }
        let server = &self.wanted.server;
        if server.icon.is_some() && server.line.is_none() && fields.iter().any(|it| it == "icon") {
            self.note("the server's icon", "the snapshot has no picture of it");
            fields.retain(|field| field != "icon");
        }
        if !fields.is_empty() {
            let title = format!("change the server: {}", fields.join(", "));
            self.step(Turn::Server, "server", &title, Act::Server(fields));
        }
    }

    /// Announcements, stages and forums are for communities.
    pub(super) fn takes_channel(&mut self, item: &Item, change: &Change) -> bool {
        if !is_for_communities(item.sort) || self.is_community {
            return true;
        }
        let why = "it takes a community server: switch Community on in the server's settings, then restore again";
        self.note(&change.title, why);
        false
    }

    fn community(&mut self) {
        let (what, wanted) = ("Community", self.wanted);
        let on = wanted.server.is_community();
        if !on && self.wish.extras == Extras::Keep {
            return self.note(what, "it stays on, unless what is there besides is deleted");
        }
        if !self.needs(what, Permissions::ADMINISTRATOR) {
            return;
        }
        let is_had = |key: &&str| {
            let id = wanted.server.channels.get(*key);
            id.is_some_and(|id| {
                let is_made = self.wish.parts.contains(&Part::Channels)
                    && wanted.item(Kind::Channel, *id).is_some();
                is_made || self.plan.pairs.contains_key(id)
            })
        };
        if on && !COMMUNITY_CHANNELS.iter().all(is_had) {
            return self.note(what, "its channels for rules and for updates are not there");
        }
        let (turn, title) = match on {
            true => (Turn::CommunityOn, "switch Community on"),
            false => (Turn::CommunityOff, "switch Community off"),
        };
        self.is_community |= on;
        self.step(turn, "community", title, Act::Community(on));
    }
}
