//! The host calls `cache.…`: what is kept, and where it is not and the plugin wishes so, what Discord says.

use plugin_api::abi::{CacheCall, CacheReply, RequestCall};
use serde::Serialize;
use serde_json::Value;
use twilight_model::{
    channel::Channel,
    guild::{Member, Permissions},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

use super::{Cache, Unknown};
use crate::services::{Completion, Failure, discord};

/// The host calls.
pub const CALLS: &[&str] = &[
    "cache.channel",
    "cache.channels",
    "cache.current_user",
    "cache.guild",
    "cache.guilds",
    "cache.member",
    "cache.permissions",
    "cache.role",
    "cache.roles",
];

impl Cache {
    pub(super) fn bot_id(&self) -> u64 {
        self.bot_id.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// One of [`CALLS`].
    ///
    /// # Errors
    ///
    /// The parameters are wrong; or Discord was asked, and refused or was out of reach.
    pub async fn serve(&self, call: &str, params: Value) -> Result<Completion, Failure> {
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
                let known = json(self.member(guild, user).map(|member| (*member).clone()));
                if known.is_err() && asked.fetch {
                    return completion(&self.fetch_member(guild, user).await?);
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
            "cache.guilds" => (json(Ok(self.guilds())), String::new()),
            "cache.current_user" => (json(self.current_user()), "users/@me".to_owned()),
            unknown => return Err(Failure::Refused(format!("there is no `{unknown}`"))),
        };
        match known {
            Ok(body) => Ok(answered(body)),
            Err(_) if asked.fetch => Ok(answered(self.get(path).await?)),
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
    /// Discord refused (10007: the server has no such member), or was out of reach.
    pub async fn fetch_member(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
    ) -> Result<Member, Failure> {
        let body = self.get(format!("guilds/{guild}/members/{user}")).await?;
        let member: Member = serde_json::from_slice(&body)?;
        self.saw(guild, member.clone());
        Ok(member)
    }

    /// As [`permissions`](Self::permissions), with Discord asked for a member or a thread that is not known.
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
            Err(Unknown::Member { .. } | Unknown::Channel(_)) => {}
            Err(why) => return Err(refused(why)),
        }
        let channel: Option<Channel> = match channel {
            None => None,
            Some(id) => Some(match self.channel(id) {
                Ok(channel) => channel,
                Err(_) => serde_json::from_slice(&self.get(format!("channels/{id}")).await?)?,
            }),
        };
        let member = match self.member(guild, user) {
            Ok(member) => (*member).clone(),
            Err(_) => self.fetch_member(guild, user).await?,
        };
        self.permissions_of(guild, &member, channel.as_ref())
            .map_err(refused)
    }

    async fn get(&self, path: String) -> Result<Vec<u8>, Failure> {
        let call = discord::Call {
            request: RequestCall {
                method: "GET".into(),
                path,
                ..RequestCall::default()
            },
            ..discord::Call::default()
        };
        Ok(self.discord.send(call).await?.1)
    }
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
