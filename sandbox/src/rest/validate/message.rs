//! Validation of message bodies: <https://discord.com/developers/docs/resources/message#create-message>.

use serde_json::{Value, json};

use super::{component, embed, layout, poll};
use crate::{
    rest::{
        call::body_id,
        error::{ApiError, FormErrors},
    },
    view::walk,
    world::{Attachment, Draft, Message, World, clean},
};

/// Files in one message.
const MAX_FILES: usize = 10;

/// Components in one message of the newer kind, nested ones included.
const MAX_V2: usize = 40;

/// Checks the body of a new message, keeps its files, and makes a draft of it.
pub(in crate::rest) fn message(
    world: &mut World,
    channel: u64,
    body: &Value,
    files: &[(u64, Attachment)],
) -> Result<Draft, ApiError> {
    read(world, channel, body, files, &[])
}

/// As [`message`], for a change of a message that is known.
pub(in crate::rest) fn edited(
    world: &mut World,
    known: &Message,
    body: &Value,
    files: &[(u64, Attachment)],
) -> Result<Draft, ApiError> {
    let mut body = body.clone();
    // Once a message is of the newer kind, it stays so without being told again.
    if known.flags & component::V2 != 0 && body.is_object() {
        let flags = body["flags"].as_u64().unwrap_or(known.flags);
        body["flags"] = json!(flags | component::V2);
    }
    let mut draft = read(world, known.channel, &body, files, &known.attachments)?;
    if body["components"].is_null() && body.get("components").is_none() {
        draft.components = None;
    }
    Ok(draft)
}

fn read(
    world: &mut World,
    channel: u64,
    body: &Value,
    files: &[(u64, Attachment)],
    held: &[Value],
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
        check_components(components, flags, &mut errors);
        let names = names(body, files, held);
        for name in layout::missing_files(components, &names) {
            let message = format!("The referenced attachment was not found: {name}");
            let code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND";
            errors.add("components", code, message);
        }
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

    let attachments = attachments(world, channel, body, files, held);
    let files = attachments.as_deref().unwrap_or(held);
    let embeds = embeds.map(|embeds| {
        embeds
            .into_iter()
            .map(|embed| embed::finish(embed, files))
            .collect()
    });
    let components = components.map(component::finish).map(|mut components| {
        let mut next_id = world.snowflakes.next();
        for component in &mut components {
            layout::finish(component, files, &mut next_id);
        }
        components
    });
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

/// What was said of the file of this number or id.
fn told(body: &Value, id: u64) -> Option<&Value> {
    let listed = body["attachments"].as_array()?.iter();
    let mut listed = listed.filter(|entry| body_id(&entry["id"]) == Some(id));
    listed.next()
}

/// The names of all files that the message will have, or has.
fn names<'a>(body: &'a Value, files: &'a [(u64, Attachment)], held: &'a [Value]) -> Vec<&'a str> {
    let new = files.iter().map(|(number, file)| {
        let renamed = told(body, *number).and_then(|entry| entry["filename"].as_str());
        renamed.unwrap_or(&file.filename)
    });
    let held = held.iter().filter_map(|file| file["filename"].as_str());
    new.chain(held).collect()
}

/// Keeps new files and gives the message's attachment objects: those kept by id, then the new ones.
/// `held` are those that the message has; without `attachments` in the body, new files take their place.
fn attachments(
    world: &mut World,
    channel: u64,
    body: &Value,
    files: &[(u64, Attachment)],
    held: &[Value],
) -> Option<Vec<Value>> {
    let listed = body.get("attachments");
    if listed.is_none() && files.is_empty() {
        return None;
    }
    let listed = listed.and_then(Value::as_array).into_iter().flatten();
    let kept = listed.filter_map(|entry| {
        let mut file = held
            .iter()
            .find(|file| body_id(&file["id"]) == body_id(&entry["id"]))?
            .clone();
        if let Some(description) = entry.get("description") {
            file["description"] = description.clone();
        }
        Some(file)
    });
    let mut all: Vec<_> = kept.collect();
    for (number, file) in files {
        let entry = told(body, *number).cloned().unwrap_or_default();
        let mut file = file.clone();
        if let Some(filename) = entry["filename"].as_str() {
            file.filename = filename.to_owned();
        }
        file.filename = clean(&file.filename);
        all.push(world.keep_file(channel, file, &entry));
    }
    Some(all)
}

/// Checks the components of a message.
fn check_components(components: &[Value], flags: Option<u64>, errors: &mut FormErrors) {
    let v2 = flags.is_some_and(|flags| flags & component::V2 != 0);
    if v2 {
        errors.length("components", walk(components).count(), 0, MAX_V2);
        layout::check_total(components, errors);
    } else {
        errors.length("components", components.len(), 0, 5);
    }
    for (index, known) in components.iter().enumerate() {
        let at = format!("components.{index}");
        let kind = known["type"].as_u64().unwrap_or(0);
        match kind {
            _ if v2 => layout::check(known, &at, false, errors),
            1 => component::check_row(known, &at, errors),
            9 | 10 | 12..=14 | 17 => {
                let message = format!(
                    "Value of field \"type\" must be one of (1,); {kind} needs the flag IS_COMPONENTS_V2."
                );
                errors.add(&format!("{at}.type"), "UNION_TYPE_CHOICES", message);
            }
            _ => errors.add(
                &format!("{at}.type"),
                "UNION_TYPE_CHOICES",
                "Value of field \"type\" must be one of (1,).",
            ),
        }
    }
    component::unique_custom_ids(components, errors);
}
