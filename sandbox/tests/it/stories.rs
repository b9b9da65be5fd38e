//! Scripts and the terminal, with a small bot behind them.

use std::sync::{Arc, Mutex};

use sandbox::{
    Sandbox,
    script::{ScriptError, run_script, run_terminal},
};
use serde_json::{Value, json};
use twilight_model::gateway::event::Event;

use crate::bot::{Bot, DEADLINE, send};

/// A bot that greets, echoes, asks for a name in a modal and refuses with an ephemeral message.
async fn greeter() -> (Sandbox, tokio::task::JoinHandle<()>) {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let commands = json!([
        {"name": "echo", "description": "d", "options": [
            {"type": 3, "name": "text", "description": "d", "required": true},
            {"type": 4, "name": "times", "description": "d"}]},
        {"name": "secret", "description": "d"}
    ]);
    let path = format!("applications/{}/commands", sandbox.application_id());
    assert_eq!(bot.send("PUT", &path, Some(&commands)).await.0, 200);
    let served = sandbox.clone();
    let task = tokio::spawn(async move {
        let sandbox = served;
        loop {
            let event = bot
                .next_forever(|event| {
                    matches!(event, Event::MessageCreate(_) | Event::InteractionCreate(_))
                })
                .await;
            match event {
                Event::MessageCreate(message) if message.content == "!hello" => {
                    let path = format!("channels/{}/messages", message.channel_id);
                    let body = json!({
                        "content": format!("Hello, {}!", message.author.name),
                        "embeds": [{"title": "Menu", "description": "Pick", "fields": [{"name": "a", "value": "b"}]}],
                        "components": [{"type": 1, "components": [
                            {"type": 2, "style": 1, "label": "Introduce", "custom_id": "introduce"}]}],
                    });
                    send(&sandbox, "POST", &path, Some(&body)).await;
                }
                Event::InteractionCreate(interaction) => {
                    let interaction = serde_json::to_value(&interaction.0).unwrap();
                    let path = format!(
                        "interactions/{}/{}/callback",
                        interaction["id"].as_str().unwrap(),
                        interaction["token"].as_str().unwrap()
                    );
                    assert_eq!(
                        send(&sandbox, "POST", &path, Some(&answer(&interaction)))
                            .await
                            .0,
                        204
                    );
                }
                _ => {}
            }
        }
    });
    (sandbox, task)
}

fn answer(interaction: &Value) -> Value {
    let say = |content: String, flags: u64| json!({"type": 4, "data": {"content": content, "flags": flags}});
    let data = &interaction["data"];
    match (data["name"].as_str(), data["custom_id"].as_str()) {
        (Some("echo"), _) => {
            let times = data["options"][1]["value"].as_u64().unwrap_or(1);
            say(
                vec![data["options"][0]["value"].as_str().unwrap(); times as usize].join(" "),
                0,
            )
        }
        (Some("secret"), _) => say("not for everyone".to_owned(), 64),
        (_, Some("introduce")) => {
            json!({"type": 9, "data": {"custom_id": "name", "title": "Who are you?", "components": [
            {"type": 1, "components": [{"type": 4, "style": 1, "custom_id": "name", "label": "Your name"}]}]}})
        }
        _ => say(
            format!(
                "Hi, {}",
                data["components"][0]["components"][0]["value"]
                    .as_str()
                    .unwrap()
            ),
            0,
        ),
    }
}

async fn check(script: &str, expected: &str) {
    let (sandbox, task) = greeter().await;
    let mut transcript = String::new();
    let mut write = |line: &str| {
        transcript.push_str(line);
        transcript.push('\n');
    };
    let outcome = run_script(&sandbox, script, &mut write).await;
    task.abort();
    assert!(outcome.is_ok(), "{}\n{transcript}", outcome.unwrap_err());
    assert_eq!(transcript.trim(), expected.trim());
}

#[tokio::test]
async fn a_script_tells_its_story() {
    check(
        r#"
        # the whole round
        owner@general: !hello
        expect Hello, owner!
        member@general: /echo text:"good day" times:2
        expect good day good day
        expect-nothing
        click Introduce
        submit "Your name"="Ada Lovelace"
        expect Hi, Ada
        react 👍
        mod@bots: /secret
        expect-ephemeral everyone
        "#,
        "
owner@general: !hello
  Cogwright: Hello, owner!
  [Menu] Pick
    a: b
  (Introduce)
member@general: /echo text:\"good day\" times:2
  Cogwright: good day good day
click Introduce
  {Who are you?: Your name}
submit \"Your name\"=\"Ada Lovelace\"
  Cogwright: Hi, Ada Lovelace
react 👍
mod@bots: /secret
  Cogwright (ephemeral): not for everyone",
    )
    .await;
}

#[tokio::test]
async fn a_script_stops_where_it_fails() {
    let options = sandbox::Options {
        deadline: std::time::Duration::from_millis(50),
        ..Default::default()
    };
    let sandbox = crate::bot::watched(options).await;
    let run = async |script: &str| run_script(&sandbox, script, &mut |_| {}).await.unwrap_err();
    let failed = run("owner@general: hi\n\nexpect hello").await;
    assert!(matches!(failed, ScriptError::Failed { number: 3, .. }));
    let text = failed.to_string();
    assert_eq!(
        text,
        "line 3: `expect hello`: waited 50 ms for a message in #general with \"hello\"; seen instead: owner: \"hi\""
    );
    assert!(matches!(
        run("what?").await,
        ScriptError::Grammar { number: 1, .. }
    ));
    assert!(
        run("nobody@general: hi")
            .await
            .to_string()
            .contains("no user is named `nobody`")
    );
    assert!(
        run("owner@nowhere: hi")
            .await
            .to_string()
            .contains("no channel is named `nowhere`")
    );
}

#[tokio::test]
async fn the_terminal_shows_what_comes() {
    let (sandbox, task) = greeter().await;
    let shown = Arc::new(Mutex::new(Vec::new()));
    // All lines of this test fit.
    let (lines, received) = tokio::sync::mpsc::channel(8);
    let (terminal, out) = (sandbox.clone(), Arc::clone(&shown));
    let running = tokio::spawn(async move {
        run_terminal(&terminal, received, &mut |line| {
            out.lock().unwrap().push(line.to_owned())
        })
        .await;
    });
    for line in [
        "nonsense",
        "owner@general: !hello",
        "expect Hello",
        "owner@general: /secret",
    ] {
        lines.send(line.to_owned()).await.unwrap();
    }
    drop(lines);
    tokio::time::timeout(DEADLINE, running)
        .await
        .unwrap()
        .unwrap();
    task.abort();
    let shown = shown.lock().unwrap().join("\n");
    assert!(shown.starts_with("! this line is neither"), "{shown}");
    assert!(shown.contains("  Cogwright: Hello, owner!"), "{shown}");
    assert!(
        shown.contains("  Cogwright (ephemeral): not for everyone"),
        "{shown}"
    );
}
