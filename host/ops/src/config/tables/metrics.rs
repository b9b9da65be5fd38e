//! `[metrics]`: where metrics are served.

use std::net::SocketAddr;

use crate::config::{
    fault::{Fault, Item},
    values::{Reading, list, string, text},
};

table! {
    /// `[metrics]`: where figures are served.
    Metrics {
        /// The address; `None` when it is `off`.
        live listen: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 9310))), address;
        /// Names by which it may be asked, beside addresses and names without a dot.
        live hosts: Vec<String> = Vec::new(), list("a list of names, such as [\"bot.example.org\"]", text(host_name));
    }
}

fn address(item: &Item<'_>) -> Reading<Option<SocketAddr>> {
    let text = string(item)?;
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let message =
            format!("expected an address such as \"127.0.0.1:9310\", or \"off\", found `{text}`");
        vec![Fault::new(item, message)]
    })
}

/// A name alone: browsers send no more of an address.
pub(super) fn host_name(text: &str) -> Result<(), String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !text.is_empty() && text.chars().all(is_name) {
        true => Ok(()),
        false => Err(format!(
            "expected a name such as \"bot.example.org\", without `http://` and a port, found `{text}`"
        )),
    }
}
