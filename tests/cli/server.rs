//! A gateway that runs while the store is administered.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::place::Place;

const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(25);

pub(crate) struct Server {
    child: Child,
    address: String,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Server {
    pub(crate) fn start(place: &Place) -> Self {
        let mut program = place.program(&["serve", "--bind", "127.0.0.1:0", "--log", "debug"]);
        program.stdout(Stdio::piped()).stderr(File::create(place.path("log")).unwrap());
        let mut child = program.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address else {
            panic!("{line:?}: {}", std::fs::read_to_string(place.path("log")).unwrap());
        };
        Self { address: address.to_owned(), child }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// `GET /v2/me`
    pub(crate) fn me(&self, token: &str) -> Reply {
        self.get("/v2/me", token)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            body: serde_json::from_str(body).unwrap(),
        }
    }

    /// Asks until the answer is the one that is waited for: the gateway remembers for a moment
    /// who holds a token.
    pub(crate) fn until(&self, token: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let mut last = self.me(token);
        for _ in 0..TRIES {
            if wanted(&last) {
                return last;
            }
            std::thread::sleep(PAUSE);
            last = self.me(token);
        }
        panic!("the gateway does not see the change; it last answered {last:?}");
    }

    pub(crate) fn until_status(&self, token: &str, status: u16) -> Reply {
        self.until(token, |reply| reply.status == status)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
