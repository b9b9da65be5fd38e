//! Host calls `pages.…`: what plugins tell open pages, and who is logged in and may what.

use std::{collections::BTreeSet, sync::Arc};

use host_base::PluginName;
use host_capability::{Behalf, CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_discord::rest::Call;
use host_loader::{Caller, Completion, Places, Rights, Unserved};
use plugin_api::{
    Power,
    abi::{
        AccessCall, AccessReply, PagesStatus, PublishCall, RequestCall, SessionView, SessionsReply,
        TabView, TabsReply, WatchedReply,
    },
    manifest::Manifest,
};
use serde_json::{Value, json};

use crate::{
    access::AccessError, invoke, pages::Pages, rights::OWNER, sessions::Session, site::Site,
    state::State, way::Way,
};

/// Bytes of what is published at once.
const PUBLISHED: usize = 64 << 10;

/// The host calls.
pub const CALLS: &[CallRule] = &[
    CallRule::free("pages.publish"),
    CallRule::free("pages.watched"),
    CallRule::free("pages.tabs"),
    CallRule::reads("pages.status", Power::PagesRead, Who::Owner),
    CallRule::reads("pages.sessions", Power::PagesRead, Who::Owner),
    CallRule::reads("pages.access", Power::PagesRead, Who::Owner),
    CallRule::changes("pages.revoke", Power::PagesManage, Who::Owner),
    CallRule::changes("pages.set_role", Power::PagesManage, Who::Owner),
    CallRule::changes("pages.remove_role", Power::PagesManage, Who::Owner),
    CallRule::changes("pages.set_user", Power::PagesManage, Who::Owner),
    CallRule::changes("pages.send_link", Power::PagesManage, Who::Owner),
    CallRule::changes("pages.enable", Power::PagesManage, Who::Owner),
];

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unfit(words) => Self::Unfit(words),
            error @ AccessError::Unwritten(..) => Self::Refused(error.to_string()),
        }
    }
}

impl State {
    async fn serve_call(
        self: &Arc<Self>,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let site = &self.site;
        match &*call.name {
            "pages.publish" | "pages.watched" => self.publish(site, caller, call),
            "pages.tabs" => Ok(Completion::json(&self.tabs(site, &call.behalf))),
            "pages.status" => Ok(Completion::json(&self.status(site))),
            "pages.sessions" => Ok(Completion::json(&self.sessions_of(&call.behalf))),
            "pages.access" => Ok(Completion::json(&self.access_reply(site))),
            _ => self.change(site, call).await,
        }
    }

    fn publish(&self, site: &Site, caller: &Caller, call: HostCall) -> Result<Completion, Failure> {
        let wanted: PublishCall = serde_json::from_value(call.params)?;
        let generation = site.generation(&caller.plugin);
        let is_declared = generation.is_some_and(|it| {
            it.manifest
                .pages
                .topics
                .iter()
                .any(|it| it.name == wanted.topic)
        });
        if !is_declared {
            return Err(Failure::Refused(format!(
                "the plugin declares no topic `{}`: `.topic(\"{}\", right)`",
                wanted.topic, wanted.topic
            )));
        }
        if call.body.len() > PUBLISHED {
            return Err(Failure::Refused(format!(
                "{} bytes for the topic `{}`, and {PUBLISHED} are the most",
                call.body.len(),
                wanted.topic
            )));
        }
        let topic = format!("{}:{}", caller.plugin, wanted.topic);
        let watchers = match &*call.name {
            "pages.publish" => self
                .hub
                .publish(&topic, &String::from_utf8_lossy(&call.body)),
            _ => self.hub.watchers(&topic),
        };
        Ok(watched(watchers))
    }

    fn tabs(&self, site: &Site, behalf: &Behalf) -> TabsReply {
        let rights = rights(behalf);
        let mut tabs = Vec::new();
        for generation in site.generations() {
            let manifest = &generation.manifest;
            for tab in &manifest.pages.tabs {
                let right = match tab.right.is_empty() {
                    false => &tab.right,
                    true => {
                        let mut routes = manifest.pages.routes.iter();
                        let shows = routes.find(|it| it.method == "GET" && it.path == tab.path);
                        shows.map_or(&tab.right, |route| &route.right)
                    }
                };
                let right = match right.is_empty() {
                    true => String::new(),
                    false => invoke::right_of(manifest, right),
                };
                if !right.is_empty() && !rights.has(&right) {
                    continue;
                }
                let mut view = TabView::default();
                view.right = right;
                view.plugin.clone_from(&manifest.name);
                view.id.clone_from(&tab.id);
                view.title.clone_from(&tab.title);
                view.icon.clone_from(&tab.icon);
                view.group.clone_from(&tab.group);
                view.address = format!("/p/{}{}", manifest.name, tab.path);
                tabs.push((!manifest.pages.home, view));
            }
        }
        // Those of the plugin that they are shown in come first, in its order.
        tabs.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.plugin.cmp(&b.plugin)));
        let mut reply = TabsReply::default();
        reply.tabs = tabs.into_iter().map(|(_, view)| view).collect();
        reply
    }

    fn status(&self, site: &Site) -> PagesStatus {
        let mut status = PagesStatus::default();
        let address = self.address();
        status.enabled = self.enabled();
        status.listens = address.map(|it| it.to_string());
        status.url = self.url().unwrap_or_default();
        status.oauth = site.client_secret.is_some();
        status.sessions = count(self.sessions.all(self.lifetimes()).len());
        status.streams = count(self.hub.pages());
        status.requests = self.requests.load(std::sync::atomic::Ordering::Relaxed);
        status.dropped = self.hub.dropped();
        status.remote = self.remote_words();
        status
    }

    fn sessions_of(&self, behalf: &Behalf) -> SessionsReply {
        let lives = self.lifetimes();
        let mut reply = SessionsReply::default();
        let asks = match behalf {
            Behalf::Somebody(invocation) => invocation.event.header.user_id,
            _ => 0,
        };
        for session in self.sessions.all(lives) {
            let mut view = SessionView::default();
            view.number = session.number;
            view.user_id = session.user;
            view.until_ms = session.until_ms(lives);
            (view.since_ms, view.used_ms) = (session.since_ms, session.used_ms);
            let role = self
                .rights_through(session.user, &session.through)
                .map(|rights| rights.role);
            view.role = role.unwrap_or_default();
            (view.name, view.way) = (session.name, session.way);
            (view.address, view.browser) = (session.address, session.browser);
            view.own = asks == view.user_id;
            reply.sessions.push(view);
        }
        reply
    }

    fn access_reply(&self, site: &Site) -> AccessReply {
        let catalogue = self.catalogue();
        let mut reply = AccessReply::default();
        reply.roles = catalogue.built_ins();
        reply.roles.extend(self.access.roles());
        reply.people = self.access.people();
        reply.owners = site.commands.policy.owners();
        reply.rights = catalogue.views();
        reply
    }

    async fn change(self: &Arc<Self>, site: &Site, call: HostCall) -> Result<Completion, Failure> {
        let wanted: AccessCall = serde_json::from_value(call.params)?;
        let (acting, own) = (rights(&call.behalf), user_of(&call.behalf));
        let effect = call.effect;
        match &*call.name {
            "pages.revoke" => {
                let is_meant = |it: &Session| {
                    wanted.session.is_none_or(|number| number == it.number)
                        && wanted.user_id.is_none_or(|user| user == it.user)
                };
                let all = self.sessions.all(self.lifetimes());
                let users: BTreeSet<u64> = all
                    .iter()
                    .filter(|it| is_meant(it))
                    .map(|it| it.user)
                    .collect();
                for user in users.iter().filter(|user| **user != own) {
                    let theirs = self.rights_of(*user).unwrap_or_default();
                    self.covers(&acting, &theirs)?;
                }
                let ended = self.sessions.end(is_meant);
                // A link that is on its way would log in again.
                users
                    .iter()
                    .chain(wanted.user_id.as_ref())
                    .for_each(|user| self.sessions.forget_links(*user));
                let state = Arc::clone(self);
                let _ = tokio::task::spawn_blocking(move || state.sessions.keep()).await;
                self.access.touch();
                effect.changed(Value::Null, json!({"ended": ended}));
                return Ok(watched(ended));
            }
            "pages.send_link" => {
                let user = wanted
                    .user_id
                    .ok_or_else(|| unfit("name the user whom it is for"))?;
                self.send_link(site, &acting, user).await?;
                return Ok(Completion::json(&Value::Null));
            }
            "pages.enable" => {
                let on = wanted
                    .on
                    .ok_or_else(|| unfit("say whether pages are to be served"))?;
                effect.changed(json!({"enabled": self.enabled()}), json!({"enabled": on}));
                self.blocking(move |state| state.access.enable(on)).await?;
                return Ok(Completion::json(&self.status(site)));
            }
            "pages.set_role" => {
                let name = wanted.role.clone().unwrap_or_default().trim().to_owned();
                let before = self.changeable(&acting, &name)?;
                let next = Rights {
                    role: name,
                    all: false,
                    names: match wanted.rights {
                        Some(rights) => rights.into_iter().collect(),
                        None => before
                            .as_ref()
                            .map(|it| it.names.clone())
                            .unwrap_or_default(),
                    },
                    own_servers: wanted
                        .own_servers
                        .unwrap_or_else(|| before.as_ref().is_some_and(|it| it.own_servers)),
                };
                let catalogue = self.catalogue();
                if let Some(unknown) = next.names.iter().find(|it| !catalogue.knows(it)) {
                    // What a role had of a plugin that is away, it keeps.
                    let had = before.as_ref().is_some_and(|it| it.names.contains(unknown));
                    if !had {
                        let word: String = unknown.chars().take(60).collect();
                        return Err(unfit(&format!("there is no right `{word}`")));
                    }
                }
                self.covers(&acting, &next)?;
                effect.changed(told(before.as_ref()), told(Some(&next)));
                self.blocking(move |state| state.access.set_role(&next, wanted.words.as_deref()))
                    .await?;
            }
            "pages.remove_role" => {
                let name = wanted.role.unwrap_or_default();
                let before = self.changeable(&acting, &name)?;
                if before.is_none() {
                    return Err(unfit("there is no role of that name"));
                }
                effect.changed(told(before.as_ref()), Value::Null);
                self.blocking(move |state| state.access.remove_role(&name))
                    .await?;
            }
            "pages.set_user" => {
                let user = wanted
                    .user_id
                    .ok_or_else(|| unfit("name the user, by their id at Discord"))?;
                if site.is_owner(user) {
                    return Err(unfit(
                        "that is an owner of the bot, who may everything: `[bot] owner_ids` of config.toml names them",
                    ));
                }
                let catalogue = self.catalogue();
                let before = self.access.role_of(user);
                if let Some(had) = before
                    .as_deref()
                    .and_then(|role| self.access.rights(role, &catalogue))
                {
                    self.covers(&acting, &had)?;
                }
                if let Some(role) = wanted.role.as_deref() {
                    let next = self.access.rights(role, &catalogue);
                    let next = next.filter(|it| it.role != OWNER).ok_or_else(|| {
                        unfit("there is no role of that name that can be given; owners are named by `[bot] owner_ids` of config.toml")
                    })?;
                    self.covers(&acting, &next)?;
                }
                effect.changed(json!({"role": before}), json!({"role": wanted.role}));
                let (role, name) = (wanted.role, wanted.words);
                self.blocking(move |state| {
                    state
                        .access
                        .set_user(user, role.as_deref(), name.as_deref())
                })
                .await?;
                self.keep_sessions();
            }
            name => return Ok(Completion::unknown(name)),
        }
        Ok(Completion::json(&self.access_reply(site)))
    }

    /// A role as it is, where whoever acts may change it.
    fn changeable(&self, acting: &Rights, name: &str) -> Result<Option<Rights>, Failure> {
        let catalogue = self.catalogue();
        if catalogue.built_in(name).is_some() {
            return Err(unfit(&format!(
                "the role {name} comes with the host, and stays as it is: make another one"
            )));
        }
        let before = self.access.rights(name, &catalogue);
        if let Some(before) = &before {
            self.covers(acting, before)?;
        }
        Ok(before)
    }

    /// Whether whoever acts may give that: nobody gives what they don't have.
    #[allow(clippy::unused_self, reason = "it reads as its neighbours")]
    fn covers(&self, acting: &Rights, given: &Rights) -> Result<(), Failure> {
        if acting.covers(given) {
            return Ok(());
        }
        let missing = given.names.iter().find(|it| !acting.has(it));
        let text = match missing {
            Some(missing) => format!("You can't give what you don't have: `{missing}`."),
            None => format!("The role {} may more than yours.", given.role),
        };
        Err(Failure::Denied {
            message: format!("role {} may not give or take that: {text}", acting.role),
            user_message: text,
        })
    }

    async fn send_link(&self, site: &Site, acting: &Rights, user: u64) -> Result<(), Failure> {
        let rights = self
            .rights_of(user)
            .ok_or_else(|| unfit("they have no role on the bot's pages"))?;
        self.covers(acting, &rights)?;
        let to = json!({"recipient_id": user.to_string()});
        let channel = site
            .rest
            .json("POST", "users/@me/channels".to_owned(), &to, false)
            .await?;
        let name = recipient(&channel);
        let channel = channel["id"].as_str().unwrap_or_default().to_owned();
        let ways = [Some(Way::Port), self.remote_way()];
        let links = ways.iter().flatten();
        let links: Vec<_> = links
            .filter_map(|way| self.link(user, &name, way))
            .collect();
        let link = links.first().ok_or_else(|| {
            unfit("no pages are served: `[pages] listen` in config.toml is off, or the address is taken; the log says which")
        })?;
        let minutes = link.lasts.as_secs() / 60;
        let text = format!(
            "This link logs you in to my pages, once, within {minutes} minutes, as {}: {}\nGive it to nobody: whoever opens it is you there.",
            rights.role, link.address
        );
        let text = match links.get(1) {
            Some(link) => format!(
                "{text}\nThe same through the remote dashboard, where you may what the role {} may at most: {}",
                self.config.now().remote.role,
                link.address
            ),
            None => text,
        };
        let body = json!({"content": text, "flags": 4, "allowed_mentions": {"parse": []}});
        let request = RequestCall {
            method: "POST".into(),
            path: format!("channels/{channel}/messages"),
            ..RequestCall::default()
        };
        let call = Call {
            request,
            body: body.to_string().into_bytes(),
            ..Call::default()
        };
        site.rest.send(call).await?;
        Ok(())
    }

    /// Changes the access list, whose file is written before anybody learns of it.
    async fn blocking(
        self: &Arc<Self>,
        change: impl FnOnce(&Self) -> Result<(), AccessError> + Send + 'static,
    ) -> Result<(), Failure> {
        let state = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || change(&state)).await;
        changed
            .map_err(|error| Failure::Refused(error.to_string()))?
            .map_err(Failure::from)
    }
}

/// What whoever acts may: by their role on the pages, or as the owner that the rule has found them to be.
fn rights(behalf: &Behalf) -> Rights {
    match behalf {
        Behalf::Somebody(invocation) => match &invocation.rights {
            Some(rights) => (**rights).clone(),
            None => Rights::all(OWNER),
        },
        Behalf::Plugin | Behalf::Over => Rights::default(),
    }
}

/// The user who acts; 0: nobody.
fn user_of(behalf: &Behalf) -> u64 {
    match behalf {
        Behalf::Somebody(invocation) => invocation.event.header.user_id,
        Behalf::Plugin | Behalf::Over => 0,
    }
}

fn told(rights: Option<&Rights>) -> Value {
    rights.map_or(
        Value::Null,
        |it| json!({"role": it.role, "rights": it.names, "own_servers": it.own_servers}),
    )
}

/// What whoever a direct message's channel is for is called; empty: Discord does not say.
fn recipient(channel: &Value) -> String {
    let user = &channel["recipients"][0];
    let name = user["global_name"].as_str().or(user["username"].as_str());
    name.unwrap_or_default().to_owned()
}

fn unfit(words: &str) -> Failure {
    let mut chars = words.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    Failure::Unfit(format!("{first}{}.", chars.as_str()))
}

fn watched(count: usize) -> Completion {
    let mut reply = WatchedReply::default();
    reply.watchers = self::count(count);
    Completion::json(&reply)
}

fn count(count: usize) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

impl<P: Sync> Capability<P> for Pages {
    const CALLS: &'static [CallRule] = CALLS;
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &P, caller: &Caller, call: HostCall) -> Result<Completion, Failure> {
        let none =
            || Failure::Refused("the bot serves no pages yet: it is still starting".to_owned());
        let state = self.0.get().ok_or_else(none)?;
        state.serve_call(caller, call).await
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_logs_in_by_a_link_has_the_name_that_discord_shows() {
        let of = |user: Value| recipient(&json!({"id": "1", "recipients": [user]}));
        assert_eq!(
            of(json!({"username": "ann", "global_name": "Ann B."})),
            "Ann B."
        );
        assert_eq!(of(json!({"username": "ann", "global_name": null})), "ann");
        assert_eq!(recipient(&json!({})), "");
    }
}
