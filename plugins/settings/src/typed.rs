//! Command `settings`: what a server may set for itself, for those who manage it.

use plugin_api::{abi::SettingChangeReply, prelude::*, text::plain};

use crate::{
    given,
    listing::listed,
    place::{Place, Scope, described},
    view,
    words::shown,
};

#[derive(Choices, Clone, Copy)]
enum Action {
    Show,
    Set,
    Reset,
}

pub(super) fn command() -> Command {
    Command::new("settings", "Shows and changes the settings of this server")
        .help("Without an argument: a menu of the plugins that have settings for this server, with a form for each setting.")
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
        .autocomplete("setting", names)
        .example("settings")
        .example("settings set shop.limit 5")
        .run(run)
}

/// The settings that have in them what is typed.
async fn names(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let guild = ctx.guild_id().map(Id::get);
    let all = described(ctx.host(), guild, None).await?;
    let names = all.settings.into_iter().map(|one| one.path);
    Ok(names
        .filter(|path| path.contains(&typed))
        .take(25)
        .collect())
}

async fn run(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let action: Option<Action> = ctx.option("action")?;
    let (setting, value): (Option<String>, Option<String>) =
        (ctx.option("setting")?, ctx.option("value")?);
    let host = ctx.host();
    let (title, path, done) = match (action, setting, value) {
        (None, None, None) => {
            let all = Scope::Server.all(&ctx).await?;
            let menu = view::tables(&ctx, all, Place::new(Scope::Server))?;
            return ctx.reply(menu).await;
        }
        (None | Some(Action::Show), of, None) => {
            let of = of.map(|of| of.split('.').next().unwrap_or_default().to_owned());
            let all = described(host, Some(guild.get()), of).await?;
            return ctx.reply(listed("Settings of this server", &all)).await;
        }
        (Some(Action::Set), Some(path), Some(value)) => {
            let done = host.write_setting(Some(guild), &path, value).await?;
            ("Set", path, done)
        }
        (Some(Action::Reset), Some(path), None) => {
            let done = host.write_setting(Some(guild), &path, ()).await?;
            ("Reset", path, done)
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
    let all = given(
        "settings.describe",
        described(host, Some(guild.get()), None).await,
    );
    let all = all.unwrap_or_default().settings;
    let one = all.iter().find(|one| one.path == path);
    let change = match one {
        Some(one) => format!("{} → {}", shown(one, &done.before), shown(one, &done.after)),
        None => untyped(&done),
    };
    let text = match title {
        "Set" => format!("{change} for this server"),
        _ => format!("{change}: this server has the bot's value again"),
    };
    ctx.reply(embed(title).success().field(path, text, false).build())
        .await
}

/// A change of a setting whose plugin has gone meanwhile.
fn untyped(done: &SettingChangeReply) -> String {
    plain(&format!("{} → {}", done.before, done.after))
}
