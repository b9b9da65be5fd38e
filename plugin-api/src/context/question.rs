//! Questions to a member, whose answer a handler awaits.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};
use twilight_model::channel::message::Component;

use super::Invocation;
use crate::{
    abi::{ComponentHead, QUESTIONS, ReplyCall, ReplyMode},
    component::{Modal, SelectOption, button, danger_button, select},
    error::Result,
    host::Host,
    message::NewMessage,
    raw::FrameGuard,
    runtime::{Click, LocalFuture, Question, Waited},
};

/// How long a question waits where the components of an answer work for ever.
const DEFAULT_WAIT_S: u64 = 300;

impl Invocation {
    /// Asks yes or no, and waits for the invoker's click; `false` too when none comes in time
    /// ([`NewMessage::timeout`], else `[components] timeout_s` of config.toml), or when the plugin is reloaded meanwhile.
    /// The buttons are disabled afterwards.
    ///
    /// A handler that waits takes no place among those that run at once, and holds no reload up.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn wipe(ctx: CommandContext) -> Result {
    ///     if !ctx.confirm("Delete all notes?").await? {
    ///         return ctx.reply("Nothing was deleted.").await;
    ///     }
    ///     ctx.reply("They are gone.").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn confirm(&self, question: impl Into<NewMessage>) -> Result<bool> {
        let answer = self
            .ask_with(question.into(), |question| {
                let yes = danger_button("Yes", self.answer_id(question, "0")?);
                let no = button("No", self.answer_id(question, "1")?).secondary();
                Ok(vec![vec![yes.into(), no.into()]])
            })
            .await?;
        Ok(answer.is_some_and(|answer| answer == "0"))
    }

    /// Asks with a button for each choice, a pair of label and value (up to 25), and waits for the invoker's click;
    /// `None` when none comes. Else as [`confirm`](Self::confirm).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn order(ctx: CommandContext) -> Result {
    ///     let drinks = [("A cup of tea", "tea"), ("Just water", "water")];
    ///     match ctx.ask("What will it be?", drinks).await?.as_deref() {
    ///         Some("tea") => ctx.reply("Good choice.").await,
    ///         Some(_) => ctx.reply("As you like.").await,
    ///         None => ctx.reply("Another time, then.").await,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn ask<L: Into<String>, V: Into<String>>(
        &self,
        question: impl Into<NewMessage>,
        choices: impl IntoIterator<Item = (L, V)>,
    ) -> Result<Option<String>> {
        let (labels, mut values): (Vec<String>, Vec<String>) = choices
            .into_iter()
            .map(|(label, value)| (label.into(), value.into()))
            .unzip();
        let answer = self
            .ask_with(question.into(), |question| {
                let mut buttons: Vec<Component> = Vec::new();
                for (n, label) in labels.into_iter().enumerate() {
                    let id = self.answer_id(question, &n.to_string())?;
                    buttons.push(button(label, id).into());
                }
                Ok(buttons.chunks(5).map(<[_]>::to_vec).collect())
            })
            .await?;
        let chosen = answer.and_then(|answer| answer.parse::<usize>().ok());
        Ok(chosen
            .filter(|chosen| *chosen < values.len())
            .map(|chosen| values.swap_remove(chosen)))
    }

    /// Asks with a select of up to 25 options, and waits for the value that the invoker picks; `None` when none comes.
    /// Else as [`confirm`](Self::confirm).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn sort(ctx: CommandContext) -> Result {
    ///     let sorts = [("Green", "green"), ("Black", "black")];
    ///     let Some(sort) = ctx.pick("Which sort?", sorts).await? else {
    ///         return Ok(());
    ///     };
    ///     ctx.reply(format!("A cup of {sort} tea.")).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn pick<O: Into<SelectOption>>(
        &self,
        question: impl Into<NewMessage>,
        options: impl IntoIterator<Item = O>,
    ) -> Result<Option<String>> {
        self.ask_with(question.into(), |question| {
            let menu = select("", self.answer_id(question, "")?, options);
            Ok(vec![vec![menu.into()]])
        })
        .await
    }

    /// Opens a modal and waits for what the invoker submits; `None` when nothing comes. Its custom id does not matter. By
    /// prefix, and after another answer, a button is shown first, which opens it. What is answered from then on is an
    /// answer to the modal. Else as [`confirm`](Self::confirm).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn feedback(ctx: CommandContext) -> Result {
    ///     let modal = Modal::new("Feedback", "").field(TextField::long("text", "What happened?"));
    ///     let Some(fields) = ctx.ask_modal(modal).await? else {
    ///         return Ok(());
    ///     };
    ///     ctx.reply(format!("Thank you for {} characters.", fields.get("text").len())).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`modal`](Self::modal).
    pub async fn ask_modal(&self, mut modal: Modal) -> Result<Option<Fields>> {
        let question = self.host().0.question();
        modal.set_custom_id(self.answer_id(&question, "")?);
        if self.is_open_to_modals() {
            self.modal(&modal).await?;
        } else {
            let title = NewMessage::from(modal.title());
            let clicked = self
                .ask_for(title, |question| {
                    let open = button("Fill in", self.answer_id(question, "")?);
                    Ok(vec![vec![open.into()]])
                })
                .await?;
            let Some((click, _)) = clicked else {
                return Ok(None);
            };
            self.at_click(click).modal(&modal).await?;
        }
        match question.answer(self.patience(None)).await {
            Waited::Answered(click) => {
                let fields = Fields {
                    typed: click.head.fields.clone(),
                    picked: click.head.picked.clone(),
                };
                self.go_on_at(click);
                Ok(Some(fields))
            }
            Waited::TimedOut | Waited::Closed => Ok(None),
        }
    }

    /// The value that was clicked or picked; the message's components are disabled with it.
    async fn ask_with(
        &self,
        message: NewMessage,
        rows: impl FnOnce(&Question) -> Result<Vec<Vec<Component>>>,
    ) -> Result<Option<String>> {
        let Some((click, disabled)) = self.ask_for(message, rows).await? else {
            return Ok(None);
        };
        let argument = click.head.argument.split_once(':');
        let clicked = argument.map(|(_, value)| value.to_owned());
        let value = click.head.values.first().cloned().or(clicked);
        let answered = self.at_click(click);
        answered.say(ReplyMode::Update, disabled).await?;
        Ok(value)
    }

    /// Sends a question and waits for the click; also the question with its components disabled.
    async fn ask_for(
        &self,
        mut message: NewMessage,
        rows: impl FnOnce(&Question) -> Result<Vec<Vec<Component>>>,
    ) -> Result<Option<(Box<Click>, NewMessage)>> {
        let question = self.host().0.question();
        for row in rows(&question)? {
            message = message.row(row);
        }
        let patience = self.patience(message.timeout_s());
        let message = message.timeout(patience);
        let disabled = message.only_components_disabled();
        let sent = self.say(ReplyMode::Reply, message).await?;
        match question.answer(patience).await {
            Waited::Answered(click) => Ok(Some((click, disabled))),
            // The host disables them.
            Waited::TimedOut => Ok(None),
            Waited::Closed => {
                // Somebody may have deleted it: over it is all the same.
                if let Err(error) = sent.edit(disabled).await {
                    tracing::debug!("a question that is over could not be disabled: {error}");
                }
                Ok(None)
            }
        }
    }

    fn answer_id(&self, question: &Question, value: &str) -> Result<String> {
        self.custom_id(QUESTIONS, format_args!("{}:{value}", question.key()))
    }

    fn patience(&self, timeout_s: Option<Option<u64>>) -> Duration {
        let usual = || self.host().0.start().component_timeout_s;
        // Nobody waits for ever.
        Duration::from_secs(timeout_s.unwrap_or_else(usual).unwrap_or(DEFAULT_WAIT_S))
    }
}

/// Fields that were submitted with a [`Modal`] that a handler [waited](Invocation::ask_modal) for.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    typed: BTreeMap<String, String>,
    picked: BTreeMap<String, Vec<String>>,
}

impl Fields {
    /// What a text field holds; empty when there is no such field.
    #[must_use]
    pub fn get(&self, id: &str) -> &str {
        self.typed.get(id).map_or("", String::as_str)
    }

    /// What was picked in a select: values, or ids.
    #[must_use]
    pub fn picked(&self, id: &str) -> &[String] {
        self.picked.get(id).map_or(&[], Vec::as_slice)
    }
}

/// A click on a question: for the handler that waits for it, or for none any more.
pub(crate) fn clicked(
    host: Host,
    head: ComponentHead,
    frame_guard: FrameGuard,
) -> LocalFuture<Result> {
    Box::pin(async move {
        let unanswered = match host.0.answer_question(head, frame_guard) {
            Ok(over) => {
                // Whoever waited answers it; an error says that they are done.
                let _ = over.await;
                return Ok(());
            }
            Err(unanswered) => unanswered,
        };
        let Click {
            head, frame_guard, ..
        } = *unanswered;
        let click = Invocation::new(host, head.origin, frame_guard, false);
        if let Err(error) = disable_question(&click).await {
            tracing::debug!("an old question could not be disabled: {error}");
        }
        click
            .reply(NewMessage::from("This question is over.").ephemeral())
            .await
    })
}

/// Disables the components of the message that was clicked. Its JSON is read as it is: Discord's models are large, and this is in every
/// plugin.
async fn disable_question(click: &Invocation) -> Result {
    #[derive(Deserialize)]
    struct Clicked {
        message: Option<Shown>,
    }
    #[derive(Deserialize)]
    struct Shown {
        #[serde(default)]
        components: Vec<Value>,
    }
    let clicked: Clicked = serde_json::from_slice(click.raw())?;
    let Some(Shown { mut components }) = clicked.message else {
        return Ok(());
    };
    disable_all(&mut components);
    let body = serde_json::to_vec(&json!({"components": components}))?;
    let call = ReplyCall::new(click.origin(), ReplyMode::Update);
    click.host().answer(call, body).await.map(drop)
}

/// Disables what can be used ([reference](https://discord.com/developers/docs/components/reference#component-object-component-types)).
fn disable_all(components: &mut [Value]) {
    const BUTTON: u64 = 2;
    const SELECTS: [u64; 5] = [3, 5, 6, 7, 8];
    for component in components {
        let kind = component["type"].as_u64().unwrap_or_default();
        let is_used = component.get("custom_id").is_some_and(Value::is_string);
        if is_used && (kind == BUTTON || SELECTS.contains(&kind)) {
            component["disabled"] = true.into();
        }
        if let Some(inner) = component
            .get_mut("components")
            .and_then(Value::as_array_mut)
        {
            disable_all(inner);
        }
        if let Some(accessory) = component.get_mut("accessory") {
            disable_all(std::slice::from_mut(accessory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_can_be_used_is_disabled_wherever_it_stands() {
        let button = |more: Value| {
            let mut button = json!({"type": 2, "style": 1, "label": "Go"});
            let more = more.as_object().unwrap().clone();
            button.as_object_mut().unwrap().extend(more);
            button
        };
        let used = button(json!({"custom_id": "a"}));
        let link = button(json!({"url": "https://example.com"}));
        let select = json!({"type": 3, "custom_id": "b", "options": []});
        let mut components = vec![
            json!({"type": 1, "components": [used, link]}),
            json!({"type": 17, "components": [
                {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": used},
                {"type": 1, "components": [select]},
            ]}),
            json!("of tomorrow"),
        ];
        let before = components.clone();
        disable_all(&mut components);
        assert_eq!(components[0]["components"][0]["disabled"], true);
        let section = &components[1]["components"][0];
        assert_eq!(section["accessory"]["disabled"], true);
        let row = &components[1]["components"][1];
        assert_eq!(row["components"][0]["disabled"], true);
        // A link is used without the bot, and a text not at all.
        assert_eq!(components[0]["components"][1], before[0]["components"][1]);
        assert_eq!(
            section["components"],
            before[1]["components"][0]["components"]
        );
        assert_eq!(components[2], before[2]);
    }
}
