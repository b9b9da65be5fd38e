//! `[remote]`: a dashboard on another machine, which the bot connects to.

use crate::config::values::{optional, string, text};

table! {
    /// `[remote]`: a dashboard on another machine, which the bot connects to.
    Remote {
        /// Where it is; `None`: the bot connects to none.
        live url: Option<String> = None, optional(text(socket_address));
        /// Its public key: the bot connects to nobody else.
        live key: Option<String> = None, optional(text(public_key));
        /// The role that whoever comes that way has at most.
        live role: String = "Visitor".into(), string;
    }
}

/// The address of a relay.
fn socket_address(text: &str) -> Result<(), String> {
    let rest = text
        .strip_prefix("wss://")
        .or_else(|| text.strip_prefix("ws://"));
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '@' | '"' | '<' | '>');
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(fits) => {
            Ok(())
        }
        _ => Err(format!(
            "expected the address of a relay, such as \"wss://dash.example.org/remote\", found `{text}`"
        )),
    }
}

fn public_key(text: &str) -> Result<(), String> {
    match text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err(format!(
            "expected the relay's public key, 64 hexadecimal digits, as `cogwright dashboard key` prints it there, found `{text}`"
        )),
    }
}
