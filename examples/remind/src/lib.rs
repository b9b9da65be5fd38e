//! Reminders: kept by the host, so that they come after a reload, after a restart, and late rather than never.

use std::time::{Duration, UNIX_EPOCH};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

export_plugin!(|| {
    let after = CommandOption::duration("after", "How long from now: 10m, 2h, 3 days").required();
    let text = CommandOption::string("text", "Of what").required().rest();
    Plugin::new()
        .description("Reminds people of things")
        .scheduled("remind", remind)
        .command(
            Command::new("remind", "Reminds you of something")
                .option(after)
                .option(text)
                .run(create),
        )
        .command(Command::new("reminders", "Shows what you are going to be reminded of").run(list))
});

#[derive(Serialize, Deserialize)]
struct Reminder {
    channel: Id<marker::ChannelMarker>,
    user: Id<marker::UserMarker>,
    text: String,
}

async fn create(ctx: CommandContext) -> Result {
    let after: Duration = ctx.option("after")?;
    let (channel, user) = (ctx.channel_id(), ctx.user().id);
    let reminder = Reminder {
        channel,
        user,
        text: ctx.option("text")?,
    };
    ctx.host()
        .schedule("remind")
        .about(user)
        .after(after)
        .payload(&reminder)
        .await?;
    ctx.reply("I will.").await
}

async fn remind(ctx: ScheduleContext) -> Result {
    let Reminder {
        channel,
        user,
        text,
    } = ctx.payload()?;
    let late = if ctx.caught_up() {
        " (I am late: I was away.)"
    } else {
        ""
    };
    ctx.host()
        .discord()
        .send(channel, format!("<@{user}>, {text}{late}"))
        .await?;
    Ok(())
}

async fn list(ctx: CommandContext) -> Result {
    let mut lines = vec!["Your reminders:".to_owned()];
    for scheduled in ctx
        .host()
        .schedule("remind")
        .about(ctx.user().id)
        .list()
        .await?
    {
        let at = scheduled.at().duration_since(UNIX_EPOCH)?.as_secs();
        lines.push(format!(
            "<t:{at}:R> {}",
            scheduled.payload::<Reminder>()?.text
        ));
    }
    ctx.reply(lines.join("\n")).await
}
