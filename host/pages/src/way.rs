//! Way of a request: to the bot's own port, or through a dashboard on another machine.

use std::sync::Arc;

use host_loader::Rights;

/// By which way a request has come.
#[derive(Debug, Clone, Default)]
pub(crate) enum Way {
    /// To the port.
    #[default]
    Port,
    /// Through a relay.
    Remote(Arc<Relayed>),
}

/// A relay that the bot is connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relayed {
    /// Its public key.
    pub(crate) key: String,
    /// Where people reach this bot there.
    pub(crate) url: String,
}

/// A request that has come another way than to the port.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) way: Way,
    /// From which address, in the relay's word.
    pub(crate) address: String,
}

impl Way {
    /// What sessions and links are tied to: those of one way are worth nothing on another one, where they might open more. Empty: the port.
    /// Another relay's key is another way, so that what was seen by a relay which was taken over ends with its key.
    pub(crate) fn through(&self) -> &str {
        match self {
            Self::Port => "",
            Self::Remote(relayed) => &relayed.key,
        }
    }
}

/// What somebody may by a way that has a role's rights at most.
pub(crate) fn capped(rights: Rights, most: &Rights) -> Rights {
    if most.covers(&rights) {
        return rights;
    }
    let names = match rights.all {
        true => most.names.clone(),
        false if most.all => rights.names.clone(),
        false => rights.names.intersection(&most.names).cloned().collect(),
    };
    Rights {
        role: format!("{}, through the remote dashboard", most.role),
        all: false,
        names,
        own_servers: rights.own_servers || most.own_servers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(role: &str, names: &[&str], own_servers: bool) -> Rights {
        Rights {
            role: role.to_owned(),
            all: false,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            own_servers,
        }
    }

    #[test]
    fn nobody_may_more_by_a_way_than_that_ways_role() {
        let most = rights("Visitor", &["plugins.list", "log.read"], false);
        let owner = capped(Rights::all("Owner"), &most);
        assert!(!owner.all && owner.names == most.names);
        assert!(owner.role.contains("Visitor"), "{}", owner.role);
        let helper = rights("Helper", &["plugins.list", "plugins.reload"], false);
        let helper = capped(helper, &most);
        assert_eq!(
            helper.names.into_iter().collect::<Vec<_>>(),
            ["plugins.list"]
        );
        // Whoever may less stays as they are.
        let little = rights("Reader", &["log.read"], false);
        assert_eq!(capped(little.clone(), &most), little);
    }

    #[test]
    fn servers_of_ones_own_stay_ones_own() {
        let most = rights("Server owner", &["servers.list"], true);
        assert!(capped(Rights::all("Owner"), &most).own_servers);
        let all = Rights::all("Owner");
        assert_eq!(capped(Rights::all("Owner"), &all), all);
        let own = rights("Server owner", &["servers.list"], true);
        assert!(capped(own, &rights("Visitor", &["log.read"], false)).own_servers);
    }
}
