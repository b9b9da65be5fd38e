//! Command `eh_alert_channel`: where the bot tells of handlers that rest or are too far behind.

use plugin_api::{Json, prelude::*};

/// The setting of the host's: alerts about hooks.
const PATH: &str = "alerts.hooks.channel_id";

pub(super) fn eh_alert_channel() -> Command {
    Command::new("eh_alert_channel", "Sets the channel for alerts about hooks")
        .help(
            "Where the bot tells of handlers that rest after failures or whose queue is full, each once within the cool-down. Without a \
             channel it is the one in which you use it. `cogwright unset alerts.hooks.channel_id` gives it back to `[alerts]`.",
        )
        .example("eh_alert_channel #bot-log")
        .option(CommandOption::channel("channel", "Which; left out: this one"))
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let channel: Option<Id<marker::ChannelMarker>> = ctx.option("channel")?;
    let channel = channel.unwrap_or(ctx.channel_id());
    // Direct messages are no channel that has permissions: who writes to the bot there reads it there.
    if ctx.guild_id().is_some() || channel != ctx.channel_id() {
        ctx.host().cache().writable(channel).await?;
    }
    let done = ctx.host().write_setting(None, PATH, channel).await?;
    let text = match channel_of(&done.before) {
        Some(before) if before == channel.get() => {
            format!("Alerts about hooks go to <#{channel}> already.")
        }
        Some(before) => format!(
            "Alerts about hooks go to <#{channel}> from now on, and no longer to <#{before}>."
        ),
        None => format!(
            "Alerts about hooks go to <#{channel}> from now on. They had no channel of their own before."
        ),
    };
    ctx.reply(embed("Alerts").success().description(text)).await
}

/// A channel's id as the configuration has it.
fn channel_of(value: &Json) -> Option<u64> {
    match value {
        Json::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}
