//! Files: the bot's own folder, as far as the host shows it: browsed, read, edited, uploaded to, with a bin.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `list.rs` | what lies in a folder |
//! | `view.rs` | a file in parts with colours, and as a download |
//! | `edit.rs` | a file in a field, what would change, and the change |
//! | `change.rs` | new files and folders, uploads, renames, removals |
//! | `bin.rs` | what was changed or removed, and how it comes back |
//! | `place.rs` | paths: links, crumbs, what is behind a name |
//! | `syntax.rs` | colours of TOML, JSON, Rust, Markdown and logs |
//! | `diff.rs` | lines that differ between two texts |
//!
//! The host alone decides what may be seen and changed; its sentence is what people read. Nothing here opens a file.

mod bin;
mod change;
mod diff;
mod edit;
mod list;
mod place;
mod syntax;
mod view;

use maud::Markup;
use plugin_api::{RouteContext, RouteReply, Tab, prelude::*};

use crate::{Dashboard, shell, shell::Head};

/// The host calls that are the rights here.
mod right {
    pub(super) const LIST: &str = "botfiles.list";
    pub(super) const READ: &str = "botfiles.read";
    pub(super) const WRITE: &str = "botfiles.write";
    pub(super) const MAKE_FOLDER: &str = "botfiles.make_folder";
    pub(super) const RENAME: &str = "botfiles.rename";
    pub(super) const REMOVE: &str = "botfiles.remove";
    pub(super) const BIN: &str = "botfiles.bin";
    pub(super) const RESTORE: &str = "botfiles.restore";
    pub(super) const EMPTY_BIN: &str = "botfiles.empty_bin";
}

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let mut plugin = plugin.tab(
        Tab::new("files", "Files", "/files")
            .icon("📁")
            .group("Tools")
            .right(right::LIST),
    );
    for add in [list::add, view::add, edit::add, change::add, bin::add] {
        plugin = add(plugin);
    }
    plugin
}

/// A page of this tab.
async fn shown(
    ctx: &RouteContext<Dashboard>,
    title: &str,
    words: &str,
    actions: Markup,
    content: Markup,
) -> Result<RouteReply> {
    let head = Head {
        tab: "files",
        title,
        words,
        actions,
    };
    shell::page_with(ctx, head, content).await
}
