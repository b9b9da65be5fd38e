//! Select menus: of texts, users, roles, channels.

use twilight_model::{
    channel::{
        ChannelType,
        message::{
            Component,
            component::{SelectDefaultValue, SelectMenu, SelectMenuOption, SelectMenuType},
        },
    },
    id::{
        Id,
        marker::{ChannelMarker, RoleMarker, UserMarker},
    },
};

use super::button::reaction;

/// A [select](https://discord.com/developers/docs/components/reference#string-select) of texts, of which one is picked
/// unless [`min`](SelectBuilder::min) and [`max`](SelectBuilder::max) say otherwise: up to 25 options, each a pair of label
/// and value (up to 100 characters each) or a [`SelectOption`]; the placeholder has up to 150. It fills a row of its own.
///
/// What was picked are [`ComponentContext::values`](crate::ComponentContext::values).
///
/// ```
/// use plugin_api::prelude::*;
///
/// let sorts = [("Green", "green"), ("Black", "black")];
/// let menu = select("Which sort?", "cw1:tea:pskqx:", sorts).max(2);
/// let message = NewMessage::from("Tea?").row([menu]).to_json()?;
/// assert_eq!(message["components"][0]["components"][0]["options"][1]["value"], "black");
/// # Ok::<(), Error>(())
/// ```
#[must_use]
pub fn select<O: Into<SelectOption>>(
    placeholder: impl Into<String>,
    custom_id: impl Into<String>,
    options: impl IntoIterator<Item = O>,
) -> SelectBuilder {
    let mut select = of_kind(SelectMenuType::Text, placeholder.into(), custom_id.into());
    let options = options.into_iter().map(|option| option.into().0);
    select.0.options = Some(options.collect());
    select
}

/// A select of users; who was picked are [`ComponentContext::users`](crate::ComponentContext::users).
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn invite(ctx: CommandContext) -> Result {
///     let guests = user_select("Whom?", ctx.custom_id("invite", "")?).max(10);
///     ctx.reply(NewMessage::from("Who comes to tea?").row([guests])).await
/// }
///
/// async fn invited(ctx: ComponentContext) -> Result {
///     let names: Vec<_> = ctx.users()?.into_iter().map(|user| user.name).collect();
///     ctx.update(NewMessage::from(format!("Invited: {}", names.join(", "))).without_components()).await
/// }
/// let plugin = Plugin::new()
///     .command(Command::new("invite", "Invites to tea").run(invite))
///     .component("invite", invited);
/// ```
#[must_use]
pub fn user_select(placeholder: impl Into<String>, custom_id: impl Into<String>) -> SelectBuilder {
    of_kind(SelectMenuType::User, placeholder.into(), custom_id.into())
}

/// A select of roles; what was picked are [`ComponentContext::roles`](crate::ComponentContext::roles).
#[must_use]
pub fn role_select(placeholder: impl Into<String>, custom_id: impl Into<String>) -> SelectBuilder {
    of_kind(SelectMenuType::Role, placeholder.into(), custom_id.into())
}

/// A select of users and roles.
#[must_use]
pub fn mentionable_select(
    placeholder: impl Into<String>,
    custom_id: impl Into<String>,
) -> SelectBuilder {
    let kind = SelectMenuType::Mentionable;
    of_kind(kind, placeholder.into(), custom_id.into())
}

/// A select of channels; what was picked are [`ComponentContext::channels`](crate::ComponentContext::channels).
#[must_use]
pub fn channel_select(
    placeholder: impl Into<String>,
    custom_id: impl Into<String>,
) -> SelectBuilder {
    of_kind(
        SelectMenuType::Channel,
        placeholder.into(),
        custom_id.into(),
    )
}

fn of_kind(kind: SelectMenuType, placeholder: String, custom_id: String) -> SelectBuilder {
    SelectBuilder(SelectMenu {
        channel_types: None,
        custom_id,
        default_values: None,
        disabled: false,
        id: None,
        kind,
        max_values: None,
        min_values: None,
        options: None,
        placeholder: Some(placeholder).filter(|text| !text.is_empty()),
        required: None,
    })
}

/// A select: what [`select`] and its neighbours begin.
#[derive(Debug, Clone)]
pub struct SelectBuilder(pub(super) SelectMenu);

impl SelectBuilder {
    /// How many have to be picked: 0 to 25, 1 by default.
    #[must_use]
    pub const fn min(mut self, values: u8) -> Self {
        self.0.min_values = Some(values);
        self
    }

    /// How many may be picked: 1 to 25, 1 by default.
    #[must_use]
    pub const fn max(mut self, values: u8) -> Self {
        self.0.max_values = Some(values);
        self
    }

    /// Whether it is there to be seen only.
    #[must_use]
    pub const fn disabled(mut self, disabled: bool) -> Self {
        self.0.disabled = disabled;
        self
    }

    /// Shows channels of these kinds only.
    #[must_use]
    pub fn channel_kinds(mut self, kinds: impl IntoIterator<Item = ChannelType>) -> Self {
        self.0.channel_types = Some(kinds.into_iter().collect());
        self
    }

    /// Users that are picked at first.
    #[must_use]
    pub fn default_users(self, users: impl IntoIterator<Item = Id<UserMarker>>) -> Self {
        self.defaults(users.into_iter().map(SelectDefaultValue::User))
    }

    /// Roles that are picked at first.
    #[must_use]
    pub fn default_roles(self, roles: impl IntoIterator<Item = Id<RoleMarker>>) -> Self {
        self.defaults(roles.into_iter().map(SelectDefaultValue::Role))
    }

    /// Channels that are picked at first.
    #[must_use]
    pub fn default_channels(self, channels: impl IntoIterator<Item = Id<ChannelMarker>>) -> Self {
        self.defaults(channels.into_iter().map(SelectDefaultValue::Channel))
    }

    fn defaults(mut self, values: impl Iterator<Item = SelectDefaultValue>) -> Self {
        self.0.default_values.get_or_insert_default().extend(values);
        self
    }
}

impl From<SelectBuilder> for Component {
    fn from(select: SelectBuilder) -> Self {
        Self::SelectMenu(select.0)
    }
}

/// An option of a [`select`]; a pair of label and value is one, too.
///
/// ```
/// use plugin_api::{SelectOption, prelude::*};
///
/// let sorts = [
///     SelectOption::new("Green", "green").description("Not above 80 °C").emoji("🍵").default(),
///     SelectOption::new("Black", "black"),
/// ];
/// let menu = select("Which sort?", "cw1:tea:pskqx:", sorts);
/// ```
#[derive(Debug, Clone)]
pub struct SelectOption(SelectMenuOption);

impl SelectOption {
    /// With a label and a value, up to 100 characters each.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self(SelectMenuOption {
            default: false,
            description: None,
            emoji: None,
            label: label.into(),
            value: value.into(),
        })
    }

    /// Small text below the label: up to 100 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.0.description = Some(text.into());
        self
    }

    /// An emoji before the label, as for a [button](crate::ButtonBuilder::emoji).
    #[must_use]
    pub fn emoji(mut self, emoji: &str) -> Self {
        self.0.emoji = Some(reaction(emoji));
        self
    }

    /// Picked at first.
    #[must_use]
    pub const fn default(mut self) -> Self {
        self.0.default = true;
        self
    }
}

impl<L: Into<String>, V: Into<String>> From<(L, V)> for SelectOption {
    fn from((label, value): (L, V)) -> Self {
        Self::new(label, value)
    }
}
