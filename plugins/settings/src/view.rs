//! Pages of the menu: the plugins and tables, the settings of one, and one setting with what changes it.

use plugin_api::{
    ButtonBuilder, SelectBuilder, SelectOption,
    abi::{DescribeReply, SettingView},
    prelude::*,
    text::{FIELDS, clip, counted, plain},
    twilight_model::channel::message::Component,
};

use crate::{
    listing::listed,
    place::{Place, Scope, table_of},
    words::{origin, shown},
};

/// Options of a select, and so of a page.
const PER_PAGE: usize = 25;

/// The embed that keeps what somebody has typed.
const TYPED: &str = "What you typed";

/// The handlers of the menu's parts.
pub(crate) mod part {
    pub(crate) const TABLES: &str = "tables";
    pub(crate) const TABLE: &str = "table";
    pub(crate) const PICK_TABLE: &str = "pick-table";
    pub(crate) const PICK: &str = "pick";
    pub(crate) const CHANGE: &str = "change";
    pub(crate) const FORM: &str = "form";
    pub(crate) const CHOOSE: &str = "choose";
    pub(crate) const RESET: &str = "reset";
}

/// What became of a change, which the next page says.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    Done(String),
    Refused { why: String, typed: String },
}

/// The first page: what is set, and a select of the plugins that have settings.
pub(crate) fn tables(ctx: &Invocation, mut all: DescribeReply, place: Place) -> Result<NewMessage> {
    let rows = menu(ctx, &all, place)?;
    let title = match place.scope {
        Scope::Server => "Settings of this server",
        Scope::Bot => "Settings",
    };
    // The host's own are many: those that are as they come are shown by their table alone.
    all.settings
        .retain(|one| one.plugin.is_some() || one.from == "file");
    let message = listed(title, &all);
    Ok(rows
        .into_iter()
        .fold(message, |message, row| message.row(row)))
}

fn menu(ctx: &Invocation, all: &DescribeReply, place: Place) -> Result<Vec<Vec<Component>>> {
    let mut tables: Vec<(&str, usize, usize)> = Vec::new();
    for one in &all.settings {
        let set = usize::from(one.from != "default");
        match tables.iter_mut().find(|(name, ..)| *name == table_of(one)) {
            Some((_, count, own)) => (*count, *own) = (*count + 1, *own + set),
            None => tables.push((table_of(one), 1, set)),
        }
    }
    let options = tables.iter().map(|(name, count, set)| {
        let set = match set {
            0 => String::new(),
            set => format!(", {set} set"),
        };
        let what = format!("{}{set}", counted(*count as u64, "setting"));
        SelectOption::new(clip(name, 100), clip(name, 100)).description(what)
    });
    let words = match place.scope {
        Scope::Server => "Choose a plugin",
        Scope::Bot => "Choose a plugin or a table",
    };
    paged(
        ctx,
        place,
        options.collect(),
        words,
        part::PICK_TABLE,
        part::TABLES,
    )
}

/// The settings of a plugin or a table, and a select of them.
pub(crate) fn table(
    ctx: &Invocation,
    all: &DescribeReply,
    name: &str,
    place: Place,
) -> Result<NewMessage> {
    let place = place.at(name);
    let of_table: Vec<&SettingView> = all
        .settings
        .iter()
        .filter(|one| table_of(one) == name)
        .collect();
    let mut card = DescribeReply::default();
    let page = place.page.min(of_table.len().saturating_sub(1) / PER_PAGE);
    card.settings = of_table
        .iter()
        .skip(page * PER_PAGE)
        .take(FIELDS)
        .map(|one| (*one).clone())
        .collect();
    let options = of_table.iter().map(|one| {
        let key = one.path.strip_prefix(name).unwrap_or(&one.path);
        SelectOption::new(clip(key.trim_start_matches('.'), 100), clip(&one.path, 100))
            .description(clip(&plain(&one.description), 100))
    });
    let rows = paged(
        ctx,
        place,
        options.collect(),
        "Choose a setting",
        part::PICK,
        part::TABLE,
    )?;
    let message = listed(&format!("Settings of {name}"), &card);
    let message = rows
        .into_iter()
        .fold(message, |message, row| message.row(row));
    Ok(message.row([back(ctx, part::TABLES, Place::new(place.scope))?]))
}

/// A select of a page's options, and buttons to turn where there are more.
fn paged(
    ctx: &Invocation,
    place: Place,
    options: Vec<SelectOption>,
    words: &str,
    pick: &str,
    turn: &str,
) -> Result<Vec<Vec<Component>>> {
    if options.is_empty() {
        return Ok(Vec::new());
    }
    let last = (options.len() - 1) / PER_PAGE;
    let page = place.page.min(last);
    let shown = options.into_iter().skip(page * PER_PAGE).take(PER_PAGE);
    let menu = select(words, ctx.custom_id(pick, place.on(page))?, shown);
    let mut rows = vec![vec![menu.into()]];
    if last > 0 {
        let to = |label: &str, page: usize| {
            Ok::<_, Error>(button(label, ctx.custom_id(turn, place.on(page))?).secondary())
        };
        // No two have the same id: the one in the middle leads nowhere.
        rows.push(vec![
            to("‹", page.saturating_sub(1))?.disabled(page == 0).into(),
            button(
                format!("{} / {}", page + 1, last + 1),
                ctx.custom_id(turn, place.on(last + 2))?,
            )
            .secondary()
            .disabled(true)
            .into(),
            to("›", page + 1)?.disabled(page == last).into(),
        ]);
    }
    Ok(rows)
}

fn back(ctx: &Invocation, to: &str, place: Place) -> Result<ButtonBuilder> {
    Ok(button("Back", ctx.custom_id(to, place)?).secondary())
}

/// A setting, and what changes it.
pub(crate) fn one(
    ctx: &Invocation,
    one: &SettingView,
    scope: Scope,
    note: Option<&Note>,
) -> Result<NewMessage> {
    let place = Place::new(scope).at(&one.path);
    let mut card = embed(&one.path)
        .description(clip(&plain(&one.description), 1_000))
        .field("Value", clip(&shown(one, &one.value), 500), true)
        .field("From", origin(one), true)
        .field("Default", clip(&shown(one, &one.default), 300), true);
    if !one.takes.is_empty() {
        card = card.field("Takes", clip(&one.takes, 500), false);
    }
    if one.waits_for_restart {
        card = card.field("Waits", "for a restart of the bot", false);
    } else if !one.live {
        card = card.footer("A change is in force after a restart of the bot");
    }
    let mut typed = None;
    match note {
        Some(Note::Done(words)) => card = card.field("Changed", clip(words, 600), false).success(),
        Some(Note::Refused { why, typed: text }) => {
            card = card
                .field("Not changed", clip(&plain(why), 600), false)
                .error();
            typed = Some(text);
        }
        None => {}
    }
    let mut message = NewMessage::from(card);
    if let Some(text) = typed {
        message = message.embed(kept(text));
    }
    if let Some(menu) = picker(ctx, one, place)? {
        message = message.row([menu]);
    }
    let change = if typed.is_some() {
        "Try again"
    } else {
        "Change"
    };
    let mut buttons = vec![button(change, ctx.custom_id(part::CHANGE, place)?)];
    let is_set = match scope {
        Scope::Server => one.from == "server",
        Scope::Bot => one.from == "file",
    };
    if is_set {
        buttons.push(button("Reset", ctx.custom_id(part::RESET, place)?).danger());
    }
    buttons.push(back(ctx, part::TABLE, Place::new(scope).at(table_of(one)))?);
    Ok(message.row(buttons))
}

/// A select of what there is to choose from, where Discord has one.
fn picker(ctx: &Invocation, one: &SettingView, place: Place) -> Result<Option<SelectBuilder>> {
    let is_list = one.kind.as_deref() == Some("list");
    let kind = match is_list {
        true => one.items.as_deref(),
        false => one.kind.as_deref(),
    };
    let id = || ctx.custom_id(part::CHOOSE, place);
    // Of the bot's settings any server's may be meant, and Discord shows those of this one.
    let here = place.scope == Scope::Server;
    let menu = match kind {
        Some("boolean") => of_words(id()?, one, &["true", "false"]),
        Some("choice") if one.choices.len() <= PER_PAGE => {
            let choices: Vec<&str> = one.choices.iter().map(String::as_str).collect();
            of_words(id()?, one, &choices)
        }
        Some("channel") if here => channel_select("Choose a channel", id()?),
        Some("role") if here => role_select("Choose a role", id()?),
        Some("user") if here => user_select("Choose somebody", id()?),
        _ => return Ok(None),
    };
    if !is_list {
        return Ok(Some(menu));
    }
    let bound = |bound: Option<f64>, none: u8| bound.map_or(none, |it| it.clamp(0.0, 25.0) as u8);
    let (least, most) = (bound(one.min, 0), bound(one.max, 25).max(1));
    Ok(Some(menu.min(least).max(most)))
}

fn of_words(id: String, one: &SettingView, words: &[&str]) -> SelectBuilder {
    let now = one
        .value
        .as_str()
        .map_or_else(|| one.value.to_string(), str::to_owned);
    let options = words.iter().map(|word| {
        let option = SelectOption::new(clip(word, 100), clip(word, 100));
        if *word == now {
            option.default()
        } else {
            option
        }
    });
    select("Choose a value", id, options)
}

/// A text that is kept on the page, so that it is in the form when that is opened again.
fn kept(text: &str) -> plugin_api::EmbedBuilder {
    // What would end the block gets something invisible in it.
    let text = text.replace("```", "`\u{200b}`\u{200b}`");
    embed(TYPED).description(format!("```\n{text}\n```"))
}

/// Answer to a change by somebody who may not see the setting, for their eyes alone.
pub(crate) fn refused(why: &str, typed: &str) -> NewMessage {
    let card = embed("Not changed").description(plain(why)).error();
    NewMessage::from(card).embed(kept(typed)).ephemeral()
}

/// The text that a page keeps, if it keeps one.
pub(crate) fn kept_on(message: &plugin_api::twilight_model::channel::Message) -> Option<String> {
    let kept = message
        .embeds
        .iter()
        .find(|embed| embed.title.as_deref() == Some(TYPED))?;
    let text = kept.description.as_deref()?;
    let text = text.strip_prefix("```\n")?.strip_suffix("\n```")?;
    Some(text.replace("`\u{200b}`\u{200b}`", "```"))
}

/// The first page, where a setting is not there any more; what was typed for it is not lost.
pub(crate) fn gone(
    ctx: &Invocation,
    all: DescribeReply,
    scope: Scope,
    typed: Option<&str>,
) -> Result<NewMessage> {
    let message = tables(ctx, all, Place::new(scope))?;
    let told = embed("That setting is not there any more")
        .description("Its plugin has been unloaded, or declares it no more.")
        .warning();
    let message = message.embed(told);
    Ok(match typed {
        Some(text) => message.embed(kept(text)),
        None => message,
    })
}
