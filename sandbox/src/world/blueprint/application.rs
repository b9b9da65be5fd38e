//! Application of a world's file: its bot, its owner, and its OAuth2 client.

use twilight_model::gateway::Intents;

use super::{furnish::Furnishing, names::no_such, tables::Application};
use crate::world::is_redirect_uri;

/// The intents that are switched on one by one.
const PRIVILEGED: [(&str, Intents); 3] = [
    ("GUILD_MEMBERS", Intents::GUILD_MEMBERS),
    ("GUILD_PRESENCES", Intents::GUILD_PRESENCES),
    ("MESSAGE_CONTENT", Intents::MESSAGE_CONTENT),
];

impl Furnishing {
    /// Who the application is, and what is set in its developer portal.
    pub(super) fn application(&mut self, table: &Application) {
        if let Some(name) = &table.name {
            self.length(name, "a bot's name", 1, 32);
            let application = &mut self.world.application;
            application.name.clone_from(name.get_ref());
            if let Some(bot) = self.world.users.get_mut(&application.bot) {
                bot.name.clone_from(name.get_ref());
            }
        }
        if let Some(owner) = &table.owner {
            // It may be listed among the users as well, with more to say about it.
            if let Some(user) = self.world.users.get_mut(&self.world.application.owner) {
                user.name.clone_from(owner.get_ref());
            }
        }
        if let Some(names) = &table.privileged_intents {
            let mut intents = Intents::empty();
            for name in names {
                match PRIVILEGED.iter().find(|(known, _)| known == name.get_ref()) {
                    Some((_, intent)) => intents |= *intent,
                    None => {
                        let known = PRIVILEGED.map(|(known, _)| known);
                        self.fault(name, no_such("privileged intent", name.get_ref(), known));
                    }
                }
            }
            self.world.set_privileged_intents(intents);
        }
        if let Some(secret) = &table.client_secret {
            self.length(secret, "a client secret", 1, 128);
            self.world.set_client_secret(secret.get_ref());
        }
        for uri in &table.redirect_uris {
            if !is_redirect_uri(uri.get_ref()) {
                let message = format!(
                    "`{}` is no redirect URI: it is to be a whole address, such as `http://127.0.0.1:8080/login`, without `#`",
                    uri.get_ref()
                );
                self.fault(uri, message);
            }
            self.world.add_redirect_uri(uri.get_ref());
        }
    }
}
