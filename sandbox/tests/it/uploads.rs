//! Files of users and of the bot, and components that show them.

use serde_json::{Value, json};
use twilight_model::{
    application::interaction::InteractionData,
    http::{attachment::Attachment, interaction::InteractionResponseType},
    id::Id,
};

use crate::{
    bot::Bot,
    payload::{respond, say},
};

/// The head of a PNG, which is all that tells its size.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

#[tokio::test]
async fn users_send_files_and_images_have_a_size() {
    let mut bot = Bot::new().await;
    let member = bot.sandbox.actor("member").unwrap();
    let image = png(64, 32);
    let files: [(&str, &[u8]); 2] = [("my cat.png", &image), ("notes.txt", b"meow")];
    member.sends("general", "look", &files).await.unwrap();
    let seen = bot.next_message().await;
    let [cat, notes] = &seen.attachments[..] else {
        panic!("{:?}", seen.attachments)
    };
    assert_eq!(
        (cat.filename.as_str(), cat.width, cat.height),
        ("my_cat.png", Some(64), Some(32))
    );
    assert_eq!((notes.size, notes.width), (4, None));
    let path = notes.url.split_once("/attachments").unwrap().1;
    let (_, body) = crate::bot::get(&bot.sandbox, &format!("/attachments{path}")).await;
    assert_eq!(body, "meow");
    let large = vec![0; 10 * 1024 * 1024 + 1];
    let refused = member
        .sends("general", "", &[("big", &large)])
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("10 MiB"), "{refused}");
}

#[tokio::test]
async fn a_file_is_given_to_a_command() {
    let mut bot = Bot::new().await;
    let command = json!({"name": "measure", "description": "d", "options": [
        {"type": 11, "name": "picture", "description": "d", "required": true}]});
    let path = format!("applications/{}/commands", bot.sandbox.application_id());
    bot.send("POST", &path, Some(&command)).await;
    let member = bot.sandbox.actor("member").unwrap();
    let file = member.uploads("a.png", &png(3, 2)).unwrap();
    let options = [("picture", file)];
    let asked = member.slash("general", "measure", &options);
    let answer = async {
        let interaction = bot.next_interaction().await;
        let Some(InteractionData::ApplicationCommand(data)) = &interaction.data else {
            panic!("no command")
        };
        let resolved = data.resolved.as_ref().unwrap();
        let picture = resolved.attachments.values().next().unwrap();
        let size = format!("{}x{}", picture.width.unwrap(), picture.height.unwrap());
        let said = InteractionResponseType::ChannelMessageWithSource;
        bot.answer(&interaction, respond(said, say(&size))).await;
    };
    let (asked, ()) = tokio::join!(asked, answer);
    assert_eq!(asked.unwrap().message.unwrap().content, "3x2");
}

#[tokio::test]
async fn too_large_is_too_large() {
    let bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let send = |bytes: usize| {
        let file = Attachment::from_bytes("big.bin".to_owned(), vec![1; bytes], 0);
        let files = [file];
        let http = std::sync::Arc::clone(&bot.http);
        async move { http.create_message(channel).attachments(&files).await }
    };
    send(9 * 1024 * 1024).await.unwrap();
    let refused = send(10 * 1024 * 1024 + 1).await.unwrap_err();
    assert_eq!(crate::messages::api_error(refused).0, 40005);
}

#[tokio::test]
async fn the_newer_components_show_files() {
    let bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    let body = json!({"flags": 1 << 15, "components": [
        {"type": 17, "accent_color": 255, "components": [
            {"type": 10, "content": "# Title"},
            {"type": 9, "components": [{"type": 10, "content": "text"}],
             "accessory": {"type": 11, "media": {"url": "attachment://a.png"}}},
            {"type": 14}]},
        {"type": 12, "items": [{"media": {"url": "attachment://a.png"}, "description": "a"}]},
        {"type": 13, "file": {"url": "attachment://a.png"}},
    ]});
    let file = Attachment::from_bytes("a.png".to_owned(), png(5, 6), 0);
    let sent = bot
        .http
        .create_message(channel)
        .attachments(&[file])
        .payload_json(body.to_string().as_bytes())
        .await
        .unwrap();
    let sent: Value = serde_json::from_slice(&sent.bytes().await.unwrap()).unwrap();
    let gallery = &sent["components"][1]["items"][0]["media"];
    assert_eq!(
        (&gallery["width"], &gallery["attachment_id"]),
        (&json!(5), &sent["attachments"][0]["id"])
    );
    assert_eq!(sent["components"][2]["name"], "a.png");

    // An edit needs neither the flag nor the file again.
    let path = bot.in_channel(
        "general",
        &format!("messages/{}", sent["id"].as_str().unwrap()),
    );
    let edit = json!({"components": [{"type": 13, "file": {"url": "attachment://a.png"}}]});
    let (status, edited) = bot.send("PATCH", &path, Some(&edit)).await;
    assert_eq!(
        (status, &edited["components"][0]["size"]),
        (200, &sent["attachments"][0]["size"])
    );
}

#[tokio::test]
async fn wrong_layouts_are_refused_with_all_their_faults() {
    let bot = Bot::new().await;
    let path = bot.in_channel("general", "messages");
    let body = json!({"flags": 1 << 15, "components": [
        {"type": 9, "components": []},
        {"type": 17, "components": [{"type": 17, "components": []}]},
        {"type": 12, "items": [{"media": {"url": "ftp://x"}}]},
        {"type": 14, "spacing": 3},
    ]});
    let (status, answer) = bot.send("POST", &path, Some(&body)).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50035)));
    let errors = &answer["errors"]["components"];
    let code = |pointer: &str| {
        errors
            .pointer(&format!("{pointer}/_errors/0/code"))
            .cloned()
    };
    for (pointer, expected) in [
        ("/0/components", "BASE_TYPE_BAD_LENGTH"),
        ("/0/accessory", "BASE_TYPE_REQUIRED"),
        ("/1/components/0/type", "UNION_TYPE_CHOICES"),
        ("/2/items/0/media/url", "URL_TYPE_INVALID_SCHEME"),
        ("/3/spacing", "BASE_TYPE_CHOICES"),
    ] {
        assert_eq!(code(pointer), Some(json!(expected)), "{pointer}: {answer}");
    }
    let gone = json!({"type": 13, "file": {"url": "attachment://gone.txt"}});
    let body = json!({"flags": 1 << 15, "components": [gone]});
    let (_, answer) = bot.send("POST", &path, Some(&body)).await;
    let code = &answer["errors"]["components"]["_errors"][0]["code"];
    assert_eq!(code, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND");
    let texts = vec![json!({"type": 10, "content": "x".repeat(2001)}); 2];
    let (_, answer) = bot
        .send(
            "POST",
            &path,
            Some(&json!({"flags": 1 << 15, "components": texts})),
        )
        .await;
    let code = &answer["errors"]["components"]["_errors"][0]["code"];
    assert_eq!(code, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED");
}
