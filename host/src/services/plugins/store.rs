//! Plugin files that are installed, removed and rolled back. What is installed waits, verified, until somebody asks for its load. What
//! has served is kept by the loader, for a rollback.
//!
//! | folder below `[data] folder` | what lies there |
//! | --- | --- |
//! | `plugin_files/staged` | what was installed and has not been loaded |
//! | `plugin_files/removed` | what was removed and is no plugin, one of each name |

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use host_base::PluginName;
use host_capability::{Failure, HostCall};
use host_loader::{Caller, Completion, LoadReport, Plugins, RollBack, file};
use plugin_api::abi::{FileReport, ManagedReply, PluginsCall};
use serde_json::json;

use super::{apart, check, refused, told, views};
use crate::services::Services;

const FOLDER: &str = "plugin_files";

/// Where files wait, and where they are kept.
#[derive(Clone, Debug)]
struct Places {
    staged: PathBuf,
    removed: PathBuf,
    extensions: PathBuf,
}

impl Places {
    fn of(services: &Services) -> Self {
        let config = services.authority.config();
        let folder = config.data.folder.join(FOLDER);
        Self {
            staged: folder.join("staged"),
            removed: folder.join("removed"),
            extensions: config.extensions.folder.clone(),
        }
    }
}

/// How the file of a plugin is called.
fn file_name(plugin: &PluginName) -> String {
    format!("lib{plugin}.so")
}

/// Moves a file, also from one file system to another: whole under the new name, or not at all.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    host_store::files::write_whole(to, &fs::read(from)?)?;
    fs::remove_file(from)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| {
        told(format!(
            "the plugin's file: {}",
            host_store::files::sentence(&error)
        ))
    })
}

/// The file that a name stands for: one that is staged, else one in the extensions folder, by its own or by its plugin's name.
pub(super) async fn known_file(
    services: &Services,
    set: &Plugins,
    name: &str,
) -> Result<PathBuf, Failure> {
    let places = Places::of(services);
    let plugin = PluginName::new(name.trim());
    let is_plain = Path::new(name).components().count() == 1 && !name.contains(['/', '\\']);
    if name.trim().is_empty() || !is_plain || name == ".." {
        return Err(told(
            "name a plugin, or a file in the extensions folder without its folder",
        ));
    }
    let staged = places.staged.join(file_name(&plugin));
    let in_folder = places.extensions.join(name);
    let found = blocking(move || {
        let files = file::plugin_files(&places.extensions);
        let of_plugin = files
            .into_iter()
            .find(|path| file::plugin_name(path).is_some_and(|found| found == plugin));
        let named = file::plugin_name(&in_folder).is_some().then_some(in_folder);
        let all = [Some(staged), named, of_plugin].into_iter().flatten();
        Ok(all.into_iter().find(|path| path.is_file()))
    })
    .await?;
    match found {
        Some(path) => Ok(path),
        None => Err(match set.loaded_name(name).await {
            Ok(name) => told(format!("the file that `{name}` was loaded from is gone")),
            Err(error) => told(error.to_string()),
        }),
    }
}

/// The bytes of a file in the plugin's own folder.
async fn own_file(services: &Services, caller: &Caller, path: &str) -> Result<Vec<u8>, Failure> {
    let files = &services.files;
    let read = files.serve(caller, "read", json!({"path": path}), Vec::new());
    Ok(read.await?.body)
}

/// Writes bytes under a name that nobody loads, until it is known whose file it is.
async fn arrived(places: &Places, bytes: Vec<u8>) -> Result<PathBuf, Failure> {
    let file = places
        .staged
        .join(format!(".arriving-{}", host_base::error_id::new()));
    let (folder, to) = (places.staged.clone(), file.clone());
    blocking(move || {
        fs::create_dir_all(folder)?;
        host_store::files::write_whole(&to, &bytes)
    })
    .await?;
    Ok(file)
}

/// What is wrong with a file that has just arrived, without the name that it lies under meanwhile: nobody has given it that one.
fn nameless<T>(checked: Result<T, Failure>, file: &Path) -> Result<T, Failure> {
    checked.map_err(|failure| match failure {
        Failure::Unfit(words) => {
            Failure::Unfit(words.replace(&*file.to_string_lossy(), "the file"))
        }
        Failure::Refused(words) => {
            Failure::Refused(words.replace(&*file.to_string_lossy(), "the file"))
        }
        other => other,
    })
}

/// Dry run of a file in the plugin's own folder: of a copy, which nobody changes meanwhile, and which is gone after it.
pub(super) async fn check_file(
    services: &Services,
    set: &Plugins,
    caller: &Caller,
    about: &PluginsCall,
    call: &HostCall,
) -> Result<Completion, Failure> {
    let path = about.path.as_deref().unwrap_or_default();
    if path.is_empty() {
        return Err(told(
            "Which file? Give its path in the plugin's own folder.",
        ));
    }
    let bytes = own_file(services, caller, path).await?;
    if bytes.is_empty() {
        return Err(told(format!("`{path:.200}` is not there, or is empty")));
    }
    let copy = arrived(&Places::of(services), bytes).await?;
    let checked = nameless(check::check(services, set, &copy).await, &copy);
    let removed = blocking(move || fs::remove_file(copy)).await;
    let report = checked?;
    removed?;
    let tried = format!(
        "{} {} tried, sha256 {}",
        report.name, report.version, report.sha256
    );
    call.effect.changed("", tried);
    Ok(Completion::json(&report))
}

/// Moves what was installed and waits beside the plugin's present file, where a canary is begun from; `None`: nothing waits.
pub(super) async fn beside_present(
    services: &Services,
    plugin: &PluginName,
    present: &Path,
) -> Result<Option<WaitingCanary>, Failure> {
    let staged = Places::of(services).staged.join(file_name(plugin));
    let mut beside = present.as_os_str().to_owned();
    beside.push(".canary");
    let waiting = WaitingCanary {
        staged,
        beside: PathBuf::from(beside),
    };
    let moved = waiting.clone();
    let is_there = blocking(move || {
        let is_there = moved.staged.is_file();
        if is_there {
            move_file(&moved.staged, &moved.beside)?;
        }
        Ok(is_there)
    })
    .await?;
    Ok(is_there.then_some(waiting))
}

/// A file that was installed, and lies beside the plugin's present one now.
#[derive(Clone, Debug)]
pub(super) struct WaitingCanary {
    staged: PathBuf,
    beside: PathBuf,
}

impl WaitingCanary {
    /// Has it wait again, where no canary came of it.
    pub(super) async fn put_back(self) -> Result<(), Failure> {
        blocking(move || move_file(&self.beside, &self.staged)).await
    }
}

/// Takes a file in: bytes, or a file in the plugin's own folder. It is verified as a load would, and waits.
pub(super) async fn install(
    services: &Services,
    set: &Plugins,
    caller: &Caller,
    about: &PluginsCall,
    call: HostCall,
) -> Result<Completion, Failure> {
    let bytes = match &about.path {
        None => call.body,
        Some(path) => own_file(services, caller, path).await?,
    };
    if bytes.is_empty() {
        return Err(told(
            "there is nothing to install: give the file's bytes, or its path in the plugin's own folder",
        ));
    }
    let places = Places::of(services);
    let arriving = arrived(&places, bytes).await?;
    let checked = verified(services, set, about, &arriving).await;
    let report = match checked {
        Ok(report) => report,
        Err(failure) => {
            let _ = blocking(move || fs::remove_file(arriving)).await;
            return Err(failure);
        }
    };
    let staged = places
        .staged
        .join(file_name(&PluginName::new(&report.name)));
    blocking(move || fs::rename(arriving, staged)).await?;
    let before = report.serves.clone();
    call.effect.changed(
        before,
        format!(
            "{} {} staged, sha256 {}",
            report.name, report.version, report.sha256
        ),
    );
    Ok(Completion::json(&report))
}

async fn verified(
    services: &Services,
    set: &Plugins,
    about: &PluginsCall,
    file: &Path,
) -> Result<FileReport, Failure> {
    let report = nameless(check::check(services, set, file).await, file)?;
    if let Some(wanted) = &about.sha256
        && !wanted.eq_ignore_ascii_case(&report.sha256)
    {
        return Err(told(format!(
            "the file is not the one that was meant: its SHA-256 is {}, and {wanted:.64} was expected",
            report.sha256
        )));
    }
    if !about.name.is_empty() && !PluginName::new(&about.name).is(&report.name) {
        return Err(told(format!(
            "the file is the plugin `{}`, and `{:.100}` was expected",
            report.name, about.name
        )));
    }
    Ok(report)
}

/// Whether a file of a plugin waits.
pub(super) async fn is_staged(services: &Services, plugin: &PluginName) -> bool {
    let staged = Places::of(services).staged.join(file_name(plugin));
    blocking(move || Ok(staged.is_file()))
        .await
        .unwrap_or_default()
}

/// Puts a file into the extensions folder and loads it. Where it is not loaded, the one that was there comes back.
async fn put_in_place(
    set: &Plugins,
    places: Places,
    plugin: &PluginName,
    from: PathBuf,
) -> Result<LoadReport, Failure> {
    let before = from.with_extension("so.before");
    let (name, extensions) = (plugin.clone(), places.extensions.clone());
    let (source, kept) = (from.clone(), before.clone());
    let target = blocking(move || {
        let now = file::plugin_files(&extensions)
            .into_iter()
            .find(|path| file::plugin_name(path).is_some_and(|found| found == name));
        let target = now
            .clone()
            .unwrap_or_else(|| extensions.join(file_name(&name)));
        if let Some(now) = now {
            fs::copy(now, &kept)?;
        }
        move_file(&source, &target)?;
        Ok(target)
    })
    .await?;
    set.wants_loaded(&target).await;
    let loaded = set.load_file(&target).await;
    let went_well = loaded.is_ok();
    blocking(move || match (went_well, before.is_file()) {
        (true, true) => fs::remove_file(before),
        (true, false) => Ok(()),
        (false, was_there) => {
            move_file(&target, &from)?;
            match was_there {
                true => move_file(&before, &target),
                false => Ok(()),
            }
        }
    })
    .await?;
    loaded.map_err(refused)
}

/// Loads what was installed.
pub(super) async fn load_staged(
    services: &StagedFiles,
    set: &Plugins,
    plugin: &PluginName,
) -> Result<LoadReport, Failure> {
    let staged = services.0.staged.join(file_name(plugin));
    put_in_place(set, services.0.clone(), plugin, staged).await
}

/// Where installed files are, for work that goes on without the services.
#[derive(Clone, Debug)]
pub(super) struct StagedFiles(Places);

impl StagedFiles {
    pub(super) fn of(services: &Services) -> Self {
        Self(Places::of(services))
    }
}

/// Unloads a plugin and takes its file out of the extensions folder.
pub(super) async fn remove(
    services: &Services,
    set: &Arc<Plugins>,
    caller: &Caller,
    about: &PluginsCall,
    call: &HostCall,
) -> Result<Completion, Failure> {
    let plugin = PluginName::new(&about.name);
    let file = known_file(services, set, &about.name).await?;
    let aside = Places::of(services).removed.join(file_name(&plugin));
    let needed_by = set.dependents(&plugin);
    if !needed_by.is_empty() && !about.force {
        let names: Vec<_> = needed_by.iter().map(|name| format!("`{name}`")).collect();
        return Err(told(format!(
            "{} need it: remove them first, or use `force`",
            names.join(", ")
        )));
    }
    call.effect
        .changed(format!("{}", file.display()), "removed".to_owned());
    let is_kept = set.keep_before_removal(&file).await.is_ok();
    let taken_out = move || match is_kept {
        true => fs::remove_file(&file),
        // No plugin of any use, and still not ours to throw away.
        false => move_file(&file, &aside),
    };
    let (work, force) = (Arc::clone(set), about.force);
    let is_loaded = set.loaded_name(&about.name).await.is_ok();
    let removing = async move {
        if is_loaded {
            work.unload(&plugin, force).await.map_err(refused)?;
        }
        blocking(taken_out).await
    };
    let mut reply = ManagedReply::default();
    if caller.plugin.is(&about.name) || needed_by.contains(&caller.plugin) {
        reply.begun = true;
        apart(async move {
            if let Err(failure) = removing.await {
                tracing::error!("a plugin was not removed: {failure}");
            }
        });
    } else {
        removing.await?;
    }
    Ok(Completion::json(&reply))
}

/// Loads a file that served before, or was removed; the one that is there now is kept in its place.
pub(super) async fn roll_back(
    set: &Arc<Plugins>,
    caller: &Caller,
    about: &PluginsCall,
    call: &HostCall,
) -> Result<Completion, Failure> {
    let name = about.name.trim().to_owned();
    if name.is_empty() {
        return Err(told("Which plugin? Name one."));
    }
    let wish = RollBack {
        which: about.which.clone().unwrap_or_default(),
        then: about.then,
        again: about.force,
    };
    let rolling = {
        let (set, effect, name) = (Arc::clone(set), call.effect.clone(), name.clone());
        async move {
            let before = views::versions(&set);
            let done = set.roll_back(&name, &wish).await.map_err(refused)?;
            effect.changed(before, views::versions(&set));
            Ok::<_, Failure>(done)
        }
    };
    let mut reply = ManagedReply::default();
    let plugin = PluginName::new(&name);
    if caller.plugin == plugin || set.dependents(&plugin).contains(&caller.plugin) {
        reply.begun = true;
        apart(async move {
            if let Err(failure) = rolling.await {
                tracing::error!("a plugin was not rolled back: {failure}");
            }
        });
    } else {
        let done = rolling.await?;
        reply.loads = done.reports.iter().map(views::load_view).collect();
        reply.remarks = done.remarks;
    }
    Ok(Completion::json(&reply))
}
