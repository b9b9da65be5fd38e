//! `[discord]`: how Discord is reached.

use crate::config::{
    checks::{api_url, gateway_url, host_and_port},
    values::{number, optional, seconds, text},
};

table! {
    /// `[discord]`: how Discord is reached.
    Discord {
        // The client and the shards are made once.
        /// `host:port` of a proxy that speaks plain HTTP and does the rate limiting. Unset: Discord itself.
        restart http_proxy: Option<String> = None, optional(text(host_and_port));
        /// `ws://` or `wss://` address of the gateway. Unset: the one that Discord names.
        restart gateway_url: Option<String> = None, optional(text(gateway_url));
        /// `http://` or `https://` address of a server that speaks as Discord's REST API does, without `/api`. Unset: Discord's own.
        restart api_url: Option<String> = None, optional(text(api_url));
        /// Requests in a second that Discord allows the bot.
        restart requests_per_second: u64 = 50, number(1..=10_000, "requests");
        /// What a request waits for a rate limit at most. One that would wait longer fails at once.
        restart longest_wait_s: u64 = 60, seconds(1..=3_600);
    }
}
