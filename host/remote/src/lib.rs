//! Dashboards on another machine: the connection that bots make to a relay, and the relay.
//!
//! The relay passes requests on and decides about nothing but which bots may come: sessions, rights and guards are those of the bot, which
//! treats what comes here as what comes to its own port, and grants it no more than its operator says.
//!
//! Deliberately absent: what a bot is. This would carry any web server's requests.
//!
//! | file | what it does |
//! | --- | --- |
//! | `key.rs` | key pairs, and the files that they are in |
//! | `frame.rs` | what stands in one message |
//! | `channel.rs` | the ciphered channel, on which both sides know each other |
//! | `shared.rs` | what the ends of all requests share: those under way, their windows, the queue of frames |
//! | `link/` | many requests over one channel |
//! | `stream.rs` | both ends of one request |
//! | `head.rs` | heads of requests and answers |
//! | `dial.rs` | the bot's side: to the relay, and greeted by it |
//! | `relay/` | the relay |

mod channel;
mod dial;
mod frame;
mod head;
mod key;
mod link;
mod relay;
mod shared;
mod stream;

pub use self::{
    channel::{Broken, Channel},
    dial::{Greeted, dial},
    head::{AnswerHead, Hello, RequestHead, crossed, crossing},
    key::{KeyError, Keys, PublicKey},
    link::Link,
    relay::{KEY_FILE, Options, Relay, RelayError, login_link},
    stream::{Cut, Receiver, Refused, Sender, Stream},
};
