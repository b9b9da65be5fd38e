//! Filling in: a modal for each group of parameters, with fields, selects of channels and selects of roles.

use plugin_api::{
    Json,
    prelude::*,
    text::{clip, code},
};

use super::{
    draft::Draft,
    page::{form, turn},
    part,
};
use crate::{
    automation::{NAME, check_name},
    engine,
    model::{Kind, Parameter, Parameters, RoleAt},
    rights,
    state::Shared,
    templates::{Group, Template},
};

/// The group that is about the name.
const OF_NAME: &str = "name";

fn group(template: &'static Template, at: &str) -> Option<&'static Group> {
    template.groups.get(at.parse::<usize>().ok()?)
}

pub(super) async fn open(ctx: ComponentContext<Shared>) -> Result {
    let (draft, at) = Draft::of(&ctx).await?;
    let id = ctx.custom_id(part::FILLED, format_args!("{}:{at}", draft.stamp))?;
    if at == OF_NAME {
        let name = TextField::short(OF_NAME, "Name")
            .max_length(NAME as u16)
            .value(&draft.definition.name);
        return ctx
            .modal(&Modal::new("Name of the automation", id).field(name))
            .await;
    }
    let template = draft.definition.template().map_err(Error::user)?;
    let group = group(template, &at).ok_or(Error::user("This part of the form is no more."))?;
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let now = Now {
        values: &draft.definition.parameters,
        roles: &engine::roles_of(host, guild).await?,
        with_secrets: rights::invoker_sees_addresses(&ctx).await?,
    };
    let parameters = group.parameters.iter();
    let modal = parameters.fold(Modal::new(group.title, id), |modal, it| {
        add(modal, it, &now)
    });
    ctx.modal(&modal).await
}

/// What a part of the form shows.
struct Now<'a> {
    values: &'a Parameters,
    roles: &'a [RoleAt],
    /// Whether it is for somebody who may know the addresses of webhooks.
    with_secrets: bool,
}

/// Adds a parameter's field or select, with what it is now.
fn add(modal: Modal, it: &Parameter, now: &Now<'_>) -> Modal {
    let (least, values) = (u8::from(it.required), now.values);
    match it.kind {
        Kind::Channel(kinds) => {
            let select = channel_select(it.hint, it.id)
                .channel_kinds(kinds.iter().copied())
                .min(least);
            modal.select(it.title, select.default_channels(values.channel(it.id)))
        }
        Kind::Channels(kinds) => {
            let select = channel_select(it.hint, it.id)
                .channel_kinds(kinds.iter().copied())
                .min(least)
                .max(25);
            modal.select(it.title, select.default_channels(values.channels(it.id)))
        }
        Kind::Role => modal.select(
            it.title,
            role_select(it.hint, it.id)
                .min(least)
                .default_roles(values.role(it.id)),
        ),
        Kind::Roles => modal.select(
            it.title,
            role_select(it.hint, it.id)
                .min(least)
                .max(25)
                .default_roles(values.roles(it.id)),
        ),
        Kind::Toggle => choose(modal, it, values, &[("yes", "Yes"), ("no", "No")]),
        Kind::Choice(all) => choose(modal, it, values, all),
        Kind::Line(_) | Kind::Number(..) | Kind::Color | Kind::Url => {
            // What is too long is refused in words: here it would be cut, and lost.
            modal.field(typed(TextField::short(it.id, it.title), it, now))
        }
        Kind::Text(_) | Kind::EmojiRoles | Kind::LevelRoles => {
            modal.field(typed(TextField::long(it.id, it.title), it, now))
        }
    }
}

/// What the field of a key says that there is, and that may not be shown or need not be typed again.
const KEPT: &str = "There is one. Left empty, it stays; only those who may manage webhooks see it.";

fn typed(field: TextField, it: &Parameter, now: &Now<'_>) -> TextField {
    let value = now.values.get(it.id);
    if it.kind.is_secret() && value.is_some() && !now.with_secrets {
        return field.describe(KEPT).optional();
    }
    let value = value.map(|value| {
        it.kind
            .typed(value, &|role| engine::role_shown(now.roles, role))
    });
    let field = field.describe(it.hint);
    let field = match value {
        Some(value) => field.value(&clip(&value, 4_000)),
        None => field,
    };
    if it.required { field } else { field.optional() }
}

/// A select of a few. What is left as it was need not be picked again.
fn choose(modal: Modal, it: &Parameter, values: &Parameters, all: &[(&str, &str)]) -> Modal {
    let now = values
        .get(it.id)
        .map(|value| it.kind.typed(value, &|_| String::new()));
    let options = all.iter().map(|(value, label)| {
        let option = plugin_api::SelectOption::new(*label, *value);
        if now.as_deref() == Some(*value) {
            option.default()
        } else {
            option
        }
    });
    modal.select(it.title, select(it.hint, it.id, options).min(0))
}

pub(super) async fn submitted(ctx: ComponentContext<Shared>) -> Result {
    let (mut draft, at) = Draft::of(&ctx).await?;
    let mut refused = Vec::new();
    if at == OF_NAME {
        let typed = ctx.field(OF_NAME).trim().to_owned();
        match check_name(&typed) {
            Ok(()) => draft.definition.name = typed,
            Err(why) => refused.push(format!(
                "**Name**: {why}. You have typed {}.",
                code(&clip(&typed, 200))
            )),
        }
    } else {
        let template = draft.definition.template().map_err(Error::user)?;
        let group = group(template, &at).ok_or(Error::user("This part of the form is no more."))?;
        let roles = engine::roles_of(ctx.host(), ctx.guild()?).await?;
        for it in group.parameters {
            let given = given(&ctx, it);
            match it
                .kind
                .read(&given, &|named| engine::role_named(&roles, named))
            {
                Ok(Some(value)) => put(&mut draft.definition.parameters, it, Some(value)),
                // Nothing was picked: it stays as it was. So does a key, which may not have been shown.
                Ok(None) if matches!(it.kind, Kind::Toggle | Kind::Choice(_)) => {}
                Ok(None) if it.kind.is_secret() => {}
                Ok(None) => put(&mut draft.definition.parameters, it, None),
                // What was typed is shown, so that nothing is lost.
                Err(why) => {
                    let typed = clip(&given.join(", ").replace("```", "'''"), 500);
                    refused.push(format!(
                        "**{}**: {why}. It stays as it was; you have typed:\n```\n{typed}\n```",
                        it.title
                    ));
                }
            }
        }
    }
    draft.keep_for(&ctx).await?;
    let note = (!refused.is_empty()).then(|| clip(&refused.join("\n"), 1_900));
    let page = form(&ctx, ctx.state(), &draft, note).await?;
    turn(&ctx, page).await
}

fn given(ctx: &ComponentContext<Shared>, it: &Parameter) -> Vec<String> {
    match it.kind {
        Kind::Channel(_)
        | Kind::Channels(_)
        | Kind::Role
        | Kind::Roles
        | Kind::Toggle
        | Kind::Choice(_) => ctx.picked(it.id).to_vec(),
        _ => vec![ctx.field(it.id).to_owned()],
    }
}

fn put(values: &mut Parameters, it: &Parameter, value: Option<Json>) {
    match value {
        Some(value) => values.0.insert(it.id.to_owned(), value),
        None => values.0.remove(it.id),
    };
}
