//! Command `config`: settings of the host and of plugins.

use plugin_api::{
    Json,
    abi::{DescribeCall, DescribeReply, SettingView},
    prelude::*,
    text::{FIELDS, clip, plain},
};

/// Settings that are asked for at once.
const PAGE: u32 = 200;

pub(super) fn command(name: &str) -> Command {
    Command::new(name, "Shows settings, their values and what they accept")
        .help("Without an argument: what is not as it comes. `cogwright set` changes one.")
        .option(CommandOption::string(
            "of",
            "A plugin, or a table of config.toml",
        ))
        .run(show)
}

async fn show(ctx: CommandContext) -> Result {
    let of: Option<String> = ctx.option("of")?;
    let call = DescribeCall {
        of: of.clone(),
        limit: Some(PAGE),
        ..DescribeCall::default()
    };
    let mut all = ctx.host().describe_settings(&call).await?;
    // The host's own are many: those that are as they come are shown by their table alone.
    all.settings
        .retain(|one| of.is_some() || one.plugin.is_some() || one.from == "file");
    let title = match &of {
        None => "Settings".to_owned(),
        Some(of) => format!("Settings of {of}"),
    };
    ctx.reply(listed(&title, &all)).await
}

/// Settings, each with what it is and may be.
pub(super) fn listed(title: &str, all: &DescribeReply) -> NewMessage {
    let count = all.settings.len();
    let mut shown = embed(title);
    if let Some(trouble) = &all.trouble {
        let text = format!(
            "⚠ config.toml can't be read, the last good values hold:\n{}",
            clip(&plain(trouble), 300)
        );
        shown = shown.error().description(text);
    } else if count == 0 {
        shown = shown.description("Nothing is set, and no loaded plugin declares settings.");
    } else if count > FIELDS {
        shown = shown.description(format!(
            "{FIELDS} of {count}; name a plugin or a table for the others"
        ));
    }
    for one in all.settings.iter().take(FIELDS) {
        shown = shown.field(&one.path, clip(&lines(one), 220), false);
    }
    shown.build().into()
}

fn lines(one: &SettingView) -> String {
    let shown = |value: &Json| match value {
        Json::Null => "unset".to_owned(),
        value => format!("`{}`", plain(&value.to_string())),
    };
    let takes = match &*one.takes {
        "" => String::new(),
        takes => format!(" · {takes}"),
    };
    let restart = if one.waits_for_restart {
        " · waits for a restart"
    } else {
        ""
    };
    format!(
        "{}\n{} ({}) · default {}{takes}{restart}",
        plain(&one.description),
        shown(&one.value),
        one.from,
        shown(&one.default),
    )
}
