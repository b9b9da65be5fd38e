//! Message bodies: <https://discord.com/developers/docs/resources/message#create-message>.

use serde_json::{Value, json};

use super::{component, embed, poll};
use crate::{
    rest::{
        call::body_id,
        error::{ApiError, FormErrors},
    },
    world::{Attachment, Draft, Message, World},
};

/// Files in one message.
const MAX_FILES: usize = 10;

/// Checks the body of a new or changed message, keeps its files, and makes a draft of it.
pub(in crate::rest) fn message(
    world: &mut World,
    channel: u64,
    body: &Value,
    files: &[(u64, Attachment)],
) -> Result<Draft, ApiError> {
    let mut errors = FormErrors::default();
    let content = text(body, "content", &mut errors);
    if let Some(content) = &content {
        errors.length("content", content.chars().count(), 0, 2000);
    }
    let embeds = list(body, "embeds", &mut errors);
    if let Some(embeds) = &embeds {
        embed::check(embeds, &mut errors);
    }
    let flags = body.get("flags").and_then(Value::as_u64);
    let components = list(body, "components", &mut errors);
    if let Some(components) = &components {
        component::check_message(components, flags, &mut errors);
    }
    if flags.is_some_and(|flags| flags & component::V2 != 0)
        && (content.as_ref().is_some_and(|text| !text.is_empty())
            || embeds.as_ref().is_some_and(|list| !list.is_empty()))
    {
        let field = if content.is_some() {
            "content"
        } else {
            "embeds"
        };
        let message =
            format!("The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
        errors.add(
            field,
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            message,
        );
    }
    let nonce = body.get("nonce").filter(|nonce| !nonce.is_null()).cloned();
    if nonce
        .as_ref()
        .and_then(Value::as_str)
        .is_some_and(|nonce| nonce.len() > 25)
    {
        errors.add(
            "nonce",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 25 or fewer in length.",
        );
    }
    let poll = poll::poll(body, &mut errors);
    allowed_mentions(&body["allowed_mentions"], &mut errors);
    errors.length("attachments", files.len(), 0, MAX_FILES);
    errors.check()?;

    let attachments = attachments(world, channel, body, files);
    let files = attachments.as_deref().unwrap_or_default();
    let embeds = embeds.map(|embeds| {
        embeds
            .into_iter()
            .map(|embed| embed::finish(embed, files))
            .collect()
    });
    let components = components.map(component::finish);
    Ok(Draft {
        content,
        embeds,
        components,
        attachments,
        flags,
        tts: body["tts"] == true,
        allowed_mentions: body
            .get("allowed_mentions")
            .filter(|rules| rules.is_object())
            .cloned(),
        nonce,
        enforce_nonce: body["enforce_nonce"] == true,
        poll,
        ..Draft::default()
    })
}

/// Refuses a new message without anything in it.
pub(in crate::rest) fn not_empty(draft: &Draft) -> Result<(), ApiError> {
    let full = |list: &Option<Vec<Value>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let text = draft
        .content
        .as_ref()
        .is_some_and(|content| !content.trim().is_empty());
    let other = draft.poll.is_some() || !draft.stickers.is_empty();
    if text || other || full(&draft.embeds) || full(&draft.components) || full(&draft.attachments) {
        Ok(())
    } else {
        Err(ApiError::empty_message())
    }
}

/// Refuses an edit that would leave nothing in the message.
pub(in crate::rest) fn not_emptied(known: &Message, draft: &Draft) -> Result<(), ApiError> {
    let after = Draft {
        content: draft
            .content
            .clone()
            .or_else(|| Some(known.content.clone())),
        embeds: draft.embeds.clone().or_else(|| Some(known.embeds.clone())),
        components: draft
            .components
            .clone()
            .or_else(|| Some(known.components.clone())),
        attachments: draft
            .attachments
            .clone()
            .or_else(|| Some(known.attachments.clone())),
        ..Draft::default()
    };
    not_empty(&after)
}

/// A text field: `None` if absent, empty if `null`.
fn text(body: &Value, key: &str, errors: &mut FormErrors) -> Option<String> {
    match body.get(key)? {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.trim_end().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => {
            errors.add(key, "BASE_TYPE_STRING", "Must be a string.");
            None
        }
    }
}

/// A list field: `None` if absent, empty if `null`.
fn list(body: &Value, key: &str, errors: &mut FormErrors) -> Option<Vec<Value>> {
    match body.get(key)? {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => Some(list.clone()),
        _ => {
            errors.add(
                key,
                "LIST_TYPE_CONVERT",
                "Only iterables may be used in a ListType",
            );
            None
        }
    }
}

fn allowed_mentions(rules: &Value, errors: &mut FormErrors) {
    let parse = rules["parse"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, kind) in parse.iter().enumerate() {
        if !["roles", "users", "everyone"]
            .iter()
            .any(|known| kind == known)
        {
            let message = "Value must be one of ('users', 'roles', 'everyone').";
            errors.add(
                &format!("allowed_mentions.parse.{index}"),
                "BASE_TYPE_CHOICES",
                message,
            );
        }
    }
    for key in ["users", "roles"] {
        let ids = rules[key].as_array().map_or(0, Vec::len);
        errors.length(&format!("allowed_mentions.{key}"), ids, 0, 100);
        if ids > 0 && parse.iter().any(|kind| kind == key) {
            let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
            errors.add(
                "allowed_mentions",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                message,
            );
        }
    }
}

/// Keeps new files and gives the message's attachment objects: those kept by id, then the new ones.
fn attachments(
    world: &mut World,
    channel: u64,
    body: &Value,
    files: &[(u64, Attachment)],
) -> Option<Vec<Value>> {
    let listed = body.get("attachments").and_then(Value::as_array);
    if listed.is_none() && files.is_empty() {
        return None;
    }
    let described = |id: u64| {
        listed
            .into_iter()
            .flatten()
            .find(|entry| body_id(&entry["id"]) == Some(id))
    };
    let kept = listed.into_iter().flatten().filter_map(|entry| {
        let id = body_id(&entry["id"]).filter(|id| world.files.contains_key(id))?;
        Some(attachment_json(
            &world.files_base,
            channel,
            id,
            world.files.get(&id)?,
            Some(entry),
        ))
    });
    let mut all: Vec<_> = kept.collect();
    for (number, file) in files {
        let entry = described(*number);
        let mut file = file.clone();
        if let Some(filename) = entry.and_then(|entry| entry["filename"].as_str()) {
            file.filename = filename.to_owned();
        }
        let id = world.snowflakes.next();
        all.push(attachment_json(
            &world.files_base,
            channel,
            id,
            &file,
            entry,
        ));
        world.files.insert(id, file);
    }
    Some(all)
}

fn attachment_json(
    base: &str,
    channel: u64,
    id: u64,
    file: &Attachment,
    entry: Option<&Value>,
) -> Value {
    let url = format!("{base}/attachments/{channel}/{id}/{}", file.filename);
    let mut json = json!({
        "id": id.to_string(),
        "filename": file.filename,
        "size": file.bytes.len(),
        "url": url,
        "proxy_url": url,
        "content_type": file.content_type,
    });
    if let Some(description) = entry.and_then(|entry| entry["description"].as_str()) {
        json["description"] = json!(description);
    }
    json
}
