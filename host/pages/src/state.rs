//! State of the pages: who may what, who is logged in, and where they are served.

use std::{
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use host_base::{clock::Clock, private};
use host_loader::Rights;
use host_ops::config::Live;

use crate::{
    access::AccessList,
    hub::Hub,
    limiter::Limiter,
    pending::Pending,
    rights::{Catalogue, OWNER, SERVER},
    sessions::{LINK, Lifetimes, Sessions},
    site::Site,
    way::{Relayed, Way, capped},
};

/// The folder that they keep, in the data folder.
const FOLDER: &str = "pages";

/// What the server and the host calls have in common.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Live,
    pub(crate) access: AccessList,
    pub(crate) sessions: Sessions,
    pub(crate) hub: Arc<Hub>,
    pub(crate) limiter: Limiter,
    /// Logins that are on their way through Discord.
    pub(crate) pending: Pending,
    /// Requests since the start.
    pub(crate) requests: AtomicU64,
    uploads: AtomicU64,
    /// The bot.
    pub(crate) site: Site,
    /// Where they are served now.
    address: Mutex<Option<SocketAddr>>,
    /// The relay that the bot is connected to, and how that is, for people.
    remote: Mutex<(Option<Arc<Relayed>>, Option<String>)>,
}

/// A link that logs somebody in once.
#[derive(Debug, Clone)]
pub struct LoginLink {
    /// It, whole. Whoever has it is whom it is for.
    pub address: String,
    /// How long it is good.
    pub lasts: Duration,
}

impl State {
    /// What is kept of them in the data folder.
    pub(crate) fn open(config: Live, clock: Clock, site: Site) -> Self {
        let folder = config.now().data.folder.join(FOLDER);
        if let Err(error) = private::folder_told(&folder) {
            tracing::warn!(
                "{} can't be made: {error}; whoever logs in to the bot's pages will be logged out by a restart",
                folder.display()
            );
        }
        Self {
            access: AccessList::open(&folder),
            sessions: Sessions::open(&folder, clock),
            hub: Arc::default(),
            limiter: Limiter::default(),
            pending: Pending::default(),
            requests: AtomicU64::new(0),
            uploads: AtomicU64::new(0),
            site,
            address: Mutex::new(None),
            remote: Mutex::default(),
            config,
        }
    }

    pub(crate) fn set_address(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder that the pages keep.
    pub(crate) fn folder(&self) -> PathBuf {
        self.config.now().data.folder.join(FOLDER)
    }

    pub(crate) fn set_remote(&self, relayed: Option<Arc<Relayed>>, words: Option<String>) {
        *self.remote.lock().unwrap_or_else(PoisonError::into_inner) = (relayed, words);
    }

    /// How the connection to a dashboard on another machine is; `None`: there is to be none.
    pub(crate) fn remote_words(&self) -> Option<String> {
        let remote = self.remote.lock().unwrap_or_else(PoisonError::into_inner);
        remote.1.clone()
    }

    /// The way through a dashboard on another machine, while the bot is connected to one.
    pub(crate) fn remote_way(&self) -> Option<Way> {
        let remote = self.remote.lock().unwrap_or_else(PoisonError::into_inner);
        remote.0.clone().map(Way::Remote)
    }

    /// Where people reach the pages by a way.
    pub(crate) fn url_by(&self, way: &Way) -> Option<String> {
        match way {
            Way::Port => self.url(),
            Way::Remote(relayed) => Some(relayed.url.clone()),
        }
    }

    /// Where people reach the pages: what the operator says, or the address itself.
    pub(crate) fn url(&self) -> Option<String> {
        let config = self.config.now();
        let address = self.address()?;
        let scheme = match config.pages.tls_cert {
            Some(_) => "https",
            None => "http",
        };
        let own = || format!("{scheme}://{address}");
        Some(config.pages.url.clone().unwrap_or_else(own))
    }

    pub(crate) fn link(&self, user: u64, name: &str, way: &Way) -> Option<LoginLink> {
        let url = self.url_by(way)?;
        let token = self.sessions.link(user, name, way.through());
        // Behind `#`, where no server, proxy or log sees it.
        let address = format!("{url}/login/link#{}", token.expose());
        Some(LoginLink {
            address,
            lasts: LINK,
        })
    }

    pub(crate) fn lifetimes(&self) -> Lifetimes {
        let config = self.config.now();
        Lifetimes {
            idle: Duration::from_secs(config.pages.idle_minutes * 60),
            whole: Duration::from_secs(config.pages.session_hours * 3_600),
        }
    }

    /// Whether pages are to be served, by whatever way: nobody has switched them off by command.
    pub(crate) fn enabled(&self) -> bool {
        self.access.enabled().unwrap_or(true)
    }

    /// All that roles may be given now.
    pub(crate) fn catalogue(&self) -> Catalogue {
        let site = &self.site;
        let generations = site.generations();
        let manifests = generations.iter().map(|it| &it.manifest);
        Catalogue::new(site.calls.iter().copied(), manifests)
    }

    /// What a user may now; `None`: they are a stranger.
    pub(crate) fn rights_of(&self, user: u64) -> Option<Rights> {
        let site = &self.site;
        if site.is_owner(user) {
            return Some(Rights::all(OWNER));
        }
        if let Some(role) = self.access.role_of(user) {
            return self.access.rights(&role, &self.catalogue());
        }
        let owns = || !site.owned_by(user).is_empty();
        let is_guest = self.config.now().pages.server_owners && owns();
        is_guest.then(|| self.catalogue().built_in(SERVER))?
    }

    /// The same for what comes [through](Way::through) a relay: no more than the role that the bot's operator has granted to it. A role that
    /// there is not lets nobody in.
    pub(crate) fn rights_through(&self, user: u64, through: &str) -> Option<Rights> {
        let rights = self.rights_of(user)?;
        if through.is_empty() {
            return Some(rights);
        }
        let role = self.config.now().remote.role.clone();
        let most = self.access.rights(&role, &self.catalogue())?;
        Some(capped(rights, &most))
    }

    /// A file that an upload is kept in, in a plugin's own folder: where the host writes it, and how the plugin calls it.
    pub(crate) fn upload_file(&self, plugin: &str) -> io::Result<(PathBuf, String)> {
        let number = self.uploads.fetch_add(1, Relaxed);
        let inside = format!(".uploads/{}-{number}", std::process::id());
        let config = self.config.now();
        let folder = config
            .data
            .folder
            .join("plugins")
            .join(plugin)
            .join("files");
        let file = folder.join(&inside);
        fs::create_dir_all(folder.join(".uploads"))?;
        Ok((file, inside))
    }

    /// Writes what has changed of the sessions, without keeping anybody waiting.
    pub(crate) fn keep_sessions(self: &Arc<Self>) {
        if self.sessions.is_changed() {
            let pages = Arc::clone(self);
            tokio::task::spawn_blocking(move || pages.sessions.keep());
        }
    }
}
