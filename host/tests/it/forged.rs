//! Forged interactions: a member's client says that something else was used than what there is, with other custom ids,
//! without their owner and their time, of another kind, with values that nobody has offered.

use sandbox::MessageView;
use serde_json::{Value, json};

use crate::{
    components::{bot, slash},
    support::{Fixture, PATIENCE},
};

const COMPONENT: u64 = 3;
const MODAL: u64 = 5;

/// A client of the owner's.
struct Client {
    bot: Fixture,
    next: u64,
}

impl Client {
    /// What a use of a component, or a modal that is sent, is answered.
    async fn uses(&mut self, kind: u64, on: Option<&MessageView>, data: Value) -> String {
        self.next += 1;
        let (id, owner) = (self.next, self.bot.owner().id().to_string());
        let general = self.bot.sandbox.channel_id("general").unwrap().to_string();
        let guild = self.bot.sandbox.guild_id().to_string();
        let user = json!({"id": owner, "username": "owner", "discriminator": "0", "global_name": null, "avatar": null});
        let member = json!({"user": user, "roles": [], "permissions": "2147483647", "joined_at": "2024-01-01T00:00:00+00:00",
            "deaf": false, "mute": false, "flags": 0});
        let mut whole = json!({
            "id": id.to_string(), "application_id": self.bot.sandbox.application_id().to_string(), "type": kind,
            "token": format!("token-{id}"), "version": 1, "locale": "en-US", "data": data, "app_permissions": "2147483647",
            "entitlements": [], "guild_id": guild, "channel_id": general, "member": member, "context": 0,
            "channel": {"id": general, "type": 0, "name": "general", "permissions": "2147483647"},
            "authorizing_integration_owners": {"0": guild},
        });
        if let Some(on) = on {
            whole["message"] = json!({
                "id": on.id.to_string(), "channel_id": on.channel_id.to_string(), "content": on.content, "components": on.components,
                "author": {"id": self.bot.sandbox.application_id().to_string(), "username": "bot", "discriminator": "0", "avatar": null},
                "attachments": [], "embeds": [], "mentions": [], "mention_roles": [], "pinned": false, "tts": false, "type": 0,
                "mention_everyone": false, "timestamp": "2024-01-01T00:00:00+00:00", "edited_timestamp": null, "flags": 0,
            });
        }
        self.bot.sandbox.raw_event("INTERACTION_CREATE", whole);
        self.bot.sandbox.responded(id).await.unwrap();
        let (who, answered) = (self.bot.owner(), async |who: sandbox::Actor| {
            loop {
                let message = who.interaction(id).and_then(|view| view.message);
                if let Some(message) = message.filter(|message| !message.loading) {
                    return message.text();
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        });
        tokio::time::timeout(PATIENCE, answered(who)).await.unwrap()
    }
}

/// The custom id at a place of a message's components.
fn id_at(message: &MessageView, row: usize) -> String {
    let id = &message.components[row]["components"][0]["custom_id"];
    id.as_str().unwrap().to_owned()
}

const NOT_THERE: &str = "This is not on the message any more. Please have another look at it.";
const NOT_OPENED: &str =
    "This form can't be sent any more: I was updated since it was opened. Please open it again.";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_on_the_message_is_not_served() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let mine = slash(&member, "own").await;
    let all = slash(&owner, "all").await;
    let menus = slash(&owner, "menus").await;
    let mut client = Client {
        bot,
        next: 1_400_000_000_000_000_000,
    };
    let click = |id: &str| json!({"custom_id": id, "component_type": 2});
    let pick = |id: &str, kind: u64, values: &[&str]| json!({"custom_id": id, "component_type": kind, "values": values});

    // As it is, it is served.
    let everyones = id_at(&all, 0);
    let owned = id_at(&mine, 0);
    let said = client.uses(COMPONENT, Some(&mine), click(&owned)).await;
    assert_eq!(said, format!("Only <@{}> can use this.", member.id()));

    // Without its owner and its time, as somebody else's, with another argument; on this message and on another.
    let (head, argument) = owned.rsplit_once(':').unwrap();
    let (bare, rest) = head.split_once('~').unwrap();
    let (_, time) = rest.split_once('~').unwrap();
    let digits = |mut number: u64| {
        let mut digits = Vec::new();
        while number > 0 {
            digits.push(char::from_digit((number % 36) as u32, 36).unwrap());
            number /= 36;
        }
        digits.iter().rev().collect::<String>()
    };
    for forged in [
        format!("{bare}:{argument}"),
        format!("{bare}~{}~{time}:{argument}", digits(owner.id())),
        format!("{bare}~0~0:{argument}"),
        format!("{head}:another"),
        everyones.replace(":all", ":others"),
        everyones.replace("cw1:", "cw1p:"),
        everyones.replace("cw1:", "cwm0000000:"),
    ] {
        for on in [Some(&mine), Some(&all), None] {
            let said = client.uses(COMPONENT, on, click(&forged)).await;
            assert_eq!(said, NOT_THERE, "{forged}");
        }
    }
    // A real one of another message, and of another kind.
    for (on, id) in [(&mine, &everyones), (&all, &owned)] {
        assert_eq!(client.uses(COMPONENT, Some(on), click(id)).await, NOT_THERE);
    }
    let said = client
        .uses(COMPONENT, Some(&all), pick(&everyones, 3, &["x"]))
        .await;
    assert_eq!(said, NOT_THERE);
    let texts = id_at(&menus, 0);
    for forged in [
        click(&texts),
        pick(&texts, 5, &["g"]),
        pick(&texts, 3, &["g", "admin"]),
    ] {
        assert_eq!(
            client.uses(COMPONENT, Some(&menus), forged).await,
            NOT_THERE
        );
    }
    let said = client
        .uses(COMPONENT, Some(&menus), pick(&texts, 3, &["g", "b"]))
        .await;
    assert_eq!(said, "0 [] 0 [] 2");
    client.bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modal_is_served_that_was_opened_for_this_user_and_no_click_runs_it() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let all = slash(&owner, "all").await;
    let opened = async |who: &sandbox::Actor| {
        let view = who.slash("general", "form", &[]).await.unwrap();
        let modal = modal_of(who, view.id);
        modal["custom_id"].as_str().unwrap().to_owned()
    };
    let (mine, others) = (opened(&owner).await, opened(&member).await);
    assert_ne!(mine, others, "a seal is one user's");
    let mut client = Client {
        bot,
        next: 1_400_000_000_000_000_000,
    };
    let sent = |id: &str| {
        let name =
            json!({"type": 18, "component": {"type": 4, "custom_id": "name", "value": "Ann"}});
        json!({"custom_id": id, "components": [name]})
    };
    let said = client.uses(MODAL, None, sent(&mine)).await;
    assert!(said.starts_with("Ann"), "{said}");
    let plain = format!("cw1:{}", mine.split_once(':').unwrap().1);
    for forged in [
        others,
        plain.clone(),
        plain.replace("cw1:", "cw1p:"),
        format!("{mine}more"),
        mine.replacen("cwm", "cwmp", 1),
        id_at(&all, 0),
    ] {
        let said = client.uses(MODAL, Some(&all), sent(&forged)).await;
        assert_eq!(said, NOT_OPENED, "{forged}");
    }
    for id in [&mine, &plain] {
        let click = json!({"custom_id": id, "component_type": 2});
        assert_eq!(client.uses(COMPONENT, Some(&all), click).await, NOT_THERE);
    }
    client.bot.close().await;
}

/// The modal that answers an interaction.
fn modal_of(who: &sandbox::Actor, interaction: u64) -> Value {
    who.interaction(interaction).unwrap().modal.unwrap()
}
