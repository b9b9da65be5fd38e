//! Conditions in the form: written and changed as lines of text.

use plugin_api::{prelude::*, text::clip};

use super::{
    draft::Draft,
    page::{form, turn},
    part,
};
use crate::{
    engine,
    model::{print, read},
    state::Shared,
};

const FIELD: &str = "conditions";

const HELP: &str = "One condition a line; all have to hold. Leave it empty, and it always does.\n\
    `time 22:00-06:00` · `weekday mon-fri, sun` · `role has @Name` (or lacks, above, below)\n\
    `messages >= 10` · `account >= 7 days` · `variable level == 5`\n\
    `any:`, `all:` and `not:` begin a group: indent what belongs to it by two blanks.";

pub(super) async fn open(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let roles = engine::roles_of(ctx.host(), ctx.guild()?).await?;
    let text = print(&draft.definition.conditions, &|role| {
        engine::role_shown(&roles, role)
    });
    let modal = Modal::new("Conditions", ctx.custom_id(part::CONDITIONED, draft.stamp)?)
        .text(HELP)
        .field(
            TextField::long(FIELD, "Conditions")
                .value(&clip(&text, 4_000))
                .optional(),
        );
    ctx.modal(&modal).await
}

pub(super) async fn submitted(ctx: ComponentContext<Shared>) -> Result {
    let (mut draft, _) = Draft::of(&ctx).await?;
    let roles = engine::roles_of(ctx.host(), ctx.guild()?).await?;
    let typed = ctx.field(FIELD);
    let note = match read(typed, &|named| engine::role_named(&roles, named)) {
        Ok(conditions) => {
            draft.definition.conditions = conditions;
            draft.keep_for(&ctx).await?;
            None
        }
        Err(why) => {
            let typed = clip(&typed.replace("```", "'''"), 1_200);
            Some(format!(
                "**Conditions**: {}. They stay as they were; you have typed:\n```\n{typed}\n```",
                clip(&why, 500)
            ))
        }
    };
    let page = form(&ctx, ctx.state(), &draft, note).await?;
    turn(&ctx, page).await
}
