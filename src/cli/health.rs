//! `avenping health`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[derive(Args, Debug)]
pub(super) struct Health {
    /// The address the gateway listens on
    #[arg(long, env = "AVENPING_BIND", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    bind: std::net::SocketAddr,
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
        let mut address = self.bind;
        if address.ip().is_unspecified() {
            // What listens everywhere is asked here.
            let own: std::net::IpAddr = match address {
                std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            };
            address.set_ip(own);
        }
        let mut stream = TcpStream::connect(address).await.context("the gateway is not there")?;
        let head = b"GET /v2/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(head).await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
