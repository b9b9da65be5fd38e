//! Checks that ask Discord: whether the token is good, whether the ids are what they are said to be, and which
//! privileged intents are switched on.

use std::{collections::BTreeMap, sync::Arc};

use host_base::PluginName;
use host_capability::Failure;
use host_discord::{Discord, intents};
use host_ops::{config::Config, env::Environment};
use plugin_api::manifest::Manifest;
use serde_json::Value;
use twilight_model::gateway::Intents;

use super::Report;

/// Asks Discord.
pub(super) async fn check(
    config: &Config,
    environment: &Environment,
    manifests: &BTreeMap<PluginName, Manifest>,
    report: &mut Report,
) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = Some(environment.token.expose());
    let discord = &Discord::new(&config.discord, token, Arc::default());
    let own = match read(discord, "users/@me".into()).await {
        Ok(user) => {
            let (name, id) = (text(&user, "username"), text(&user, "id"));
            report.ok(format!(
                "Discord knows the token: it is the bot {name} ({id})"
            ));
            id.to_owned()
        }
        Err(Failure::Discord { status: 401, .. }) => {
            return report.wrong(
                "Discord does not know the token in DISCORD_TOKEN: copy it anew from the Developer Portal > your application > Bot > Reset Token",
            );
        }
        Err(error) => return report.wrong(format!("Discord could not be asked: {error}")),
    };
    privileged(discord, manifests, report).await;
    let named = std::iter::once((environment.bot_owner_id, "BOT_OWNER_ID"));
    let more = config
        .bot
        .owner_ids
        .iter()
        .map(|id| (*id, "[bot] owner_ids"));
    for (id, place) in named.chain(more) {
        owner(discord, id, place, &own, report).await;
    }
    let of_subjects = config.alerts.subjects.iter();
    let of_subjects =
        of_subjects.map(|(subject, own)| (format!("alerts.{subject}.channel_id"), own.channel_id));
    let channels = [("alerts.channel_id".to_owned(), config.alerts.channel_id)];
    for (place, id) in channels.into_iter().chain(of_subjects) {
        if let Some(id) = id {
            let asked = read(discord, format!("channels/{id}")).await;
            seen(asked, id, &place, "channel", report);
        }
    }
    if let Some(id) = config.commands.development_guild {
        let asked = read(discord, format!("guilds/{id}")).await;
        seen(asked, id, "commands.development_guild", "server", report);
    }
}

async fn owner(discord: &Discord, id: u64, place: &str, own: &str, report: &mut Report) {
    match read(discord, format!("users/{id}")).await {
        Ok(_) if id.to_string() == own => report.wrong(format!(
            "{id} ({place}) is the bot itself, and not its owner: right-click your own name > Copy User ID"
        )),
        Ok(user) if user["bot"] == true => report.wrong(format!(
            "{id} ({place}) is the bot {}, and bots own no bots: right-click your own name > Copy User ID",
            text(&user, "username")
        )),
        Ok(user) => report.ok(format!("owner {id} ({place}) is {}", text(&user, "username"))),
        Err(Failure::Discord { status: 404, .. }) => report.wrong(format!(
            "no user has the id {id} ({place}); is it a server's or a channel's? Right-click your own name > Copy User ID"
        )),
        Err(error) => report.note(format!("who {id} ({place}) is could not be asked: {error}")),
    }
}

fn seen(found: Result<Value, Failure>, id: u64, key: &str, what: &str, report: &mut Report) {
    match found {
        Ok(found) => report.ok(format!("`{key}` is the {what} {}", text(&found, "name"))),
        Err(Failure::Discord { status: 403 | 404, .. }) => report.wrong(format!(
            "`{key}`: the bot sees no {what} with the id {id}; is it something else's id, or is the bot not there? Right-click the {what} > Copy {} ID",
            if what == "server" { "Server" } else { "Channel" }
        )),
        Err(error) => report.note(format!("`{key}` could not be asked: {error}")),
    }
}

/// The intents that the plugins need and the Developer Portal has switched off: with one of them a start ends
/// ([reference](https://docs.discord.com/developers/resources/application#application-object-application-flags)).
async fn privileged(
    discord: &Discord,
    manifests: &BTreeMap<PluginName, Manifest>,
    report: &mut Report,
) {
    let application = match read(discord, "applications/@me".into()).await {
        Ok(application) => application,
        Err(error) => {
            return report.note(format!("the application could not be asked for: {error}"));
        }
    };
    let flags = application["flags"].as_u64().unwrap_or_default();
    for (intent, bits) in [
        (Intents::GUILD_PRESENCES, 1 << 12 | 1 << 13),
        (Intents::GUILD_MEMBERS, 1 << 14 | 1 << 15),
        (Intents::MESSAGE_CONTENT, 1 << 18 | 1 << 19),
    ] {
        let wanted = manifests
            .iter()
            .filter(|(_, manifest)| intents::of(manifest).contains(intent));
        let wanted: Vec<&str> = wanted.map(|(name, _)| &**name).collect();
        let name = intents::name(intent.bits());
        match (wanted.is_empty(), flags & bits != 0) {
            (true, _) => {}
            (false, true) => report.ok(format!("the intent {name} is switched on (for {})", wanted.join(", "))),
            (false, false) => report.wrong(format!(
                "the intent {name} is switched off, and {} {} it: switch it on in the Developer Portal > your application > Bot > \
                 Privileged Gateway Intents",
                wanted.join(", "),
                if wanted.len() == 1 { "needs" } else { "need" }
            )),
        }
    }
}

async fn read(discord: &Discord, path: String) -> Result<Value, Failure> {
    discord.json("GET", path, &Value::Null, false).await
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json[key].as_str().unwrap_or("without a name")
}
