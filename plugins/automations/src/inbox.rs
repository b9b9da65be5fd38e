//! Inbox: automations that `cogwright import` has laid among the plugin's files. Each is kept as one is that the form saves, by the same
//! checks; what is in its way leaves it off. It waits until the bot is in its server.

use std::rc::Rc;

use plugin_api::{Inbox, Json, prelude::*};
use serde::Deserialize;

use crate::{
    Options,
    automation::Definition,
    keeping,
    model::{Guild, User},
    state::{Shared, State},
    store,
};

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

fn inbox(host: &Host) -> Inbox {
    host.files().inbox("import")
}

/// Empties the inbox in the background, for as long as something waits in it.
pub(crate) fn begin(state: &Shared) {
    let of_task = Rc::clone(state);
    inbox(&state.host).empty(async move |file: &str, laid| taken(&of_task, file, laid).await);
}

/// Somebody is erased: what they have made goes, as it does where it is kept.
pub(crate) async fn forget(host: &Host, user: User) -> Result {
    let of_others = async |_: &str, laid: Json| {
        let is_theirs = laid["maker"] == user.to_string() || laid["maker"] == user.get();
        Ok((!is_theirs).then_some(laid))
    };
    inbox(host).forget(user, of_others).await
}

/// What has become of one; `None`: the bot is not in its server.
async fn taken(state: &State, file: &str, laid: Laid) -> Result<Option<String>> {
    let (host, guild) = (&state.host, laid.guild);
    let Some(known) = host.cache().guild(guild).await? else {
        return Ok(None);
    };
    let (maker, definition) = (laid.maker.unwrap_or(known.owner_id), &laid.definition);
    if let Err(wrong) = definition.check() {
        return Ok(Some(format!("refused: {}", wrong.join("; "))));
    }
    let wrong = keeping::problems(state, guild, definition, maker).await?;
    let on = laid.on && wrong.is_empty();
    let kept = match store::laid(host, guild, file).await? {
        // The process was killed as soon as it was kept.
        Some(id) => Ok(id),
        None => {
            let limit = Options::of(host)?.limit;
            store::insert_laid(host, guild, definition, maker, limit, (file, on)).await
        }
    };
    let id = match kept {
        Ok(id) => id,
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            return Ok(Some(format!("refused: {why}")));
        }
    };
    let title = format!("it is #{id} {}", definition.name);
    if !on {
        return Ok(Some(match wrong.is_empty() {
            true => format!("{title}, and off"),
            false => format!("{title}, and off: {}", wrong.join("; ")),
        }));
    }
    Ok(Some(match keeping::set_up(state, guild, id).await {
        Ok(true) => format!("{title}, and on"),
        Ok(false) => format!("{title}, and off"),
        Err(error) => format!("{title}, and off: {error}"),
    }))
}
