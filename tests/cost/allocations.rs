//! Heap allocations, of a gateway in this process.

use std::alloc::System;
use std::time::Duration;

use avenping_gateway::app::{Gateway, GatewaySettings};
use avenping_gateway::clock::Clock;
use avenping_gateway::config::{
    DatabaseSettings, DeliverySettings, GraphSettings, LimitSettings, ListenerSettings,
    MetaSettings, RecordSettings, TemplateSettings, TraceSettings, WebhookSettings,
};
use avenping_gateway::store::{self, Keyring};
use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::peers::Caller;
use crate::site::Site;
use crate::{Mode, SENDS, WARM_UP};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the program would make of its arguments.
#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    listener: ListenerSettings,
    #[command(flatten)]
    graph: GraphSettings,
    #[command(flatten)]
    webhooks: WebhookSettings,
    #[command(flatten)]
    records: RecordSettings,
    #[command(flatten)]
    templates: TemplateSettings,
    #[command(flatten)]
    meta: MetaSettings,
    #[command(flatten)]
    deliveries: DeliverySettings,
    #[command(flatten)]
    limits: LimitSettings,
    #[command(flatten)]
    traces: TraceSettings,
}

pub(crate) fn of_a_send(mode: Mode) -> f64 {
    let site = Site::new();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let stop = CancellationToken::new();
    let (gateway, running) = runtime.block_on(async {
        let timeout = Duration::from_secs(20).into();
        let settings = DatabaseSettings { url: site.database_url(), timeout };
        let keyring = Keyring::new(&[site.secret_key.parse().unwrap()]).unwrap();
        let store = store::open(&settings, keyring).await.unwrap();
        let gateway =
            Gateway::bind(store, Clock::system(), site.serve(mode), stop.clone()).unwrap();
        (gateway.address(), tokio::spawn(gateway.run(Duration::ZERO)))
    });
    let mut caller = Caller::new(gateway, &site.token, mode.keyed);
    caller.send(WARM_UP);
    let before = COUNTED.stats();
    caller.send(SENDS);
    let after = COUNTED.stats();
    drop(caller);
    stop.cancel();
    runtime.block_on(running).unwrap();
    let made = |stats: stats_alloc::Stats| stats.allocations + stats.reallocations;
    (made(after) - made(before)) as f64 / SENDS as f64
}

impl Site {
    fn serve(&self, mode: Mode) -> GatewaySettings {
        let serve = Serve::parse_from(["serve".to_owned()].into_iter().chain(self.settings(mode)));
        let Serve {
            listener,
            graph,
            webhooks,
            records,
            templates,
            meta,
            deliveries,
            limits,
            traces,
        } = serve;
        GatewaySettings {
            listener,
            graph,
            webhooks,
            records,
            templates,
            meta,
            deliveries,
            limits,
            traces,
        }
    }
}
