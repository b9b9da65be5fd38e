//! The engine with Discord: what happens becomes occasions, and automations run on them.

mod announcements;
mod facts;
mod failures;
mod fence;
mod joins;
mod levels;
mod live;
mod messages;
mod panels;
mod people;
mod plans;
mod reactions;
mod rehearsal;
mod rooms;
mod runs;
mod tickets;
mod transcript;
mod voice;

use std::{rc::Rc, time::Duration};

use plugin_api::{
    prelude::*,
    twilight_model::gateway::payload::incoming::{ChannelDelete, GuildDelete, VoiceStateUpdate},
};

use crate::state::Shared;

pub(crate) use facts::hold as holds;
pub(crate) use fence::check as check_fence;
pub(crate) use levels::{ranking, standing_of};
pub(crate) use live::card;
pub(crate) use panels::{put as put_panel, take_away as take_panel_away};
pub(crate) use people::{
    fetched as member_of, invoker, named as role_named, roles as roles_of, shown as role_shown,
};
pub(crate) use plans::{cancel as cancel_schedule, plan as plan_schedule};
pub(crate) use runs::rehearse;

/// How often what was counted is written down.
const COUNTS: Duration = Duration::from_secs(5);

/// Declares what the engine listens to, and what it handles.
pub(crate) fn declare(plugin: Plugin<Shared>) -> Plugin<Shared> {
    let chosen = || Listener::new().chosen();
    plugin
        .listen(chosen(), |ctx: EventContext<MemberAdd, Shared>| {
            joins::joined(ctx)
        })
        .listen(chosen(), |ctx: EventContext<MemberRemove, Shared>| {
            joins::left(ctx)
        })
        // Text is asked for by what needs it: the choice of MESSAGE_UPDATE, whose listener does.
        .listen(
            chosen().without_content(),
            |ctx: EventContext<MessageCreate, Shared>| messages::written(ctx),
        )
        .listen(
            chosen().ignore_bots(),
            |ctx: EventContext<MessageUpdate, Shared>| messages::edited(ctx),
        )
        .listen(
            chosen().ignore_bots(),
            |ctx: EventContext<ReactionAdd, Shared>| reactions::reacted(ctx),
        )
        .listen(
            chosen().ignore_bots(),
            |ctx: EventContext<ReactionRemove, Shared>| reactions::unreacted(ctx),
        )
        .listen(chosen(), |ctx: EventContext<VoiceStateUpdate, Shared>| {
            voice::moved(ctx)
        })
        .listen(chosen(), |ctx: EventContext<ChannelDelete, Shared>| {
            rooms::deleted(ctx)
        })
        .listen(chosen(), |ctx: EventContext<GuildDelete, Shared>| {
            joins::gone(ctx)
        })
        .component(panels::BUTTON, panels::clicked)
        .component(panels::MENU, panels::picked)
        .component(panels::TICKET, tickets::open)
        .component(tickets::CLAIM, tickets::claim)
        .component(tickets::CLOSE, tickets::close)
        .scheduled(plans::HANDLER, announcements::due)
        .scheduled(runs::HANDLER, runs::resumed)
}

/// What goes on in the background: counts are written down, and what was left of rooms and tickets is put in order.
pub(crate) fn begin(state: &Shared) {
    let (host, counting) = (&state.host, Rc::clone(state));
    host.every(COUNTS, async move || counting.write_counts().await);
    let state = Rc::clone(state);
    host.spawn(async move {
        rooms::put_in_order(&state).await;
        Ok(())
    });
}
