//! Command `mydata`: all that is kept about whoever asks, as a file.

use plugin_api::{
    prelude::*,
    text::{counted, size},
};

use crate::kept::Kept;

/// The largest file that Discord takes from a bot.
const LARGEST: usize = 10 << 20;

pub(super) fn mydata() -> Command {
    Command::new("mydata", "Gives you all that this bot keeps about you, as a file")
        .help(
            "From all databases of all plugins, in every server that you share with the bot. By prefix it comes as a direct message. What \
             Discord keeps about you is not in it.",
        )
        .example("mydata")
        .run(hand_out)
}

async fn hand_out(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let (export, file) = ctx.host().export_subject(ctx.user().id).await?;
    let kept = Kept::read(&file)?;
    let unread = match export.failed {
        0 => String::new(),
        failed => format!(
            "\n⚠ {} could not be read; the file says which. The bot's owner finds the reason in the log.",
            counted(failed, "database")
        ),
    };
    if kept.is_empty() && export.failed == 0 {
        return ctx.reply("Nothing is kept about you.").await;
    }
    if file.len() > LARGEST {
        return Err(Error::user(format!(
            "What is kept about you comes to {}, which is more than Discord takes. Ask the bot's owner for it.",
            size(file.len() as u64)
        )));
    }
    let text = format!(
        "This is kept about you: {}. `forgetme` erases it.{unread}",
        kept.total()
    );
    ctx.reply(NewMessage::from(text).file("mydata.json", file))
        .await
}
