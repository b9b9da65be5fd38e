//! Server of a sandbox: one port on loopback with gateway, REST, files and the page.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{net::TcpListener, sync::watch};

use crate::{
    context::Context,
    error::Error,
    handle::Sandbox,
    http::router,
    limit::Limits,
    options::Options,
    state::{Settings, Shared},
    token,
    wire::{Line, Listener},
};

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] if the port is taken.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let failed = |source| Error::Listen {
            addr: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let mut world = options.world;
        world.files_base = format!("http://{addr}");
        world.acknowledge_within = options.acknowledge_within;
        let settings = Settings {
            port: addr.port(),
            token: options
                .token
                .unwrap_or_else(|| token::drawn(world.application.id)),
            deadline: options.deadline,
            interaction_token_life: options.interaction_token_life,
            gateway_limits: options.gateway_limits,
        };
        let limits = Limits::new(
            options.rate_limits,
            options.invalid_requests,
            world.clock.clone(),
        );
        let shared = Shared::new(world, limits, settings);
        let (down, downed) = watch::channel(false);
        let router = router(Context {
            shared: Arc::clone(&shared),
            down: downed.clone(),
        });
        let router = router.into_make_service_with_connect_info::<Line>();
        let alarms = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut downed = downed;
            let stop = async move { _ = downed.wait_for(|down| *down).await };
            let served = axum::serve(Listener(listener), router).with_graceful_shutdown(stop);
            tokio::select! {
                served = served.into_future() => if let Err(error) = served {
                    tracing::error!(%error, "the sandbox's server stopped");
                },
                () = alarms.ring_alarms() => {}
            }
        });
        Ok(Self::new(shared, addr, down, task))
    }
}
