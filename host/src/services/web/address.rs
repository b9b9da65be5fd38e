//! Address filter: those of the local network are not for everybody.
//!
//! A name is resolved once, its addresses are looked at, and the connection goes to one of those that were looked at: a name that
//! leads elsewhere when it is asked again (DNS rebinding) gains nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves to public addresses alone.
pub(super) struct PublicAddress;

/// Resolves to any address.
pub(super) struct AnyAddress;

impl Resolve for PublicAddress {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            let public: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| is_public(address.ip()))
                .collect();
            if public.is_empty() {
                return Err(io::Error::other(refusal(name.as_str())).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl Resolve for AnyAddress {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

async fn look_up(name: &str) -> io::Result<Vec<SocketAddr>> {
    // reqwest puts the port in place of 0.
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

pub(super) fn refusal(host: &str) -> String {
    format!(
        "`{host}` is an address of the local network; the owner can grant it in config.toml: `web = [\"{host}\"]` in the \
         plugin's table of [grants]"
    )
}

/// Whether an address is one of the internet's
/// ([IANA's registries](https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml)).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            // 2000::/3 is what is given out; documentation is within.
            None => {
                let [first, second, ..] = address.segments();
                first & 0xe000 == 0x2000 && !(first == 0x2001 && second == 0xdb8)
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18);
    !is_special
}

/// The IPv4 address that an IPv6 one stands for: mapped, NAT64, 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let of = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] => of(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => of(high, low),
        [0x2002, high, low, ..] => of(high, low),
        _ => None,
    }
}
