//! Discord's ids on the wire: strings, as Discord writes them, since numbers in JSON end at 2^53 for many languages.
//! Numbers are read as well. That there is none is said by `null` or by the field's absence, and never by 0.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serializer,
    de::{Error, Visitor},
};

/// Writes an id.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(crate) fn serialize<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Reads an id.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Snowflake::deserialize(deserializer)?.0)
}

/// An id, as a string or a number.
struct Snowflake(u64);

impl<'de> Deserialize<'de> for Snowflake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Snowflake;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id, as a string or a number")
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<Snowflake, E> {
                Ok(Snowflake(id))
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Snowflake, E> {
                id.parse().map(Snowflake).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// The same where there may be none.
pub(crate) mod option {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Snowflake;

    #[allow(clippy::ref_option, reason = "serde asks for it")]
    pub(crate) fn serialize<S: Serializer>(
        id: &Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => super::serialize(id, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// A 0, which no id is, reads as none.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        let id = Option::<Snowflake>::deserialize(deserializer)?;
        Ok(id.map(|id| id.0).filter(|id| *id != 0))
    }
}

/// Several of them.
pub(crate) mod list {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Snowflake;

    pub(crate) fn serialize<S: Serializer>(ids: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(ids.iter().map(ToString::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u64>, D::Error> {
        let ids = Vec::<Snowflake>::deserialize(deserializer)?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Head {
        #[serde(with = "super")]
        user_id: u64,
        #[serde(with = "super::option")]
        guild_id: Option<u64>,
        #[serde(with = "super::list")]
        roles: Vec<u64>,
    }

    #[test]
    fn ids_are_written_as_strings_and_read_as_both() {
        // One more than a double can tell from its neighbour.
        const LARGE: u64 = (1 << 53) + 1;
        let head = Head {
            user_id: LARGE,
            guild_id: None,
            roles: vec![u64::MAX],
        };
        let text = serde_json::to_string(&head).unwrap();
        assert_eq!(
            text,
            r#"{"user_id":"9007199254740993","guild_id":null,"roles":["18446744073709551615"]}"#
        );
        assert_eq!(serde_json::from_str::<Head>(&text).unwrap(), head);
        let numbers = r#"{"user_id":9007199254740993,"roles":[18446744073709551615]}"#;
        assert_eq!(serde_json::from_str::<Head>(numbers).unwrap(), head);
    }

    #[test]
    fn zero_is_never_an_id_and_what_is_none_is_refused() {
        for none in ["0", "\"0\"", "null"] {
            let head: Head = serde_json::from_str(&format!("{{\"guild_id\":{none}}}")).unwrap();
            assert_eq!(head.guild_id, None);
        }
        for wrong in ["-1", "\"tea\"", "1.5", "true", "[]"] {
            let text = format!("{{\"user_id\":{wrong}}}");
            assert!(serde_json::from_str::<Head>(&text).is_err(), "{wrong}");
        }
    }
}
