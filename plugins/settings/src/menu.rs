//! Menu of settings: what its buttons, selects and forms do.

use plugin_api::{
    abi::{DescribeReply, SettingView},
    prelude::*,
    text::clip,
};

use crate::{
    place::{Place, Scope},
    view::{self, Note, part},
    words::{editable, shown},
};

/// The field of the form.
const VALUE: &str = "value";

pub(super) fn handlers(plugin: Plugin) -> Plugin {
    plugin
        .component(part::TABLES, tables)
        .component(part::TABLE, table)
        .component(part::PICK_TABLE, picked_table)
        .component(part::PICK, picked)
        .component(part::CHANGE, change)
        .component(part::FORM, submitted)
        .component(part::CHOOSE, chosen)
        .component(part::RESET, reset)
}

async fn tables(ctx: ComponentContext) -> Result {
    let place = Place::parse(ctx.argument());
    let all = place.scope.all(&ctx).await?;
    turn(&ctx, view::tables(&ctx, all, place)?).await
}

async fn table(ctx: ComponentContext) -> Result {
    let place = Place::parse(ctx.argument());
    let all = place.scope.all(&ctx).await?;
    let page = match place.table(&all).map(str::to_owned) {
        Some(name) => view::table(&ctx, &all, &name, place)?,
        None => view::gone(&ctx, all, place.scope, None)?,
    };
    turn(&ctx, page).await
}

async fn picked_table(ctx: ComponentContext) -> Result {
    let scope = Place::parse(ctx.argument()).scope;
    let name = ctx.values().first().cloned().unwrap_or_default();
    let all = scope.all(&ctx).await?;
    let page = match Place::new(scope).at(&name).table(&all).is_some() {
        true => view::table(&ctx, &all, &name, Place::new(scope))?,
        false => view::gone(&ctx, all, scope, None)?,
    };
    turn(&ctx, page).await
}

async fn picked(ctx: ComponentContext) -> Result {
    let scope = Place::parse(ctx.argument()).scope;
    let path = ctx.values().first().cloned().unwrap_or_default();
    let all = scope.all(&ctx).await?;
    turn(&ctx, page_of(&ctx, all, Place::new(scope).at(&path), None)?).await
}

/// Opens the form of a setting, with its value, or with what was typed before.
async fn change(ctx: ComponentContext) -> Result {
    let place = Place::parse(ctx.argument());
    let all = place.scope.all(&ctx).await?;
    let Some(one) = place.setting(&all) else {
        return turn(&ctx, view::gone(&ctx, all, place.scope, None)?).await;
    };
    let before = ctx
        .message()
        .ok()
        .and_then(|message| view::kept_on(&message));
    let value = before.unwrap_or_else(|| editable(&one.value));
    let id = ctx.custom_id(part::FORM, place)?;
    let form = Modal::new(clip(&format!("Change {}", one.path), 45), id).field(field(one, &value));
    ctx.modal(&form).await
}

fn field(one: &SettingView, value: &str) -> TextField {
    let name = one.path.rsplit('.').next().unwrap_or(&one.path);
    let is_long = value.chars().count() > 80
        || value.contains('\n')
        || matches!(one.kind.as_deref(), Some("string" | "list"))
            && one.max.is_none_or(|max| max > 80.0);
    let field = match is_long {
        true => TextField::long(VALUE, &clip(name, 45)),
        false => TextField::short(VALUE, &clip(name, 45)),
    };
    let takes = match &*one.takes {
        "" => &one.description,
        takes => takes,
    };
    // What is too long is for the host to refuse, in words: here it would be cut, and lost.
    field
        .describe(&clip(takes, 100))
        .placeholder(&clip(&format!("Default: {}", editable(&one.default)), 100))
        .value(&clip(value, 4_000))
        .optional()
}

async fn submitted(ctx: ComponentContext) -> Result {
    let typed = ctx.field(VALUE).to_owned();
    put(&ctx, &typed).await
}

async fn chosen(ctx: ComponentContext) -> Result {
    let values = ctx.values();
    let picked = match values {
        [] => "[]".to_owned(),
        values => values.join(", "),
    };
    put(&ctx, &picked).await
}

async fn reset(ctx: ComponentContext) -> Result {
    let place = Place::parse(ctx.argument());
    let guild = place.scope.guild(&ctx)?;
    let all = place.scope.all(&ctx).await?;
    let Some(one) = place.setting(&all) else {
        return turn(&ctx, view::gone(&ctx, all, place.scope, None)?).await;
    };
    let done = ctx.host().write_setting(guild, &one.path, ()).await?;
    let note = Note::Done(format!(
        "{} → {}",
        shown(one, &done.before),
        shown(one, &done.after)
    ));
    let all = place.scope.all(&ctx).await?;
    turn(&ctx, page_of(&ctx, all, place, Some(&note))?).await
}

/// Sets what was typed or picked; what the host refuses stays on the page, with the reason.
async fn put(ctx: &ComponentContext, typed: &str) -> Result {
    let place = Place::parse(ctx.argument());
    let guild = place.scope.guild(ctx)?;
    let all = match place.scope.all(ctx).await {
        Ok(all) => all,
        // Whoever may not even see them any more has what was typed, and the page stays.
        Err(error) => match error.user_message() {
            Some(why) => return ctx.reply(view::refused(why, typed)).await,
            None => return Err(error),
        },
    };
    let Some(one) = place.setting(&all) else {
        return turn(ctx, view::gone(ctx, all, place.scope, Some(typed))?).await;
    };
    let note = match ctx.host().write_setting(guild, &one.path, typed).await {
        Ok(done) => {
            let change = format!("{} → {}", shown(one, &done.before), shown(one, &done.after));
            Note::Done(match done.waits_for_restart {
                true => format!("{change}, after a restart of the bot"),
                false => change,
            })
        }
        Err(error) => match error.user_message() {
            Some(why) => Note::Refused {
                why: why.to_owned(),
                typed: typed.to_owned(),
            },
            None => return Err(error),
        },
    };
    let all = place.scope.all(ctx).await?;
    turn(ctx, page_of(ctx, all, place, Some(&note))?).await
}

fn page_of(
    ctx: &Invocation,
    all: DescribeReply,
    place: Place,
    note: Option<&Note>,
) -> Result<NewMessage> {
    match place.setting(&all) {
        Some(one) => view::one(ctx, one, place.scope, note),
        None => {
            let scope: Scope = place.scope;
            view::gone(ctx, all, scope, None)
        }
    }
}

/// Shows a page in the place of the one before, or beside it where that was deleted meanwhile.
async fn turn(ctx: &ComponentContext, page: NewMessage) -> Result {
    match ctx.update(page.clone()).await {
        Err(error) if error.http_status() == Some(404) => ctx.reply(page).await,
        other => other,
    }
}
