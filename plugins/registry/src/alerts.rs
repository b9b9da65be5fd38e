//! Command `pr_alert_channel`: where alerts about plugins go. And the alert for a plugin that was loaded although something is missing.

use plugin_api::{
    Json, hook::ExtensionLoaded, prelude::*, text::word, twilight_model::channel::ChannelType,
};

use crate::{
    given,
    registry::Registry,
    relations::{circle, faults},
};

/// Subject of the alerts, which has a channel of its own.
pub(crate) const SUBJECT: &str = "plugins";

const SETTING: &str = "alerts.plugins.channel_id";

pub(crate) fn command() -> Command {
    Command::new("pr_alert_channel", "Sets the channel where alerts about plugins go")
        .help("Without a channel it is the one where this is typed. `cogwright unset alerts.plugins.channel_id` takes it back: then they go where all alerts go.")
        .option(
            CommandOption::channel("channel", "The channel; left out: this one")
                .channel_kinds([ChannelType::GuildText, ChannelType::GuildAnnouncement]),
        )
        .example("pr_alert_channel")
        .example("pr_alert_channel #bot-log")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let named: Option<Id<marker::ChannelMarker>> = ctx.option("channel")?;
    let channel = named.unwrap_or(ctx.channel_id());
    let may = ctx.host().may("settings.write", Json::Null).await?;
    if let Some(text) = may.text {
        return Err(Error::user(text));
    }
    // Where nothing can be said, an alert would be lost. Where this is typed by prefix, the answer shows it.
    if !ctx.is_prefix() || channel != ctx.channel_id() {
        let said = ctx
            .host()
            .discord()
            .send(channel, "Alerts about plugins come here from now on.")
            .await;
        if let Err(error) = said {
            tracing::warn!(channel = channel.get(), "no alerts can go there: {error}");
            return Err(Error::user(format!(
                "I can't write in <#{channel}>, so alerts would be lost: nothing has changed. Let me see the channel and send messages there."
            )));
        }
    }
    let done = ctx
        .host()
        .write_setting(None, SETTING, channel.to_string())
        .await?;
    let before = match as_id(&done.before) {
        Some(before) if before == channel.get() => "It was the same before.".to_owned(),
        Some(before) => format!("Before, it was <#{before}>."),
        None => "Before, they went where all alerts go (`alerts.channel_id`), or to the log alone."
            .to_owned(),
    };
    let card = embed("Alerts about plugins").success();
    ctx.reply(card.description(format!("They go to <#{channel}> from now on. {before}")))
        .await
}

/// An id, as a text or as a number.
fn as_id(value: &Json) -> Option<u64> {
    match value {
        Json::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}

/// A plugin was loaded: where something that it needs is missing, or it conflicts, the owner is told. That happens only where enforcement
/// is switched off.
pub(crate) async fn loaded(ctx: HookContext<ExtensionLoaded>) -> Result {
    let Some(all) = given("plugins.list", Registry::read(ctx.host()).await) else {
        return Ok(());
    };
    let name = &ctx.payload().plugin;
    let Some(entry) = all.serving(name) else {
        return Ok(());
    };
    let mut faults = faults(entry, &all);
    let circle = circle(name, &all);
    if !circle.is_empty() {
        faults.push(format!("it is in the circle {}", circle.join(" → ")));
    }
    if !faults.is_empty() {
        let text = format!(
            "The plugin `{}` was loaded all the same: {}.",
            word(name),
            faults.join("; ")
        );
        given("alerts.raise", ctx.host().alert(SUBJECT, name, &text).await);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read_as_texts_and_as_numbers() {
        assert_eq!(
            as_id(&Json::from("175928847299117063")),
            Some(175_928_847_299_117_063)
        );
        assert_eq!(as_id(&Json::from(5)), Some(5));
        assert_eq!(as_id(&Json::Null), None);
    }
}
