//! Commands `fw_config_validate` and `fw_config_schema`: config.toml, looked through and described.

use plugin_api::{
    abi::ConfigFault,
    prelude::*,
    text::{FIELD, code, counted, lines, plain},
};

use crate::{place::described, schema as json_schema};

pub(super) fn validate() -> Command {
    Command::new("fw_config_validate", "Looks through the configuration as it is at this moment")
        .help(
            "Errors are what a start, or a plugin, would refuse, each with its place; warnings are what is most likely a slip, or \
             waits for a restart. Nothing is changed.",
        )
        .example("fw_config_validate")
        .run(look)
}

pub(super) fn schema() -> Command {
    Command::new("fw_config_schema", "Gives a JSON Schema of all settings as a file")
        .help("Of the host and of the plugins that are loaded. Editors complete and check config.toml by it.")
        .example("fw_config_schema")
        .run(hand_out)
}

async fn look(ctx: CommandContext) -> Result {
    ctx.defer().await?;
    let found = ctx.host().verify_settings().await?;
    let (errors, warnings) = (found.errors.len() as u64, found.warnings.len() as u64);
    let card = embed("Configuration").description(format!(
        "{}: {}, {}",
        found
            .file
            .as_deref()
            .map_or_else(|| "No file, so all is as it comes".to_owned(), code),
        counted(errors, "error"),
        counted(warnings, "warning"),
    ));
    let card = match (errors, warnings) {
        (0, 0) => card.success(),
        (0, _) => card.warning(),
        _ => card.error(),
    };
    let mut message = card;
    let mut cut = false;
    for (title, faults) in [("Errors", &found.errors), ("Warnings", &found.warnings)] {
        let told: Vec<String> = faults.iter().map(line).collect();
        if !told.is_empty() {
            let text = lines(&told, FIELD - 24);
            cut |= text != told.join("\n");
            // One that alone is too long for a field is in the file.
            message = message.field(title, plugin_api::text::or_none(&text), false);
        }
    }
    let message = NewMessage::from(message);
    ctx.reply(match cut {
        false => message,
        true => {
            let all = [("error", &found.errors), ("warning", &found.warnings)];
            let all = all.iter().flat_map(|(kind, faults)| {
                faults
                    .iter()
                    .map(move |fault| format!("{kind}: {}: {}", fault.place, fault.words))
            });
            let all: Vec<String> = all.collect();
            message.file("configuration.txt", all.join("\n"))
        }
    })
    .await
}

fn line(fault: &ConfigFault) -> String {
    let words = plain(&fault.words);
    match &*fault.place {
        "" => words,
        place => format!("{} {words}", code(place)),
    }
}

async fn hand_out(ctx: CommandContext) -> Result {
    let all = described(ctx.host(), None, None).await?;
    let schema = serde_json::to_vec_pretty(&json_schema::of(&all))?;
    let text = format!(
        "{} of the host and of the plugins that are loaded. An editor that knows TOML takes it as the schema of `config.toml`.",
        counted(all.settings.len() as u64, "setting")
    );
    let message = NewMessage::from(embed("Schema of the configuration").description(text));
    ctx.reply(message.file("config.schema.json", schema)).await
}
