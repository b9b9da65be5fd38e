//! Messages of a webhook: `webhooks/{id}/{token}[/slack | /messages/{message}]`.

use serde_json::Value;
use twilight_model::channel::ChannelType;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    error::FormErrors,
    message_view::json_of,
    ok,
    reserved_name::check_name,
    slack,
    threads::{self, tags},
    validate::{
        self,
        form::{Field, Kind, record},
    },
};
use crate::{
    view::walk,
    world::{Draft, Message, Webhook, World},
};

/// The flags that a webhook may set: no embeds, no notification, newer components.
const SETTABLE: u64 = 1 << 2 | 1 << 12 | 1 << 15;

const FIELDS: &[Field] = &[
    Field::new("username", Kind::Text(1, 80)).nullable(),
    Field::new("avatar_url", Kind::Text(0, 2048)).nullable(),
    Field::new("thread_name", Kind::Text(1, 100)).nullable(),
    Field::new("applied_tags", Kind::List(&Kind::Id, threads::MAX_TAGS)).nullable(),
];

/// Routes below `webhooks/{id}/{token}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    webhook: &Webhook,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("POST", []) => {
            let wait = call.query_flag("wait");
            let (channel, message) = post(world, call, webhook, &call.body)?;
            if wait {
                ok(json_of(world, channel, message))
            } else {
                Ok(Reply::Empty)
            }
        }
        ("POST", ["slack"]) => {
            let of = threads::of(world, webhook.channel);
            if matches!(of, Some(ChannelType::GuildForum | ChannelType::GuildMedia)) {
                return Err(ApiError::no_services_in_forums());
            }
            post(world, call, webhook, &slack::message(&call.body))?;
            ok(Value::from("ok"))
        }
        (method, ["messages", message]) => own_message(world, call, method, webhook, id(message)?),
        _ => Err(ApiError::unknown_route()),
    }
}

fn post(
    world: &mut World,
    call: &Call,
    webhook: &Webhook,
    body: &Value,
) -> Result<(u64, u64), ApiError> {
    let mut errors = FormErrors::default();
    let read = record(FIELDS, body, "", true, &mut errors);
    let text = |key: &str| read.get(key).and_then(Value::as_str);
    if let Some(name) = text("username") {
        check_name(name, "username", &mut errors);
    }
    if let Some(url) = text("avatar_url").filter(|url| !url.is_empty() && !validate::is_url(url)) {
        let message = format!("Not a well formed URL: {url:?}.");
        errors.add("avatar_url", "URL_TYPE_INVALID_URL", message);
    }
    errors.check()?;
    let place = destination(world, call, webhook, text("thread_name"))?;
    let channel = place.unwrap_or(webhook.channel);
    let mut draft = draft(world, call, webhook, channel, body, None)?;
    validate::not_empty(&draft)?;
    draft.face = Some(webhook.face(
        text("username"),
        text("avatar_url").filter(|url| !url.is_empty()),
    ));
    let Some(channel) = place else {
        let of = ChannelType::PublicThread;
        let mut new = threads::new_thread(world, webhook.channel, of, &read);
        new.name = text("thread_name").unwrap_or_default().to_owned();
        new.owner = webhook.id;
        let wanted = read.get("applied_tags").cloned().unwrap_or_default();
        new.applied_tags = tags(world, webhook.channel, &wanted, webhook.user)?;
        let thread = world.start_post(new, draft, webhook.id);
        return Ok((thread, thread));
    };
    Ok((channel, world.post(channel, webhook.id, draft)))
}

/// Where a message goes: the webhook's channel, a thread of it, or (`None`) a post that is to be started.
fn destination(
    world: &World,
    call: &Call,
    webhook: &Webhook,
    thread_name: Option<&str>,
) -> Result<Option<u64>, ApiError> {
    let of = threads::of(world, webhook.channel);
    let forum = matches!(of, Some(ChannelType::GuildForum | ChannelType::GuildMedia));
    match (call.query.get("thread_id"), thread_name) {
        (Some(_), Some(_)) => Err(ApiError::thread_name_and_id()),
        (Some(thread), None) => thread_of(world, webhook, thread).map(Some),
        (None, Some(_)) if forum => Ok(None),
        (None, Some(_)) => Err(ApiError::threads_in_forums_only()),
        (None, None) if forum => Err(ApiError::thread_name_or_id()),
        (None, None) => Ok(Some(webhook.channel)),
    }
}

fn thread_of(world: &World, webhook: &Webhook, thread: &str) -> Result<u64, ApiError> {
    let thread = id(thread)?;
    let known = world.channels.get(&thread);
    known
        .filter(|known| known.is_thread() && known.parent == Some(webhook.channel))
        .map(|known| known.id)
        .ok_or_else(ApiError::unknown_channel)
}

/// A checked draft. Only a webhook of an application sends components that answer.
fn draft(
    world: &mut World,
    call: &Call,
    webhook: &Webhook,
    channel: u64,
    body: &Value,
    known: Option<&Message>,
) -> Result<Draft, ApiError> {
    let mut body = body.clone();
    if webhook.application.is_none() {
        if !call.query_flag("with_components") {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("components");
            }
        } else if let Some(components) = body["components"].as_array()
            && walk(components).any(|component| component["custom_id"].is_string())
        {
            let message = "This webhook can only send non-interactive components";
            let code = "WEBHOOK_COMPONENTS_INTERACTIVE";
            return Err(ApiError::form("components", code, message));
        }
    }
    let mut draft = match known {
        Some(known) => validate::edited(world, known, &body, &call.files)?,
        None => validate::message(world, channel, &body, &call.files)?,
    };
    draft.flags = draft.flags.map(|flags| flags & SETTABLE);
    Ok(draft)
}

/// A message that this webhook posted: read, changed or taken away.
fn own_message(
    world: &mut World,
    call: &Call,
    method: &str,
    webhook: &Webhook,
    message: u64,
) -> Answer {
    let channel = match call.query.get("thread_id") {
        Some(thread) => thread_of(world, webhook, thread)?,
        None => webhook.channel,
    };
    let known = world.message(channel, message);
    let known = known.filter(|known| known.author == webhook.id);
    let known = known.ok_or_else(ApiError::unknown_message)?.clone();
    match method {
        "GET" => ok(json_of(world, channel, message)),
        "PATCH" => {
            super::send::need_active(world, channel)?;
            if known.poll.is_some() {
                return Err(ApiError::cannot_edit_poll());
            }
            let draft = draft(world, call, webhook, channel, &call.body, Some(&known))?;
            validate::not_emptied(&known, &draft)?;
            world.edit(channel, message, draft);
            ok(json_of(world, channel, message))
        }
        "DELETE" => {
            world.delete(channel, message);
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}
