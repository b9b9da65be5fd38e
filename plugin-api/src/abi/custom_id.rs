//! Custom ids of components: what a click says of itself.

use std::fmt;

/// Parts of a custom id: `cw1:<plugin>:<handler>:<argument>`, and for one that is not for everyone, or not for ever,
/// `cw1:<plugin>:<handler>~<owner>~<timeout>:<argument>`. The digit is the form's version; handler, owner and timeout are numbers
/// to the base 36. A modal whose answers are for the invoker's eyes alone begins with `cw1p`.
///
/// Messages keep their ids for years, so whatever was once written is read: also the form before the first, `cw:…`, in which the
/// handler's name stood in place of its number.
///
/// ```
/// use plugin_api::abi::{CustomId, HandlerNumber};
///
/// let id = CustomId::parse("cw1:shop:c3n82~1lqzwab9x3~8c:7:x").unwrap();
/// assert_eq!((id.plugin, id.handler, id.timeout_s), ("shop", HandlerNumber::of("buy"), Some(300)));
/// assert_eq!(id.argument, "7:x");
/// assert_eq!(id.to_string(), "cw1:shop:c3n82~1lqzwab9x3~8c:7:x");
///
/// let old = CustomId::parse("cw:shop:buy:7").unwrap();
/// assert_eq!((old.handler, old.owner, old.timeout_s), (HandlerNumber::of("buy"), None, None));
/// assert_eq!(old.to_string(), "cw1:shop:c3n82:7");
/// assert!(CustomId::parse("cw1p:shop:c3n82:7").unwrap().private && !old.private);
/// assert_eq!(CustomId::parse("somebody else's"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomId<'a> {
    /// The plugin.
    pub plugin: &'a str,
    /// The handler.
    pub handler: HandlerNumber,
    /// The user who may use it; `None`: everyone.
    pub owner: Option<u64>,
    /// Seconds for which it can be used since it was last; `None`: for ever.
    pub timeout_s: Option<u64>,
    /// What the handler is given.
    pub argument: &'a str,
    /// Whether what answers it is for the invoker's eyes alone: a modal that a private command has opened.
    pub private: bool,
}

/// A component's handler in a custom id: five digits to the base 36 that are made of its name, so that the 100 characters of an
/// id are left to the argument, and the number is the same after a reload, in the next release, and for every compiler. Two
/// handlers of a plugin with the same number are refused when it is loaded.
///
/// ```
/// use plugin_api::abi::HandlerNumber;
///
/// // Invariant: it stands in messages out there.
/// assert_eq!(HandlerNumber::of("buy").to_string(), "c3n82");
/// assert_ne!(HandlerNumber::of("buy"), HandlerNumber::of("sell"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandlerNumber(u32);

/// The handler, of every plugin, to which the answers to questions go ([`Invocation::ask`](crate::Invocation::ask)). No plugin can
/// declare one of this name.
pub const QUESTIONS: &str = ".await";

/// Five digits to the base 36.
const NUMBERS: u64 = 36_u64.pow(5);

impl HandlerNumber {
    /// The number of the handler with this name.
    #[must_use]
    pub const fn of(name: &str) -> Self {
        // FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let bytes = name.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            i += 1;
        }
        // Its low digits alone know too little of the first characters.
        Self(((hash >> 32 ^ hash & 0xffff_ffff) % NUMBERS) as u32)
    }

    fn parse(digits: &str) -> Option<Self> {
        if digits.len() != 5 {
            return None;
        }
        u32::from_str_radix(digits, 36).ok().map(Self)
    }
}

impl fmt::Display for HandlerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0>5}", base36(self.0.into()))
    }
}

impl<'a> CustomId<'a> {
    /// Reads one; `None` for what was not made by this crate, or by a version of it that has another form.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let (named, private) = match parts.next()? {
            "cw1" => (false, false),
            "cw1p" => (false, true),
            "cw" => (true, false),
            "cwp" => (true, true),
            _ => return None,
        };
        let (plugin, name, argument) = (parts.next()?, parts.next()?, parts.next()?);
        let stamped = name.rsplit_once('~').and_then(|(rest, timeout)| {
            let (handler, owner) = rest.rsplit_once('~')?;
            let number = |text: &str| u64::from_str_radix(text, 36).ok();
            Some((handler, number(owner)?, number(timeout)?))
        });
        let (handler, owner, timeout_s) = stamped.unwrap_or((name, 0, 0));
        let given = |number: u64| Some(number).filter(|number| *number != 0);
        Some(Self {
            plugin,
            handler: if named {
                HandlerNumber::of(handler)
            } else {
                HandlerNumber::parse(handler)?
            },
            owner: given(owner),
            timeout_s: given(timeout_s),
            argument,
            private,
        })
    }
}

impl fmt::Display for CustomId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.private { "cw1p" } else { "cw1" };
        write!(f, "{mark}:{}:{}", self.plugin, self.handler)?;
        if (self.owner, self.timeout_s) != (None, None) {
            let number = |number: Option<u64>| base36(number.unwrap_or_default());
            write!(f, "~{}~{}", number(self.owner), number(self.timeout_s))?;
        }
        write!(f, ":{}", self.argument)
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.extend(char::from_digit((number % 36) as u32, 36));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_a_later_version_is_none_of_ours() {
        for later in [
            "cw2:shop:c3n82:7",
            "cw1:shop:buy:7",
            "cw1:shop:c3n82",
            "cw1",
        ] {
            assert_eq!(CustomId::parse(later), None, "{later}");
        }
    }

    #[test]
    fn whatever_is_written_is_read_as_it_was() {
        for owner in [None, Some(1), Some(u64::MAX)] {
            for timeout_s in [None, Some(1), Some(u64::MAX)] {
                for (handler, argument) in [("", ""), (".await", "a:b~c~d"), ("kä~se", "🫖")] {
                    for private in [false, true] {
                        let id = CustomId {
                            plugin: "shop",
                            handler: HandlerNumber::of(handler),
                            owner,
                            timeout_s,
                            argument,
                            private,
                        };
                        assert_eq!(CustomId::parse(&id.to_string()), Some(id));
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_have_five_digits_and_seldom_collide() {
        let numbers: std::collections::HashSet<_> = (0..2_000)
            .map(|n| HandlerNumber::of(&format!("handler{n}")))
            .collect();
        // 2,000 of 60 million: by chance one in thirty times two of them are the same.
        assert!(numbers.len() >= 1_999, "{}", numbers.len());
        assert!(numbers.iter().all(|number| number.to_string().len() == 5));
    }
}
