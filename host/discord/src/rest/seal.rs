//! Seals of modals: signatures by which the host knows a modal that it has opened for this user from one that somebody
//! has made up, also after a restart.
//!
//! A client sends what it likes as the custom id of what was used
//! ([discord-api-docs#3029](https://github.com/discord/discord-api-docs/pull/3029)). A component is looked for in the message that it is
//! on; a modal is on none.

use std::{fmt, sync::OnceLock};

use host_capability::Failure;
use plugin_api::{CUSTOM_ID_LIMIT, abi::CustomId};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Seven digits to the base 36.
const SEALS: u64 = 36_u64.pow(7);

/// Of an interaction, its user.
type UserOf = dyn Fn(u64) -> Option<u64> + Send + Sync;

/// Key that seals modals.
pub struct Seals {
    key: [u8; 32],
    user_of: OnceLock<Box<UserOf>>,
}

impl Seals {
    /// With a key that is made of the bot's token: another token breaks the seals of the modals that are open.
    pub(super) fn new(token: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        hash.update("cogwright: seals of modals\n");
        hash.update(token.unwrap_or_default());
        Self {
            key: hash.finalize().into(),
            user_of: OnceLock::new(),
        }
    }

    /// Asks for users of interactions there.
    pub fn ask(&self, user_of: impl Fn(u64) -> Option<u64> + Send + Sync + 'static) {
        let _ = self.user_of.set(Box::new(user_of));
    }

    /// Seals a modal that answers an interaction. An id of the author's own form stays as it is.
    ///
    /// # Errors
    ///
    /// There is no room for the seal.
    pub(super) fn seal(&self, interaction: &str, modal: &mut Value) -> Result<(), Failure> {
        let Some(id) = modal["custom_id"].as_str().and_then(CustomId::parse) else {
            return Ok(());
        };
        let user = self
            .user_of
            .get()
            .zip(interaction.parse().ok())
            .and_then(|(user_of, interaction)| user_of(interaction));
        let seal = self.of(&id, user.unwrap_or_default());
        let sealed = CustomId {
            seal: Some(&seal),
            ..id
        }
        .to_string();
        let characters = sealed.chars().count();
        if characters > CUSTOM_ID_LIMIT {
            return Err(Failure::Refused(format!(
                "with the host's seal the modal's custom id has {characters} characters, and Discord accepts {CUSTOM_ID_LIMIT}: shorten \
                 the argument by {}, or keep it in the plugin's state and pass a key",
                characters - CUSTOM_ID_LIMIT
            )));
        }
        modal["custom_id"] = sealed.into();
        Ok(())
    }

    /// Whether this is the id of a modal that was opened for this user.
    pub fn is_whole(&self, id: &CustomId<'_>, user: u64) -> bool {
        id.seal.is_some_and(|seal| seal == self.of(id, user))
    }

    fn of(&self, id: &CustomId<'_>, user: u64) -> String {
        let plain = CustomId { seal: None, ..*id }.to_string();
        let mut hash = Sha256::new();
        // The key on both sides: nobody goes on with a hash that begins with it.
        for part in [
            &self.key[..],
            &user.to_be_bytes(),
            plain.as_bytes(),
            &self.key,
        ] {
            hash.update(part);
        }
        let hash = hash.finalize();
        let first = hash
            .iter()
            .take(8)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let mut number = first % SEALS;
        let mut digits = [b'0'; 7];
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
            number /= 36;
        }
        digits.into_iter().map(char::from).collect()
    }
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_seal_is_one_users_and_one_ids() {
        let seals = Seals::new(Some("token"));
        seals.ask(|interaction| (interaction == 5).then_some(7));
        let sealed = |id: &str| {
            let mut modal = json!({"custom_id": id});
            seals
                .seal("5", &mut modal)
                .map(|()| modal["custom_id"].as_str().unwrap().to_owned())
        };
        for id in [
            "cw1:shop:c3n82:a",
            "cw1p:shop:c3n82:a",
            "cw1:shop:c3n82~2s~8c:a",
            "cw:shop:buy:a",
        ] {
            let text = sealed(id).unwrap();
            let id = CustomId::parse(&text).unwrap();
            assert!(seals.is_whole(&id, 7), "{text}");
            assert!(!seals.is_whole(&id, 8) && !seals.is_whole(&id, 0));
            assert!(!Seals::new(Some("another")).is_whole(&id, 7));
            for forged in [
                CustomId {
                    argument: "b",
                    ..id
                },
                CustomId {
                    owner: Some(8),
                    ..id
                },
                CustomId {
                    timeout_s: Some(1),
                    ..id
                },
                CustomId {
                    private: !id.private,
                    ..id
                },
                CustomId {
                    plugin: "shoq",
                    ..id
                },
                CustomId { seal: None, ..id },
                CustomId {
                    seal: Some("0000000"),
                    ..id
                },
            ] {
                assert!(!seals.is_whole(&forged, 7), "{forged}");
            }
            // Sealed again it stays the same.
            assert_eq!(sealed(&text).unwrap(), text);
        }
        assert_eq!(sealed("an author's own").unwrap(), "an author's own");
        let longest = format!("cw1:shop:c3n82:{}", "x".repeat(78));
        assert_eq!(sealed(&longest).unwrap().len(), CUSTOM_ID_LIMIT);
        let error = sealed(&format!("{longest}x")).unwrap_err();
        assert!(error.to_string().contains("by 1,"), "{error}");
    }
}
