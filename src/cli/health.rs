//! `avenping health`

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[derive(Args, Debug)]
#[command(after_help = "Example:
  avenping health --bind 127.0.0.1:8080")]
pub(super) struct Health {
    /// The address the gateway listens on
    #[arg(long, env = "AVENPING_BIND", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    bind: SocketAddr,
}

impl Health {
    /// Says nothing when all is well; a container runtime looks at the exit status only.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let answer = timeout(Duration::from_secs(3), self.ask()).await;
        let answer = answer.context("the gateway does not answer in time")??;
        anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "the gateway does not answer 200");
        Ok(ExitCode::SUCCESS)
    }

    async fn ask(&self) -> anyhow::Result<String> {
        let mut stream =
            TcpStream::connect(from_here(self.bind)).await.context("the gateway is not there")?;
        let head = b"GET /v2/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(head).await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// The address for somebody on this machine: what listens everywhere is asked here.
pub(super) fn from_here(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
