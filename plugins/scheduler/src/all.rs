//! Commands `fw_schedules` and `/schedule all`: all plugins' schedules, and running, pausing or resuming one.

use plugin_api::{
    abi::{ScheduleInfo, ScheduleSteer, SchedulesCall},
    prelude::*,
    text::{FIELDS, clip, counted, moment, or_none, plain, word},
};

#[derive(Choices, Clone, Copy)]
enum Action {
    Run,
    Pause,
    Resume,
}

pub(super) fn all(name: &str) -> Command {
    Command::new(name, "Shows the schedules of all plugins, or changes one: for the bot's owners")
        .owner_only()
        .help("What was made at run time and comes again has a number besides: name it behind plugin and name.")
        .example("fw_schedules")
        .example("fw_schedules pause ticker tick")
        .option(CommandOption::of::<Option<Action>>(
            "action",
            "What to do; left out: shows all",
        ))
        .option(CommandOption::string("plugin", "Whose schedule"))
        .option(CommandOption::string("name", "Which one"))
        .option(CommandOption::integer("number", "Of one that was made at run time: its number").min(1))
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let action: Option<Action> = ctx.option("action")?;
    let (plugin, name): (Option<String>, Option<String>) =
        (ctx.option("plugin")?, ctx.option("name")?);
    let host = ctx.host();
    let Some(action) = action else {
        let call = SchedulesCall {
            plugin,
            ..SchedulesCall::default()
        };
        let all = host.all_schedules(&call).await?;
        return ctx.reply(list(&all.schedules, all.next.is_some())).await;
    };
    let (Some(plugin), Some(name)) = (plugin, name) else {
        return Err(Error::user(
            "Which one? Name a plugin and its schedule behind that.",
        ));
    };
    let which = ScheduleSteer {
        plugin: plugin.clone(),
        name: name.clone(),
        id: ctx.option("number")?,
        ..ScheduleSteer::default()
    };
    let text = match action {
        Action::Run => {
            host.run_schedule(&which).await?;
            "It begins now; its plan stays."
        }
        Action::Pause => {
            host.pause_schedule(&which, true).await?;
            "It is paused, also over a restart; `resume` lets it go on."
        }
        Action::Resume => {
            host.pause_schedule(&which, false).await?;
            "It goes on, planned from now; what was due meanwhile is left out."
        }
    };
    let title = format!("{plugin} {name}");
    ctx.reply(embed(title).success().description(text).build())
        .await
}

fn list(all: &[ScheduleInfo], more: bool) -> NewMessage {
    let mut shown = embed("Schedules");
    if all.is_empty() {
        shown = shown.description("No plugin has declared any.");
    }
    let most = if all.len() > FIELDS || more {
        FIELDS - 1
    } else {
        FIELDS
    };
    for schedule in all.iter().take(most) {
        let number = schedule.id.map_or(String::new(), |id| format!(" #{id}"));
        let title = format!("{} {}{number}", schedule.plugin, word(&schedule.name));
        shown = shown.field(title, or_none(&lines(schedule)), false);
    }
    if more || all.len() > most {
        let rest = match more {
            true => "More schedules".to_owned(),
            false => counted((all.len() - most) as u64, "schedule"),
        };
        shown = shown.field(
            "And more",
            format!("{rest} not shown: name a plugin"),
            false,
        );
    }
    shown.build().into()
}

fn lines(view: &ScheduleInfo) -> String {
    let stamp = |ms: i64| format!("{} ({})", moment(ms, 'f'), moment(ms, 'R'));
    let mut lines = vec![format!("`{}`", word(&view.when))];
    lines.push(match (view.paused, view.next_ms) {
        (true, _) => "paused".into(),
        (false, Some(next)) => format!("next {}", stamp(next)),
        (false, None) => "nothing is due".into(),
    });
    if view.running {
        lines.push("runs at this moment".into());
    }
    if view.waiting > 0 {
        lines.push(format!("{} waiting", view.waiting));
    }
    if let Some(last) = view.last_ms {
        lines.push(format!(
            "last {}: {}",
            stamp(last),
            clip(&plain(&view.last_result), 300)
        ));
    }
    lines.push(format!(
        "{} · {} failed · {} missed · {} skipped",
        counted(view.runs, "run"),
        view.failed,
        view.missed,
        view.skipped
    ));
    lines.join("\n")
}
