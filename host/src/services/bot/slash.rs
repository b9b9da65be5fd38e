//! Slash commands: how they fit into Discord's limits, and registering them again.

use host_capability::{Effect, Failure};
use host_commands::How;
use host_loader::Completion;
use plugin_api::abi::{SlashBudget, SlashView, SyncReply};

use crate::services::Services;

/// How slash commands fit.
pub(super) async fn budget(services: &Services) -> SlashBudget {
    let mut budget = SlashBudget::default();
    let config = services.authority.config();
    budget.limit = config.commands.limit;
    budget.warn_at = config.commands.warn_at;
    budget.group_at = config.commands.group_at;
    let Some(registration) = services.plugins.registration() else {
        return budget;
    };
    budget.creates_left = registration.creates_left().await as u64;
    let registered = registration.registered();
    budget.used = registered.used as u64;
    budget
        .grouped_plugins
        .clone_from(&registered.grouped_plugins);
    for ((_, path), listed) in registered.all() {
        let (how, detail) = match &listed.how {
            How::Itself => continue,
            How::Grouped(names) => ("grouped", format!("/{}", names.join(" "))),
            How::InMenu(menu) => ("in_menu", menu.clone()),
            How::NotDeclared => ("prefix_only", String::new()),
            How::LeftOut(why) => ("left_out", why.clone()),
        };
        let mut view = SlashView::default();
        (view.path, view.plugin) = (path.clone(), listed.plugin.to_string());
        (view.how, view.detail) = (how.to_owned(), detail);
        view.prefix = listed.prefix;
        budget.commands.push(view);
    }
    budget
}

/// Registers what differs.
pub(super) async fn sync(services: &Services, effect: &Effect) -> Result<Completion, Failure> {
    let registration = services.plugins.registration().ok_or_else(|| {
        Failure::Refused("the bot has not logged in yet; try again in a moment".into())
    })?;
    let report = registration.sync().await?;
    let mut reply = SyncReply::default();
    reply.created = report.created;
    reply.edited = report.edited;
    reply.deleted = report.deleted;
    reply.later = report.later;
    reply.unchanged = report.unchanged as u64;
    effect.changed(serde_json::Value::Null, serde_json::to_value(&reply)?);
    Ok(Completion::json(&reply))
}
