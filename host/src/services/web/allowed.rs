//! Allow-list of hosts that a plugin may reach.

use host_ops::config::web_host;
use plugin_api::manifest::Manifest;
use reqwest::Url;

use super::address;

/// The hosts of a plugin, each as `api.example.com`, or `*.example.org` for all below that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed<'a> {
    /// What the plugin declares, where that is enough.
    pub(super) declared: &'a [String],
    /// What the owner grants, addresses of the local network included.
    pub(super) granted: &'a [String],
}

/// Verdict on an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Allowed, unless its address is one of the local network.
    Declared,
    /// Allowed.
    Granted,
    /// Refused, for this reason.
    Refused(String),
}

impl Allowed<'_> {
    pub(super) fn judge(&self, url: &Url) -> Verdict {
        if !matches!(url.scheme(), "http" | "https") {
            return Verdict::Refused(format!(
                "`{}:`: an address begins with https:// or http://",
                url.scheme()
            ));
        }
        let Some(host) = url.host_str() else {
            return Verdict::Refused("the address names no host".into());
        };
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        if fits(self.granted, host) {
            return Verdict::Granted;
        }
        if !fits(self.declared, host) {
            return Verdict::Refused(format!(
                "the plugin may not reach `{host}`: it declares its hosts with `web_hosts`, and the owner grants others in \
                 config.toml: `web = [\"{host}\"]` in the plugin's table of [grants]"
            ));
        }
        match host.parse() {
            Ok(ip) if !address::is_public(ip) => Verdict::Refused(address::refusal(host)),
            _ => Verdict::Declared,
        }
    }
}

fn fits(patterns: &[String], host: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => host.len().checked_sub(domain.len() + 1).is_some_and(|dot| {
                host.as_bytes()[dot] == b'.' && host[dot + 1..].eq_ignore_ascii_case(domain)
            }),
            None => pattern.eq_ignore_ascii_case(host),
        })
}

/// What is wrong with the hosts that a manifest declares.
pub(crate) fn problems(manifest: &Manifest, problems: &mut Vec<String>) {
    for host in &manifest.web_hosts {
        if let Err(why) = web_host(host) {
            problems.push(format!("web host `{host}`: {why}"));
        }
    }
}
