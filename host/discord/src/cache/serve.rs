//! The `cache.…` host calls: answered from the cache, or by Discord where the plugin wishes so.

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    abi::{CacheCall, CacheReply, RequestCall, ServersCall},
    manifest::Manifest,
};
use serde::Serialize;
use serde_json::Value;
use twilight_model::{
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

use super::{
    Cache, Seen, Unknown,
    kept::Channel,
    learn::{Parts, Told},
    permissions::{ChannelScope, Unread},
    shelf::Item,
};
use crate::{
    lenient::{Faults, Fields},
    rest,
};

/// The host calls.
pub const CALLS: &[CallRule] = &[
    CallRule::free("cache.channel"),
    CallRule::free("cache.channels"),
    CallRule::free("cache.current_user"),
    CallRule::free("cache.guild"),
    CallRule::free("cache.guilds"),
    CallRule::free("cache.member"),
    CallRule::free("cache.permissions"),
    CallRule::free("cache.role"),
    CallRule::free("cache.roles"),
    CallRule::free("cache.servers"),
    CallRule::free("cache.voice_states"),
];

impl Cache {
    /// The bot's user id; 0 while it is not known.
    pub fn bot_id(&self) -> u64 {
        self.bot_id.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// One of [`CALLS`].
    ///
    /// # Errors
    ///
    /// The parameters are wrong; or Discord was asked, and refused or was out of reach.
    pub async fn serve(&self, call: &str, params: Value) -> Result<Completion, Failure> {
        if call == "cache.servers" {
            let asked: ServersCall = serde_json::from_value(params)?;
            return Ok(Completion::json(&self.servers(&asked)));
        }
        let asked: CacheCall = serde_json::from_value(params)?;
        let id = |id: Option<u64>, what: &str| {
            id.and_then(Id::<()>::new_checked)
                .ok_or_else(|| Failure::Refused(format!("`{call}` needs the id of a {what}")))
        };
        let guild = || id(asked.guild_id, "server").map(Id::cast::<GuildMarker>);
        let user = || id(asked.user_id, "user").map(Id::cast::<UserMarker>);
        let channel = || id(asked.channel_id, "channel").map(Id::cast::<ChannelMarker>);
        let (known, path) = match call {
            "cache.guild" => {
                let guild = guild()?;
                (json(self.guild(guild)), format!("guilds/{guild}"))
            }
            "cache.channel" => {
                let channel = channel()?;
                (json(self.channel(channel)), format!("channels/{channel}"))
            }
            "cache.channels" => {
                let guild = guild()?;
                let path = format!("guilds/{guild}/channels");
                (json(self.channels(guild)), path)
            }
            "cache.role" => {
                let (guild, role) = (guild()?, id(asked.role_id, "role")?.cast());
                let path = format!("guilds/{guild}/roles/{role}");
                (json(self.role(guild, role)), path)
            }
            "cache.roles" => {
                let guild = guild()?;
                (json(self.roles(guild)), format!("guilds/{guild}/roles"))
            }
            "cache.member" => {
                let (guild, user) = (guild()?, user()?);
                let known = json(self.member(guild, user).map(|member| member.model()));
                if known.is_err() && asked.fetch {
                    return completion(&self.fetch_member(guild, user).await?.model());
                }
                (known, String::new())
            }
            "cache.permissions" => {
                let (guild, user) = (guild()?, user()?);
                let channel = asked.channel_id.and_then(Id::new_checked);
                let known = json(self.permissions(guild, user, channel));
                if known.is_err() && asked.fetch {
                    return completion(&self.fetch_permissions(guild, user, channel).await?);
                }
                (known, String::new())
            }
            // Discord tells of those as they come and go, and has no request for all.
            "cache.voice_states" => (json(self.voice_states(guild()?)), String::new()),
            "cache.guilds" => (json(Ok(self.guilds())), String::new()),
            "cache.current_user" => (json(self.current_user()), "users/@me".to_owned()),
            unknown => return Err(Failure::Refused(format!("there is no `{unknown}`"))),
        };
        match known {
            Ok(body) => Ok(answered(body)),
            Err(_) if asked.fetch && !path.is_empty() => Ok(answered(self.get(path).await?)),
            Err(why) => {
                let (known, why) = (false, why.to_string());
                Ok(Completion {
                    head: serde_json::to_vec(&CacheReply { known, why })?,
                    ..Completion::default()
                })
            }
        }
    }

    /// A member as Discord has it now. The cache takes note.
    ///
    /// # Errors
    ///
    /// Discord refused (10007: the server has no such member), or was out of reach; or its answer does not say which roles the
    /// member has.
    pub async fn fetch_member(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
    ) -> Result<Seen, Failure> {
        let body = self.get(format!("guilds/{guild}/members/{user}")).await?;
        let mut faults = Faults::default();
        let read = Seen::read(text(&body), None, Some(user.get()), &mut faults);
        let member = read.ok_or_else(no_object)?.1;
        self.saw(guild.get(), Some(user.get()), member.clone());
        member.ok_or_else(|| unreadable("member", &faults))
    }

    /// As [`permissions`](Self::permissions), with Discord asked for what is not known.
    ///
    /// # Errors
    ///
    /// The bot is not in the server; Discord refused or was out of reach.
    pub async fn fetch_permissions(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        channel: Option<Id<ChannelMarker>>,
    ) -> Result<Permissions, Failure> {
        let refused = |why: Unknown| Failure::Refused(why.to_string());
        match self.permissions(guild, user, channel) {
            Ok(permissions) => return Ok(permissions),
            Err(why @ (Unknown::Guild(_) | Unknown::Outage(_) | Unknown::Elsewhere { .. })) => {
                return Err(refused(why));
            }
            Err(_) => {}
        }
        let place = match channel {
            Some(id) => Some(self.fetch_place(guild.get(), id.get()).await?),
            None => None,
        };
        let member = match self.member(guild, user) {
            Ok(member) => (*member).clone(),
            Err(_) => self.fetch_member(guild, user).await?,
        };
        let known = self.permissions_of(guild, &member, place.as_ref(), Unread::IsUnknown);
        if let Err(Unknown::Owner(_) | Unknown::Roles(_)) = known {
            self.fetch_guild(guild.get()).await?;
        }
        self.permissions_of(guild, &member, place.as_ref(), Unread::AllowsNothing)
            .map_err(refused)
    }

    /// Who owns a server; Discord is asked if it is not known.
    ///
    /// # Errors
    ///
    /// As for [`fetch_permissions`](Self::fetch_permissions).
    pub async fn fetch_owner(&self, guild: Id<GuildMarker>) -> Result<Id<UserMarker>, Failure> {
        let refused = |why: Unknown| Failure::Refused(why.to_string());
        match self.owner(guild) {
            Err(Unknown::Owner(_)) => self.fetch_guild(guild.get()).await?,
            known => return known.map_err(refused),
        }
        self.owner(guild).map_err(refused)
    }

    /// The names of a server's roles, by id; Discord is asked where one of them is not as it was told last. Those that can't be
    /// known are left out.
    pub async fn fetch_role_names(&self, guild: Id<GuildMarker>) -> Vec<(u64, String)> {
        let is_known = |store: &super::Store| {
            let kept = store.guilds.get(&guild.get());
            kept.is_some_and(|kept| kept.knows_roles())
        };
        let is_up_to_date = is_known(&self.store());
        if !is_up_to_date && self.fetch_guild(guild.get()).await.is_err() {
            return Vec::new();
        }
        self.role_names(guild).unwrap_or_default()
    }

    /// Whether a channel of a server, or what a thread is below, is for adults; Discord is asked if it is not known.
    ///
    /// # Errors
    ///
    /// As for [`fetch_permissions`](Self::fetch_permissions); or it can't be read.
    pub async fn fetch_age_restricted(
        &self,
        guild: Id<GuildMarker>,
        channel: Id<ChannelMarker>,
    ) -> Result<bool, Failure> {
        let (guild, channel) = (guild.get(), channel.get());
        let found = self.fetch_channel(guild, channel).await?;
        let ruling = match above(&found) {
            Some(parent) => self.fetch_channel(guild, parent).await?,
            None => found,
        };
        Channel(ruling.view())
            .is_age_restricted()
            .ok_or_else(|| Failure::Refused(format!("channel {channel} can't be read")))
    }

    /// A place, with what permissions depend on.
    async fn fetch_place(&self, guild: u64, id: u64) -> Result<ChannelScope, Failure> {
        let channel = self.fetch_channel(guild, id).await?;
        let parent = match above(&channel) {
            Some(parent) => Some(self.fetch_channel(guild, parent).await?),
            None => None,
        };
        let parent = parent.as_ref().map(|parent| Channel(parent.view()));
        Ok(ChannelScope::of(id, Channel(channel.view()), parent))
    }

    /// A channel of which all is known that permissions depend on, or as Discord has it now.
    async fn fetch_channel(&self, guild: u64, id: u64) -> Result<Item, Failure> {
        if let Some((of, channel)) = self.store().channel(id)
            && of == guild
            && channel.is_known()
        {
            return Ok(channel.0.to_item());
        }
        let body = self.get(format!("channels/{id}")).await?;
        let (fields, mut faults) = (read(&body)?, Faults::default());
        if fields.id("guild_id").known().is_some_and(|of| of != guild) {
            let why = Unknown::Elsewhere { guild, channel: id };
            return Err(Failure::Refused(why.to_string()));
        }
        let Some((_, channel)) = Channel::read(text(&body), false, &mut faults) else {
            return Err(unreadable("channel", &faults));
        };
        let mut store = self.store_mut();
        // Archived threads are not kept: nobody tells of their changes.
        if !Channel(channel.view()).is_thread() || store.places.contains_key(&id) {
            store.keep_channel(guild, id, &channel);
        }
        Ok(channel)
    }

    /// Takes note of a server's owner and roles as Discord has them now.
    async fn fetch_guild(&self, id: u64) -> Result<(), Failure> {
        let body = self.get(format!("guilds/{id}")).await?;
        let mut faults = Faults::default();
        let told = Told::read(text(&body), Parts::ButChannelsAndMembers, &mut faults);
        let mut told = told.ok_or_else(no_object)?;
        if let Some(guild) = self.store_mut().guilds.get_mut(&id) {
            guild.update(&mut told);
        }
        Ok(())
    }

    async fn get(&self, path: String) -> Result<Vec<u8>, Failure> {
        let call = rest::Call {
            request: RequestCall {
                method: "GET".into(),
                path,
                ..RequestCall::default()
            },
            ..rest::Call::default()
        };
        Ok(self.discord.send(call).await?.1)
    }
}

/// The channel that a thread is below.
fn above(thread: &Item) -> Option<u64> {
    let thread = Channel(thread.view());
    thread.parent().filter(|_| thread.is_thread())
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap_or_default()
}

fn read(body: &[u8]) -> Result<Fields<'_>, Failure> {
    Fields::read(text(body)).ok_or_else(no_object)
}

fn no_object() -> Failure {
    Failure::Refused("Discord's answer is no object".to_owned())
}

fn unreadable(what: &str, faults: &Faults) -> Failure {
    Failure::Refused(format!(
        "Discord's answer about a {what} can't be read at {faults}"
    ))
}

fn json<T: Serialize>(known: Result<T, Unknown>) -> Result<Vec<u8>, Unknown> {
    known.map(|known| serde_json::to_vec(&known).unwrap_or_default())
}

fn completion(value: &impl Serialize) -> Result<Completion, Failure> {
    Ok(answered(serde_json::to_vec(value)?))
}

fn answered(body: Vec<u8>) -> Completion {
    Completion {
        head: br#"{"known":true}"#.to_vec(),
        body,
        ..Completion::default()
    }
}

impl<P: Sync> Capability<P> for Cache {
    const CALLS: &'static [CallRule] = CALLS;
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &P, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        Self::serve(self, &call.name, call.params).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
