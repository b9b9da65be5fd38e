//! An automation: what its maker has defined, and what the bot knows of it.

use std::collections::BTreeSet;

use plugin_api::{Json, text::plain};
use serde::{Deserialize, Serialize};

use crate::{
    core::Frame,
    model::{Channel, Condition, Kind, Message, Parameters, STEPS, Step, User},
    templates::{self, Template},
};

/// Most characters of a name.
pub(crate) const NAME: usize = 50;

/// What a maker defines; what is exported and imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    /// How it is called; no two of a server's are called the same.
    pub(crate) name: String,
    /// The template's name.
    pub(crate) template: String,
    #[serde(default)]
    pub(crate) parameters: Parameters,
    #[serde(default = "always")]
    pub(crate) conditions: Condition,
    /// What is done behind what the template does.
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

fn always() -> Condition {
    Condition::All(Vec::new())
}

impl Definition {
    /// A new one with the template's defaults.
    pub(crate) fn new(template: &Template) -> Self {
        Self {
            name: template.name.to_owned(),
            template: template.name.to_owned(),
            parameters: template.defaults(),
            conditions: always(),
            steps: Vec::new(),
        }
    }

    /// # Errors
    ///
    /// There is no such template.
    pub(crate) fn template(&self) -> Result<&'static Template, String> {
        templates::named(&self.template).ok_or_else(|| {
            format!(
                "there is no template `{}`; `automations templates` lists them",
                plain(&self.template)
            )
        })
    }

    /// All that it does: what the template does with its parameters, and the maker's own steps.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = match self.template() {
            Ok(template) => (template.steps)(&self.parameters),
            Err(_) => Vec::new(),
        };
        steps.extend(self.steps.iter().cloned());
        steps
    }

    /// Whether it posts to a webhook: it has an address in it that is a key, or a step that needs one.
    pub(crate) fn has_address(&self) -> bool {
        let mut values = self.parameters.0.iter();
        values.any(|(id, value)| self.is_secret(id, value))
            || self.steps.iter().any(Step::has_address)
    }

    /// Takes addresses of webhooks out, for those who may not know them; whether it posts to one.
    pub(crate) fn hide_addresses(&mut self) -> bool {
        let posts = self.has_address();
        let all = std::mem::take(&mut self.parameters.0).into_iter();
        let open = all.filter(|(id, value)| !self.is_secret(id, value));
        self.parameters.0 = open.collect();
        self.steps
            .iter_mut()
            .filter_map(Step::address)
            .for_each(String::clear);
        posts
    }

    fn is_secret(&self, id: &str, value: &Json) -> bool {
        let template = self.template().ok();
        match template.and_then(|it| it.parameters().find(|it| it.id == id)) {
            Some(parameter) => parameter.kind.is_secret(),
            // Of a template, or of a version, that is not known here: what looks like one.
            None => Kind::Url.check(value).is_ok(),
        }
    }

    /// Whether all that is in it fits together. What it may do, is asked elsewhere.
    ///
    /// # Errors
    ///
    /// Each thing that is wrong, in words.
    pub(crate) fn check(&self) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        if let Err(why) = check_name(&self.name) {
            wrong.push(why);
        }
        match self.template() {
            Ok(template) => {
                for parameter in template.parameters() {
                    match self.parameters.get(parameter.id) {
                        None if parameter.required => {
                            wrong.push(format!("**{}** is missing", parameter.title))
                        }
                        None => {}
                        Some(value) => {
                            if let Err(why) = parameter.kind.check(value) {
                                wrong.push(format!("**{}**: {why}", parameter.title));
                            }
                        }
                    }
                }
                let known: BTreeSet<_> = template.parameters().map(|it| it.id).collect();
                for id in self
                    .parameters
                    .0
                    .keys()
                    .filter(|id| !known.contains(id.as_str()))
                {
                    wrong.push(format!(
                        "`{}` is no parameter of the template `{}`",
                        plain(id),
                        template.name
                    ));
                }
                if wrong.is_empty()
                    && let Err(why) = (template.check)(&self.parameters)
                {
                    wrong.push(why);
                }
            }
            Err(why) => wrong.push(why),
        }
        if let Err(why) = self.conditions.check() {
            wrong.push(why);
        }
        if self.steps.len() > STEPS {
            wrong.push(format!(
                "there are {} steps, and {} are all there may be",
                self.steps.len(),
                STEPS
            ));
        }
        for (at, step) in self.steps.iter().enumerate() {
            if let Err(why) = step.check() {
                wrong.push(format!("step {}: {why}", at + 1));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The events of Discord's gateway without which it can't do what it does.
    pub(crate) fn events(&self) -> BTreeSet<&'static str> {
        let mut events: BTreeSet<_> = match self.template() {
            Ok(template) => (template.events)(&self.parameters)
                .iter()
                .copied()
                .collect(),
            Err(_) => BTreeSet::new(),
        };
        if self.conditions.counts_messages() {
            events.insert("MESSAGE_CREATE");
        }
        events
    }
}

/// A name that is no number, which others would be found by.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let length = name.trim().chars().count();
    if length == 0 || length > NAME {
        return Err(format!("a name has 1 to {NAME} characters"));
    }
    if plain(name) != name || name.contains('`') {
        return Err("a name is one line, without signs that are not seen".into());
    }
    match name.trim().trim_start_matches('#').parse::<u64>() {
        Ok(_) => Err("a name has letters in it: automations have numbers besides".into()),
        Err(_) => Ok(()),
    }
}

/// An automation of a server.
#[derive(Debug, Clone)]
pub(crate) struct Automation {
    /// Its number in this server.
    pub(crate) id: i64,
    pub(crate) definition: Definition,
    /// Who has made it or changed it last: what they may not do, it does not do for them.
    pub(crate) maker: User,
    pub(crate) is_on: bool,
    /// How often it has done something.
    pub(crate) runs: i64,
    /// Failures since it has last gone well.
    pub(crate) failures: i64,
    /// What went wrong the last time, with the step.
    pub(crate) last_error: Option<String>,
    /// When it last did something, in milliseconds since 1970.
    pub(crate) last_run_ms: Option<i64>,
    /// Message with its buttons or reactions, or the schedule, that was made for it.
    pub(crate) made: Made,
}

/// What was made for an automation, and goes with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Made {
    /// A message of the bot's: its channel and its id.
    pub(crate) panel: Option<(Channel, Message)>,
    /// A schedule's number.
    pub(crate) schedule: Option<u64>,
}

impl Automation {
    /// The name of its template; empty where there is none of that name.
    pub(crate) fn template(&self) -> &'static str {
        self.definition.template().map_or("", |it| it.name)
    }

    /// Whether it is one of this template.
    pub(crate) fn is_of(&self, template: &str) -> bool {
        self.template() == template
    }

    /// `#3 welcome`.
    pub(crate) fn title(&self) -> String {
        format!("#{} {}", self.id, self.definition.name)
    }

    /// It as a pipeline begins with it.
    pub(crate) fn frame(&self) -> Frame {
        Frame {
            automation: self.id,
            maker: self.maker,
            steps: self.definition.steps().into(),
            done: 0,
        }
    }
}

/// The automation of this number or name.
pub(crate) fn find<'a>(all: &'a [Automation], typed: &str) -> Option<&'a Automation> {
    let wanted = typed.trim().trim_start_matches('#');
    match wanted.parse::<i64>() {
        Ok(id) => all.iter().find(|it| it.id == id),
        Err(_) => all
            .iter()
            .find(|it| it.definition.name.to_lowercase() == wanted.to_lowercase()),
    }
}

#[cfg(test)]
#[path = "automation_tests.rs"]
mod tests;
