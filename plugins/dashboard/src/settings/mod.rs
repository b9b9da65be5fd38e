use plugin_api::prelude::*;
pub(crate) fn add(plugin: Plugin<crate::Dashboard>) -> Plugin<crate::Dashboard> {
    plugin
}
