# Every routine as one plain line. None of it needs `just`: type the line by hand.

# Shows the routines.
default:
    @just --list

# The bot on Discord (DISCORD_TOKEN and BOT_OWNER_ID from the environment or .env).
run:
    cargo run --release -- run

# The bot on a simulated Discord, with the example plugins.
sandbox *arguments:
    cargo run -- sandbox {{arguments}}

# The first run as a script, with its transcript.
story:
    cargo run -- sandbox --script docs/stories/first-run.txt

# All tests. Those inside of plugins by a call of their own: built together with the host, plugins would get its features.
test:
    cargo test
    cargo test $(for it in examples/*/ plugins/*/; do printf -- '-p %s ' $(basename $it); done)

# The example plugins, by a cargo call of their own.
examples:
    cargo build -p access -p admin -p checks -p counter -p echo -p hello -p help -p info -p misbehave -p moderation -p options -p poll -p remind -p ticker -p wizard

# Formats the code.
fmt:
    cargo fmt --all

# Format and lints, as CI checks them.
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

# The API's documentation.
doc:
    cargo doc --workspace --no-deps --open

# A thousand cycles of load, call and unload: nothing may stay.
soak:
    cargo build --release -p misbehave && cargo run --release -p host --example soak -- target/release/libmisbehave.so 1000

# A dozen plugins are tormented for ten minutes; TORTURE_SEED=7 just torture repeats a run, as far as threads let it.
torture:
    TORTURE_SECONDS=600 cargo test -p host --test it -- torture --nocapture

# Restarts under load: 20 by SIGTERM, 20 by `kill -9`, each command counted; `just restarts 100` takes more.
restarts rounds="20" a_second="40":
    cargo build -p counter
    cargo build -p host --bin cogwright --example restarts
    target/debug/examples/restarts target/debug/libcounter.so {{rounds}} {{a_second}}

# 100 restarts in order and 100 by `kill -9` at 500 events a second; then 10,000 clicks and commands while 20 plugins reload in a loop and the bot
# is killed five times. Some ten minutes.
restart-load rounds="100" a_second="500" uses="10000":
    ROUNDS={{rounds}} A_SECOND={{a_second}} USES={{uses}} cargo test -p host --test it -- load:: --ignored --nocapture --test-threads 1

# Each fault of a plugin once, in a bot of its own; rewrites the tables of docs/fault-matrix.md. The second one is of plugins in processes of their
# own, where the host can do that. A quarter of an hour each; `just fault-matrix heap` does one and writes nothing.
fault-matrix *faults:
    cargo build -p counter
    cargo build -p host --bin cogwright --example fault_matrix
    target/debug/examples/fault_matrix target/debug/libcounter.so docs/fault-matrix.md {{faults}}
    target/debug/examples/fault_matrix target/debug/libcounter.so docs/fault-matrix.md --isolation process {{faults}}

# 10,000 reloads of a plugin that takes what it can and leaves it behind: a plot and figures in docs/. Ten minutes.
hostile-reloads count="10000":
    cargo build -p host --example hostile_reloads
    nice target/debug/examples/hostile_reloads {{count}} docs

# The figures that the documentation gives.
bench:
    cargo build --release -p misbehave && cargo run --release -p host --example bench -- target/release/libmisbehave.so

# Cogwright beside a raw twilight bot and a discord.py bot: table and plots in docs/bench. Some 25 minutes on a quiet machine, after a release
# build; `just bench-peers --quick --rounds 1 --out target/bench/quick` shows that it works.
bench-peers *arguments:
    cargo build --release -p access -p checks -p counter -p echo -p hello -p help -p info -p options -p poll -p remind -p ticker -p wizard
    cargo build --release -p host --bin cogwright
    host/bench/run target/release {{ arguments }}

# Sizes and crates of plugins beside their recorded bounds (.ci/bounds.toml); `just guard --record` writes the bounds anew.
guard *arguments:
    cargo build $(for it in examples/*/ plugins/*/; do printf -- '-p %s ' $(basename $it); done)
    .ci/guard {{ arguments }}

# What a cell costs beside a plugin in the bot's own process: latency, throughput, memory.
cells:
    cargo build --release -p misbehave && cargo build --release -p host --bin cogwright --example cells
    target/release/examples/cells target/release/libmisbehave.so target/release/cogwright

# All stories with every plugin in a process of its own.
test-in-cells:
    COGWRIGHT_TEST_IN_CELLS=1 cargo test -p host --test it

# What it takes to plan a start of 1,000 plugins.
bench-resolve plugins="1000":
    cargo run --release -p host-loader --example resolve -- {{ plugins }}

# What a page costs that reads the bot's state each second, of a bot in 10,000 servers; `just page callgrind` counts instructions
# (needs valgrind).
page meter="":
    cargo build --release -p access -p counter -p echo -p hello -p help -p hooks -p info -p options -p poll -p ticker
    cargo build --release -p host --example page
    {{ if meter == "callgrind" { "valgrind -q --tool=callgrind --callgrind-out-file=/dev/null" } else { "" } }} target/release/examples/page target/release {{ meter }}

# What the dashboard costs: the bot's processor time at a thousand events a second with no page open, one and ten; what one does that nobody
# looks at; first bytes and sizes of all tabs in 10,000 servers and with sixty plugins. `just dashboards cost`, `idle` or `size` takes one of them.
# Some twenty minutes.
dashboards which="":
    cargo build --release -p access -p checks -p counter -p dashboard -p diagnostics -p echo -p hello -p help -p hooks -p info -p maintenance -p moderation -p mydata -p options -p poll -p registry -p remind -p scheduler -p settings -p shards -p slashlimit -p ticker -p wizard
    cargo build --release -p host --bin cogwright --example dashboards
    target/release/examples/dashboards target/release {{ which }}

# What automations cost other plugins: a thousand of them in a hundred servers, at two thousand messages a second. Some two minutes.
automations:
    cargo build --release -p automations -p counter -p hello
    cargo build --release -p host --bin cogwright --example automations
    target/release/examples/automations target/release

# What the ledger, the guards, and standing in front of functions of libc cost, beside doing without.
costs:
    cargo test --release -p plugin-api --lib cost:: -- --ignored --nocapture --test-threads 1
    cargo test --release -p host-loader --lib platform::linux::interpose::cost -- --ignored --nocapture

# 10,000 events a second to good and bad handlers of a hook.
hooks:
    cargo build --release -p misbehave && cargo run --release -p host --example hooks -- target/release/libmisbehave.so

# The longest single steps of SQLite that the limits let through, and what a victim notices of attacks in its own database.
fences:
    cargo test --release -p host-store --lib storage::tests::worst -- --ignored --nocapture --test-threads 1

# One plugin floods every service for a minute; latency and throughput of the others, beside a quiet run.
siege seconds="60":
    cargo build --release -p misbehave -p hello && cargo run --release -p host --example siege -- target/release {{seconds}}

# 10,000 runs of a schedule that are due at once, and what they do to events.
schedules:
    cargo build --release -p misbehave && cargo run --release -p host --example schedules -- target/release/libmisbehave.so

# What the cache takes, and how long a permission check does.
cache:
    cargo run --release -p host --example cache

# What the sandbox carries, beside a discord.py bot from PyPI.
bench-sandbox:
    python3 -m venv target/discordpy && target/discordpy/bin/pip install -q discord.py && cargo run --release -p sandbox --example load -- target/discordpy/bin/python

# Kills a process that writes to databases and files, 60 times: no acknowledged write may be lost. Then with one that cheats.
crash:
    cargo run -p host --example crash -- 60
    cargo run -q -p host --example crash -- 5 loses-rows
    cargo run -q -p host --example crash -- 5 loses-files
    cargo run -q -p host --example crash -- 5 tears-files

# 10,000 databases with 256 open, and how fast they are.
databases:
    cargo run -p host --example databases

# The sandbox's page in a headless Chromium; screenshots go to target/page.
page-check:
    cargo build -p host && cargo build -p checks -p counter -p echo -p hello -p help -p misbehave -p moderation -p options -p poll -p remind -p ticker -p wizard && .ci/page/run target/page

# Bots on discord.py and discord.js against the sandbox.
clients *part:
    cargo build -p host && cargo build -p sandbox --example hello_twilight && .ci/clients {{part}}

# All that a change must pass.
ci:
    .ci/run
