//! Pages: a view becomes a message.

use plugin_api::prelude::*;

use crate::{asker::Asker, catalog::Catalog, listing, menu, sheet, view::View};

/// The page; the menu, where what it is about is not there any more.
pub(crate) fn message(catalog: &Catalog, asker: &Asker<'_>, view: &View) -> Result<NewMessage> {
    let page = match view {
        View::Menu { page } => Some(menu::message(catalog, asker, *page)),
        View::Category { key, page } => listing::category(catalog, asker, *key, *page),
        View::Group { key, page } => listing::group(catalog, asker, *key, *page),
        View::Search { word, page } => Some(listing::search(catalog, asker, word, *page)),
        View::Command { key } => sheet::message(catalog, asker, *key),
    };
    page.unwrap_or_else(|| menu::message(catalog, asker, 0))
}
