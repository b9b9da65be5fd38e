//! Command `settings`: what a server may set for itself, for those who manage it.

use plugin_api::{abi::DescribeCall, prelude::*};

use super::settings::listed;

#[derive(Choices, Clone, Copy)]
enum Action {
    Show,
    Set,
    Reset,
}

pub(super) fn command() -> Command {
    Command::new("settings", "Shows and changes the settings of this server")
        .guild_only()
        .permissions(Permissions::MANAGE_GUILD)
        .option(CommandOption::of::<Option<Action>>(
            "action",
            "What to do; left out: shows them",
        ))
        .option(CommandOption::string(
            "setting",
            "PLUGIN.NAME; to show also PLUGIN",
        ))
        .option(CommandOption::string("value", "Its new value").rest())
        .example("settings set shop.limit 5")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let action: Option<Action> = ctx.option("action")?;
    let (setting, value): (Option<String>, Option<String>) =
        (ctx.option("setting")?, ctx.option("value")?);
    let host = ctx.host();
    let (title, path, text) = match (action, setting, value) {
        (None | Some(Action::Show), of, None) => {
            let call = DescribeCall {
                guild_id: Some(guild.get()),
                of: of.map(|of| of.split('.').next().unwrap_or_default().to_owned()),
                ..DescribeCall::default()
            };
            let all = host.describe_settings(&call).await?;
            return ctx.reply(listed("Settings of this server", &all)).await;
        }
        (Some(Action::Set), Some(path), Some(value)) => {
            host.write_setting(Some(guild), &path, value).await?;
            ("Set", path, "for this server")
        }
        (Some(Action::Reset), Some(path), None) => {
            host.write_setting(Some(guild), &path, ()).await?;
            ("Reset", path, "this server has the bot's value again")
        }
        (Some(Action::Set), Some(path), None) => {
            return Err(Error::user(format!("There is no value behind `{path}`.")));
        }
        (Some(Action::Reset), Some(_), Some(value)) => {
            return Err(Error::user(format!(
                "`reset` has a setting as its only argument, and was given `{value}` as well."
            )));
        }
        (Some(Action::Set | Action::Reset), None, _) => {
            return Err(Error::user(
                "Which setting? `settings` shows those that there are.",
            ));
        }
        (None | Some(Action::Show), _, Some(_)) => {
            return Err(Error::user(
                "To change one: `settings set PLUGIN.NAME VALUE`.",
            ));
        }
    };
    ctx.reply(embed(title).success().field(path, text, false).build())
        .await
}
