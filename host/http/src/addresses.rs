//! Connections of each address.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// How many connections each address has.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection's place among those of its address, until this is dropped.
#[derive(Debug)]
pub(crate) struct OfAddress {
    of: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Addresses {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            open: Arc::default(),
        }
    }

    /// A place for one more; `None`: the address has as many as it may.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<OfAddress> {
        let of = counted_as(address);
        // A proxy on this machine speaks for everybody.
        let most = if of.is_loopback() {
            usize::MAX
        } else {
            self.most
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(of).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(OfAddress {
            of,
            open: Arc::clone(&self.open),
        })
    }
}

/// Whoever has one address of IPv6 has the 64 bits behind its network.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

impl Drop for OfAddress {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(self.of) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_and_this_machine_as_many_as_there_are() {
        let addresses = Addresses::new(2);
        let enter = |address: &str| addresses.enter(address.parse().unwrap());
        let kept: Vec<_> = (0..2).map(|_| enter("192.0.2.1").unwrap()).collect();
        assert!(enter("192.0.2.1").is_none());
        assert!(
            enter("::ffff:192.0.2.1").is_none(),
            "the same, written long"
        );
        assert!(enter("192.0.2.2").is_some());
        drop(kept);
        assert!(enter("192.0.2.1").is_some());
        let _kept: Vec<_> = (0..2).map(|_| enter("2001:db8::1").unwrap()).collect();
        assert!(enter("2001:db8::2:3").is_none(), "the same network");
        assert!(enter("2001:db8:0:1::1").is_some());
        let here: Vec<_> = (0..9).filter_map(|_| enter("::1")).collect();
        assert_eq!(here.len(), 9);
    }

    #[test]
    fn who_has_gone_takes_no_memory() {
        let addresses = Addresses::new(2);
        drop(addresses.enter("192.0.2.1".parse().unwrap()));
        assert!(addresses.open.lock().unwrap().is_empty());
    }
}
