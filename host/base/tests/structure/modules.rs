//! Module graph of a crate: which modules there are, and which each of them names by `crate::`, `self::` and `super::`,
//! in imports and elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::tokens::{Token, tokens};

/// A path from the crate's root: a module's, or an item's.
pub(crate) type Names = Vec<String>;

/// The modules of a crate.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    all: BTreeSet<Names>,
    /// What a module has imported or exports from elsewhere, by its name there.
    imported: BTreeMap<Names, BTreeMap<String, Names>>,
    /// Who names what, and in which file.
    named: Vec<(Names, Names, PathBuf)>,
}

/// How many exports lead to an item at most.
const EXPORTS: usize = 16;

impl Modules {
    /// The modules of the crate whose root is this file.
    pub(crate) fn of(root: &Path) -> Self {
        let mut modules = Self::default();
        modules.file(root, Vec::new(), root.parent().unwrap());
        modules
    }

    /// Which module names something in which other one, and where.
    pub(crate) fn arrows(&self) -> impl Iterator<Item = (&Names, Names, &Path)> {
        let named = self.named.iter();
        named.map(|(from, to, file)| (from, self.home(to), &**file))
    }

    /// The module in which this is, whatever exports lead there.
    fn home(&self, path: &[String]) -> Names {
        let mut path = path.to_vec();
        for _ in 0..EXPORTS {
            let known = (0..=path.len()).rev();
            let known = known.map(|end| &path[..end]);
            let module = known.clone().find(|it| self.all.contains(*it));
            let module = module.unwrap_or_default().to_vec();
            let exported = path.get(module.len()).and_then(|name| {
                let imported = self.imported.get(&module)?.get(name)?;
                (*imported != path).then(|| imported.clone())
            });
            match exported {
                Some(mut elsewhere) => {
                    elsewhere.extend_from_slice(&path[module.len() + 1..]);
                    path = elsewhere;
                }
                None => return module,
            }
        }
        Vec::new()
    }

    /// Reads a module's file; those in it are in `folder`.
    fn file(&mut self, file: &Path, module: Names, folder: &Path) {
        let text = fs::read_to_string(file);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut reader = Reader {
            modules: self,
            file,
            tokens: tokens(&text),
            at: 0,
        };
        reader.items(&module, folder);
    }
}

struct Reader<'a> {
    modules: &'a mut Modules,
    file: &'a Path,
    tokens: Vec<Token>,
    at: usize,
}

impl Reader<'_> {
    /// Reads a module until its end.
    fn items(&mut self, module: &Names, folder: &Path) {
        self.modules.all.insert(module.clone());
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match token {
                Token::Other('#') if self.is_for_tests() => self.skip_item(),
                Token::Other('{') => depth += 1,
                Token::Other('}') if depth == 0 => return,
                Token::Other('}') => depth -= 1,
                Token::Word(word) if word == "mod" => self.declared(module, folder),
                Token::Word(word) if word == "use" => self.import(module),
                Token::Word(_) => self.path(module),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether `#[cfg(test)]` or its like begins here.
    fn is_for_tests(&self) -> bool {
        let attribute = &self.tokens[self.at..];
        let end = attribute.iter().position(|it| *it == Token::Other(']'));
        let attribute = &attribute[..end.unwrap_or_default()];
        let has = |word: &str| attribute.iter().any(|token| token.is(word));
        attribute.get(2).is_some_and(|it| it.is("cfg")) && has("test") && !has("not")
            || attribute.get(2).is_some_and(|it| it.is("test"))
    }

    /// Goes to the last token of the item that begins here.
    fn skip_item(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Other('(' | '[' | '{') => depth += 1,
                Token::Other('}') if depth == 1 => return,
                Token::Other(')' | ']' | '}') => depth -= 1,
                Token::Other(';') if depth == 0 => return,
                _ => {}
            }
            if depth < 0 {
                // The last field of a record.
                self.at -= 1;
                return;
            }
            self.at += 1;
        }
    }

    /// `mod x;` and `mod x { … }`.
    fn declared(&mut self, module: &Names, folder: &Path) {
        let Some(Token::Word(name)) = self.tokens.get(self.at + 1).cloned() else {
            return;
        };
        let child: Names = module.iter().chain([&name]).cloned().collect();
        match self.tokens.get(self.at + 2) {
            Some(Token::Other(';')) => {
                let (flat, below) = (
                    folder.join(format!("{name}.rs")),
                    folder.join(&name).join("mod.rs"),
                );
                let file = if flat.exists() { flat } else { below };
                self.modules.file(&file, child, &folder.join(&name));
                self.at += 2;
            }
            Some(Token::Other('{')) => {
                self.at += 3;
                self.items(&child, &folder.join(&name));
            }
            _ => {}
        }
    }

    /// A path that begins with `crate`, `self` or `super`.
    fn path(&mut self, module: &Names) {
        // `pub(in crate::x)` says who may see it.
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at]);
        if before.is_some_and(|it| *it == Token::Path || it.is("in")) {
            return;
        }
        let mut path = Names::new();
        while let Some(Token::Word(word)) = self.tokens.get(self.at) {
            path.push(word.clone());
            match self.tokens.get(self.at + 1..self.at + 3) {
                Some([Token::Path, Token::Word(_)]) => self.at += 2,
                _ => break,
            }
        }
        if path.len() > 1
            && let Some(path) = absolute(module, &path)
        {
            self.names(module, path);
        }
    }

    /// `use …;`
    fn import(&mut self, module: &Names) {
        self.at += 1;
        let mut found = Vec::new();
        self.tree(&mut Names::new(), &mut found);
        for (path, name) in found {
            let is_child = |name: &String| {
                let child: Names = module.iter().chain([name]).cloned().collect();
                self.modules.all.contains(&child)
            };
            let path = match absolute(module, &path) {
                Some(path) => path,
                None if path.first().is_some_and(is_child) => {
                    module.iter().chain(&path).cloned().collect()
                }
                None => continue,
            };
            self.names(module, path.clone());
            let here = self.modules.imported.entry(module.clone()).or_default();
            here.insert(name, path);
        }
    }

    /// A tree of imports, up to what ends it.
    fn tree(&mut self, above: &mut Names, found: &mut Vec<(Names, String)>) {
        let before = above.len();
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match token {
                Token::Word(word) if word == "as" => {
                    self.at += 1;
                    if let Some(Token::Word(name)) = self.tokens.get(self.at) {
                        found.push((above.clone(), name.clone()));
                    }
                    above.clear();
                }
                Token::Word(word) if word == "self" && !above.is_empty() => {}
                Token::Word(word) => above.push(word),
                Token::Other('{') => {
                    loop {
                        self.at += 1;
                        self.tree(&mut above.clone(), found);
                        if self.tokens.get(self.at) != Some(&Token::Other(',')) {
                            break;
                        }
                    }
                    above.truncate(before);
                    above.clear();
                }
                Token::Other(',' | '}' | ';') => break,
                // A glob: what it brings is not known here.
                Token::Other('*') => above.clear(),
                _ => {}
            }
            self.at += 1;
        }
        if let Some(name) = above.last() {
            found.push((above.clone(), name.clone()));
        }
    }

    fn names(&mut self, module: &Names, path: Names) {
        let file = self.file.to_owned();
        self.modules.named.push((module.clone(), path, file));
    }
}

/// A path from the crate's root; `None` for one that does not begin with `crate`, `self` or `super`.
fn absolute(module: &[String], path: &[String]) -> Option<Names> {
    let (first, rest) = path.split_first()?;
    let mut base = match &**first {
        "crate" => return Some(rest.to_vec()),
        "self" => return Some(module.iter().chain(rest).cloned().collect()),
        "super" => module.split_last()?.1.to_vec(),
        _ => return None,
    };
    let mut rest = rest;
    while rest.first().is_some_and(|it| it == "super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend_from_slice(rest);
    Some(base)
}
