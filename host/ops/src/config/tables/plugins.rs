//! `[plugins.<name>]`: tables that the host keeps but does not understand.

use std::collections::{BTreeMap, btree_map::Entry};

use host_base::PluginName;
use serde_json::{Map, Value as Json};
use toml::{
    Spanned, Table, Value,
    de::{DeString, DeTable, DeValue},
};

use crate::config::{
    Config, ConfigError,
    document::Document,
    fault::{Fault, Item, expected, nearest, quoted_list},
};

pub(in crate::config) fn read(document: &mut Document<'_>) -> BTreeMap<PluginName, Table> {
    let (entries, faults) = document.free_table("plugins");
    let mut plugins = BTreeMap::new();
    for (name, item) in entries.into_iter().flatten() {
        match item.get_ref() {
            DeValue::Table(settings) => {
                let settings = table(settings, faults);
                enter(&mut plugins, "plugins", name, settings, faults);
            }
            _ => faults.push(expected(
                &format!("the table [plugins.{}]", name.get_ref()),
                item,
            )),
        }
    }
    plugins
}

/// Enters what a table says of a plugin, by the plugin's name; a second spelling of the same name is a fault.
pub(super) fn enter<T>(
    all: &mut BTreeMap<PluginName, T>,
    table: &str,
    name: &Spanned<DeString<'_>>,
    value: T,
    faults: &mut Vec<Fault>,
) {
    let plugin = PluginName::new(name.get_ref());
    match all.entry(plugin) {
        Entry::Vacant(free) => drop(free.insert(value)),
        Entry::Occupied(taken) => faults.push(Fault {
            at: name.span().start,
            message: format!(
                "`{}` in [{table}] is the plugin `{}`, of which there is an entry already; keep one",
                name.get_ref(),
                taken.key()
            ),
        }),
    }
}

pub(in crate::config) fn to_json(table: &Table) -> Json {
    Json::Object(
        table
            .iter()
            .map(|(key, value)| (key.clone(), json(value)))
            .collect::<Map<_, _>>(),
    )
}

impl Config {
    /// Checks the table of a plugin that declares its settings; the values as `check` gives them.
    ///
    /// # Errors
    ///
    /// Keys that are not among `names`, and what `check` refuses: each with its place.
    pub fn check_plugin(
        &self,
        plugin: &PluginName,
        names: &[&str],
        check: impl Fn(&str, &Json) -> Result<Json, String>,
    ) -> Result<Map<String, Json>, ConfigError> {
        let (text, origin) = (&*self.source.text, &*self.source.origin);
        let invalid = |faults| ConfigError::invalid(origin, text, faults);
        let mut document = Document::parse(text).map_err(invalid)?;
        let (tables, _) = document.free_table("plugins");
        let named = tables
            .into_iter()
            .flatten()
            .find(|(name, _)| plugin.is(name.get_ref()));
        let (mut values, mut faults) = (Map::new(), Vec::new());
        let Some((table, item)) = named else {
            return Ok(values);
        };
        for (key, item) in item.get_ref().as_table().into_iter().flatten() {
            let (name, place) = (key.get_ref(), format!("[plugins.{}]", table.get_ref()));
            if !names.contains(&&**name) {
                let next_step = match nearest(name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its keys are {}", quoted_list(names.iter().copied())),
                };
                faults.push(Fault {
                    at: key.span().start,
                    message: format!("unknown key `{name}` in {place}; {next_step}"),
                });
                continue;
            }
            let Some(written) = value(item, &mut faults) else {
                continue;
            };
            match check(name, &json(&written)) {
                Ok(value) => {
                    values.insert(name.to_string(), value);
                }
                Err(why) => faults.push(Fault::new(item, format!("`{name}` in {place}: {why}"))),
            }
        }
        if faults.is_empty() {
            Ok(values)
        } else {
            Err(invalid(faults))
        }
    }
}

fn table(entries: &DeTable<'_>, faults: &mut Vec<Fault>) -> Table {
    let entries = entries
        .iter()
        .filter_map(|(key, item)| Some((key.get_ref().to_string(), value(item, faults)?)));
    entries.collect()
}

/// The value without its place. What JSON has no word for is refused here, where we still know the line.
fn value(item: &Item<'_>, faults: &mut Vec<Fault>) -> Option<Value> {
    Some(match item.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                faults.push(Fault::new(
                    item,
                    "this number does not fit in 64 bits; write it as a string",
                ));
                return None;
            }
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => {
                faults.push(Fault::new(item, "a plugin's settings are JSON, which has no such number; leave it out or write a string"));
                return None;
            }
        },
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .filter_map(|item| value(item, faults))
                .collect(),
        ),
        DeValue::Table(entries) => Value::Table(table(entries, faults)),
    })
}

fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Boolean(flag) => Json::from(*flag),
        Value::Datetime(time) => Json::from(time.to_string()),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(table) => to_json(table),
    }
}
