//! TOML document that remembers which keys it was asked for, so that each key is named once: where it is read.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Item, expected, nearest, quoted_list};

pub(super) struct Document<'i> {
    tables: DeTable<'i>,
    faults: Vec<Fault>,
    /// The keys of every table that was asked for; `None` for a table whose keys are free.
    known: BTreeMap<&'static str, Option<Vec<&'static str>>>,
    /// Tables that have others in them, whose names are free.
    parents: BTreeSet<&'static str>,
}

/// One table of a [`Document`]. It need not be in the file: then every key is absent.
pub(super) struct Table<'d, 'i> {
    name: &'static str,
    entries: Option<&'d DeTable<'i>>,
    keys: &'d mut Vec<&'static str>,
    parents: &'d mut BTreeSet<&'static str>,
    faults: &'d mut Vec<Fault>,
}

impl<'i> Document<'i> {
    /// Parses `text`; several errors of syntax are reported at once.
    pub fn parse(text: &'i str) -> Result<Self, Vec<Fault>> {
        let (tables, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(Self {
                tables: tables.into_inner(),
                faults: Vec::new(),
                known: BTreeMap::new(),
                parents: BTreeSet::new(),
            });
        }
        let fault = |error: &toml::de::Error| Fault {
            at: error.span().map_or(text.len(), |span| span.start),
            message: error.message().to_owned(),
        };
        Err(errors.iter().map(fault).collect())
    }

    /// The table `name`, whose keys are all read by the caller.
    pub fn table(&mut self, name: &'static str) -> Table<'_, 'i> {
        let entries = entries(&self.tables, name, &mut self.faults);
        let keys = self.known.entry(name).or_default().get_or_insert_default();
        Table {
            name,
            entries,
            keys,
            parents: &mut self.parents,
            faults: &mut self.faults,
        }
    }

    /// The table `name`, whose keys the host does not know, and the list for what is wrong with it.
    pub fn free_table(&mut self, name: &'static str) -> (Option<&DeTable<'i>>, &mut Vec<Fault>) {
        self.known.insert(name, None);
        let entries = entries(&self.tables, name, &mut self.faults);
        (entries, &mut self.faults)
    }

    /// Ends the reading: whatever nobody asked for is unknown.
    pub fn finish(mut self) -> Vec<Fault> {
        for (name, value) in &self.tables {
            match (self.known.get(name.get_ref().as_ref()), value.get_ref()) {
                (Some(Some(keys)), DeValue::Table(entries)) => {
                    let is_parent = self.parents.contains(name.get_ref().as_ref());
                    for (key, _) in entries.iter().filter(|(key, item)| {
                        !(keys.contains(&key.get_ref().as_ref())
                            || is_parent && matches!(item.get_ref(), DeValue::Table(_)))
                    }) {
                        let message = self.unknown_key(key.get_ref(), name.get_ref(), keys);
                        self.faults.push(Fault {
                            at: key.span().start,
                            message,
                        });
                    }
                }
                (Some(_), _) => {}
                (None, value) => {
                    let message =
                        self.unknown_name(name.get_ref(), matches!(value, DeValue::Table(_)));
                    self.faults.push(Fault {
                        at: name.span().start,
                        message,
                    });
                }
            }
        }
        self.faults
    }

    /// Every key of every table that was asked for.
    #[cfg(test)]
    pub fn known_keys(&self) -> Vec<(&'static str, &'static str)> {
        let keys = |(table, keys): (&&'static str, &Option<Vec<&'static str>>)| {
            let table = *table;
            keys.iter()
                .flatten()
                .map(move |key| (table, *key))
                .collect::<Vec<_>>()
        };
        self.known.iter().flat_map(keys).collect()
    }

    fn unknown_key(&self, key: &str, table: &str, keys: &[&'static str]) -> String {
        let next_step = match (self.home_of(key), nearest(key, keys.iter().copied())) {
            (Some(home), _) => format!("it belongs in [{home}]"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("its keys are {}", quoted_list(keys.iter().copied())),
        };
        format!("unknown key `{key}` in [{table}]; {next_step}")
    }

    fn unknown_name(&self, name: &str, is_table: bool) -> String {
        let tables = || self.known.keys().copied();
        match (is_table, self.home_of(name), nearest(name, tables())) {
            (false, Some(home), _) => {
                format!("unknown key `{name}` outside of any table; it belongs in [{home}]")
            }
            (false, None, _) => format!(
                "unknown key `{name}` outside of any table; put it in the table that it belongs to"
            ),
            (true, _, Some(near)) => format!("unknown table [{name}]; did you mean [{near}]?"),
            (true, _, None) => {
                let names = tables()
                    .map(|table| format!("[{table}]"))
                    .collect::<Vec<_>>()
                    .join(", ");
                format!(
                    "unknown table [{name}]; the tables are {names}; a plugin's settings go in [plugins.{name}]"
                )
            }
        }
    }

    /// The table that knows `key`.
    fn home_of(&self, key: &str) -> Option<&'static str> {
        self.known
            .iter()
            .find(|(_, keys)| keys.iter().flatten().any(|known| *known == key))
            .map(|(table, _)| *table)
    }
}

impl<'i> Table<'_, 'i> {
    /// Reads `key` with `reader` into `setting`, which keeps its value when the key is absent or wrong.
    pub fn read<T>(
        &mut self,
        key: &'static str,
        setting: &mut T,
        reader: impl FnOnce(&Item<'i>) -> Result<T, Vec<Fault>>,
    ) {
        self.keys.push(key);
        let Some(item) = self.entries.and_then(|entries| entries.get(key)) else {
            return;
        };
        match reader(item) {
            Ok(value) => *setting = value,
            Err(faults) => self.faults.extend(faults.into_iter().map(|fault| Fault {
                at: fault.at,
                message: format!("`{key}` in [{}]: {}", self.name, fault.message),
            })),
        }
    }

    /// Reads the tables in this one, whatever they are called; `reader` says what is wrong with a name.
    pub fn read_tables(
        self,
        mut reader: impl FnMut(&str, &DeTable<'i>, &mut Vec<Fault>) -> Result<(), String>,
    ) {
        self.parents.insert(self.name);
        for (key, item) in self.entries.into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if let (false, DeValue::Table(entries)) = (self.keys.contains(&name), item.get_ref())
                && let Err(wrong) = reader(name, entries, self.faults)
            {
                let at = key.span().start;
                let message = format!("[{}.{name}]: {wrong}", self.name);
                self.faults.push(Fault { at, message });
            }
        }
    }
}

fn entries<'d, 'i>(
    tables: &'d DeTable<'i>,
    name: &str,
    faults: &mut Vec<Fault>,
) -> Option<&'d DeTable<'i>> {
    let item = tables.get(name)?;
    if let DeValue::Table(entries) = item.get_ref() {
        return Some(entries);
    }
    let fault = expected(&format!("the table [{name}]"), item);
    faults.push(Fault {
        message: format!("`{name}`: {}", fault.message),
        ..fault
    });
    None
}
