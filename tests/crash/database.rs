//! The database goes away under load: whatever needs it is put off, nothing is answered wrongly,
//! and all goes on as soon as it is back.

use futures_util::future::join_all;
use sqlx::{Connection as _, PgConnection, SqliteConnection, query_scalar, raw_sql};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::caller::{Answer, Caller, Gone, http_client};
use crate::chance::{Chance, rounds};
use crate::eventually;
use crate::graph::Graph;
use crate::harness::{Place, cases};
use crate::load::{Clients, send_plainly};
use crate::meta::{self, Meta};
use crate::nodes::Nodes;
use crate::proxy::{Proxy, Tls};
use crate::site::Site;
use crate::webhooks::two_parties;

cases![
    while_the_database_is_away_all_are_put_off_and_nothing_is_lost,
    a_database_that_was_silent_over_tls_is_used_again,
];

const NUMBER: &str = "106540352242944";
/// `AVENPING_DATABASE_TIMEOUT`
const TIMEOUT: &str = "1s";

/// What takes the database away.
enum Outage {
    Road(Proxy),
    /// Another process that holds the lock of the file.
    Lock(String, Option<SqliteConnection>),
}

#[derive(Clone, Copy, Debug)]
enum Blow {
    /// The server is stopped: it says so, and is gone.
    Stop,
    /// Its machine is gone, and refuses connections.
    Cut,
    /// It is there and says nothing.
    Silence,
    /// Something before it takes connections, and ends them.
    Close,
}

impl Outage {
    async fn of(place: &Place) -> (Self, String) {
        if place.is_file() {
            return (Self::Lock(place.url.clone(), None), place.url.clone());
        }
        let proxy = Proxy::to(&place.url, Tls::No).await;
        let url = proxy.url().to_owned();
        (Self::Road(proxy), url)
    }

    async fn begin(&mut self, blow: Blow, server: &str) {
        match (self, blow) {
            (Self::Lock(url, held), _) => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                let lock = "PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE";
                raw_sql(lock).execute(&mut connection).await.unwrap();
                *held = Some(connection);
            }
            (Self::Road(proxy), Blow::Silence) => proxy.fall_silent(),
            (Self::Road(proxy), Blow::Close) => proxy.close(),
            (Self::Road(proxy), Blow::Cut) => proxy.cut(),
            (Self::Road(proxy), Blow::Stop) => {
                let mut connection = PgConnection::connect(server).await.unwrap();
                let stop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid()";
                raw_sql(stop).execute(&mut connection).await.unwrap();
                proxy.cut();
            }
        }
    }

    fn end(&mut self) {
        match self {
            Self::Road(proxy) => proxy.open(),
            Self::Lock(_, held) => *held = None,
        }
    }
}

/// Readers are served on while a SQLite file is locked; a server that is gone serves nobody.
struct Expected {
    readers_wait: bool,
}

async fn while_the_database_is_away_all_are_put_off_and_nothing_is_lost(place: Place) {
    let mut chance = Chance::of("database");
    let graph = Graph::calm().await;
    let (mut outage, url) = Outage::of(&place).await;
    let expected = Expected { readers_wait: !place.is_file() };
    let site = Site::new(&place, graph.url()).with("DATABASE_URL", &url);
    let site = site.with("AVENPING_DATABASE_TIMEOUT", TIMEOUT);
    let site = site.with("AVENPING_GRAPH_SEND_TIMEOUT", "4s");
    let site = site.with("AVENPING_IDEMPOTENCY_LEASE", "6s").alone();
    let mut nodes = Nodes::start(site).await;
    let caller = nodes.site.account("eve", NUMBER).await;
    let parties = two_parties(&nodes, &mut chance).await;
    let (machines, acknowledged) = Meta::machines(2, nodes.addresses(), &parties, &mut chance);
    let enough = CancellationToken::new();
    let mut telling: JoinSet<()> =
        machines.into_iter().map(|machine| machine.tell(enough.clone())).collect();
    let keyed = Clients::start(16, &caller, nodes.addresses(), &mut chance);
    let put_off = |answer: Result<Answer, Gone>| answer.expect("an answer").says_later();
    let mut plain = JoinSet::new();
    for number in 0..3 {
        let (caller, nodes) = (caller.clone(), nodes.addresses().clone());
        let (chance, name) = (chance.split(), format!("plain-{number}"));
        plain.spawn(send_plainly(caller, nodes, chance, name, enough.clone(), put_off));
    }

    let blows = [Blow::Stop, Blow::Silence, Blow::Cut, Blow::Close];
    // Another process that holds the lock is one and the same each time.
    let rounds = usize::try_from(rounds()).unwrap();
    let rounds = if place.is_file() { rounds.div_ceil(3) } else { rounds.max(blows.len()) };
    for blow in blows.iter().cycle().take(rounds) {
        tokio::time::sleep(chance.millis(100, 400)).await;
        outage.begin(*blow, &place.url).await;
        is_put_off(&nodes, &caller, &expected).await;
        outage.end();
        is_served(&nodes, &caller).await;
        assert!(nodes.is_up(0), "the process never exits: {}", nodes.site.log());
    }
    enough.cancel();

    let mut messages = Vec::new();
    while let Some(sent) = plain.join_next().await {
        messages.extend(sent.unwrap());
    }
    let settled = keyed.settle().await;
    for (key, end) in &settled {
        // Of a key whose claim was committed while the line broke nobody knows, and it was not
        // sent: unknown, on the safe side.
        assert!(["sent", "unknown"].contains(&end.outcome.as_str()), "{key}: {end:?}");
        let taken = graph.accepted(key).len();
        assert!(taken == 1 || (taken == 0 && end.outcome == "unknown"), "{key}: {taken}, {end:?}");
        messages.push((end.message_id.clone(), key.clone()));
    }
    assert!(graph.accepted("put-off").is_empty(), "what was put off was not sent");
    while let Some(told) = telling.join_next().await {
        told.unwrap();
    }
    let path = |id: &str| format!("/v2/messages/{id}");
    for (id, text) in &messages {
        eventually("what was answered with 200 is recorded", async || {
            let found = caller.get(nodes.one(), &path(id)).await.unwrap();
            found.status == 200 && found.data()["reference"] == *text
        })
        .await;
    }
    let events = acknowledged.lock().unwrap().events();
    let taken = || parties.iter().map(|party| party.customer.taken()).sum::<usize>();
    eventually("what was told is delivered", async || taken() >= events).await;
    let figures = acknowledged.lock().unwrap().has_all_arrived(&parties);
    let unknown = settled.values().filter(|end| end.outcome == "unknown").count();
    eprintln!(
        "database: {} sends recorded, {} keys of which {unknown} unknown; {figures}",
        messages.len(),
        settled.len(),
    );
}

/// Everything that needs the database gets a 503 after a while, and goes on getting it; what does
/// not need it is served.
async fn is_put_off(nodes: &Nodes, caller: &Caller, expected: &Expected) {
    let node = nodes.one();
    if expected.readers_wait {
        // What was known a moment ago counts for a moment.
        for path in ["/v2/me", "/v2/ready"] {
            eventually(&format!("{path} is put off"), async || {
                let answer = caller.get(node, path).await.unwrap();
                assert!([200, 503].contains(&answer.status), "{answer:?}");
                answer.status == 503
            })
            .await;
        }
        let reads = ["/v2/me", "/v2/messages", "/v2/webhooks/config", "/v2/ready"];
        for read in join_all(reads.map(|path| caller.get(node, path))).await {
            read.unwrap().says_later();
        }
        caller.send(node, "put-off", None).await.unwrap().says_later();
    }
    let (post, http) = (meta::envelope(NUMBER, "", ""), http_client());
    let (send, post) =
        tokio::join!(caller.send(node, "put-off", Some("put-off")), meta::post(&http, node, &post));
    send.unwrap().says_later();
    post.unwrap().says_later();
    for path in ["/v2/health", "/v2/version"] {
        assert_eq!(caller.get(node, path).await.unwrap().status, 200);
    }
}

async fn is_served(nodes: &Nodes, caller: &Caller) {
    let node = nodes.one();
    for path in ["/v2/ready", "/v2/me", "/v2/messages", "/v2/webhooks/config"] {
        eventually(&format!("{path} is served again"), async || {
            let answer = caller.get(node, path).await.unwrap();
            assert!([200, 503].contains(&answer.status), "{answer:?}");
            answer.status == 200
        })
        .await;
    }
}

/// An end takes a word of both sides there, and who is silent says none.
async fn a_database_that_was_silent_over_tls_is_used_again(place: Place) {
    if place.is_file() {
        // There is no road to a file.
        return;
    }
    let mut server = PgConnection::connect(&place.url).await.unwrap();
    let tls: String = query_scalar("SHOW ssl").fetch_one(&mut server).await.unwrap();
    eprintln!("database: TLS of the server is {tls}");
    let proxy = Proxy::to(&place.url, Tls::Yes).await;
    let site = Site::new(&place, "http://127.0.0.1:1").with("DATABASE_URL", proxy.url());
    let nodes = Nodes::start(site.with("AVENPING_DATABASE_TIMEOUT", TIMEOUT).alone()).await;
    let caller = nodes.site.account("eve", NUMBER).await;
    // As many at once as take all connections of the pool.
    let all_get = async |status: u16| {
        let asks = (0..64).map(|_| caller.get(nodes.one(), "/v2/messages"));
        let answers: Vec<_> = join_all(asks).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| [200, 503].contains(&answer.status)), "{answers:?}");
        answers.iter().all(|answer| answer.status == status)
    };
    eventually("all are served at once", async || all_get(200).await).await;
    proxy.fall_silent();
    eventually("all are put off", async || all_get(503).await).await;
    proxy.open();
    is_served(&nodes, &caller).await;
}
