//! Pieces that tabs are built of: functions that return markup.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `card.rs` | cards, rows of figures, facts, what is shown where there is nothing |
//! | `table.rs` | tables, pagers, bars of filters |
//! | `nav.rs` | links between the pages of one tab |
//! | `status.rs` | pills, meters |
//! | `action.rs` | buttons that do something |
//! | `chart.rs` | lines of values |
//! | `words.rs` | names, times, code |
//!
//! All words are escaped by maud. There is no `style` and no `on…`: the pages' policy lets none through.

mod action;
mod card;
mod chart;
mod nav;
mod status;
mod table;
mod words;

pub(crate) use self::{
    action::Action,
    card::{card, card_with, empty, fact, stat},
    chart::sparkline,
    nav::subtabs,
    status::{Tone, badge, dot, meter},
    table::{Pager, encoded, filter_bar, pager, search_field, select_field, table},
    words::{ago, code_block, iso, name},
};
