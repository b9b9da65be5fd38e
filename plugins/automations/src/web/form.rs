//! Page with the form of an automation: a field for each parameter of its template, conditions as lines, steps as JSON.

use maud::{Markup, html};
use plugin_api::{
    RouteReply,
    prelude::*,
    twilight_model::channel::{Channel, ChannelType},
};

use super::{Request, html, list, managed, names::Names, numbered};
use crate::{
    automation::{Automation, Definition, NAME},
    engine,
    model::{Guild, Kind, Parameter, RoleAt, print},
    rights,
    templates::{self, Group},
};

/// What conditions are written like.
const CONDITIONS: &str = "One a line; all have to hold. Empty: always. For example: time 22:00-06:00 · weekday mon-fri, sun · role has @Name (or lacks, above, \
     below) · messages >= 10 · account >= 7 days · variable level == 5. any:, all: and not: begin a group, whose lines are indented by two blanks.";

/// What steps are written like.
const STEPS: &str = "What is done behind what the template does, as JSON, such as [{\"do\": \"send\", \"text\": \"Hello {user}\"}]. do is one of send, dm, add_role, \
     remove_role, time_out, create_role, delete_message, webhook, delay, run.";

pub(super) async fn new(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    let template = templates::named(ctx.param("template"))
        .ok_or_else(|| Error::user("There is no such template. Go back to the list."))?;
    let names = Names::of(ctx.host(), guild).await?;
    html(&drawn(
        &ctx,
        guild,
        None,
        &Definition::new(template),
        &names,
    ))
}

pub(super) async fn edit(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    let automation = numbered(&ctx, guild, ctx.param("id")).await?;
    let names = Names::of(ctx.host(), guild).await?;
    let may = rights::may_change(ctx.host(), guild, ctx.user_id(), &automation.definition);
    if let Err(error) = may.await {
        let why = error.user_message().map(str::to_owned).ok_or(error)?;
        return html(&html! {
            (head(&ctx, guild, Some(&automation), &automation.definition))
            p.notice.warn { (why) }
        });
    }
    html(&drawn(
        &ctx,
        guild,
        Some(&automation),
        &automation.definition,
        &names,
    ))
}

fn head(ctx: &Request, guild: Guild, of: Option<&Automation>, definition: &Definition) -> Markup {
    let template = definition.template().ok();
    html! {
        p { a href={ (ctx.base()) "/servers/" (guild) } { "Automations of this server" } " / " bdi {
            @match of { Some(it) => { "#" (it.id) " " (definition.name) }, None => "new" }
        } }
        @if let Some(it) = of { p { (list::state(it)) } }
        @if let Some(template) = template { p.muted { (template.icon) " " (template.description) ". When: " (template.trigger) "." } }
    }
}

fn drawn(
    ctx: &Request,
    guild: Guild,
    of: Option<&Automation>,
    definition: &Definition,
    names: &Names,
) -> Markup {
    let here = format!("{}/servers/{guild}", ctx.base());
    let Ok(template) = definition.template() else {
        return html! {
            (head(ctx, guild, of, definition))
            p.notice.bad { "Its template is no more: it can be deleted." }
        };
    };
    let shown = |role| engine::role_shown(&names.roles, role);
    let conditions = print(&definition.conditions, &shown);
    let steps = match definition.steps.is_empty() {
        true => String::new(),
        false => serde_json::to_string_pretty(&definition.steps).unwrap_or_default(),
    };
    html! {
        (head(ctx, guild, of, definition))
        form.stack data-post={ (here) "/save" } {
            input type="hidden" name="template" value=(template.name);
            input type="hidden" name="id" value=(of.map(|it| it.id.to_string()).unwrap_or_default());
            section.card {
                label.field {
                    span { "Name" }
                    input type="text" name="name" value=(definition.name) required maxlength=(NAME);
                }
            }
            @for group in template.groups { (part(group, definition, names)) }
            section.card {
                details open[!conditions.is_empty()] {
                    summary { "Conditions" }
                    label.field { span.hidden { "Conditions" } textarea name="conditions" rows="5" spellcheck="false" { (conditions) } }
                    p.muted { (CONDITIONS) }
                }
            }
            section.card {
                details open[!steps.is_empty()] {
                    summary { "Further steps" }
                    label.field { span.hidden { "Further steps" } textarea name="steps" rows="8" spellcheck="false" { (steps) } }
                    p.muted { (STEPS) }
                }
            }
            p.error role="alert" data-error {}
            div.actions {
                button.button.primary type="submit" data-then={ "go:" (here) } { "Save" }
                // It sends the same, and keeps nothing.
                button.button type="submit" name="only" value="preview" data-then="show:#preview" { "Preview" }
            }
            p.muted { "Whoever saves it is its maker from then on: what they may not do, it does not do. In texts, {user}, {username}, {channel}, {guild_name}, "
                @for it in template.variables { (it) ", " } "{random:1-100} and {math:2*3} stand for what they say." }
        }
        div #preview aria-live="polite" {}
    }
}

fn part(group: &Group, definition: &Definition, names: &Names) -> Markup {
    html! {
        section.card {
            header.card-head { h2 { (group.title) } }
            div.stack { @for it in group.parameters { (field(it, definition, names)) } }
        }
    }
}

fn field(it: &Parameter, definition: &Definition, names: &Names) -> Markup {
    let id = format!("parameter-{}", it.id);
    let words = html! {
        small.muted { (it.hint) @if it.required { " (needed)" } }
    };
    if matches!(it.kind, Kind::Toggle) {
        return html! {
            label.check {
                input type="checkbox" name=(name(it)) checked[definition.parameters.flag(it.id)];
                span { (it.title) " " (words) }
            }
        };
    }
    html! {
        div.field {
            label for=(id) { (it.title) }
            (control(it, &id, definition, names))
            (words)
        }
    }
}

/// A parameter's name in what the page sends.
pub(super) fn name(it: &Parameter) -> String {
    match it.kind {
        Kind::Channels(_) | Kind::Roles => format!("p.{}[]", it.id),
        _ => format!("p.{}", it.id),
    }
}

fn control(it: &Parameter, id: &str, definition: &Definition, names: &Names) -> Markup {
    let values = &definition.parameters;
    let name = name(it);
    let typed = || {
        let value = values.get(it.id);
        value.map_or_else(String::new, |value| {
            it.kind
                .typed(value, &|role| engine::role_shown(&names.roles, role))
        })
    };
    let many = matches!(it.kind, Kind::Channels(_) | Kind::Roles);
    match it.kind {
        Kind::Channel(kinds) | Kind::Channels(kinds) => {
            let chosen = match many {
                true => values.channels(it.id),
                false => values.channel(it.id).into_iter().collect(),
            };
            let options = names
                .channels
                .iter()
                .filter(|channel| kinds.contains(&channel.kind));
            let options: Vec<_> = options
                .map(|it| (it.id.to_string(), shown(it), chosen.contains(&it.id)))
                .collect();
            let gone = chosen
                .iter()
                .map(ToString::to_string)
                .filter(|id| names.channel(id).is_none());
            picker(&name, id, many, options, gone.collect())
        }
        Kind::Role | Kind::Roles => {
            let chosen = match many {
                true => values.roles(it.id),
                false => values.role(it.id).into_iter().collect(),
            };
            let can = |role: &&RoleAt| !role.managed || chosen.contains(&role.id);
            let options = names.roles.iter().filter(can);
            let options: Vec<_> = options
                .map(|it| {
                    (
                        it.id.to_string(),
                        format!("@{}", it.name),
                        chosen.contains(&it.id),
                    )
                })
                .collect();
            let gone = chosen
                .iter()
                .map(ToString::to_string)
                .filter(|id| names.role(id).is_none());
            picker(&name, id, many, options, gone.collect())
        }
        Kind::Choice(all) => {
            let now = typed();
            html! {
                select id=(id) name=(name) {
                    @if values.get(it.id).is_none() { option value="" selected { "–" } }
                    @for (value, words) in all { option value=(value) selected[*value == now] { (words) } }
                }
            }
        }
        Kind::Text(_) | Kind::EmojiRoles | Kind::LevelRoles => {
            let text = typed();
            let rows = (text.lines().count() + 1).clamp(3, 12);
            html! { textarea id=(id) name=(name) rows=(rows) { (text) } }
        }
        Kind::Number(min, max) => {
            html! { input id=(id) type="number" name=(name) value=(typed()) min=(min) max=(max) step="1" inputmode="numeric"; }
        }
        Kind::Url => {
            html! { input id=(id) type="url" name=(name) value=(typed()) autocomplete="off" spellcheck="false"; }
        }
        Kind::Line(_) | Kind::Color | Kind::Toggle => {
            html! { input id=(id) type="text" name=(name) value=(typed()) autocomplete="off"; }
        }
    }
}

/// A choice of channels or of roles. What was chosen and is gone stays to be seen, and is refused when it is saved.
fn picker(
    name: &str,
    id: &str,
    many: bool,
    options: Vec<(String, String, bool)>,
    gone: Vec<String>,
) -> Markup {
    html! {
        select id=(id) name=(name) multiple[many] size=[many.then_some(6)] {
            @if !many { option value="" { "–" } }
            @for it in &gone { option value=(it) selected { "gone (" (it) ")" } }
            @for (value, words, chosen) in &options { option value=(value) selected[*chosen] { (words) } }
        }
    }
}

fn shown(channel: &Channel) -> String {
    let name = channel.name.as_deref().unwrap_or("?");
    match channel.kind {
        ChannelType::GuildVoice | ChannelType::GuildStageVoice => format!("🔊 {name}"),
        ChannelType::GuildCategory => format!("📁 {name}"),
        _ => format!("#{name}"),
    }
}
