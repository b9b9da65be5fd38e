//! Commands, components and responses as the tests send them.

use twilight_model::{
    application::{
        command::{Command, CommandOption, CommandOptionType, CommandType},
        interaction::Interaction,
    },
    channel::message::{
        Component,
        component::{
            ActionRow, Button, ButtonStyle, SelectMenu, SelectMenuOption, SelectMenuType,
            TextInput, TextInputStyle,
        },
    },
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
    id::Id,
};

use crate::bot::Bot;

pub fn option(kind: CommandOptionType, name: &str, required: bool) -> CommandOption {
    CommandOption {
        autocomplete: None,
        channel_types: None,
        choices: None,
        description: "An option".to_owned(),
        description_localizations: None,
        kind,
        max_length: None,
        max_value: None,
        min_length: None,
        min_value: None,
        name: name.to_owned(),
        name_localizations: None,
        options: None,
        file_types: None,
        required: Some(required),
    }
}

#[expect(deprecated, reason = "the field has to be filled in")]
pub fn command(name: &str, options: Vec<CommandOption>) -> Command {
    Command {
        application_id: None,
        contexts: None,
        default_member_permissions: None,
        description: "A command".to_owned(),
        description_localizations: None,
        dm_permission: None,
        guild_id: None,
        id: None,
        integration_types: None,
        kind: CommandType::ChatInput,
        name: name.to_owned(),
        name_localizations: None,
        nsfw: None,
        options,
        version: Id::new(1),
    }
}

pub fn echo() -> Command {
    command(
        "echo",
        vec![
            option(CommandOptionType::String, "text", true),
            option(CommandOptionType::Integer, "times", false),
            option(CommandOptionType::Boolean, "loud", false),
            option(CommandOptionType::User, "who", false),
            option(CommandOptionType::Channel, "where", false),
            option(CommandOptionType::Role, "as", false),
        ],
    )
}

pub fn respond(
    kind: InteractionResponseType,
    data: InteractionResponseData,
) -> InteractionResponse {
    InteractionResponse {
        kind,
        data: Some(data),
    }
}

pub fn say(content: &str) -> InteractionResponseData {
    InteractionResponseData {
        content: Some(content.to_owned()),
        ..InteractionResponseData::default()
    }
}

impl Bot {
    /// Responds to an interaction.
    pub async fn answer(&self, interaction: &Interaction, response: InteractionResponse) {
        self.interactions()
            .create_response(interaction.id, &interaction.token, &response)
            .await
            .unwrap();
    }
}

pub fn row(components: Vec<Component>) -> Component {
    Component::ActionRow(ActionRow {
        components,
        id: None,
    })
}

pub fn button(label: &str, custom_id: &str) -> Component {
    Component::Button(Button {
        custom_id: Some(custom_id.to_owned()),
        disabled: false,
        emoji: None,
        id: None,
        label: Some(label.to_owned()),
        sku_id: None,
        style: ButtonStyle::Primary,
        url: None,
    })
}

pub fn menu() -> Component {
    let entry = |label: &str, value: &str| SelectMenuOption {
        default: false,
        description: None,
        emoji: None,
        label: label.to_owned(),
        value: value.to_owned(),
    };
    Component::SelectMenu(SelectMenu {
        channel_types: None,
        custom_id: "colour".to_owned(),
        default_values: None,
        disabled: false,
        id: None,
        kind: SelectMenuType::Text,
        max_values: None,
        min_values: None,
        options: Some(vec![entry("Red", "r"), entry("Green", "g")]),
        placeholder: Some("Your colour".to_owned()),
        required: None,
    })
}

#[expect(deprecated, reason = "what most bots still send")]
pub fn modal() -> InteractionResponseData {
    InteractionResponseData {
        custom_id: Some("about".to_owned()),
        title: Some("About you".to_owned()),
        components: Some(vec![row(vec![Component::TextInput(TextInput {
            custom_id: "name".to_owned(),
            id: None,
            label: Some("Your name".to_owned()),
            max_length: Some(10),
            min_length: None,
            placeholder: None,
            required: Some(true),
            style: TextInputStyle::Short,
            value: None,
        })])]),
        ..InteractionResponseData::default()
    }
}
