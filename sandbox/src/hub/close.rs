//! Close codes of the gateway:
//! <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>.

/// A close code with its reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Close {
    /// On request only: nothing is unknown here.
    UnknownError,
    UnknownOpcode,
    Undecodable,
    NotAuthenticated,
    AuthenticationFailed,
    AlreadyAuthenticated,
    InvalidSeq,
    RateLimited,
    TimedOut,
    InvalidShard,
    ShardingRequired,
    InvalidVersion,
    InvalidIntents,
    DisallowedIntents,
    /// The sandbox's own: Discord would speak ETF.
    NoSuchEncoding,
    NoSuchCompression,
    /// The sandbox's own: Discord has older versions, too.
    NoSuchVersion,
    /// The sandbox shuts down.
    Down,
}

impl Close {
    /// The close code and the reason, in Discord's words where they are Discord's.
    pub(crate) const fn frame(self) -> (u16, &'static str) {
        match self {
            Self::UnknownError => (4000, "Unknown error."),
            Self::UnknownOpcode => (4001, "Unknown opcode."),
            Self::Undecodable => (4002, "Error while decoding payload."),
            Self::NotAuthenticated => (4003, "Not authenticated."),
            Self::AuthenticationFailed => (4004, "Authentication failed."),
            Self::AlreadyAuthenticated => (4005, "Already authenticated."),
            Self::InvalidSeq => (4007, "Invalid seq."),
            Self::RateLimited => (4008, "You are being rate limited."),
            Self::TimedOut => (4009, "Session timed out."),
            Self::InvalidShard => (4010, "Invalid shard."),
            Self::ShardingRequired => (4011, "Sharding required."),
            Self::InvalidVersion => (4012, "Invalid API version."),
            Self::InvalidIntents => (4013, "Invalid intent(s)."),
            Self::DisallowedIntents => (4014, "Disallowed intent(s)."),
            Self::NoSuchEncoding => (4002, "The sandbox speaks encoding=json only."),
            Self::NoSuchCompression => (4002, "compress is zlib-stream or zstd-stream."),
            Self::NoSuchVersion => (4012, "The sandbox speaks v=10 only; say so."),
            Self::Down => (1001, "The sandbox shuts down."),
        }
    }

    /// The close code that Discord has by this number; `None` for others, 4006 among them.
    pub(crate) fn by_code(code: u16) -> Option<Self> {
        [
            Self::UnknownError,
            Self::UnknownOpcode,
            Self::Undecodable,
            Self::NotAuthenticated,
            Self::AuthenticationFailed,
            Self::AlreadyAuthenticated,
            Self::InvalidSeq,
            Self::RateLimited,
            Self::TimedOut,
            Self::InvalidShard,
            Self::ShardingRequired,
            Self::InvalidVersion,
            Self::InvalidIntents,
            Self::DisallowedIntents,
        ]
        .into_iter()
        .find(|close| close.frame().0 == code)
    }
}
