//! Extensible enums that cross as a word: whoever is older reads a word that it does not know as `Unknown`, and so the
//! rest of what it stands in.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Declares an enum that crosses as a word.
macro_rules! words {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $visibility enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// What a later version has, and this one does not know.
            Unknown,
        }

        impl $name {
            /// All that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// How it crosses.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown => "unknown",
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let known = |word: &str| match word {
                    $($word => Self::$variant,)+
                    _ => Self::Unknown,
                };
                $crate::abi::words::read(deserializer, known).map(|read| read.unwrap_or(Self::Unknown))
            }
        }
    };
}

pub(crate) use words;

/// Reads a word. `None` for whatever else stands there: a later variant may carry something.
pub(crate) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    known: impl FnOnce(&str) -> T,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Word(known))
}

struct Word<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> Visitor<'de> for Word<F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E>(self, word: &str) -> Result<Self::Value, E> {
        Ok(Some(self.0(word)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
