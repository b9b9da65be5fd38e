//! Autocompletion: values that are proposed while a member types.

use std::{fmt, future::Future, rc::Rc};

use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, UserMarker},
};

use super::{Choice, Command};
use crate::{
    abi::AutocompleteCall,
    accessors::{surroundings, whereabouts},
    error::{Error, Result},
    handlers::EntryHandler,
    host::Host,
    manifest::ChoiceManifest,
    option_value::{FromOption, OptionInput},
    runtime::LocalFuture,
};

pub(crate) type Completer<S> =
    Rc<dyn Fn(AutocompleteContext<S>) -> LocalFuture<Result<Vec<ChoiceManifest>>>>;

/// Context of a function that proposes values; `S` is the plugin's state.
pub struct AutocompleteContext<S = ()> {
    state: Rc<S>,
    host: Host,
    call: AutocompleteCall,
}

impl<S> AutocompleteContext<S> {
    surroundings!();

    /// What is typed so far; may be empty.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.call.typed
    }

    /// Another option of the command, as far as it is there already. Ask for an `Option`.
    ///
    /// # Errors
    ///
    /// The option was not given yet, or is of another type than `T`.
    pub fn option<T: FromOption>(&self, name: &str) -> Result<T> {
        OptionInput::of(name, self.call.options.get(name)).read()
    }

    whereabouts!();

    /// The member's [locale](https://discord.com/developers/docs/reference#locales), such as `en-US`.
    #[must_use]
    pub fn locale(&self) -> &str {
        &self.call.locale
    }
}

impl<S> fmt::Debug for AutocompleteContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl<S: 'static> Command<S> {
    /// Proposes values for an option (a string, an integer or a number) while it is typed: those that it returns, 25 at
    /// most. Members may type something else nevertheless. Discord waits 3 seconds; the host shows nothing after 2.5.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn sorts(ctx: AutocompleteContext) -> Result<Vec<&'static str>> {
    ///     let sorts = ["green", "black", "white"];
    ///     Ok(sorts.into_iter().filter(|sort| sort.starts_with(ctx.typed())).collect())
    /// }
    /// # async fn pour(ctx: CommandContext) -> Result { ctx.reply("Tea!").await }
    /// let pour = Command::new("pour", "Pours tea")
    ///     .option(CommandOption::string("sort", "Which sort").required())
    ///     .autocomplete("sort", sorts)
    ///     .run(pour);
    /// # Plugin::new().command(pour);
    /// ```
    #[must_use]
    pub fn autocomplete<F, Fut, C>(mut self, option: &str, complete: F) -> Self
    where
        F: Fn(AutocompleteContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result<Vec<C>>> + 'static,
        C: Into<Choice>,
    {
        let completer: Completer<S> = Rc::new(move |ctx| {
            let choices = complete(ctx);
            Box::pin(async move {
                let choices = choices.await?.into_iter();
                Ok(choices
                    .map(|choice| choice.into().into_manifest())
                    .collect())
            })
        });
        self.completers.push((option.to_owned(), completer));
        self
    }
}

pub(super) fn entry<S: 'static>(completer: Completer<S>) -> EntryHandler<S> {
    Rc::new(move |state, host, _head, frame_guard| {
        let call: Result<AutocompleteCall> =
            serde_json::from_slice(frame_guard.body()).map_err(Error::from);
        let completer = Rc::clone(&completer);
        Box::pin(async move {
            let call = call?;
            let choices = completer(AutocompleteContext { state, host, call }).await?;
            Ok(serde_json::to_vec(&choices)?)
        })
    })
}
