//! New files and folders, uploads, renames, removals.

use maud::html;
use plugin_api::{Route, RouteContext, RouteReply, abi::BotFileCall, prelude::*, text::size};
use serde::Deserialize;

use super::{place, right};
use crate::Dashboard;

/// Bytes of an upload: it passes through the plugin's memory.
const UPLOAD: u64 = 32 << 20;

/// Entries of a folder that is deleted with all that is in it, and folders below each other.
const ENTRIES: usize = 100;
const DEEPEST: usize = 16;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::post("/files/create")
                .right(right::WRITE)
                .words("Makes an empty file `name` in `folder`, where nothing of that name is"),
            create,
        )
        .route(
            Route::post("/files/folder")
                .right(right::MAKE_FOLDER)
                .words("Makes a folder `name` in `folder`"),
            make_folder,
        )
        .route(
            Route::post("/files/upload")
                .right(right::WRITE)
                .upload(UPLOAD)
                .words(
                    "Keeps an uploaded file in the folder `path`; what was there goes into the bin",
                ),
            upload,
        )
        .route(
            Route::get("/files/move")
                .right(right::RENAME)
                .words("The form to rename or move a file or folder"),
            move_page,
        )
        .route(
            Route::post("/files/rename")
                .right(right::RENAME)
                .words("Moves `path` to `to`, where nothing is yet"),
            rename,
        )
        .route(
            Route::post("/files/remove")
                .right(right::REMOVE)
                .words("Moves a file, or all files of a folder, into the bin"),
            remove,
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    #[serde(default)]
    folder: String,
    name: String,
}

impl New {
    fn path(&self) -> Result<String> {
        match self.name.trim() {
            "" => Err(Error::user("A name is missing.")),
            name => Ok(place::within(&self.folder, name)),
        }
    }
}

async fn create(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let path = ctx.json::<New>()?.path()?;
    ctx.host().bot_files().write_over(&path, "", "").await?;
    Ok(RouteReply::see(place::address(ctx.base(), "/edit", &path)))
}

async fn make_folder(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let path = ctx.json::<New>()?.path()?;
    let made = ctx.host().bot_files().make_folder(&path).await?;
    Ok(RouteReply::text(match made.existed {
        true => format!("The folder `{path}` was there already."),
        false => format!("The folder `{path}` is made."),
    }))
}

async fn upload(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let upload = ctx.upload()?;
    let path = place::within(ctx.query("path"), &upload.name);
    let bytes = ctx.host().files().read(&upload.path).await?;
    let bytes = bytes.ok_or_else(|| Error::user("The upload was cut off. Please try again."))?;
    let change = ctx.host().bot_files().write(&path, bytes).await?;
    Ok(RouteReply::text(format!(
        "`{path}` is there, {}.{}",
        size(upload.bytes),
        if change.existed {
            " What was there is in the bin."
        } else {
            ""
        }
    )))
}

async fn move_page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (path, base) = (ctx.query("path"), ctx.base());
    let back = place::address(base, "", place::parent(path));
    let content = html! {
        (place::crumbs(base, path))
        form.card.form data-post={ (base) "/files/rename" } data-then={ "go:" (back) } {
            input type="hidden" name="path" value=(path);
            label.field {
                span { "New path" }
                input name="to" value=(path) required maxlength="1000" autocomplete="off" spellcheck="false" dir="ltr";
            }
            p.muted { "Below the bot's folder, with slashes. Folders that are missing are made; nothing is written over." }
            p.error data-error role="alert" {}
            div.actions {
                button.button.primary type="submit" { "Move" }
                a.button href=(back) { "Cancel" }
            }
        }
    };
    super::shown(
        &ctx,
        place::name(path),
        "Rename it, or move it to another folder.",
        html! {},
        content,
    )
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    path: String,
    to: String,
}

async fn rename(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Rename { path, to } = ctx.json()?;
    let to = to.trim();
    ctx.host().bot_files().rename(&path, to).await?;
    Ok(RouteReply::text(format!("`{path}` is `{to}` now.")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    path: String,
}

async fn remove(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Which { path } = ctx.json()?;
    let host = ctx.host();
    let listed = match ctx.may(right::LIST) {
        true => inside(host, &path).await?,
        false => None,
    };
    let Some(found) = listed else {
        let change = host.bot_files().remove(&path).await?;
        return Ok(RouteReply::text(match change.existed {
            true => format!("`{path}` is in the bin."),
            false => format!("`{path}` was gone already."),
        }));
    };
    // What is deepest was found last.
    for entry in found.iter().rev() {
        host.bot_files().remove(entry).await?;
    }
    host.bot_files().remove(&path).await?;
    let entries = match found.len() as u64 {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    Ok(RouteReply::text(format!(
        "The folder `{path}` is gone with its {entries}; its files are in the bin."
    )))
}

/// All that is in a folder, each folder before what is in it; `None`: it is none. What is not shown is not found: then the folder stays.
async fn inside(host: &Host, path: &str) -> Result<Option<Vec<String>>> {
    let (mut found, mut folders, mut at) = (Vec::new(), vec![(path.to_owned(), 0)], 0);
    while let Some((folder, depth)) = folders.get(at).cloned() {
        at += 1;
        let call = BotFileCall {
            path: folder.clone(),
            ..BotFileCall::default()
        };
        let list = match host.bot_files().list(&call).await {
            // A file: it is deleted by itself. Anything else is told by that, too.
            Err(_) if depth == 0 => return Ok(None),
            list => list?,
        };
        if let Some(entry) = list.entries.iter().find(|entry| entry.read_only) {
            return Err(Error::user(format!(
                "`{}` is read only, so that the folder stays, and nothing was deleted.",
                place::within(&folder, &entry.name)
            )));
        }
        for entry in list.entries {
            let path = place::within(&folder, &entry.name);
            if entry.folder {
                folders.push((path.clone(), depth + 1));
            }
            found.push(path);
        }
        // The bin keeps no more files.
        if found.len() > ENTRIES || list.next.is_some() || depth > DEEPEST {
            return Err(Error::user(format!(
                "There is too much in `{path}` to delete it at once ({ENTRIES} entries are the most): delete folders in it first. Nothing was \
                 deleted."
            )));
        }
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_put_below_its_folder_and_is_the_hosts_to_refuse() {
        let new = |folder: &str, name: &str| New {
            folder: folder.to_owned(),
            name: name.to_owned(),
        };
        assert_eq!(new("notes", " tea.md ").path().unwrap(), "notes/tea.md");
        assert_eq!(new("", "../tea.md").path().unwrap(), "../tea.md");
        assert!(new("notes", "  ").path().is_err());
    }
}
