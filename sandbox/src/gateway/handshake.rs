//! Query parameters of a connection's URL:
//! <https://discord.com/developers/docs/events/gateway#connecting-gateway-url-query-string-params>.

use std::collections::HashMap;

use super::compress::Transport;
use crate::hub::Close;

/// Reads `v`, `encoding` and `compress`.
///
/// Without `v`, Discord gives its oldest version, in which much is different: a bot that forgets it is refused.
pub(crate) fn transport(query: &HashMap<String, String>) -> Result<Transport, Close> {
    let given = |key: &str| query.get(key).map(String::as_str);
    match given("v") {
        Some("10") => {}
        None | Some("6" | "7" | "8" | "9") => return Err(Close::NoSuchVersion),
        Some(_) => return Err(Close::InvalidVersion),
    }
    match given("encoding") {
        None | Some("json") => {}
        Some(_) => return Err(Close::NoSuchEncoding),
    }
    Transport::named(given("compress")).ok_or(Close::NoSuchCompression)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The close code for a query string; 0 if it is served.
    fn check(query: &str) -> u16 {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        transport(&query.collect()).map_or_else(|close| close.frame().0, |_| 0)
    }

    #[test]
    fn only_v10_and_json_are_spoken() {
        assert_eq!(check("v=10&encoding=json"), 0);
        assert_eq!(check("v=10"), 0);
        assert_eq!(check("v=10&encoding=json&compress=zlib-stream"), 0);
        assert_eq!(check("v=10&encoding=json&compress=zstd-stream"), 0);
        assert_eq!(check("encoding=json"), 4012);
        assert_eq!(check("v=9&encoding=json"), 4012);
        assert_eq!(check("v=11&encoding=json"), 4012);
        assert_eq!(check("v=10&encoding=etf"), 4002);
        assert_eq!(check("v=10&encoding=json&compress=brotli"), 4002);
    }
}
