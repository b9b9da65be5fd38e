//! Interactions as Discord has sent them to other bots, or may one day: what each is answered.

use sandbox::{InteractionView, ResponseState};
use serde_json::{Value, json};

use crate::{
    fixtures,
    mutations::{
        FIRST,
        interactions::{AUTOCOMPLETE, COMMAND, COMPONENT, From, MODAL, interaction},
        message,
    },
    support::{Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Answers interactions of all kinds.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new().command(pour()).command(keep()).command(panel()).command(fill()).component("press", press).component("form", filled));

/// Pours tea.
#[command]
async fn pour(
    ctx: CommandContext,
    /// How many cups.
    #[autocomplete = counts]
    cups: i64,
    /// Where to.
    place: Option<Id<marker::ChannelMarker>>,
) -> Result {
    let place = place.map_or_else(|| "here".to_owned(), |id| id.to_string());
    ctx.reply(format!("{cups} cups for {place}")).await
}

async fn counts(_ctx: AutocompleteContext) -> Result<Vec<Choice>> {
    Ok(vec![Choice::new("one", 1), Choice::new("two", 2)])
}

#[command(message_menu = "Keep")]
async fn keep(ctx: CommandContext, what: Id<marker::MessageMarker>) -> Result {
    ctx.reply(format!("kept {what}")).await
}

/// Shows a button.
#[command]
async fn panel(ctx: CommandContext) -> Result {
    let press = button("Press", ctx.custom_id("press", "")?);
    ctx.reply(NewMessage::from("panel").row([press]).for_everyone().persistent()).await
}

/// Opens a form.
#[command]
async fn fill(ctx: CommandContext) -> Result {
    let form = Modal::new("Form", ctx.custom_id("form", "")?).field(TextField::short("name", "Name"));
    ctx.modal(&form).await
}

async fn filled(ctx: ComponentContext) -> Result {
    ctx.reply(format!("{} has pressed", ctx.field("name"))).await
}

async fn press(ctx: ComponentContext) -> Result {
    ctx.reply("pressed").await
}
"#;

async fn bot() -> Fixture {
    let library = fixtures::plugin("kettle", "odd", "0.1.0", "", SOURCE);
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&library, "kettle");
    bot.until_generation("kettle", 1).await;
    let registered = bot.sandbox.commands_registered("fill", PATIENCE);
    registered.await.unwrap();
    bot
}

/// What a bot answers to a raw interaction.
async fn answered(bot: &Fixture, payload: Value) -> InteractionView {
    let id = bot.sandbox.raw_event("INTERACTION_CREATE", &payload);
    let id = id.unwrap_or_else(|| panic!("{payload}"));
    bot.sandbox.responded(id).await.unwrap();
    let member = bot.member();
    let answered = async {
        loop {
            let view = member.interaction(id).unwrap();
            let is_on_its_way = view.message.as_ref().is_some_and(|message| message.loading);
            if view.state != ResponseState::Pending && !is_on_its_way {
                return view;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let answered = tokio::time::timeout(PATIENCE, answered).await;
    answered.unwrap_or_else(|_| panic!("no answer to {payload}"))
}

/// A slash command with these options, and what Discord resolves of them.
fn command(bot: &Fixture, kind: u64, options: Value, resolved: Value) -> Value {
    let data =
        json!({"id": "5", "name": "pour", "type": 1, "options": options, "resolved": resolved});
    interaction(bot, From::Server, kind, data, 0)
}

fn cups(value: Value) -> Value {
    json!({"name": "cups", "type": 4, "value": value, "focused": true})
}

/// The answer that only the member sees.
fn private_text(view: &InteractionView) -> String {
    let message = view.message.as_ref().unwrap();
    assert!(message.ephemeral, "{message:?}");
    message.text()
}

/// Counts the interactions up: each needs an id and a token of its own.
struct Ids(u64);

impl Ids {
    fn give(&mut self, payload: &mut Value) {
        self.0 += 1;
        payload["id"] = json!(self.0.to_string());
        payload["token"] = json!(format!("token-{}", self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_whatever_is_odd_or_missing_beside_what_it_is_about() {
    let (bot, mut ids) = (bot().await, Ids(FIRST));
    let general = bot.sandbox.channel_id("general").unwrap().to_string();
    let plain = command(&bot, COMMAND, json!([cups(json!(2))]), json!({}));
    let place = json!({"name": "place", "type": 7, "value": general});
    // A channel of which Discord sends no name, and one of a kind that nobody knows.
    let nameless = json!({"channels": {&general: {"id": general, "type": 0, "permissions": "0"}}});
    let of_tomorrow = json!({"channels": {&general: {"id": general, "type": 300, "name": "g", "permissions": "0"}}});
    let mut older = plain.clone();
    for newer in [
        "app_permissions",
        "authorizing_integration_owners",
        "context",
        "entitlements",
        "entitlement_sku_ids",
        "attachment_size_limit",
        "locale",
        "guild_locale",
        "guild",
        "channel",
        "version",
        "application_id",
    ] {
        assert!(
            older.as_object_mut().unwrap().remove(newer).is_some(),
            "{newer}"
        );
    }
    let mut newer = plain.clone();
    newer["context"] = json!(300);
    newer["member"]["user"]["avatar"] = json!({"hash": "v3"});
    newer["entitlements"] = json!([{"type": 300}]);
    newer["channel"]["type"] = json!(300);
    let and_place = json!([cups(json!(2)), place]);
    for (name, mut payload, expect) in [
        (
            "a channel without a name",
            command(&bot, COMMAND, and_place.clone(), nameless),
            general.clone(),
        ),
        (
            "a channel of another kind",
            command(&bot, COMMAND, and_place, of_tomorrow),
            general,
        ),
        ("without what is newer", older, "here".to_owned()),
        ("with what is newer still", newer, "here".to_owned()),
    ] {
        ids.give(&mut payload);
        let view = answered(&bot, payload).await;
        let text = view.message.unwrap().text();
        assert_eq!(text, format!("2 cups for {expect}"), "{name}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_counts_whatever_stands_beside_the_button_and_none_without_it() {
    let (bot, mut ids) = (bot().await, Ids(FIRST));
    let panel = bot
        .ask(
            &bot.member(),
            &format!("<@{}> panel", bot.sandbox.application_id()),
        )
        .await;
    let button = &panel.components[0]["components"][0];
    let click = |change: &dyn Fn(&mut Value)| {
        let data = json!({"custom_id": button["custom_id"], "component_type": 2});
        let mut payload = interaction(&bot, From::Server, COMPONENT, data, 0);
        payload["message"] = message(&bot, panel.id, "panel");
        payload["message"]["components"] = json!(panel.components);
        change(&mut payload);
        payload
    };
    for (name, mut payload) in [
        ("as it is", click(&|_| {})),
        (
            "an embed's author without a name",
            click(&|it| {
                it["message"]["embeds"] = json!([{"type": "rich", "author": {"url": "x"}}])
            }),
        ),
        (
            "a component of a kind that nobody knows beside it",
            click(&|it| {
                let own = it["message"]["components"][0].take();
                it["message"]["components"] = json!([{"type": 300, "id": {}}, own, 5]);
            }),
        ),
        (
            "it is of a kind that nobody knows itself",
            click(&|it| {
                it["message"]["components"][0]["components"][0]["type"] = json!(300);
                it["data"]["component_type"] = json!(300);
            }),
        ),
        (
            "nobody says of which kind it is",
            click(&|it| it["data"]["component_type"] = json!({"kind": 5})),
        ),
        (
            "a message of a kind that nobody knows",
            click(&|it| it["message"]["type"] = json!(300)),
        ),
    ] {
        ids.give(&mut payload);
        let view = answered(&bot, payload).await;
        assert_eq!(
            view.message.map(|it| it.text()),
            Some("pressed".into()),
            "{name}"
        );
    }
    // A client says what was used. Where Discord does not say that it is there, it is not.
    for (name, mut payload) in [
        (
            "a message that is none",
            click(&|it| it["message"] = json!([5])),
        ),
        (
            "no message",
            click(&|it| drop(it.as_object_mut().unwrap().remove("message"))),
        ),
        (
            "another component alone",
            click(&|it| it["message"]["components"] = json!([{"type": 300, "id": {}}])),
        ),
        (
            "a button with values",
            click(&|it| {
                it["data"]["component_type"] = json!(300);
                it["data"]["values"] = json!(["x"]);
            }),
        ),
    ] {
        ids.give(&mut payload);
        let text = answered(&bot, payload).await.message.map(|it| it.text());
        let text = text.unwrap_or_default();
        assert!(
            text.contains("not on the message any more"),
            "{name}: {text}"
        );
    }
    // A context menu on such a message, and a modal with such a field.
    let data = json!({"id": "6", "name": "Keep", "type": 3, "target_id": "8", "resolved": {"messages": {"8":
        {"id": "8", "type": 300, "embeds": [{"author": {}}], "components": [{"type": 300}], "author": 5}}}});
    let mut payload = interaction(&bot, From::Server, COMMAND, data, 0);
    ids.give(&mut payload);
    assert_eq!(
        answered(&bot, payload).await.message.unwrap().text(),
        "kept 8"
    );
    let registered = bot.sandbox.commands_registered("fill", PATIENCE);
    registered.await.unwrap();
    let form = bot.member().slash("general", "fill", &[]).await.unwrap();
    let form = form.modal.unwrap();
    let data = json!({"custom_id": form["custom_id"], "components": [{"type": 300, "component": {"type": 301, "custom_id": "x",
        "value": {"kind": 5}}}, 7, {"type": 18, "component": {"type": 4, "custom_id": "name", "value": "Ada"}}]});
    let mut payload = interaction(&bot, From::Server, MODAL, data, 0);
    ids.give(&mut payload);
    assert_eq!(
        answered(&bot, payload).await.message.unwrap().text(),
        "Ada has pressed"
    );
    // What is on no message is refused, in words.
    let mut payload = click(&|it| it["message"] = json!([5]));
    ids.give(&mut payload);
    let refused = private_text(&answered(&bot, payload).await);
    assert!(refused.contains("not on the message any more"), "{refused}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_proposed_while_what_is_typed_does_not_fit_and_none_where_nobody_knows_any() {
    let (bot, mut ids) = (bot().await, Ids(FIRST));
    let typing = |options| command(&bot, AUTOCOMPLETE, options, json!({}));
    let mut gone = typing(json!([cups(json!("1"))]));
    gone["data"]["name"] = json!("gone");
    let mut nameless = typing(json!([cups(json!("1"))]));
    nameless["data"].as_object_mut().unwrap().remove("name");
    let other = json!({"name": "place", "type": 300, "value": {"kind": 5}});
    for (name, mut payload, choices) in [
        (
            "letters where a number belongs",
            typing(json!([cups(json!("ab"))])),
            2,
        ),
        ("nothing yet", typing(json!([cups(json!(""))])), 2),
        (
            "beside an option of a kind that nobody knows",
            typing(json!([other, cups(json!("1"))])),
            2,
        ),
        ("a command that is gone", gone, 0),
        ("a command without a name", nameless, 0),
        ("no option at all", typing(json!([])), 0),
        ("options that are none", typing(json!("odd")), 0),
    ] {
        ids.give(&mut payload);
        let view = answered(&bot, payload).await;
        assert_eq!(view.state, ResponseState::Choices, "{name}");
        assert_eq!(view.choices.len(), choices, "{name}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_answered_with_a_private_sentence() {
    let (bot, mut ids) = (bot().await, Ids(FIRST));
    let plain = command(&bot, COMMAND, json!([cups(json!(2))]), json!({}));
    let of = |change: &dyn Fn(&mut Value)| {
        let mut payload = plain.clone();
        change(&mut payload);
        payload
    };
    let an_error = "tell the bot's owner this error id: `";
    for (name, mut payload, expect) in [
        (
            "a kind above 255",
            of(&|it| it["type"] = json!(300)),
            an_error,
        ),
        (
            "a kind above all",
            of(&|it| it["type"] = json!(4_294_967_298_u64)),
            an_error,
        ),
        ("no kind", of(&|it| it["type"] = json!(null)), an_error),
        (
            "a command without a name",
            of(&|it| it["data"]["name"] = json!(7)),
            an_error,
        ),
        ("no data", of(&|it| it["data"] = json!([])), an_error),
        (
            "a click on nothing",
            of(&|it| it["type"] = json!(COMPONENT)),
            an_error,
        ),
        (
            "a command that is gone",
            of(&|it| it["data"]["name"] = json!("gone")),
            "`/gone` is not loaded right now",
        ),
        (
            "a value that does not fit",
            of(&|it| it["data"]["options"][0]["value"] = json!("many")),
            "`cups`",
        ),
        (
            "an option of another kind",
            of(&|it| it["data"]["options"] = json!([{"name": "cups", "type": 300, "value": {}}])),
            "`cups`",
        ),
    ] {
        ids.give(&mut payload);
        let text = private_text(&answered(&bot, payload).await);
        assert!(text.contains(expect), "{name}: {text}");
    }
    bot.close().await;
}
