//! Assets: scripts, styles and the icon, within the plugin's own file and served under a hash of them all.

use std::sync::LazyLock;

use plugin_api::{Route, RouteContext, RouteReply, prelude::*};

use crate::Dashboard;

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file of `assets/`, with its media type.
macro_rules! assets {
    ($($name:literal $media_type:ident)+) => {
        &[$(($name, $media_type, include_bytes!(concat!("../assets/", $name)))),+]
    };
}

/// All that is served: name, media type, content. Modules find each other by relative addresses.
const ASSETS: &[(&str, &str, &[u8])] = assets! {
    "base.css" CSS
    "shell.css" CSS
    "ui.css" CSS
    "tools.css" CSS
    "admin.css" CSS
    "chat.css" CSS
    "core.css" CSS
    "app.js" JS
    "dialog.js" JS
    "filter.js" JS
    "follow.js" JS
    "files.css" CSS
    "lines.js" JS
    "live.js" JS
    "morph.js" JS
    "palette.js" JS
    "post.js" JS
    "tab.js" JS
    "theme.js" JS
    "time.js" JS
    "toast.js" JS
    "icon.svg" SVG
};

/// Changes when any of the files does.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let contents = ASSETS.iter().map(|(_, _, content)| *content);
    format!("{:016x}", hash(contents))
});

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let route = Route::get("/assets/{hash}/{name}")
        .words("A script, a style or the icon. What it holds never changes under one hash.");
    plugin.route(route, asset)
}

/// Address of an asset below the plugin's own paths `base`.
pub(crate) fn address(base: &str, name: &str) -> String {
    format!("{base}/assets/{}/{name}", *HASH)
}

/// Addresses of all styles, in the order that they are to be linked in.
pub(crate) fn styles(base: &str) -> impl Iterator<Item = String> {
    let styles = ASSETS
        .iter()
        .filter(|(_, media_type, _)| *media_type == CSS);
    styles.map(move |(name, ..)| address(base, name))
}

async fn asset(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let name = ctx.param("name");
    let found = ASSETS.iter().find(|(called, ..)| *called == name);
    Ok(match found {
        // A page of the generation before this one: it is to get what is there now, and not to keep it.
        Some((_, media_type, content)) if ctx.param("hash") != *HASH => {
            RouteReply::bytes(*media_type, *content)
        }
        Some((_, media_type, content)) => RouteReply::bytes(*media_type, *content).lasting(),
        None => RouteReply::text("There is no such file.").status(404),
    })
}

/// [FNV-1a](https://datatracker.ietf.org/doc/html/draft-eastlake-fnv) of several files, each with its length.
fn hash<'a>(contents: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for content in contents {
        let length = content.len().to_le_bytes();
        for byte in length.iter().chain(content) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_changes_with_any_byte_and_with_where_a_file_ends() {
        let of = |files: &[&[u8]]| hash(files.iter().copied());
        assert_eq!(of(&[b"a", b"b"]), of(&[b"a", b"b"]));
        assert_ne!(of(&[b"a", b"b"]), of(&[b"a", b"c"]));
        assert_ne!(of(&[b"ab", b""]), of(&[b"a", b"b"]));
        assert_ne!(of(&[b"a"]), of(&[b"a", b""]));
    }

    #[test]
    fn every_module_that_a_script_imports_is_served() {
        for (name, _, content) in ASSETS {
            let content = String::from_utf8_lossy(content);
            for import in content
                .lines()
                .filter_map(|line| line.split_once(" from \"./"))
            {
                let module = import.1.split('"').next().unwrap_or_default();
                let served = ASSETS.iter().any(|(served, ..)| *served == module);
                assert!(served, "{name} imports {module}");
            }
        }
    }
}
