//! Custom ids of components: what a click says of itself.

use std::fmt;

/// Parts of a custom id: `cw:<plugin>:<handler>:<argument>`, and for one that is not for everyone, or not for ever,
/// `cw:<plugin>:<handler>~<owner>~<timeout>:<argument>`. Owner and timeout are numbers to the base 36. A modal whose answers are
/// for the invoker's eyes alone begins with `cwp`.
///
/// ```
/// use plugin_api::abi::CustomId;
///
/// let id = CustomId::parse("cw:shop:buy~1lqzwab9x3~8c:7:x").unwrap();
/// assert_eq!((id.plugin, id.handler, id.timeout_s, id.argument), ("shop", "buy", 300, "7:x"));
/// assert_eq!(id.to_string(), "cw:shop:buy~1lqzwab9x3~8c:7:x");
///
/// let old = CustomId::parse("cw:shop:buy:7").unwrap();
/// assert_eq!((old.owner, old.timeout_s), (0, 0));
/// assert!(CustomId::parse("cwp:shop:form:7").unwrap().private && !old.private);
/// assert_eq!(CustomId::parse("somebody else's"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomId<'a> {
    /// The plugin.
    pub plugin: &'a str,
    /// The handler's name as declared.
    pub handler: &'a str,
    /// The user who may use it; 0: everyone.
    pub owner: u64,
    /// Seconds for which it can be used since it was last; 0: for ever.
    pub timeout_s: u64,
    /// What the handler is given.
    pub argument: &'a str,
    /// Whether what answers it is for the invoker's eyes alone: a modal that a private command has opened.
    pub private: bool,
}

impl<'a> CustomId<'a> {
    /// Reads one; `None` for what was not made by this crate.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let private = match parts.next()? {
            "cw" => false,
            "cwp" => true,
            _ => return None,
        };
        let (plugin, name, argument) = (parts.next()?, parts.next()?, parts.next()?);
        let stamped = name.rsplit_once('~').and_then(|(rest, timeout)| {
            let (handler, owner) = rest.rsplit_once('~')?;
            let number = |text: &str| u64::from_str_radix(text, 36).ok();
            Some((handler, number(owner)?, number(timeout)?))
        });
        let (handler, owner, timeout_s) = stamped.unwrap_or((name, 0, 0));
        Some(Self {
            plugin,
            handler,
            owner,
            timeout_s,
            argument,
            private,
        })
    }
}

impl fmt::Display for CustomId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.private { "cwp" } else { "cw" };
        write!(f, "{mark}:{}:{}", self.plugin, self.handler)?;
        if (self.owner, self.timeout_s) != (0, 0) {
            write!(f, "~{}~{}", base36(self.owner), base36(self.timeout_s))?;
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
