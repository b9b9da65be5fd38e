//! Command `pr_graph`: which plugin needs which, as a picture, and in words for those who don't see it.

use plugin_api::{
    prelude::*,
    text::{counted, lines, word},
};

use crate::{
    NOT_GRANTED, drawing, given,
    layout::{Graph, Kind},
    registry::Registry,
};

/// Characters of the words.
const WORDS: usize = 1_500;

pub(crate) fn command() -> Command {
    Command::new("pr_graph", "Draws which plugin needs which")
        .help("Arrows lead to what a plugin needs; dashed ones to what it can do without. Red lines are needs that are not met, and conflicts.")
        .example("pr_graph")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let Some(all) = given("plugins.list", Registry::read(ctx.host()).await) else {
        return ctx
            .reply(embed("Plugins").description(NOT_GRANTED).build())
            .await;
    };
    let graph = Graph::of(&all);
    let svg = drawing::svg(&graph);
    // Some tens of milliseconds, in which others are served.
    let picture = tokio::task::spawn_blocking(move || pictures::png(&svg)).await?;
    let card = embed("Plugins and what they need")
        .description(words(&graph))
        .image("attachment://plugins.png");
    ctx.reply(NewMessage::from(card).file("plugins.png", picture?))
        .await
}

fn words(graph: &Graph) -> String {
    let name = |at: usize| format!("`{}`", word(&graph.nodes[at].name));
    let told: Vec<String> = graph
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(at, _)| {
            let of = |kind: Kind, how: &str| {
                let edges = graph
                    .edges
                    .iter()
                    .filter(move |it| it.from == at && it.kind == kind);
                let names: Vec<String> = edges.map(|it| name(it.to)).collect();
                (!names.is_empty()).then(|| format!("{how} {}", names.join(", ")))
            };
            let parts = [
                of(Kind::Needs, "needs"),
                of(Kind::InVain, "needs in vain"),
                of(Kind::Optional, "can use"),
                of(Kind::Conflict, "conflicts with"),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| format!("{} {}", name(at), parts.join(", ")))
        })
        .collect();
    let first = counted(
        graph.nodes.iter().filter(|it| it.mark.is_some()).count() as u64,
        "plugin",
    );
    match &*told {
        [] => format!("{first}, and none needs another."),
        told => format!("{first}.\n{}", lines(told, WORDS)),
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::manifest::Dependency;

    use super::*;
    use crate::relations::tests::registry;

    #[test]
    fn the_picture_is_told_in_words() {
        let all = registry(&[
            ("bank", "1.0.0", &[]),
            (
                "shop",
                "1.0.0",
                &[Dependency::any("bank"), Dependency::any("tea")],
            ),
        ]);
        assert_eq!(
            words(&Graph::of(&all)),
            "2 plugins.\n`shop` needs `bank`, needs in vain `tea`"
        );
        let all = registry(&[("bank", "1.0.0", &[])]);
        assert_eq!(words(&Graph::of(&all)), "1 plugin, and none needs another.");
    }
}
