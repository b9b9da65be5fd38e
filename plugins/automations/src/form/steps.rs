//! Steps in the form: a kind is chosen, its modal filled in, and it is done behind the others.

use jiff::{SpanRelativeTo, fmt::friendly::SpanParser};
use plugin_api::{
    prelude::*,
    text::{clip, code},
    twilight_model::channel::ChannelType,
};

use super::{
    draft::Draft,
    page::{form, turn},
    part,
};
use crate::{
    model::{Card, Place, Step},
    state::Shared,
};

/// The kinds of steps: the value, how it is called, and what it does.
const KINDS: &[(&str, &str, &str)] = &[
    ("send", "Say something", "A message or a card, in a channel"),
    ("dm", "Direct message", "Written to the member alone"),
    ("add_role", "Give a role", "To the member"),
    ("remove_role", "Take a role", "From the member"),
    (
        "time_out",
        "Time out",
        "The member may not write for a while",
    ),
    ("delete_message", "Delete the message", "That it is about"),
    (
        "create_role",
        "Make a role",
        "Unless there is one of that name; and give it",
    ),
    (
        "webhook",
        "Post to a webhook",
        "Whose host the bot's operator has granted",
    ),
    ("delay", "Wait", "Before the next step; up to 7 days"),
    (
        "run",
        "Run another automation",
        "Of this server, if its conditions hold",
    ),
];

/// Channels that messages can be sent to.
const WRITE: [ChannelType; 3] = [
    ChannelType::GuildText,
    ChannelType::GuildAnnouncement,
    ChannelType::GuildVoice,
];

pub(super) async fn choose(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let page = form(
        &ctx,
        ctx.state(),
        &draft,
        Some("Which step is done behind the others?".into()),
    )
    .await?;
    let options = KINDS.iter().map(|(value, title, text)| {
        plugin_api::SelectOption::new(*title, *value).description(*text)
    });
    let menu = select(
        "Which step?",
        ctx.custom_id(part::STEP, draft.stamp)?,
        options,
    );
    let back = button("Back", ctx.custom_id(part::BACK, draft.stamp)?).secondary();
    turn(&ctx, page.without_components().row([menu]).row([back])).await
}

pub(super) async fn open(ctx: ComponentContext<Shared>) -> Result {
    let (mut draft, _) = Draft::of(&ctx).await?;
    let kind = ctx.values().first().cloned().unwrap_or_default();
    let title = KINDS
        .iter()
        .find(|(value, ..)| *value == kind)
        .map(|(_, title, _)| *title);
    let title = title.ok_or(Error::user("There is no such step."))?;
    if kind == "delete_message" {
        draft.definition.steps.push(Step::DeleteMessage);
        draft.keep_for(&ctx).await?;
        let page = form(&ctx, ctx.state(), &draft, None).await?;
        return turn(&ctx, page).await;
    }
    let modal = Modal::new(
        title,
        ctx.custom_id(part::STEPPED, format_args!("{}:{kind}", draft.stamp))?,
    );
    let text = || {
        TextField::long("text", "Text")
            .describe("Variables work")
            .max_length(2_000)
    };
    let modal = match kind.as_str() {
        "send" => modal
            .select(
                "Channel",
                channel_select("Empty: where it happened", "channel")
                    .channel_kinds(WRITE)
                    .min(0),
            )
            .field(text().optional())
            .field(
                TextField::short("title", "Title of a card")
                    .max_length(200)
                    .optional(),
            )
            .field(
                TextField::long("description", "Text of a card")
                    .max_length(2_000)
                    .optional(),
            )
            .field(
                TextField::short("color", "Colour of the card")
                    .placeholder("#7c3aed")
                    .max_length(7)
                    .optional(),
            ),
        "dm" => modal.field(text()),
        "add_role" | "remove_role" => modal.select("Role", role_select("Which role?", "role")),
        "time_out" | "delay" => modal.field(
            TextField::short("time", "How long")
                .placeholder("10m, 2h, 1 day")
                .max_length(50),
        ),
        "create_role" => modal
            .field(
                TextField::short("name", "Name")
                    .describe("Variables work")
                    .max_length(100),
            )
            .field(
                TextField::short("color", "Colour")
                    .placeholder("#7c3aed")
                    .max_length(7)
                    .optional(),
            )
            .select(
                "Give it to the member",
                select(
                    "Whether the member gets it",
                    "give",
                    [("Yes", "yes"), ("No", "no")],
                ),
            ),
        "webhook" => modal
            .field(
                TextField::short("url", "Address")
                    .placeholder("https://…")
                    .max_length(500),
            )
            .field(
                TextField::long("payload", "JSON")
                    .describe("Empty: as Discord's webhooks take it")
                    .max_length(2_000)
                    .optional(),
            ),
        _ => modal.field(
            TextField::short("automation", "Automation")
                .describe("Its name or its number")
                .max_length(50),
        ),
    };
    ctx.modal(&modal).await
}

pub(super) async fn submitted(ctx: ComponentContext<Shared>) -> Result {
    let (mut draft, kind) = Draft::of(&ctx).await?;
    let step = step(&ctx, &kind).and_then(|step| step.check().map(|()| step));
    let note = match step {
        Ok(step) => {
            draft.definition.steps.push(step);
            draft.keep_for(&ctx).await?;
            None
        }
        Err(why) => {
            let typed: Vec<_> = [
                "text",
                "title",
                "description",
                "color",
                "time",
                "name",
                "url",
                "payload",
                "automation",
            ]
            .iter()
            .map(|it| ctx.field(it))
            .filter(|it| !it.is_empty())
            .collect();
            let typed = clip(&typed.join("\n").replace("```", "'''"), 1_200);
            Some(format!(
                "The step was not added: {why}. You have typed:\n```\n{typed}\n```"
            ))
        }
    };
    let page = form(&ctx, ctx.state(), &draft, note).await?;
    turn(&ctx, page).await
}

fn step(ctx: &ComponentContext<Shared>, kind: &str) -> Result<Step, String> {
    let field = |id: &str| ctx.field(id).to_owned();
    fn id<T>(picked: &[String]) -> Option<Id<T>> {
        picked.first()?.parse().ok().and_then(Id::new_checked)
    }
    let role = || id(ctx.picked("role")).ok_or_else(|| "no role was chosen".to_owned());
    let color = || match field("color").trim() {
        "" => String::new(),
        typed => format!("#{}", typed.trim_start_matches('#').to_lowercase()),
    };
    Ok(match kind {
        "send" => {
            let card = Card {
                title: field("title"),
                description: field("description"),
                color: color(),
                ..Card::default()
            };
            let is_empty = card.title.trim().is_empty() && card.description.trim().is_empty();
            Step::Send {
                to: id(ctx.picked("channel")).map_or(Place::Here, Place::Channel),
                text: field("text"),
                embed: (!is_empty).then_some(card),
            }
        }
        "dm" => Step::Dm {
            text: field("text"),
            embed: None,
        },
        "add_role" => Step::AddRole { role: role()? },
        "remove_role" => Step::RemoveRole { role: role()? },
        "time_out" => Step::TimeOut {
            seconds: seconds(ctx.field("time"))?,
        },
        "delay" => Step::Delay {
            seconds: seconds(ctx.field("time"))?,
        },
        "create_role" => {
            let give = ctx.picked("give").first().is_some_and(|it| it == "yes");
            Step::CreateRole {
                name: field("name"),
                color: color(),
                give,
            }
        }
        "webhook" => Step::Webhook {
            url: field("url").trim().to_owned(),
            payload: field("payload"),
        },
        "run" => Step::Run {
            automation: field("automation").trim().to_owned(),
        },
        _ => return Err("there is no such step".into()),
    })
}

/// Reads `10m` or `1 day 2h`.
fn seconds(typed: &str) -> Result<u64, String> {
    let refused = || {
        format!(
            "{} is no time, such as 10m or 2 days",
            code(&clip(typed, 100))
        )
    };
    let span = SpanParser::new()
        .parse_span(typed.trim().to_lowercase())
        .map_err(|_| refused())?;
    if span.get_months() != 0 || span.get_years() != 0 {
        return Err(refused());
    }
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| refused())?;
    u64::try_from(length.as_secs()).map_err(|_| refused())
}

pub(super) async fn drop_last(ctx: ComponentContext<Shared>) -> Result {
    let (mut draft, _) = Draft::of(&ctx).await?;
    draft.definition.steps.pop();
    draft.keep_for(&ctx).await?;
    let page = form(&ctx, ctx.state(), &draft, None).await?;
    turn(&ctx, page).await
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_read() {
        for (typed, wanted) in [
            ("10m", Some(600)),
            (" 1 day 2h ", Some(93_600)),
            ("2 weeks", Some(1_209_600)),
            ("10", None),
            ("1 month", None),
            ("-5m", None),
            ("", None),
        ] {
            assert_eq!(seconds(typed).ok(), wanted, "{typed}");
        }
    }
}
