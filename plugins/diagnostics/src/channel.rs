//! Command `fw_alert_channel`: where alerts about the bot's health go.

use plugin_api::{
    Json, abi::DescribeCall, prelude::*, text::plain, twilight_model::channel::ChannelType,
};

use crate::{SUBJECT, given, memory::Memory};

/// Kinds of channels that the bot can write to.
const KINDS: [ChannelType; 5] = [
    ChannelType::GuildText,
    ChannelType::GuildAnnouncement,
    ChannelType::PublicThread,
    ChannelType::PrivateThread,
    ChannelType::AnnouncementThread,
];

pub(super) fn alert_channel() -> Command<Memory> {
    Command::new("fw_alert_channel", "Has alerts about the bot's health sent to a channel")
        .help("Without a channel: the one in which it is typed. `cogwright unset alerts.health.channel_id` takes it back.")
        .example("fw_alert_channel #ops")
        .option(CommandOption::channel("channel", "Where they go").channel_kinds(KINDS))
        .run(run)
}

async fn run(ctx: CommandContext<Memory>) -> Result {
    let channel: Option<Id<marker::ChannelMarker>> = ctx.option("channel")?;
    let channel = channel.unwrap_or_else(|| ctx.channel_id());
    let (host, path) = (ctx.host(), format!("alerts.{SUBJECT}.channel_id"));
    let done = host.write_setting(None, &path, channel.to_string()).await?;
    let before = match id(&done.before) {
        Some(before) if before == channel.to_string() => "They went there before.".to_owned(),
        Some(before) => format!("They went to <#{before}> before."),
        None => format!("Before, they went {}.", generally(host).await),
    };
    let hello = "Alerts about the bot's health come here from now on.";
    if let Err(error) = host.discord().send(channel, hello).await {
        // An alert that can't be delivered would be silence.
        host.write_setting(None, &path, done.before).await?;
        return Err(Error::user(format!(
            "I can't write in <#{channel}>, so nothing has changed: {}",
            plain(&error.to_string())
        )));
    }
    ctx.reply(
        embed("Health alerts")
            .success()
            .description(format!("They go to <#{channel}> from now on.\n{before}")),
    )
    .await
}

/// Where alerts go whose subject has no channel.
async fn generally(host: &Host) -> String {
    let call = DescribeCall {
        of: Some("alerts".into()),
        ..DescribeCall::default()
    };
    let page = given("settings.describe", host.describe_settings(&call).await);
    let settings = page.map(|page| page.settings).unwrap_or_default();
    let general = settings.iter().find(|it| it.path == "alerts.channel_id");
    match general.and_then(|it| id(&it.value)) {
        Some(channel) => format!("where all alerts go, to <#{channel}>"),
        None => "to the log alone".into(),
    }
}

/// An id as it stands in a setting.
fn id(value: &Json) -> Option<String> {
    match value {
        Json::String(id) => Some(id.clone()),
        Json::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
