//! Package of a plugin: what Cargo knows of it.

use super::Manifest;

/// What a plugin's Cargo.toml says of it; made by [`export_plugin!`](crate::export_plugin).
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Package {
    /// `name`.
    pub name: &'static str,
    /// `version`.
    pub version: &'static str,
    /// `description`.
    pub description: &'static str,
    /// `authors`, with colons between them.
    pub authors: &'static str,
    /// `homepage`.
    pub homepage: &'static str,
    /// `repository`.
    pub repository: &'static str,
    /// `license`.
    pub license: &'static str,
}

impl Package {
    /// A package of which nothing else is said.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            description: "",
            authors: "",
            homepage: "",
            repository: "",
            license: "",
        }
    }

    /// Writes it into the manifest. What the plugin itself declares goes before.
    pub(crate) fn describe(&self, manifest: &mut Manifest) {
        let unless_said = |said: &mut String, text: &str| {
            if said.is_empty() {
                text.clone_into(said);
            }
        };
        self.name.clone_into(&mut manifest.name);
        self.version.clone_into(&mut manifest.version);
        unless_said(&mut manifest.description, self.description);
        unless_said(&mut manifest.homepage, self.homepage);
        unless_said(&mut manifest.homepage, self.repository);
        unless_said(&mut manifest.license, self.license);
        if manifest.authors.is_empty() {
            let authors = self.authors.split(':').filter(|author| !author.is_empty());
            manifest.authors = authors.map(str::to_owned).collect();
        }
    }
}

/// The [`Package`] of the crate that is being compiled. Cargo sets all of these, empty where Cargo.toml says nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! package {
    () => {{
        let mut package = $crate::manifest::Package::new(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
        );
        package.description = ::core::env!("CARGO_PKG_DESCRIPTION");
        package.authors = ::core::env!("CARGO_PKG_AUTHORS");
        package.homepage = ::core::env!("CARGO_PKG_HOMEPAGE");
        package.repository = ::core::env!("CARGO_PKG_REPOSITORY");
        package.license = ::core::env!("CARGO_PKG_LICENSE");
        package
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_plugin_says_goes_before_what_cargo_says() {
        let package = Package {
            description: "of Cargo",
            authors: "Ann <ann@example.com>:Ben",
            repository: "https://example.com/shop.git",
            license: "MIT",
            ..Package::new("shop", "1.0.0")
        };
        let mut manifest = Manifest {
            description: "own".into(),
            ..Manifest::default()
        };
        package.describe(&mut manifest);
        assert_eq!(manifest.description, "own");
        assert_eq!(manifest.authors, ["Ann <ann@example.com>", "Ben"]);
        assert_eq!(manifest.homepage, "https://example.com/shop.git");
        let homepage = Package {
            homepage: "https://example.com",
            ..package
        };
        let mut manifest = Manifest::default();
        homepage.describe(&mut manifest);
        assert_eq!(manifest.homepage, "https://example.com");
        assert_eq!((&*manifest.license, &*manifest.name), ("MIT", "shop"));
        Package::new("bare", "1.0.0").describe(&mut manifest);
        assert_eq!(manifest.authors.len(), 2);
    }
}
