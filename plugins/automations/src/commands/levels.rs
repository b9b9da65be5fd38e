//! Command `levels`: how many points one has, and who has most.

use plugin_api::{
    prelude::*,
    text::{counted, number},
};

use crate::{automation::Automation, engine, model::User, state::Shared, templates::level};

pub(super) fn levels() -> Command<Shared> {
    Command::new(
        "levels",
        "Shows which level you or another member have reached here, and who leads",
    )
    .guild_only()
    .slash_only()
    .example("levels @ann")
    .option(CommandOption::of::<Option<User>>(
        "member",
        "Whose; left out: yours",
    ))
    .run(show)
}

async fn show(ctx: CommandContext<Shared>) -> Result {
    let (state, guild) = (ctx.state(), ctx.guild()?);
    let working = state.working(guild).await?;
    let all: Vec<&Automation> = working.iter().filter(|it| it.is_of("levels")).collect();
    if all.is_empty() {
        return Err(Error::user(
            "This server has no levels. Those who manage it make them by `automations create levels`.",
        ));
    }
    let whom = ctx
        .option::<Option<User>>("member")?
        .unwrap_or(ctx.user().id);
    let mut card = embed("Levels");
    for it in all {
        let own = match engine::standing_of(ctx.host(), guild, it.id, whom).await? {
            Some((points, level, place, next)) => format!(
                "<@{whom}> has level **{level}** with {} (place {place}); the next takes {}.",
                counted(u64::try_from(points).unwrap_or(0), "point"),
                number(u64::try_from(next).unwrap_or(0)),
            ),
            None => format!("<@{whom}> has no points yet."),
        };
        let ranking = engine::ranking(ctx.host(), guild, it.id).await?;
        let lines = ranking.iter().enumerate().map(|(at, (user, points))| {
            format!(
                "{}. <@{user}> · level {} · {}",
                at + 1,
                level(*points),
                counted(u64::try_from(*points).unwrap_or(0), "point")
            )
        });
        let lines: Vec<_> = lines.collect();
        card = card.field(
            it.definition.name.clone(),
            format!("{own}\n{}", lines.join("\n")),
            false,
        );
    }
    ctx.reply(card).await
}
