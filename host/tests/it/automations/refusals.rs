//! What is refused of each template, in words: to whom, a role above the bot's, a channel that is gone.

use sandbox::Actor;
use serde_json::json;
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{
    Form, asked, bot, bot_with, hears,
    life::{GRANT, LIVES, Life, address},
    typed,
};
use crate::support::PATIENCE;

/// The form of any template, filled in.
async fn form<'a>(owner: &'a Actor, template: &str, address: &str) -> Form<'a> {
    if template != "announcement" {
        return Life::of(template).form(owner, address).await;
    }
    let mut form = Form::begin(owner, template).await;
    let fields = [("channel", "log"), ("message", "Tea time!"), ("when", "2h")];
    form.fill("Announcement", &fields).await;
    form
}

fn templates() -> impl Iterator<Item = &'static str> {
    let by_members = LIVES.iter().map(|it| it.template);
    by_members.chain(["announcement"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_rights_is_refused_each_template() {
    let bot = bot_with(GRANT).await;
    let (owner, member) = (bot.owner(), bot.member());
    // Discord hides it from them; a server may show it.
    let shown = owner.overrides_command("Sandbox", "automations", "@everyone", true);
    shown.unwrap();
    let address = address(&bot.sandbox);
    for template in templates() {
        form(&owner, template, &address).await.saved().await;
        for command in ["edit", "toggle", "delete", "info", "test", "export"] {
            refused(
                &member,
                &format!("automations {command} automation:{template}"),
            )
            .await;
        }
        refused(&member, &format!("automations create template:{template}")).await;
    }
    for line in [
        "automations list",
        "automations create",
        "automations templates",
        "automations import",
    ] {
        refused(&member, line).await;
    }
    for template in templates() {
        let line = format!("automations info automation:{template}");
        let text = typed(&owner, &line).await.text();
        assert!(text.contains("State\non"), "{template}: {text}");
    }
    bot.close().await;
}

async fn refused(member: &Actor, line: &str) {
    let text = typed(member, line).await.text().to_lowercase();
    assert!(text.contains("manage"), "{line}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_manage_the_server_any_more_saves_nothing() {
    let bot = bot().await;
    let (owner, chief) = (bot.owner(), bot.sandbox.actor("chief").unwrap());
    let mut form = form(&chief, "goodbye", "").await;
    owner.takes_role("general", "chief", "Chief").await.unwrap();
    for button in ["Preview", "Save", "Discard"] {
        let text = form.click(button).await;
        assert!(text.contains("may not manage this server"), "{text}");
    }
    let text = typed(&owner, "automations list").await.text();
    assert!(text.contains("no automations yet"), "{text}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_manager_may_not_do_themselves_is_said_by_each_template() {
    let bot = bot_with(GRANT).await;
    let chief = bot.sandbox.actor("chief").unwrap();
    let address = address(&bot.sandbox);
    for template in templates() {
        let wanted = match template {
            "reaction_roles" => "maker may not manage roles",
            "word_filter" => "maker may not delete messages",
            "tickets" => "maker may not manage channels and roles",
            "webhook_bridge" => "maker may not manage webhooks",
            "rooms" => "maker may not manage channels and move members",
            _ => "",
        };
        let form = form(&chief, template, &address).await;
        let text = form.seen.text();
        assert!(text.contains(wanted), "{template}: {text}");
        assert_eq!(
            text.contains("Still in its way"),
            !wanted.is_empty(),
            "{template}: {text}"
        );
        let saved = chief.clicks_on(&form.seen, "Save").await;
        assert_eq!(saved.is_err(), !wanted.is_empty(), "{template}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_out_of_its_makers_sight_is_not_told_elsewhere() {
    let bot = bot_with(GRANT).await;
    let (owner, chief) = (bot.owner(), bot.sandbox.actor("chief").unwrap());
    let address = address(&bot.sandbox);
    // Who may manage webhooks, and does not see one of the channels.
    let guild = bot.sandbox.guild_id();
    bot.sandbox.change_world(|world| {
        world.add_role(guild, "Porter", Permissions::MANAGE_WEBHOOKS);
        for channel in [
            world.add_channel(guild, "vault"),
            world.add_voice_channel(guild, "cellar"),
        ] {
            world.deny(channel, chief.id(), Permissions::VIEW_CHANNEL);
        }
    });
    owner
        .gives_role("general", "chief", "Porter")
        .await
        .unwrap();
    let mut form = Form::begin(&chief, "webhook_bridge").await;
    let fields = [("url", &*address), ("channels", "general,vault")];
    let text = form.fill("Bridge", &fields).await;
    assert!(text.contains("maker may not see"), "{text}");
    // A filter that only tells of what was written.
    let mut form = Form::begin(&chief, "word_filter").await;
    form.fill("Words", &[("words", "secret")]).await;
    form.fill(
        "What happens",
        &[("delete", "no"), ("log", "log"), ("warning", "")],
    )
    .await;
    form.saved().await;
    hears(&bot, Intents::MESSAGE_CONTENT).await;
    owner.says("vault", "a secret").await.unwrap();
    owner.says("general", "no secret").await.unwrap();
    owner.expects("log", "no secret").await.unwrap();
    let log = owner.messages("log");
    assert!(!log.iter().any(|it| it.text().contains("a secret")));
    let voices = Life::of("voice_log");
    voices.form(&chief, "").await.saved().await;
    voices.until_seen(&bot.sandbox, "newcomer", "log").await;
    owner.joins_voice("cellar").await.unwrap();
    owner.leaves_voice().await.unwrap();
    voices.until_seen(&bot.sandbox, "second", "log").await;
    let log = owner.messages("log");
    assert!(!log.iter().any(|it| it.text().contains("owner (")));
    for automation in [1, 2] {
        let line = format!("automations info automation:{automation}");
        let text = typed(&owner, &line).await.text();
        assert!(!text.contains("Last failure"), "{text}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_above_the_bots_is_refused_by_each_template_in_a_sentence() {
    let bot = bot_with(GRANT).await;
    let owner = bot.owner();
    let address = address(&bot.sandbox);
    let sentence = "is not below my highest role: move mine above it in the server's settings";
    for template in templates() {
        let mut form = form(&owner, template, &address).await;
        assert!(!form.seen.text().contains(sentence), "{template}");
        let text = form.step("Give a role", &[("role", "Crown")]).await;
        assert!(text.contains(sentence), "{template}: {text}");
        let saved = owner.clicks_on(&form.seen, "Save").await;
        assert!(saved.is_err(), "{template}: {:?}", form.seen);
    }
    // Those that give roles of their own.
    for (template, part, fields) in [
        (
            "welcome",
            "Role and direct message",
            &[("role", "Crown")] as &[_],
        ),
        (
            "reaction_roles",
            "Message and roles",
            &[("channel", "panel"), ("roles", "Crown")],
        ),
        ("levels", "Levels", &[("rewards", "3 @Crown")]),
    ] {
        let mut form = form(&owner, template, &address).await;
        let text = form.fill(part, fields).await;
        assert!(text.contains(sentence), "{template}: {text}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_gone_is_said_by_each_template() {
    let bot = bot_with(GRANT).await;
    let owner = bot.owner();
    let address = address(&bot.sandbox);
    for template in templates() {
        form(&owner, template, &address).await.saved().await;
    }
    // The sessions that take over tell of what comes later.
    for life in LIVES {
        life.until_seen(&bot.sandbox, "newcomer", life.marks[0])
            .await;
    }
    for channel in ["log", "panel"] {
        let id = bot.sandbox.channel_id(channel).unwrap();
        asked(&bot, "DELETE", format!("channels/{id}"), json!(null)).await;
    }
    let sentence = "is not one of this server (any more)";
    // What is set off fails, and says at which step.
    let second = bot.sandbox.actor("second").unwrap();
    for template in ["welcome", "word_filter", "levels", "voice_log", "goodbye"] {
        let life = Life::of(template);
        let failed = async {
            loop {
                life.happens(&second, life.marks[0]).await;
                let line = format!("automations info automation:{template}");
                let text = typed(&owner, &line).await.text();
                if text.contains("Last failure") {
                    return text;
                }
            }
        };
        let text = tokio::time::timeout(PATIENCE, failed).await.unwrap();
        // Discord says so itself where it is faster than its event.
        let gone = text.contains(sentence) || text.contains("The channel is not there any more");
        assert!(text.contains("Step ") && gone, "{template}: {text}");
    }
    let lounge = bot.sandbox.channel_id("lounge").unwrap();
    asked(&bot, "DELETE", format!("channels/{lounge}"), json!(null)).await;
    // The bridge's is still there: commands are given in it.
    for template in templates().filter(|it| *it != "webhook_bridge") {
        // Those that have failed three times are off already.
        let line = format!("automations info automation:{template}");
        if typed(&owner, &line).await.text().contains("State\non") {
            let line = format!("automations toggle automation:{template}");
            typed(&owner, &line).await;
        }
        let line = format!("automations toggle automation:{template}");
        let text = typed(&owner, &line).await.text();
        assert!(
            text.contains("stays off") && text.contains(sentence),
            "{template}: {text}"
        );
        let form = Form::edit(&owner, template).await;
        let text = form.seen.text();
        assert!(
            text.contains("Still in its way") && text.contains(sentence),
            "{template}: {text}"
        );
    }
    bot.close().await;
}
