//! Relay between the bot and the sandbox: a port that passes on whatever comes, or nothing as long as it is closed.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpSocket, TcpStream},
};

/// A port that is taken, and on which nobody listens yet: connections to it are refused.
pub struct Closed {
    socket: TcpSocket,
    pub address: SocketAddr,
}

/// The same port, from where all goes on to another.
pub struct Relay {
    connections: Arc<AtomicUsize>,
}

impl Closed {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        Self { socket, address }
    }

    /// Listens, and passes on from now on.
    pub fn open(self, to: SocketAddr) -> Relay {
        let listener = self.socket.listen(1_024).unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                count.fetch_add(1, SeqCst);
                tokio::spawn(async move {
                    if let Ok(mut there) = TcpStream::connect(to).await {
                        let _ = copy_bidirectional(&mut from, &mut there).await;
                    }
                });
            }
        });
        Relay { connections }
    }
}

impl Relay {
    /// How many connections have come.
    pub fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}
