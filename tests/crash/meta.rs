//! Meta's side of its webhooks: signed posts with many updates, each repeated until a 200.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use crate::caller::{Answer, Gone, answer, http_client};
use crate::chance::Chance;
use crate::customer::Customer;
use crate::nodes::Addresses;
use crate::site::{APP_SECRET, WABA};

const MOST_UPDATES: usize = 20;
const SENDERS: usize = 40;
/// Told and not yet delivered: Meta waits when there are more, so that a run has an end.
const BACKLOG: usize = 250;

/// A customer, and the number that their account has.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) number: String,
    pub(crate) customer: Customer,
}

/// One thing that happened, as Meta writes it and as the customer is to be told it.
#[derive(Clone)]
struct Update {
    party: usize,
    /// Who wrote, if it is a message.
    sender: Option<usize>,
    raw: String,
}

/// What was answered with 200.
#[derive(Default)]
pub(crate) struct Acknowledged {
    /// By what the customer is to be told.
    updates: HashMap<String, usize>,
    leads: HashSet<(usize, usize)>,
    posts: usize,
    /// Posts that were put off.
    refusals: usize,
    /// Posts that nobody answered.
    pub(crate) cut: usize,
}

/// Meta, posting from one of its machines.
pub(crate) struct Meta {
    http: reqwest::Client,
    nodes: Addresses,
    parties: Arc<[Party]>,
    acknowledged: Arc<Mutex<Acknowledged>>,
    chance: Chance,
    /// Makes what this machine tells different from what others tell.
    machine: usize,
    told: Vec<Update>,
}

pub(crate) fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Posts once, correctly signed.
pub(crate) async fn post(
    http: &reqwest::Client,
    node: SocketAddr,
    body: &str,
) -> Result<Answer, Gone> {
    let request = http.post(format!("http://{node}/webhooks/meta"));
    let request = request.header("X-Hub-Signature-256", signature(body.as_bytes()));
    answer(request.header("Content-Type", "application/json").body(body.to_owned())).await
}

/// An envelope with one change.
pub(crate) fn envelope(number: &str, messages: &str, statuses: &str) -> String {
    enveloped(&change(number, "", messages, statuses))
}

fn enveloped(changes: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{WABA}","changes":[{changes}]}}]}}"#
    )
}

fn change(number: &str, contacts: &str, messages: &str, statuses: &str) -> String {
    format!(
        r#"{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"{number}"}},"contacts":[{contacts}],"messages":[{messages}],"statuses":[{statuses}]}}}}"#
    )
}

impl Meta {
    /// Several machines that post at once until `enough`; each ends what it has begun.
    pub(crate) fn machines(
        count: usize,
        nodes: &Addresses,
        parties: &[Party],
        chance: &mut Chance,
    ) -> (Vec<Self>, Arc<Mutex<Acknowledged>>) {
        let parties: Arc<[Party]> = parties.into();
        let acknowledged = Arc::<Mutex<Acknowledged>>::default();
        let machine = |machine| Self {
            http: http_client(),
            nodes: nodes.clone(),
            parties: Arc::clone(&parties),
            acknowledged: Arc::clone(&acknowledged),
            chance: chance.split(),
            machine,
            told: Vec::new(),
        };
        ((0..count).map(machine).collect(), acknowledged)
    }

    pub(crate) async fn tell(mut self, enough: CancellationToken) {
        while !enough.is_cancelled() {
            if self.backlog() > BACKLOG {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
            let updates = self.compose();
            self.insist(&updates).await;
            // Meta tells things twice: to be sure, and by mistake.
            if self.chance.percent(10) {
                self.insist(&updates).await;
            }
        }
    }

    fn backlog(&self) -> usize {
        let told = self.acknowledged.lock().unwrap().updates.len();
        let taken: usize = self.parties.iter().map(|party| party.customer.taken()).sum();
        told.saturating_sub(taken)
    }

    fn compose(&mut self) -> Vec<Update> {
        let count = 1 + self.chance.below(MOST_UPDATES);
        (0..count)
            .map(|_| {
                if !self.told.is_empty() && self.chance.percent(10) {
                    return self.chance.pick(&self.told).clone();
                }
                let update = self.something_new();
                self.told.push(update.clone());
                update
            })
            .collect()
    }

    fn something_new(&mut self) -> Update {
        let party = self.chance.below(self.parties.len());
        let sender = self.chance.below(SENDERS);
        let (machine, number) = (self.machine, self.told.len());
        // Written in a way that nobody who prints it anew would hit upon.
        if self.chance.percent(60) {
            let body = r"Gr\u00fc\u00dfe \ud83d\ude00\/";
            let raw = format!(
                r#"{{"from": "{}","id":"wamid.M{machine}.{number}", "timestamp":"1760000000","type":"text","text":{{"body":"{body} {number}"}},"n":1.10}}"#,
                phone(sender)
            );
            return Update { party, sender: Some(sender), raw };
        }
        let status = self.chance.pick(&["sent", "delivered", "read"]);
        let raw = format!(
            r#"{{"id":"wamid.S{machine}.{number}","status":"{status}", "timestamp":"1760000001","recipient_id":"{}"}}"#,
            phone(sender)
        );
        Update { party, sender: None, raw }
    }

    /// Posts until it is taken, wherever a node is up.
    async fn insist(&mut self, updates: &[Update]) {
        let body = self.written(updates);
        loop {
            if let Some(node) = self.nodes.any(&mut self.chance) {
                match post(&self.http, node, &body).await {
                    Ok(answer) if answer.status == 200 => break,
                    Ok(answer) => {
                        answer.says_later();
                        self.acknowledged.lock().unwrap().refusals += 1;
                    }
                    Err(_) => self.acknowledged.lock().unwrap().cut += 1,
                }
            }
            tokio::time::sleep(self.chance.millis(5, 40)).await;
        }
        self.acknowledged.lock().unwrap().note(updates);
    }

    /// One change for each party, all in one entry.
    fn written(&self, updates: &[Update]) -> String {
        let of_party = |(index, party): (usize, &Party)| {
            let own: Vec<_> = updates.iter().filter(|update| update.party == index).collect();
            let raw = |messages: bool| {
                let some = own.iter().filter(|update| update.sender.is_some() == messages);
                some.map(|update| update.raw.as_str()).collect::<Vec<_>>().join(",")
            };
            let mut contacts = String::new();
            for sender in own.iter().filter_map(|update| update.sender) {
                let comma = if contacts.is_empty() { "" } else { "," };
                let phone = phone(sender);
                write!(
                    contacts,
                    r#"{comma}{{"profile":{{"name":"N{sender}"}},"wa_id":"{phone}"}}"#
                )
                .unwrap();
            }
            change(&party.number, &contacts, &raw(true), &raw(false))
        };
        let changes: Vec<_> = self.parties.iter().enumerate().map(of_party).collect();
        enveloped(&changes.join(","))
    }
}

fn phone(sender: usize) -> String {
    format!("4915112340{sender:03}")
}

impl Update {
    fn as_told(&self) -> String {
        let name = if self.sender.is_some() { "newMessage" } else { "messageStatus" };
        format!(r#"{{"{name}":{}}}"#, self.raw)
    }
}

impl Acknowledged {
    fn note(&mut self, updates: &[Update]) {
        self.posts += 1;
        for update in updates {
            self.updates.insert(update.as_told(), update.party);
            self.leads.extend(update.sender.map(|sender| (update.party, sender)));
        }
    }

    /// How many events follow from it.
    pub(crate) fn events(&self) -> usize {
        self.updates.len() + self.leads.len()
    }

    /// Each customer was told what is theirs, all of it, and each thing under one id; and nothing
    /// else. Answers with the figures.
    #[track_caller]
    pub(crate) fn has_all_arrived(&self, parties: &[Party]) -> String {
        let told_under = |(body, party): (&String, &usize)| parties[*party].customer.ids_of(body);
        let ids: Vec<_> = self.updates.iter().map(told_under).collect();
        let lost = ids.iter().filter(|ids| ids.is_empty()).count();
        let twice: Vec<_> = ids.iter().filter(|ids| ids.len() > 1).collect();
        let mut leads = Vec::new();
        let mut told = 0;
        let mut repeats = 0;
        for (index, party) in parties.iter().enumerate() {
            party.customer.has_no_complaint();
            let bodies = party.customer.bodies();
            told += bodies.len();
            repeats += party.customer.repeats();
            let new = bodies.iter().filter(|body| body.starts_with(r#"{"newLead":"#));
            leads.extend(new.map(|body| (index, lead_phone(body))));
        }
        let figures = format!(
            "{} posts acknowledged, {} put off, {} cut; of {} updates {lost} lost, {} told \
             under two ids; {} leads; {repeats} events came more than once",
            self.posts,
            self.refusals,
            self.cut,
            self.updates.len(),
            twice.len(),
            leads.len(),
        );
        assert!(!self.updates.is_empty(), "nothing was told at all");
        assert!(lost == 0 && twice.is_empty(), "{figures}: {twice:?}");
        leads.sort_unstable();
        let mut expected: Vec<_> =
            self.leads.iter().map(|(party, sender)| (*party, phone(*sender))).collect();
        expected.sort_unstable();
        assert_eq!(leads, expected, "each sender is new once");
        assert_eq!(told, self.events(), "nothing else was told");
        figures
    }
}

fn lead_phone(body: &str) -> String {
    let lead: Value = serde_json::from_str(body).unwrap();
    lead["newLead"]["phoneNumber"].as_str().unwrap().to_owned()
}
