//! Pagination: answers of several pages, to be turned by buttons.

use std::{fmt, rc::Rc};

use twilight_model::id::{
    Id,
    marker::{GuildMarker, UserMarker},
};

use super::Invocation;
use crate::{
    abi::{ComponentHead, ReplyMode},
    accessors::in_server,
    component::{ComponentScope, Modal, TextField, button},
    error::{Error, Result},
    host::Host,
    message::NewMessage,
    page::Turn,
};

/// Context of a [pages](crate::Plugin::pages) function.
pub struct PageContext<S = ()> {
    pub(crate) state: Rc<S>,
    pub(crate) host: Host,
    pub(crate) turn: Turn,
}

impl<S> PageContext<S> {
    /// The plugin's state.
    #[must_use]
    pub const fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Which page, counted from 0. It may be beyond the last one, when there were more before: then the last one is asked
    /// for next.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.turn.index
    }

    /// What [`Invocation::pages`] was given.
    #[must_use]
    pub fn argument(&self) -> &str {
        &self.turn.argument
    }

    /// Who reads.
    #[must_use]
    pub const fn user_id(&self) -> Id<UserMarker> {
        self.turn.user
    }

    /// In which server; `None` in direct messages.
    #[must_use]
    pub const fn guild_id(&self) -> Option<Id<GuildMarker>> {
        self.turn.guild
    }

    in_server!();
}

impl<S> fmt::Debug for PageContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.turn.fmt(f)
    }
}

impl Invocation {
    /// Answers with the first of the pages that the function [declared](crate::Plugin::pages) as `name` makes; `argument`
    /// reaches it with each page.
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply); there are no such pages; the argument is too long for a custom id.
    pub async fn pages(&self, name: &str, argument: impl fmt::Display) -> Result {
        let page = self.page(name, 0, argument.to_string()).await?;
        self.reply(page).await
    }

    /// A page with its buttons.
    async fn page(&self, name: &str, index: usize, argument: String) -> Result<NewMessage> {
        let (core, frame) = (&self.host().0, self.host().frame());
        let running = core
            .running()
            .ok_or(Error::new("the plugin has not started"))?;
        let mut turn = Turn {
            index,
            argument,
            user: self.user().id,
            guild: self.guild_id(),
        };
        let mut page = running.page(core, frame, name, turn.clone()).await?;
        if turn.index >= page.count.max(1) {
            turn.index = page.count.max(1) - 1;
            page = running.page(core, frame, name, turn.clone()).await?;
        }
        let (at, last) = (turn.index, page.count.saturating_sub(1));
        if last == 0 {
            return Ok(page.message.without_components());
        }
        let id = |turn_to: char, index: usize| {
            self.custom_id(name, format_args!("{turn_to}{index}:{}", turn.argument))
        };
        let place = format!("{} / {}", at + 1, page.count);
        let row = [
            button("«", id('f', 0)?).disabled(at == 0),
            button("‹", id('p', at.saturating_sub(1))?).disabled(at == 0),
            button(place, id('j', page.count)?).secondary(),
            button("›", id('n', (at + 1).min(last))?).disabled(at == last),
            button("»", id('l', last)?).disabled(at == last),
        ];
        Ok(page.message.row(row))
    }
}

/// A click on a button of pages, or the number that was typed.
pub(crate) async fn turned(click: Rc<Invocation>, head: ComponentHead) -> Result {
    let scope = ComponentScope {
        owner: head.owner,
        timeout_s: head.timeout_s,
    };
    let typed = head.fields.get("page").map(|text| text.trim().to_owned());
    let (name, argument) = (head.handler, head.argument);
    let unreadable = || Error::new(format!("`{argument}` is no page of `{name}`"));
    let (turn, argument) = argument.split_once(':').ok_or_else(unreadable)?;
    let mut characters = turn.chars();
    let turn_to = characters.next().ok_or_else(unreadable)?;
    let number: usize = characters.as_str().parse().map_err(|_| unreadable())?;
    let index = match turn_to {
        'j' => {
            let label = format!("Page, 1 to {number}");
            let id = scope.made(
                click.host().plugin_name(),
                &name,
                &format!("t{number}:{argument}"),
            )?;
            let modal =
                Modal::new("Turn to", id).field(TextField::short("page", &label).max_length(9));
            return click.modal(&modal).await;
        }
        't' => match typed.and_then(|text| text.parse::<usize>().ok()) {
            Some(page) if (1..=number).contains(&page) => page - 1,
            _ => {
                return Err(Error::user(format!(
                    "Pages are numbers from 1 to {number}."
                )));
            }
        },
        _ => number,
    };
    let page = click.page(&name, index, argument.to_owned()).await?;
    click.say(ReplyMode::Update, page).await.map(drop)
}
