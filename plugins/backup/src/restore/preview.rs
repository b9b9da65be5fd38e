//! Preview of a restore: its plan, with the select and the buttons that change and begin it.

use plugin_api::{
    Json, SelectOption,
    prelude::*,
    text::{counted, lines, word},
};
use sha2::{Digest, Sha256};

use super::{
    choice::{Choice, Mode},
    job::Last,
};
use crate::{
    archive, fields,
    plan::{Actor, Extras, Part, Plan, Standing, Wish, plan},
    store::{Guild, Index},
    take, words,
};

/// The handler of the select and the buttons.
pub(crate) const COMPONENT: &str = "restore";

/// The restore that an undo takes back.
pub(super) async fn last(host: &Host, guild: Guild) -> Result<Last> {
    let last = Index::of(host, guild).values().get("last").await?;
    last.ok_or(Error::user(
        "There is no restore in this server that could be undone.",
    ))
}

/// What a choice comes to now.
pub(super) async fn planned(
    ctx: &Invocation,
    guild: Guild,
    choice: &Choice,
) -> Result<(Plan, Standing, archive::Whole)> {
    let host = ctx.host();
    let whole = archive::sound(host, guild, choice.number).await?;
    let (mut live, owner) = take::live(host, guild).await?;
    take::know_icons(host, &mut live, &whole.contents).await;
    let bot = host
        .bot_id()
        .ok_or(Error::new("the bot is not logged in yet"))?;
    // Not the cache: without the intent for members it may not know of a change.
    let path = format!("guilds/{guild}/members/{bot}");
    let member: Json = host
        .discord()
        .request(Method::Get, path)
        .send()
        .await?
        .json()?;
    let of_bot = fields::ids(&member["roles"]);
    let of_asker: Vec<_> = ctx.roles().iter().map(|role| role.cast()).collect();
    let bot = Actor {
        id: bot.cast(),
        roles: &of_bot,
    };
    let asker = Actor {
        id: ctx.user().id.cast(),
        roles: &of_asker,
    };
    let here = Some(ctx.channel_id().cast());
    let standing = Standing::of(&live, owner, &bot, &asker, here);
    let extras = match choice.mode {
        Mode::Add => Extras::Keep,
        Mode::Exact => Extras::Remove,
        Mode::Undo => Extras::RemoveOf(last(host, guild).await?.made.into_iter().collect()),
    };
    let wish = Wish {
        parts: choice.parts.clone(),
        extras,
    };
    let plan = plan(
        &whole.contents,
        &live,
        &wish,
        &standing,
        whole.end.members > 0,
    );
    Ok((plan, standing, whole))
}

/// Tells one plan from another: eight hex digits.
pub(super) fn mark(plan: &Plan) -> Result<String> {
    let digest = Sha256::digest(serde_json::to_vec(&(&plan.steps, &plan.notes))?);
    Ok(digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// All of a plan, as a file.
pub(super) fn all_lines(plan: &Plan) -> Vec<String> {
    let mut all: Vec<_> = plan
        .steps
        .iter()
        .map(|step| plugin_api::text::plain(&step.title))
        .collect();
    if !plan.notes.is_empty() {
        all.push(String::new());
        all.push("Not as in the snapshot".to_owned());
        all.extend(plan.notes.iter().map(words::note));
    }
    all
}

/// The plan as people read it, with what changes and begins it.
pub(super) async fn preview(
    ctx: &Invocation,
    guild: Guild,
    choice: &Choice,
    before: Option<&str>,
) -> Result<NewMessage> {
    let (plan, _, whole) = planned(ctx, guild, choice).await?;
    let title = match choice.mode {
        Mode::Undo => "Undo the last restore".to_owned(),
        _ => format!(
            "Restore snapshot #{} {}",
            choice.number,
            word(&whole.head.label)
        ),
    };
    let mut about = before.map(|words| format!("{words}\n")).unwrap_or_default();
    about += &match plan.steps.len() {
        0 => "Nothing is to be done: these parts are as they were.".to_owned(),
        steps => {
            let steps_in_words = counted(steps as u64, "step");
            let shown: Vec<_> = plan
                .steps
                .iter()
                .map(|step| plugin_api::text::plain(&step.title))
                .collect();
            format!("{steps_in_words}:\n{}", lines(&shown, 1_800))
        }
    };
    if whole.head.guild != guild.cast() {
        about += "\nThis snapshot is of another server: roles, channels and emojis are found by their names.";
    }
    let mut card = embed(title.trim_end()).description(about);
    if !plan.notes.is_empty() {
        let notes: Vec<_> = plan.notes.iter().map(words::note).collect();
        card = card.field("Not as in the snapshot", lines(&notes, 1_000), false);
    }
    let extras = match choice.mode {
        Mode::Add => "What is there besides stays.",
        Mode::Exact => {
            "What is there besides is deleted, with all that was written in its channels."
        }
        Mode::Undo => {
            "What the restore has made is deleted, with all that was written in its channels."
        }
    };
    card = card.field("What the snapshot has not", extras, false);
    card = card.footer(
        "A snapshot is taken before, so that it can be undone. Messages are in no snapshot.",
    );

    let seen = mark(&plan)?;
    let id = |verb: &str| ctx.custom_id(COMPONENT, format!("{verb}.{seen}.{}", choice.written()));
    let begin = danger_button("Begin", id("begin")?).disabled(plan.steps.is_empty());
    let mut buttons = vec![begin];
    match choice.mode {
        Mode::Add => buttons.push(button("Delete what is there besides", id("mode")?).secondary()),
        Mode::Exact => buttons.push(button("Keep what is there besides", id("mode")?).secondary()),
        Mode::Undo => {}
    }
    buttons.push(button("Show all", id("all")?).secondary());
    buttons.push(button("Cancel", id("cancel")?).secondary());
    let options = Part::ALL.iter().map(|part| {
        let (value, label) = part.words();
        let option = SelectOption::new(label, value);
        match choice.parts.contains(part) {
            true => option.default(),
            false => option,
        }
    });
    let most = u8::try_from(Part::ALL.len()).unwrap_or(u8::MAX);
    let menu = select("What to restore", id("parts")?, options.collect::<Vec<_>>()).max(most);
    let mut message = NewMessage::from(card);
    if choice.mode != Mode::Undo {
        message = message.row([menu]);
    }
    Ok(message.row(buttons))
}
