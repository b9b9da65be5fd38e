//! Inbox: automations that `cogwright import` has laid among the plugin's files. Each is kept as one is that the form saves, by the same
//! checks; what is in its way leaves it off. It waits until the bot is in its server.

use std::{rc::Rc, time::Duration};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Options,
    automation::Definition,
    keeping,
    model::{Guild, User},
    state::{Shared, State},
    store,
};

const FOLDER: &str = "import";

/// How long what has to wait waits, at first and at most.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(600);

/// What was laid there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Laid {
    guild: Guild,
    /// Nobody known: the server's owner.
    maker: Option<User>,
    on: bool,
    definition: Definition,
}

/// What has become of it, for the next import to tell.
#[derive(Serialize)]
struct Noted {
    said: String,
}

/// Empties the inbox in the background, for as long as something waits in it.
pub(crate) fn begin(state: &Shared) {
    let state = Rc::clone(state);
    state.host.clone().spawn(async move {
        let mut wait = FIRST;
        while !is_emptied(&state).await? {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
        Ok(())
    });
}

async fn is_emptied(state: &State) -> Result<bool> {
    let files = state.host.files();
    let mut is_emptied = true;
    for entry in files.list(FOLDER).await? {
        if entry.folder || !entry.name.ends_with(".json") {
            continue;
        }
        let path = format!("{FOLDER}/{}", entry.name);
        let said = match files.read_json(&path).await {
            Ok(Some(laid)) => taken(state, laid).await,
            Ok(None) => continue,
            Err(error) => Ok(Some(format!("it can't be read: {error}"))),
        };
        match said {
            Ok(Some(said)) => {
                tracing::info!(file = path, "imported: {said}");
                let noted = format!("{FOLDER}/taken/{}", entry.name);
                files.write_json(&noted, &Noted { said }).await?;
                files.remove(&path).await?;
            }
            Ok(None) => is_emptied = false,
            Err(error) => {
                tracing::warn!(file = path, "it is tried again later: {error}");
                is_emptied = false;
            }
        }
    }
    Ok(is_emptied)
}

/// What has become of one; `None`: the bot is not in its server.
async fn taken(state: &State, laid: Laid) -> Result<Option<String>> {
    let (host, guild) = (&state.host, laid.guild);
    let Some(known) = host.cache().guild(guild).await? else {
        return Ok(None);
    };
    let (maker, definition) = (laid.maker.unwrap_or(known.owner_id), &laid.definition);
    if let Err(wrong) = definition.check() {
        return Ok(Some(format!("refused: {}", wrong.join("; "))));
    }
    let wrong = keeping::problems(state, guild, definition, maker).await?;
    let limit = Options::of(host)?.limit;
    let id = match store::insert(host, guild, definition, maker, limit).await {
        Ok(id) => id,
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            return Ok(Some(format!("refused: {why}")));
        }
    };
    let title = format!("it is #{id} {}", definition.name);
    if !laid.on || !wrong.is_empty() {
        store::switch(host, guild, id, false).await?;
        return Ok(Some(match wrong.is_empty() {
            true => format!("{title}, and off"),
            false => format!("{title}, and off: {}", wrong.join("; ")),
        }));
    }
    Ok(Some(match keeping::set_up(state, guild, id).await {
        Ok(_) => format!("{title}, and on"),
        Err(error) => format!("{title}, and off: {error}"),
    }))
}
