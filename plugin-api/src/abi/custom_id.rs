//! Custom ids of components: plugin, handler, owner, expiry and argument of a click.

use std::fmt;

/// Parts of a custom id: `cw1:<plugin>:<handler>:<argument>`, and for one that is not for everyone, or not for ever,
/// `cw1:<plugin>:<handler>~<owner>~<timeout>:<argument>`. The digit is the form's version; handler, owner and timeout are numbers
/// to the base 36. A modal whose answers are for the invoker's eyes alone begins with `cw1p`.
///
/// That is how a plugin makes it. The host *seals* a modal's on its way to Discord: `cwm<seal>:…` and `cwmp<seal>:…`, with seven more
/// digits, by which it knows one that it has opened for this user from one that somebody has made up. A component's needs none: it is
/// looked for in the message that it is on.
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
/// let modal = CustomId::parse("cwm00000zz:shop:c3n82:7").unwrap();
/// assert_eq!((modal.seal, modal.to_string().as_str()), (Some("00000zz"), "cwm00000zz:shop:c3n82:7"));
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
    /// The argument for the handler.
    pub argument: &'a str,
    /// Whether what answers it is for the invoker's eyes alone: a modal that a private command has opened.
    pub private: bool,
    /// What the host knows by that it has opened this modal; `None`: a component's, or a modal's on its way to the host.
    pub seal: Option<&'a str>,
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

/// Digits of a seal, to the base 36.
const SEAL: usize = 7;

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
        let (named, private, seal) = match parts.next()? {
            "cw1" => (false, false, None),
            "cw1p" => (false, true, None),
            "cw" => (true, false, None),
            "cwp" => (true, true, None),
            mark => {
                let sealed = mark.strip_prefix("cwm")?;
                let private = sealed.len() > SEAL;
                let seal = if private {
                    sealed.strip_prefix('p')?
                } else {
                    sealed
                };
                let is_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
                if seal.len() != SEAL || !seal.bytes().all(is_digit) {
                    return None;
                }
                (false, private, Some(seal))
            }
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
            seal,
        })
    }
}

impl fmt::Display for CustomId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let private = if self.private { "p" } else { "" };
        match self.seal {
            Some(seal) => write!(f, "cwm{private}{seal}")?,
            None => write!(f, "cw1{private}")?,
        }
        write!(f, ":{}:{}", self.plugin, self.handler)?;
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
            "cwm:shop:c3n82:7",
            "cwm12345678:shop:c3n82:7",
            "cwmp12345:shop:c3n82:7",
            "cwm12345é:shop:c3n82:7",
        ] {
            assert_eq!(CustomId::parse(later), None, "{later}");
        }
    }

    #[test]
    fn whatever_is_written_is_read_as_it_was() {
        for owner in [None, Some(1), Some(u64::MAX)] {
            for timeout_s in [None, Some(1), Some(u64::MAX)] {
                for (handler, argument) in [("", ""), (".await", "a:b~c~d"), ("kä~se", "🫖")] {
                    for (private, seal) in [
                        (false, None),
                        (true, None),
                        (false, Some("p00000z")),
                        (true, Some("1234567")),
                    ] {
                        let id = CustomId {
                            plugin: "shop",
                            handler: HandlerNumber::of(handler),
                            owner,
                            timeout_s,
                            argument,
                            private,
                            seal,
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
