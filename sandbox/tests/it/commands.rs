//! Commands, their options, and autocompletion.

use sandbox::ResponseState;
use serde_json::json;
use twilight_model::{
    application::{
        command::{CommandOptionChoice, CommandOptionChoiceValue, CommandOptionType, CommandType},
        interaction::{InteractionData, application_command::CommandOptionValue},
    },
    http::interaction::{InteractionResponseData, InteractionResponseType},
    id::Id,
};

use crate::{
    bot::{Bot, DEADLINE},
    messages::api_error,
    payload::{command, echo, option, respond, say},
};

#[tokio::test]
async fn a_slash_command_is_answered() {
    let mut bot = Bot::new().await;
    let registered = bot
        .interactions()
        .set_global_commands(&[echo()])
        .await
        .unwrap()
        .models()
        .await
        .unwrap();
    assert_eq!(registered[0].name, "echo");
    bot.sandbox
        .commands_registered("echo", DEADLINE)
        .await
        .unwrap();

    let member = bot.sandbox.actor("member").unwrap();
    let asked = tokio::spawn(async move {
        let options = [
            ("text", json!("hi")),
            ("times", json!(3)),
            ("loud", json!(true)),
            ("who", json!("mod")),
            ("where", json!("#bots")),
            ("as", json!("Moderator")),
        ];
        let view = member.slash("general", "echo", &options).await.unwrap();
        (
            view.clone(),
            member.expects_reply_to(&view).await.unwrap(),
            member,
        )
    });
    let interaction = bot.next_interaction().await;
    assert!(interaction.is_guild());
    assert!(interaction.member.as_ref().unwrap().permissions.is_some());
    let Some(InteractionData::ApplicationCommand(data)) = &interaction.data else {
        panic!("no command")
    };
    assert_eq!(
        data.options[0].value,
        CommandOptionValue::String("hi".to_owned())
    );
    assert_eq!(data.options[1].value, CommandOptionValue::Integer(3));
    assert_eq!(data.options[2].value, CommandOptionValue::Boolean(true));
    let resolved = data.resolved.as_ref().unwrap();
    assert_eq!(
        (
            resolved.users.len(),
            resolved.members.len(),
            resolved.channels.len(),
            resolved.roles.len()
        ),
        (1, 1, 1, 1)
    );
    bot.answer(
        &interaction,
        respond(
            InteractionResponseType::ChannelMessageWithSource,
            say("hi hi hi"),
        ),
    )
    .await;
    let (view, reply, _) = asked.await.unwrap();
    assert_eq!(view.state, ResponseState::Message);
    assert_eq!(
        (reply.content.as_str(), reply.ephemeral),
        ("hi hi hi", false)
    );
    let original = bot
        .interactions()
        .response(&interaction.token)
        .await
        .unwrap()
        .model()
        .await
        .unwrap();
    assert_eq!(original.interaction_metadata.unwrap().user.name, "member");

    let again = respond(
        InteractionResponseType::ChannelMessageWithSource,
        say("again"),
    );
    let refused = bot
        .interactions()
        .create_response(interaction.id, &interaction.token, &again)
        .await
        .unwrap_err();
    assert_eq!(
        api_error(refused),
        (
            40060,
            "Interaction has already been acknowledged.".to_owned()
        )
    );
}

#[tokio::test]
async fn commands_are_checked_and_kept() {
    let bot = Bot::new().await;
    let application = bot.sandbox.application_id();
    let path = format!("applications/{application}/commands");
    let slash = |name: &str| json!({"name": name, "description": "d"});
    let (status, answer) = bot
        .send(
            "PUT",
            &path,
            Some(&json!([slash("a"), slash("b"), slash("a")])),
        )
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["errors"]["2"]["_errors"],
        json!([{"code": "APPLICATION_COMMANDS_DUPLICATE_NAME", "message": "Application command names must be unique"}])
    );
    assert!(bot.sandbox.commands().is_empty(), "none or all");
    let (status, first) = bot.send("POST", &path, Some(&slash("a"))).await;
    assert_eq!(status, 201);
    let (status, second) = bot.send("POST", &path, Some(&slash("a"))).await;
    assert_eq!((status, &second["id"]), (200, &first["id"]));
    assert_ne!(first["version"], second["version"]);
    let one = format!("{path}/{}", first["id"].as_str().unwrap());
    let (status, patched) = bot
        .send("PATCH", &one, Some(&json!({"description": "other"})))
        .await;
    assert_eq!(
        (status, &patched["description"], &patched["name"]),
        (200, &json!("other"), &json!("a"))
    );
    let (_, kept) = bot
        .send("PUT", &path, Some(&json!([slash("b"), slash("a")])))
        .await;
    assert_eq!(kept[1]["id"], first["id"], "a command keeps its id");
    assert_eq!(bot.send("DELETE", &one, None).await.0, 204);
    assert_eq!(bot.send("GET", &one, None).await.1["code"], 10063);
    let many: Vec<_> = (0..101)
        .map(|number| slash(&format!("c{number}")))
        .collect();
    assert_eq!(
        bot.send("PUT", &path, Some(&json!(many))).await.1["code"],
        30032
    );
    let guild = Id::new(bot.sandbox.guild_id());
    bot.interactions()
        .set_guild_commands(guild, &[echo()])
        .await
        .unwrap();
    assert_eq!(
        bot.interactions()
            .guild_commands(guild)
            .await
            .unwrap()
            .models()
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        bot.interactions()
            .global_commands()
            .await
            .unwrap()
            .models()
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn options_are_checked_before_anything_is_sent() {
    let bot = Bot::new().await;
    let mut times = option(CommandOptionType::Integer, "times", false);
    times.max_value = Some(twilight_model::application::command::CommandOptionValue::Integer(5));
    let mut colour = option(CommandOptionType::String, "colour", false);
    colour.choices = Some(vec![CommandOptionChoice {
        name: "Red".to_owned(),
        name_localizations: None,
        value: CommandOptionChoiceValue::String("r".to_owned()),
    }]);
    let text = option(CommandOptionType::String, "text", true);
    let mut hidden = command("hidden", Vec::new());
    hidden.default_member_permissions = Some(twilight_model::guild::Permissions::BAN_MEMBERS);
    bot.interactions()
        .set_global_commands(&[command("echo", vec![text, times, colour]), hidden])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let why = |line| {
        let member = &member;
        async move {
            member
                .slash_line("general", line)
                .await
                .unwrap_err()
                .to_string()
        }
    };
    assert_eq!(why("echo times:2").await, "/echo: `text` must be given");
    assert_eq!(
        why("echo text:a times:two").await,
        "/echo: `times` is not a whole number: `two`"
    );
    assert_eq!(
        why("echo text:a times:6").await,
        "/echo: `times` is more than 5"
    );
    assert_eq!(
        why("echo text:a colour:Blue").await,
        "/echo: `colour` is not one of `Red`"
    );
    assert_eq!(
        why("echo text:a size:3").await,
        "/echo: there is no option `size`; there are `text`, `times`, `colour`"
    );
    assert_eq!(
        why("nothing").await,
        "no command is named `/nothing`; registered are `echo`, `hidden`"
    );
    assert!(why("hidden").await.contains("not shown to member"));
}

#[tokio::test]
async fn options_complete_themselves() {
    let mut bot = Bot::new().await;
    let mut text = option(CommandOptionType::String, "text", true);
    text.autocomplete = Some(true);
    bot.interactions()
        .set_global_commands(&[command("find", vec![text])])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let typing = tokio::spawn(async move {
        member
            .autocompletes("general", "find", &[("text", json!("ap"))], "text")
            .await
            .unwrap()
    });
    let interaction = bot.next_interaction().await;
    let Some(InteractionData::ApplicationCommand(data)) = &interaction.data else {
        panic!("no command")
    };
    let CommandOptionValue::Focused(typed, CommandOptionType::String) = &data.options[0].value
    else {
        panic!("no focus")
    };
    assert_eq!(typed, "ap");
    let choice = CommandOptionChoice {
        name: "Apple".to_owned(),
        name_localizations: None,
        value: CommandOptionChoiceValue::String("apple".to_owned()),
    };
    let choices = InteractionResponseData {
        choices: Some(vec![choice]),
        ..InteractionResponseData::default()
    };
    bot.answer(
        &interaction,
        respond(
            InteractionResponseType::ApplicationCommandAutocompleteResult,
            choices,
        ),
    )
    .await;
    assert_eq!(
        typing.await.unwrap(),
        [json!({"name": "Apple", "value": "apple"})]
    );
}

#[tokio::test]
async fn menu_commands_have_targets() {
    let mut bot = Bot::new().await;
    let mut greet = command("Greet them", Vec::new());
    greet.kind = CommandType::User;
    greet.description = String::new();
    let mut quote = greet.clone();
    quote.kind = CommandType::Message;
    quote.name = "Quote".to_owned();
    bot.interactions()
        .set_global_commands(&[greet, quote])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let sent = member.says("general", "wise words").await.unwrap();
    let actor = member.clone();
    let used = tokio::spawn(async move {
        actor
            .uses_on_user("general", "Greet them", "mod")
            .await
            .unwrap();
        actor.uses_on_message("Quote", &sent).await.unwrap();
    });
    for expected in ["mod", "wise words"] {
        let interaction = bot.next_interaction().await;
        let Some(InteractionData::ApplicationCommand(data)) = &interaction.data else {
            panic!("no command")
        };
        let resolved = data.resolved.as_ref().unwrap();
        let found = match data.kind {
            CommandType::User => resolved.users.values().next().unwrap().name.clone(),
            _ => resolved.messages.values().next().unwrap().content.clone(),
        };
        assert_eq!(found, expected);
        bot.answer(
            &interaction,
            respond(
                InteractionResponseType::ChannelMessageWithSource,
                say(&found),
            ),
        )
        .await;
    }
    used.await.unwrap();
}

#[tokio::test]
async fn no_two_commands_are_called_the_same_in_a_language() {
    let bot = Bot::new().await;
    let path = format!("applications/{}/commands", bot.sandbox.application_id());
    let called = |name: &str, german: Option<&str>| {
        let mut command = json!({"name": name, "description": "d"});
        if let Some(german) = german {
            command["name_localizations"] = json!({"de": german});
        }
        command
    };
    let twice = |at: &str| format!("{at}name_localizations.de APPLICATION_COMMANDS_DUPLICATE_NAME");
    for set in [
        json!([called("a", Some("x")), called("b", Some("x"))]),
        json!([called("a", Some("b")), called("b", None)]),
    ] {
        assert_eq!(bot.faults("PUT", &path, set).await, [twice("1.")]);
    }
    // Each with the other's name is no clash; nor is another kind.
    let menu = json!({"name": "a", "type": 2});
    let swapped = json!([called("a", Some("b")), called("b", Some("a")), menu]);
    bot.done("PUT", &path, swapped).await;
    assert_eq!(
        bot.faults("POST", &path, called("c", Some("a"))).await,
        [twice("")]
    );
    let new = bot.done("POST", &path, called("c", Some("d"))).await;
    let one = format!("{path}/{}", new["id"].as_str().unwrap());
    let renamed = json!({"name_localizations": {"de": "b"}});
    assert_eq!(bot.faults("PATCH", &one, renamed).await, [twice("")]);
    bot.done("POST", &path, called("c", Some("e"))).await;
}
