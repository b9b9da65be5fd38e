//! Libraries that a plugin has brought into the process: those that it is linked with, and those that it opens.

use std::{collections::HashSet, ffi::OsString, path::Path};

use crate::platform::{Image, Owner, interpose, snapshot};

/// What a plugin has brought, and what that has brought: all that was not there `before` it was opened.
#[must_use]
pub fn brought(owner: Owner, shadow: &Path, before: &[Image]) -> Vec<Image> {
    let all = snapshot::images();
    let plugin = all.iter().filter(|image| image.path == shadow);
    let names = plugin
        .flat_map(|image| image.needed.iter().cloned())
        .chain(interpose::opened_by(owner));
    reached_from(names.collect(), &all)
        .into_iter()
        .filter(|image| image.path != shadow && !is_among(image, before))
        .cloned()
        .collect()
}

/// Where the code of a plugin lies, and that of all that it is linked with or has opened.
#[must_use]
pub fn code_of(owner: Owner, shadow: &Path) -> Vec<(usize, usize)> {
    let plugin = snapshot::image_of(shadow);
    let all = brought(owner, shadow, &[]).into_iter().chain(plugin);
    all.map(|image| (image.lo, image.hi)).collect()
}

/// Of what a plugin had brought, what is still there, and nobody else has brought as well.
#[must_use]
pub fn stayed(owner: Owner, brought: &[Image], now: &[Image]) -> Vec<String> {
    if brought.is_empty() {
        return Vec::new();
    }
    let others = now.iter().filter(|image| !is_among(image, brought));
    let names = others
        .flat_map(|image| image.needed.iter().cloned())
        .chain(interpose::opened_by_others(owner));
    let in_use = reached_from(names.collect(), now);
    now.iter()
        .filter(|image| {
            is_among(image, brought) && !in_use.iter().any(|used| used.base == image.base)
        })
        .map(|image| {
            format!(
                "{}, a library that it brought ({} bytes of mapping)",
                image.path.display(),
                image.hi - image.lo
            )
        })
        .collect()
}

/// The images of these names, with all that they need.
fn reached_from(mut names: Vec<OsString>, all: &[Image]) -> Vec<&Image> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    while let Some(name) = names.pop() {
        let Some(image) = all.iter().find(|image| image.is_called(&name)) else {
            continue;
        };
        if seen.insert(image.base) {
            names.extend(image.needed.iter().cloned());
            found.push(image);
        }
    }
    found
}

fn is_among(image: &Image, images: &[Image]) -> bool {
    images
        .iter()
        .any(|other| other.base == image.base && other.path == image.path)
}
