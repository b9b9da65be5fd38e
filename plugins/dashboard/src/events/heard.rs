//! Listeners of all kinds of events: those of the gateway overhear what the bot is told anyway, and hear nothing unless it is chosen.

use plugin_api::{
    Event, Listener, hook::AnyHook, prelude::*,
    twilight_model::gateway::payload::incoming as payload,
};

use super::seen::{Ids, Source};
use crate::Dashboard;

/// The hook's handler among the plugin's.
pub(super) const HANDLER: &str = "live";

macro_rules! kinds {
    ($($kind:ident)+) => {
        /// The kinds that are listened to, by their names at Discord.
        pub(super) const KINDS: &[&str] = &[$(<payload::$kind as Event>::NAME),+];

        fn listen(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
            plugin$(.listen(Listener::new().chosen().overhearing(), heard::<payload::$kind>))+
        }
    };
}

// All that have a type. RESUMED has none, and nothing in it.
kinds! {
    Ready MessageCreate MessageUpdate MessageDelete MessageDeleteBulk ReactionAdd ReactionRemove ReactionRemoveAll ReactionRemoveEmoji
    MessagePollVoteAdd MessagePollVoteRemove InteractionCreate TypingStart GuildCreate GuildUpdate GuildDelete MemberAdd MemberUpdate
    MemberRemove MemberChunk RoleCreate RoleUpdate RoleDelete BanAdd BanRemove GuildEmojisUpdate GuildStickersUpdate
    GuildIntegrationsUpdate GuildAuditLogEntryCreate GuildScheduledEventCreate GuildScheduledEventUpdate GuildScheduledEventDelete
    GuildScheduledEventUserAdd GuildScheduledEventUserRemove ChannelCreate ChannelUpdate ChannelDelete ChannelPinsUpdate ThreadCreate
    ThreadUpdate ThreadDelete ThreadListSync ThreadMemberUpdate ThreadMembersUpdate InviteCreate InviteDelete PresenceUpdate
    VoiceStateUpdate VoiceServerUpdate StageInstanceCreate StageInstanceUpdate StageInstanceDelete AutoModerationRuleCreate
    AutoModerationRuleUpdate AutoModerationRuleDelete AutoModerationActionExecution EntitlementCreate EntitlementUpdate
    EntitlementDelete WebhooksUpdate UserUpdate IntegrationCreate IntegrationUpdate IntegrationDelete CommandPermissionsUpdate
}

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    listen(plugin).on_chosen_hooks(HANDLER, told)
}

async fn heard<E: Event>(ctx: EventContext<E, Dashboard>) -> Result {
    let ids = Ids {
        guild: ctx.guild_id().map(Id::get),
        channel: ctx.channel_id().map(Id::get),
        user: ctx.user_id().map(Id::get),
    };
    let ring = &ctx.state().events;
    // What another tab wants to hear comes here, too.
    if !ring.listening.get() {
        return Ok(());
    }
    ring.note(Source::Gateway, E::NAME, ids, ctx.raw());
    Ok(())
}

async fn told(ctx: HookContext<AnyHook, Dashboard>) -> Result {
    let from = ctx.from().map(str::to_owned);
    let hook = ctx.payload();
    let json = serde_json::to_vec(&hook.payload)?;
    let ring = &ctx.state().events;
    ring.note(Source::Hook(from), &hook.event, Ids::default(), &json);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plugin_api::EventKind;

    use super::*;

    #[test]
    fn every_kind_that_there_is_is_listened_to() {
        let all = (1..=u16::MAX).map(|number| EventKind::from_number(number).name());
        let mut missing: BTreeSet<&str> = all.filter(|name| *name != "UNKNOWN").collect();
        for kind in KINDS {
            assert!(missing.remove(kind), "{kind} twice, or unknown");
        }
        assert_eq!(missing, BTreeSet::from(["RESUMED"]));
    }
}
