//! Values of an automation's parameters, read as what they are.

use std::collections::BTreeMap;

use plugin_api::{Json, prelude::*};
use serde::{Deserialize, Serialize};

use super::{Channel, Keyed, Role};

/// The values of an automation's parameters. What is not there was left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Parameters(pub(crate) BTreeMap<String, Json>);

impl Parameters {
    pub(crate) fn get(&self, id: &str) -> Option<&Json> {
        self.0.get(id)
    }

    /// A text; empty where there is none.
    pub(crate) fn text(&self, id: &str) -> &str {
        self.get(id).and_then(Json::as_str).unwrap_or_default()
    }

    pub(crate) fn flag(&self, id: &str) -> bool {
        self.get(id).and_then(Json::as_bool).unwrap_or(false)
    }

    pub(crate) fn number(&self, id: &str) -> Option<i64> {
        self.get(id).and_then(Json::as_i64)
    }

    pub(crate) fn channel(&self, id: &str) -> Option<Channel> {
        self.id(id)
    }

    pub(crate) fn role(&self, id: &str) -> Option<Role> {
        self.id(id)
    }

    pub(crate) fn channels(&self, id: &str) -> Vec<Channel> {
        self.ids(id)
    }

    pub(crate) fn roles(&self, id: &str) -> Vec<Role> {
        self.ids(id)
    }

    pub(crate) fn keyed(&self, id: &str) -> Vec<Keyed> {
        self.get(id)
            .and_then(|it| Vec::deserialize(it).ok())
            .unwrap_or_default()
    }

    fn id<T>(&self, id: &str) -> Option<Id<T>> {
        self.text(id).parse().ok().and_then(Id::new_checked)
    }

    fn ids<T>(&self, id: &str) -> Vec<Id<T>> {
        let all = self
            .get(id)
            .and_then(Json::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let all = all.iter().filter_map(|it| it.as_str()?.parse().ok());
        all.filter_map(Id::new_checked).collect()
    }
}
