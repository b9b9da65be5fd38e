//! Errors of handlers and host calls.

use std::{error::Error as StdError, fmt, sync::Arc};

use crate::{abi::ErrorHead, guard::Guarded};

/// What a handler returns: nothing, or an [`Error`], by default.
///
/// ```
/// use plugin_api::prelude::*;
///
/// fn parse(line: &str) -> Result<(u32, u32)> {
///     let (dice, sides) = line.split_once('d').ok_or(Error::user("write it as 2d6"))?;
///     Ok((dice.parse()?, sides.parse()?))
/// }
/// assert_eq!(parse("2d6")?, (2, 6));
/// # Ok::<(), Error>(())
/// ```
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Error of a handler or a host call.
///
/// Any `std::error::Error` that may go from thread to thread turns into one by `?`, with its causes, and can be
/// [found](Self::downcast_ref) in it. The whole text goes to the log under an error id; the member reads a kind sentence with that id, or
/// [`Error::user`]'s own words.
///
/// ```
/// use plugin_api::prelude::*;
///
/// fn dice(sides: &str) -> Result<u32> {
///     let sides: u32 = sides.parse()?;
///     if sides == 0 {
///         return Err(Error::user("a die needs at least one side"));
///     }
///     Ok(sides)
/// }
/// assert_eq!(dice("0").unwrap_err().user_message(), Some("a die needs at least one side"));
/// assert_eq!(dice("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
#[derive(Clone)]
pub struct Error(Box<Parts>);

#[derive(Clone)]
struct Parts {
    head: ErrorHead,
    source: Option<Source>,
}

/// The error of the author's, or of another crate's, that this one was made of.
struct Source(Guarded<Arc<dyn StdError + Send + Sync>>);

impl Clone for Source {
    fn clone(&self) -> Self {
        Self(Guarded::new(Arc::clone(&self.0)))
    }
}

impl Error {
    /// An error for the log; the member reads an error id.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let error = Error::new("the teapot is cracked");
    /// assert_eq!((error.to_string().as_str(), error.user_message()), ("the teapot is cracked", None));
    /// ```
    #[must_use]
    pub fn new(message: impl fmt::Display) -> Self {
        Self::from_head(ErrorHead {
            message: message.to_string(),
            ..ErrorHead::default()
        })
    }

    /// An error that the member reads in these words: wrong input, a thing that is not there. Nothing goes to the log,
    /// unless a listener or a background task fails with it, where there is nobody to tell.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn buy(ctx: CommandContext) -> Result {
    ///     let tea: String = ctx.option("tea")?;
    ///     if tea != "green" {
    ///         return Err(Error::user(format!("there is no {tea} tea today")));
    ///     }
    ///     ctx.reply("Here you are.").await
    /// }
    /// ```
    #[must_use]
    pub fn user(message: impl fmt::Display) -> Self {
        let mut error = Self::new(message);
        error.0.head.user_message = Some(error.0.head.message.clone());
        error
    }

    /// The words for the member; `None` when the member reads an error id.
    #[must_use]
    pub fn user_message(&self) -> Option<&str> {
        self.0.head.user_message.as_deref()
    }

    /// Whether the host refused, since whoever acts may not do that, or the plugin.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.0.head.denied
    }

    /// Discord's HTTP status, where Discord refused a request.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn find(ctx: CommandContext) -> Result {
    ///     let path = format!("channels/{}/webhooks", ctx.channel_id());
    ///     match ctx.host().discord().request(Method::Get, path).send().await {
    ///         Ok(response) => ctx.reply(format!("{} bytes of webhooks", response.bytes().len())).await,
    ///         Err(error) if error.http_status() == Some(403) => Err(Error::user("I may not see them")),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.head.http_status
    }

    /// Discord's [JSON error code](https://discord.com/developers/docs/topics/opcodes-and-status-codes#json), where
    /// Discord refused a request; 0 where it gave none.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn tidy_up(discord: &Discord, old: &MessageCreate) -> Result {
    ///     match discord.delete(old.channel_id, old.id).await {
    ///         // 10008: unknown message. Somebody was faster.
    ///         Err(error) if error.discord_code() == Some(10_008) => Ok(()),
    ///         other => other,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn discord_code(&self) -> Option<u64> {
        self.0.head.discord_code
    }

    /// Puts what was being done in front of the text. The words for the member stay as they are.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let error = Error::user("there is no tea").context("opening the shop");
    /// assert_eq!(error.to_string(), "opening the shop: there is no tea");
    /// assert_eq!(error.user_message(), Some("there is no tea"));
    /// ```
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.0.head.message = format!("{doing}: {}", self.0.head.message);
        self
    }

    /// What of Discord's could not be read, and why. Not what stood there, which serde's own words have in them: it may be a member's
    /// words, and errors are logged.
    pub(crate) fn unreadable(what: &str, error: &serde_json::Error) -> Self {
        let words = error.to_string();
        let named = ["missing field", "duplicate field"];
        let known = [
            "invalid type",
            "invalid value",
            "invalid length",
            "unknown variant",
        ];
        let why = known.into_iter().find(|known| words.starts_with(known));
        // The last one is serde's: what stood there comes before it.
        let expected = words.rfind(", expected").map(|at| &words[at..]);
        let place = format!("line {}, column {}", error.line(), error.column());
        let words = match (why, expected) {
            _ if named.iter().any(|named| words.starts_with(named)) => words,
            (Some(why), Some(expected)) => format!("{why}{expected}"),
            (Some(why), None) => format!("{why} at {place}"),
            (None, _) => format!("it is not as expected at {place}"),
        };
        Self::new(format!("can't read {what}: {words}"))
    }

    /// The error that `?` has turned into this one, or the nearest of its causes, where it is a `T`. For errors of the plugin's
    /// own, which [`Plugin::on_error`](crate::Plugin::on_error) tells apart, and for those of other crates. What has come
    /// from the host or from another plugin has crossed as a text: it has no type.
    ///
    /// ```
    /// use std::{error, fmt, num::ParseIntError};
    /// use plugin_api::prelude::*;
    ///
    /// #[derive(Debug)]
    /// struct Broke { coins: u64 }
    ///
    /// impl fmt::Display for Broke {
    ///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ///         write!(f, "{} coins are missing", self.coins)
    ///     }
    /// }
    /// impl error::Error for Broke {}
    ///
    /// fn pay(coins: u64) -> Result {
    ///     if coins > 3 {
    ///         return Err(Broke { coins: coins - 3 }.into());
    ///     }
    ///     Ok(())
    /// }
    /// let error = pay(5).unwrap_err().context("buying tea");
    /// assert_eq!(error.to_string(), "buying tea: 2 coins are missing");
    /// assert_eq!(error.downcast_ref::<Broke>().map(|broke| broke.coins), Some(2));
    /// assert!(error.downcast_ref::<ParseIntError>().is_none());
    /// ```
    #[must_use]
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        let mut error: &(dyn StdError + 'static) = &**self.0.source.as_ref()?.0;
        loop {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            error = error.source()?;
        }
    }

    fn of(source: Arc<dyn StdError + Send + Sync>) -> Self {
        let mut error = Self::new(chain(&*source));
        error.0.source = Some(Source(Guarded::new(source)));
        error
    }

    pub(crate) fn from_head(head: ErrorHead) -> Self {
        Self(Box::new(Parts { head, source: None }))
    }

    pub(crate) fn head(&self) -> &ErrorHead {
        &self.0.head
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.head.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.head.message)
    }
}

// `Error` itself is no `std::error::Error`, so that this conversion can exist.
impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::of(Arc::new(error))
    }
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::Error;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "they are read, and not looked at")]
    struct Told {
        id: u64,
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Tea,
    }

    #[derive(Debug)]
    struct Loud;

    impl std::fmt::Display for Loud {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("loud")
        }
    }
    impl std::error::Error for Loud {}
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }

    /// The main loop drops what handlers return.
    #[test]
    fn an_error_whose_own_destructor_panics_is_dropped_all_the_same() {
        let error = Error::from(Loud);
        let again = error.clone().context("twice");
        drop(error);
        assert!(again.downcast_ref::<Loud>().is_some());
        assert_eq!(again.to_string(), "twice: loud");
        drop(again);
    }

    #[test]
    fn an_error_goes_from_thread_to_thread_and_its_causes_are_found() {
        fn is_sent<T: Send + Sync>() {}
        is_sent::<Error>();
        let cause = std::io::Error::other("1x".parse::<u8>().unwrap_err());
        let error = Error::from(cause);
        assert!(error.downcast_ref::<std::io::Error>().is_some());
        assert!(error.downcast_ref::<std::fmt::Error>().is_none());
        assert!(
            Error::user("closed")
                .downcast_ref::<std::io::Error>()
                .is_none()
        );
    }

    #[test]
    fn what_could_not_be_read_is_told_without_what_stood_there() {
        for (json, told) in [
            (
                r#"{"id":"secret, expected"}"#,
                "invalid type, expected u64 at line 1",
            ),
            (
                r#"{"id":1,"kind":"secret"}"#,
                "unknown variant, expected `tea` at line 1",
            ),
            (r#"{"kind":"tea"}"#, "missing field `id`"),
            (r#"{"id":-5}"#, "invalid value, expected u64"),
            (
                r#"{"id":1,"kind":secret}"#,
                "it is not as expected at line 1, column",
            ),
        ] {
            let error = serde_json::from_str::<Told>(json).unwrap_err();
            let error = Error::unreadable("THING", &error).to_string();
            assert!(error.starts_with("can't read THING: "), "{error}");
            assert!(error.contains(told), "{json}: {error}");
            assert!(
                !error.contains("secret") && !error.contains("-5"),
                "{json}: {error}"
            );
        }
    }
}
