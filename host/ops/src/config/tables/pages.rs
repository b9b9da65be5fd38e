//! `[pages]`: the bot's web pages.

use std::{net::SocketAddr, path::PathBuf};

use crate::config::{
    fault::{Fault, Item},
    tables::metrics::host_name,
    values::{Reading, boolean, file, list, number, optional, string, text},
};

table! {
    /// `[pages]`: the bot's web pages, the dashboard among them.
    Pages {
        /// The address; `None` when it is `off`.
        live listen: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 9320))), address;
        /// Where people reach it, when that is not the address itself.
        live url: Option<String> = None, optional(text(web_address));
        /// Names by which it may be asked, beside that address's, addresses and names without a dot.
        live hosts: Vec<String> = Vec::new(), list("a list of names, such as [\"bot.example.org\"]", text(host_name));
        // The port is opened with them.
        /// Certificates in PEM, the server's first.
        restart tls_cert: Option<PathBuf> = None, optional(file);
        /// Their private key in PEM.
        restart tls_key: Option<PathBuf> = None, optional(file);
        /// Whether the metrics are served there too.
        restart metrics: bool = false, boolean;
        /// Whether whoever owns a server that the bot is in may log in and see that.
        live server_owners: bool = false, boolean;
        /// How long a session lives without being used.
        live idle_minutes: u64 = 120, number(1..=43_200, "minutes");
        /// How long it lives in any case.
        live session_hours: u64 = 24, number(1..=8_760, "hours");
        /// The largest body of a request.
        live body_bytes: u64 = 1 << 20, number(1_024..=64 << 20, "bytes");
        /// The largest file that is uploaded.
        live upload_bytes: u64 = 256 << 20, number(1_024..=1 << 40, "bytes");
        /// Requests of one session, and of one address that has none, within a minute.
        live requests_per_minute: u32 = 1_200, number(60..=1_000_000, "requests");
    }
}

fn address(item: &Item<'_>) -> Reading<Option<SocketAddr>> {
    let text = string(item)?;
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let message =
            format!("expected an address such as \"127.0.0.1:9320\", or \"off\", found `{text}`");
        vec![Fault::new(item, message)]
    })
}

/// The address of a site, without a path.
fn web_address(text: &str) -> Result<(), String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let fits =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(fits) => Ok(()),
        _ => Err(format!(
            "expected an address such as \"https://bot.example.org\", without a path and a slash at its end, found `{text}`"
        )),
    }
}
