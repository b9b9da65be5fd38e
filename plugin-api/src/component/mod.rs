//! Buttons, selects, modals and layouts that find their handler again after a reload.

mod button;
pub mod layout;
mod modal;
mod select;

use serde_json::Value;
use twilight_model::channel::message::Component;

pub use self::{
    button::{ButtonBuilder, button, danger_button, link_button},
    modal::{Modal, TextField},
    select::{
        SelectBuilder, SelectOption, channel_select, mentionable_select, role_select, select,
        user_select,
    },
};
use crate::{
    abi::{CustomId, HandlerNumber},
    error::{Error, Result},
};

/// Discord's [limit](https://discord.com/developers/docs/components/reference#anatomy-of-a-component-custom-id) for a
/// custom id, in characters. The plugin's name counts, and eleven more; up to 20 where the component is for the invoker
/// alone, or for a while. A modal's has up to eight more, which the host adds.
///
/// ```
/// use plugin_api::CUSTOM_ID_LIMIT;
///
/// let room = CUSTOM_ID_LIMIT - "cw1:shop:c3n82:".len() - 20;
/// assert_eq!(room, 65);
/// ```
pub const CUSTOM_ID_LIMIT: usize = 100;

/// The custom id that leads back to a handler: it names the plugin and the handler, and carries an argument, so that a
/// click is served after a reload and after a restart.
pub(crate) fn custom_id(plugin: &str, handler: &str, argument: &str) -> Result<String> {
    let scope = ComponentScope::default();
    scope.made(plugin, handler, argument)
}

/// Scope of a message's components: who may use them, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ComponentScope {
    /// `None`: everyone.
    pub(crate) owner: Option<u64>,
    /// `None`: for ever.
    pub(crate) timeout_s: Option<u64>,
}

impl ComponentScope {
    pub(crate) fn made(self, plugin: &str, handler: &str, argument: &str) -> Result<String> {
        self.numbered(plugin, HandlerNumber::of(handler), argument)
    }

    fn numbered(self, plugin: &str, handler: HandlerNumber, argument: &str) -> Result<String> {
        let id = CustomId {
            plugin,
            handler,
            owner: self.owner,
            timeout_s: self.timeout_s,
            argument,
            private: false,
            seal: None,
        }
        .to_string();
        let characters = id.chars().count();
        if characters > CUSTOM_ID_LIMIT {
            return Err(Error::new(format!(
                "the custom id `{id}` has {characters} characters, Discord accepts {CUSTOM_ID_LIMIT}: shorten the argument, \
                 or keep it in the plugin's state and pass a key"
            )));
        }
        Ok(id)
    }

    /// Puts it into the custom ids of all components that this crate made and that have none yet.
    pub(crate) fn press(self, components: &mut [Component]) -> Result {
        if self == Self::default() {
            return Ok(());
        }
        for component in components {
            self.press_one(component)?;
        }
        Ok(())
    }

    fn press_one(self, component: &mut Component) -> Result {
        match component {
            Component::ActionRow(row) => self.press(&mut row.components),
            Component::Container(container) => self.press(&mut container.components),
            Component::Section(section) => self.press_one(&mut section.accessory),
            Component::Button(button) => match &mut button.custom_id {
                Some(id) => self.press_id(id),
                None => Ok(()),
            },
            Component::SelectMenu(select) => self.press_id(&mut select.custom_id),
            _ => Ok(()),
        }
    }

    fn press_id(self, id: &mut String) -> Result {
        if let Some(parts) = CustomId::parse(id)
            && (parts.owner, parts.timeout_s) == (None, None)
        {
            *id = self.numbered(parts.plugin, parts.handler, parts.argument)?;
        }
        Ok(())
    }
}

/// Disables what can be used.
pub(crate) fn disable(components: &mut [Component]) {
    for component in components {
        match component {
            Component::ActionRow(row) => disable(&mut row.components),
            Component::Container(container) => disable(&mut container.components),
            Component::Section(section) => {
                disable(std::slice::from_mut(&mut *section.accessory));
            }
            Component::Button(button) if button.custom_id.is_some() => button.disabled = true,
            Component::SelectMenu(select) => select.disabled = true,
            _ => {}
        }
    }
}

/// Discord's JSON of a component.
fn text_of(component: &Component) -> Value {
    // Fails for kinds alone that this crate does not make.
    serde_json::to_value(component).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_id_that_is_too_long_says_what_to_do() {
        assert_eq!(custom_id("a", "b", "c:d").unwrap(), "cw1:a:hd9m1:c:d");
        let error = custom_id("a", "b", &"x".repeat(100)).unwrap_err();
        assert!(error.to_string().contains("pass a key"), "{error}");
    }

    #[test]
    fn owner_and_timeout_go_into_each_id_that_has_none_wherever_it_is() {
        let scope = ComponentScope {
            owner: Some(u64::MAX),
            timeout_s: Some(604_800),
        };
        let id = custom_id("shop", "buy", "7").unwrap();
        let mut parts = vec![
            layout::row([button("A", &*id), link_button("B", "https://example.com")]),
            layout::container(0, [layout::section(["C"], button("D", "somebody else's"))]),
            layout::row([select("E", "cw1:shop:pskqx~1~a:x", [("F", "f")])]),
        ];
        scope.press(&mut parts).unwrap();
        let all = serde_json::to_string(&parts).unwrap();
        assert!(
            all.contains("\"cw1:shop:c3n82~3w5e11264sgsf~cyo0:7\""),
            "{all}"
        );
        assert!(all.contains("\"somebody else's\"") && all.contains("\"cw1:shop:pskqx~1~a:x\""));
        let long = custom_id("shop", "buy", &"x".repeat(80)).unwrap();
        let mut long = [layout::row([button("A", long)])];
        assert!(scope.press(&mut long).is_err());
    }
}
