//! Benchmark of a world of 10,000 guilds and 1,000,000 members: its start, and a login.

use std::{io, time::Instant};

use sandbox::World;

use crate::{Outcome, client::Gateway, figures::resident_mb, stage::start};

/// Makes it, and logs all shards in, without members and with them.
pub async fn measure() -> Outcome<()> {
    println!(
        "\n== 10,000 guilds, 1,000,000 members (resident now {:.0} MB)",
        resident_mb()
    );
    let began = Instant::now();
    let world = World::sized(10_000, 100);
    println!(
        "made in {:?}, resident {:.0} MB",
        began.elapsed(),
        resident_mb()
    );
    let sandbox = start(world).await?;
    for (shards, members) in [(16, false), (16, true)] {
        let began = Instant::now();
        let mut logins = Vec::new();
        for shard in 0..shards {
            let (addr, token) = (sandbox.addr(), sandbox.token());
            logins.push(tokio::spawn(async move {
                let mut gateway = Gateway::identify(addr, &token, (shard, shards), members).await?;
                let ready = gateway.next().await?;
                let guilds = ready.matches(r#""unavailable":true"#).count();
                let mut bytes = 0;
                for _ in 0..guilds {
                    bytes += gateway.next().await?.len();
                }
                Ok::<_, io::Error>((guilds, bytes))
            }));
        }
        let (mut guilds, mut bytes) = (0, 0);
        for login in logins {
            let (more, of_them) = login.await??;
            guilds += more;
            bytes += of_them;
        }
        println!(
            "{shards} shard(s){}: {guilds} guilds, {} MB, in {:?}, resident {:.0} MB",
            if members { " with all members" } else { "" },
            bytes / 1_000_000,
            began.elapsed(),
            resident_mb()
        );
    }
    sandbox.shutdown().await;
    Ok(())
}
