//! Programs that share one database, and the blows that they take.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::chance::Chance;
use crate::port::Port;
use crate::program::Program;
use crate::site::Site;

/// Where the nodes listen that are up: what a balancer would know.
#[derive(Clone)]
pub(crate) struct Addresses(Arc<Mutex<Vec<Option<SocketAddr>>>>);

pub(crate) struct Nodes {
    pub(crate) site: Site,
    /// Each node has one, and comes back to it.
    ports: Vec<Port>,
    running: Vec<Option<Program>>,
    addresses: Addresses,
    pub(crate) kills: usize,
}

impl Addresses {
    pub(crate) fn any(&self, chance: &mut Chance) -> Option<SocketAddr> {
        let up: Vec<_> = self.0.lock().unwrap().iter().flatten().copied().collect();
        (!up.is_empty()).then(|| *chance.pick(&up))
    }

    pub(crate) fn all(&self) -> Vec<SocketAddr> {
        self.0.lock().unwrap().iter().flatten().copied().collect()
    }

    pub(crate) fn set(&self, which: usize, address: Option<SocketAddr>) {
        self.0.lock().unwrap()[which] = address;
    }
}

impl Nodes {
    /// As many as the database can have.
    pub(crate) async fn start(site: Site) -> Self {
        let count = site.most_nodes();
        let addresses = Addresses(Arc::new(Mutex::new(vec![None; count])));
        let ports = std::iter::repeat_with(Port::keep).take(count).collect();
        let running = std::iter::repeat_with(|| None).take(count).collect();
        let mut nodes = Self { site, ports, running, addresses, kills: 0 };
        for which in 0..count {
            nodes.revive(which).await;
        }
        nodes
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Any that is up, for those who do not care.
    pub(crate) fn one(&self) -> SocketAddr {
        self.addresses.all()[0]
    }

    pub(crate) fn is_up(&mut self, which: usize) -> bool {
        self.running[which].as_mut().is_some_and(Program::is_running)
    }

    pub(crate) fn most_memory(&self, which: usize) -> u64 {
        self.running[which].as_ref().map_or(0, Program::most_memory)
    }

    /// Takes a node out of their care; it is still among the addresses.
    pub(crate) fn take(&mut self, which: usize) -> Program {
        self.running[which].take().unwrap()
    }

    pub(crate) async fn revive(&mut self, which: usize) {
        let program = Program::start(&self.site, self.ports[which].address()).await;
        self.addresses.set(which, Some(program.address()));
        self.running[which] = Some(program);
    }

    /// At some moment kills one of them, or all, and has them rise again.
    pub(crate) async fn strike(&mut self, chance: &mut Chance) {
        tokio::time::sleep(chance.millis(20, 900)).await;
        let all = chance.percent(25);
        let one = chance.below(self.running.len());
        let struck: Vec<_> = (0..self.running.len()).filter(|which| all || *which == one).collect();
        for &which in &struck {
            self.take(which).kill();
            self.addresses.set(which, None);
        }
        self.kills += struck.len();
        for which in struck {
            if chance.percent(25) {
                let (at, life) = (self.ports[which].address(), chance.millis(0, 250));
                Program::stillborn(&self.site, at, life).await;
                self.kills += 1;
            }
            self.revive(which).await;
        }
    }
}
