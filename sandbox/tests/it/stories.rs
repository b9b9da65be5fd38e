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
        run("expct what?").await,
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
        "expct",
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
    assert!(shown.starts_with("! `expct` is nothing"), "{shown}");
    assert!(shown.contains("  Cogwright: Hello, owner!"), "{shown}");
    assert!(
        shown.contains("  Cogwright (ephemeral): not for everyone"),
        "{shown}"
    );
}

/// The greeter's scripts, in a world that a test has changed.
async fn failing(script: &str) -> String {
    let (sandbox, task) = greeter().await;
    let outcome = run_script(&sandbox, script, &mut |_| {}).await;
    task.abort();
    outcome.unwrap_err().to_string()
}

#[tokio::test]
async fn an_unknown_slash_command_is_sent_as_text_at_once() {
    let started = std::time::Instant::now();
    check(
        r#"
        member@general: /ecoh text:hi
        member@general: /nothing "at all
        member@general: //echo
        member@general: / echo
        "#,
        r#"
member@general: /ecoh text:hi
  (sent as text: no command is named `/ecoh`; did you mean `/echo`?)
member@general: /nothing "at all
  (sent as text: no command is named `/nothing`)
member@general: //echo
member@general: / echo"#,
    )
    .await;
    // Two seconds from the registration on, not ten from each line on.
    assert!(started.elapsed() < DEADLINE, "{:?}", started.elapsed());
}

#[tokio::test]
async fn lines_without_a_user_are_said_by_the_last_one() {
    check(
        r#"
        owner@general: !hello
        expect Hello, owner!
        member@general: what now?
        !hello
        expect Hello, member!
        /echo text:hi
        expect hi
        "#,
        r#"
owner@general: !hello
  Cogwright: Hello, owner!
  [Menu] Pick
    a: b
  (Introduce)
member@general: what now?
!hello
  Cogwright: Hello, member!
  [Menu] Pick
    a: b
  (Introduce)
/echo text:hi
  Cogwright: hi"#,
    )
    .await;
    let error = failing("!hello").await;
    assert!(error.contains("who says it stands first"), "{error}");
}

#[tokio::test]
async fn what_is_mistyped_is_answered_with_the_nearest_name() {
    for (script, hint) in [
        ("membr@general: hi", "did you mean `member`?"),
        ("member@genral: hi", "did you mean `general`?"),
        ("member@general: hi\nexpct Hello", "did you mean `expect`?"),
        ("member@general: hi\njoin Sandbo", "did you mean `Sandbox`?"),
        (
            "owner@general: hi\nrole add member Moderatr",
            "did you mean `Moderator`?",
        ),
    ] {
        let error = failing(script).await;
        assert!(error.contains(hint), "{script}: {error}");
    }
}

#[tokio::test]
async fn scripts_do_what_users_do_besides_writing() {
    let bot = Bot::new().await;
    let sandbox = &bot.sandbox;
    sandbox.change_world(|world| {
        let guild = world.guild_named("Sandbox").unwrap();
        world.add_voice_channel(guild, "lounge");
        world.add_forum(guild, "questions");
    });
    let script = r#"
        member@general: first
        edit second
        wait 1ms
        file note.txt "what is in it" here it is
        delete
        thread Talk
        member@Talk: in here
        owner@Talk join #Talk
        leave #Talk
        member voice lounge
        voice mute
        voice unmute
        voice deafen
        voice undeafen
        voice leave
        member@questions post "A question" "Who knows?"
        owner@general nick member Captain
        nick member
        role add member Moderator
        role remove member Moderator
        member leave
        join
        owner@general pin
        unpin
        quit
        this is never played
    "#;
    run_script(sandbox, script, &mut |_| {}).await.unwrap();
    let told: Vec<_> = sandbox
        .traffic()
        .into_iter()
        .map(|crossing| crossing.what)
        .collect();
    let mut rest = told.iter();
    for name in [
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_CREATE",
        "MESSAGE_DELETE",
        "THREAD_CREATE",
        "MESSAGE_CREATE",
        "THREAD_MEMBERS_UPDATE",
        "THREAD_MEMBERS_UPDATE",
        "VOICE_STATE_UPDATE",
        "VOICE_STATE_UPDATE",
        "VOICE_STATE_UPDATE",
        "VOICE_STATE_UPDATE",
        "VOICE_STATE_UPDATE",
        "VOICE_STATE_UPDATE",
        "THREAD_CREATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBER_ADD",
        "CHANNEL_PINS_UPDATE",
        "CHANNEL_PINS_UPDATE",
    ] {
        assert!(rest.any(|known| known == name), "{name} in {told:?}");
    }
    let member = sandbox.actor("member").unwrap();
    let shown = member.messages("general");
    assert!(
        shown
            .iter()
            .any(|message| message.content == "second" && message.edited)
    );
    assert!(shown.iter().all(|message| message.attachments.is_empty()));
}

#[tokio::test]
async fn reactions_and_replies_go_to_the_bots_last_message_and_back() {
    check(
        "owner@general: !hello\nexpect Hello\nreact 👍\nunreact 👍\nreply thanks",
        r#"
owner@general: !hello
  Cogwright: Hello, owner!
  [Menu] Pick
    a: b
  (Introduce)
react 👍
unreact 👍
reply thanks"#,
    )
    .await;
    let error = failing("owner@general: !hello\nexpect Hello\nunreact 👍").await;
    assert!(error.contains("a message with 👍 of owner"), "{error}");
}

#[tokio::test]
async fn users_are_refused_what_their_roles_do_not_allow() {
    for (script, refusal) in [
        ("member@general: hi\npin", "member may not pin"),
        (
            "member@general: hi\nnick owner Boss",
            "member may not change that nickname",
        ),
        (
            "mod@general: hi\nnick owner Boss",
            "mod may not change that nickname",
        ),
        (
            "mod@general: hi\nrole add member Moderator",
            "mod may not give or take the role Moderator",
        ),
        (
            "owner@general: hi\nrole add member Cogwright",
            "owner may not give or take the role Cogwright",
        ),
        (
            "owner@general: hi\nnick nobody Boss",
            "nobody is called `nobody` here",
        ),
        (
            "owner@dm: hi\nnick member Boss",
            "direct messages have no roles",
        ),
        ("member@general: hi\nmember voice general", "member: "),
        ("member@general: hi\nvoice leave", "is in no voice channel"),
        (
            "member@general: hi\nmod edit mine",
            "a message of mod is not on the screen",
        ),
    ] {
        let error = failing(script).await;
        assert!(error.contains(refusal), "{script}: {error}");
    }
}

#[tokio::test]
async fn buttons_in_private_threads_are_clicked() {
    let (sandbox, task) = greeter().await;
    let general = sandbox.channel_id("general").unwrap();
    let path = format!("channels/{general}/threads");
    let body = json!({"name": "Secret talk", "type": 12, "invitable": true});
    let (status, thread) = send(&sandbox, "POST", &path, Some(&body)).await;
    assert_eq!(status, 201, "{thread}");
    let id = thread["id"].as_str().unwrap();
    let member = sandbox.user_id("member").unwrap();
    let join = format!("channels/{id}/thread-members/{member}");
    assert_eq!(send(&sandbox, "PUT", &join, None).await.0, 204);
    let script = format!(
        "member@{id}: !hello\nexpect Hello, member!\nclick Introduce\nsubmit \"Your name\"=Ada\nexpect Hi, Ada"
    );
    run_script(&sandbox, &script, &mut |_| {}).await.unwrap();
    // Who is not in it sees nothing to click.
    let stranger = sandbox.change_world(|world| {
        let guild = world.guild_named("Sandbox").unwrap();
        let user = world.add_user("stranger");
        world.add_member(guild, user, &[]);
        user
    });
    assert_ne!(stranger, member);
    let outcome = run_script(&sandbox, "stranger click Introduce", &mut |_| {}).await;
    task.abort();
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("not on the screen")
    );
}

#[tokio::test]
async fn a_file_of_an_option_goes_by_its_name() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let scan = json!([{"name": "scan", "description": "d", "options": [
        {"type": 11, "name": "paper", "description": "d", "required": true}]}]);
    let path = format!("applications/{}/commands", sandbox.application_id());
    assert_eq!(bot.send("PUT", &path, Some(&scan)).await.0, 200);
    let script = "member@general: look\nupload note.txt \"old\"\nupload note.txt \"new one\"\n/scan paper:note.txt";
    let played = tokio::spawn(async move { run_script(&sandbox, script, &mut |_| {}).await });
    let asked = bot.told("INTERACTION_CREATE").await;
    let files = asked["data"]["resolved"]["attachments"]
        .as_object()
        .unwrap();
    let sizes: Vec<_> = files.values().map(|file| file["size"].clone()).collect();
    assert_eq!(sizes, [json!("new one".len())]);
    played.abort();
}

#[tokio::test]
async fn the_terminal_helps_goes_on_as_the_owner_and_ends_with_quit() {
    let (sandbox, task) = greeter().await;
    let out = Arc::new(Mutex::new(Vec::new()));
    let (lines, received) = tokio::sync::mpsc::channel(16);
    for line in [
        "!hello",
        "expect Hello, owner!",
        "help",
        "expct",
        "quit",
        "never",
    ] {
        lines.send(line.to_owned()).await.unwrap();
    }
    let written = Arc::clone(&out);
    // It returns although the channel is open.
    run_terminal(&sandbox, received, &mut |line| {
        written.lock().unwrap().push(line.to_owned())
    })
    .await;
    task.abort();
    let out = out.lock().unwrap().join("\n");
    assert!(out.contains("Cogwright: Hello, owner!"), "{out}");
    assert!(
        out.contains("[user] unreact") || out.contains("unreact 👍"),
        "{out}"
    );
    assert!(out.contains("did you mean `expect`?"), "{out}");
    assert!(!out.contains("never"), "{out}");
    // One line for a mistake, not the whole grammar once more.
    assert_eq!(out.matches("limits strict").count(), 1, "{out}");
}

#[tokio::test]
async fn the_answer_to_a_modal_tells_what_had_shown_it() {
    let (sandbox, task) = greeter().await;
    let script = "owner@general: !hello\nexpect Hello\nclick Introduce\nsubmit \"Your name\"=Ada\nexpect Hi, Ada";
    run_script(&sandbox, script, &mut |_| {}).await.unwrap();
    task.abort();
    let answers = sandbox.traffic().into_iter().rev();
    let mut metadata = answers.map(|crossing| crossing.body["interaction_metadata"].clone());
    let metadata = metadata.find(|metadata| metadata["type"] == 5).unwrap();
    let click = &metadata["triggering_interaction_metadata"];
    assert_eq!(
        (&click["type"], &click["user"]),
        (&json!(3), &metadata["user"])
    );
    assert!(click["interacted_message_id"].is_string(), "{click}");
    assert!(click.get("triggering_interaction_metadata").is_none());
}

#[tokio::test]
async fn a_command_that_is_registered_after_an_answer_is_waited_for() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let path = format!("applications/{}/commands", sandbox.application_id());
    let command = |name: &str| json!([{"name": name, "description": "d"}]);
    assert_eq!(bot.send("PUT", &path, Some(&command("early"))).await.0, 200);
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let general = bot.in_channel("general", "messages");
    let script = "owner@general: !load\nexpect loaded\n/late";
    let playing = sandbox.clone();
    let played = tokio::spawn(async move { run_script(&playing, script, &mut |_| {}).await });
    bot.told("MESSAGE_CREATE").await;
    bot.done("POST", &general, json!({"content": "loaded"}))
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    bot.done("PUT", &path, command("late")).await;
    let asked = bot.told("INTERACTION_CREATE").await;
    assert_eq!(asked["data"]["name"], "late");
    played.abort();
}
