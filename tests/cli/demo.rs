//! A sandbox of the program's own, and the commands that are used beside it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::Place;
use crate::server::Reply;

const TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// `avenping sandbox`, with its data in `data`.
pub(crate) struct Demo {
    child: Child,
    pub(crate) token: String,
    address: String,
    /// Of the stand-in for Meta.
    meta: String,
    number: String,
}

/// `avenping listen`, beside it or beside another gateway.
pub(crate) struct Listener {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    complaints: Lines<BufReader<ChildStderr>>,
}

impl Demo {
    pub(crate) fn start(place: &Place) -> Self {
        let arguments = ["sandbox", "--json", "--bind=127.0.0.1:0", "--data-dir=data"];
        let mut program = place.program(&arguments);
        program.stdout(Stdio::piped()).stderr(File::create(place.path("log")).unwrap());
        let mut child = program.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(access) = serde_json::from_str::<Value>(&line) else {
            panic!("{line:?}: {}", std::fs::read_to_string(place.path("log")).unwrap());
        };
        let text = |name: &str| access[name].as_str().unwrap().to_owned();
        let host =
            |url: &str| url.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        let address = host(&text("url"));
        let running = std::fs::read_to_string(place.path("data/running.json")).unwrap();
        let running: Value = serde_json::from_str(&running).unwrap();
        let meta = host(running["standIn"].as_str().unwrap());
        Self { child, token: text("token"), address, meta, number: text("phoneNumberId") }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    /// With the token; a body is JSON unless a head says otherwise.
    pub(crate) fn ask(&self, method: &str, path: &str, heads: &[&str], body: &str) -> Reply {
        let authorization = format!("Authorization: Bearer {}", self.token);
        call(&self.address, method, path, &[heads, &[&authorization]].concat(), body)
    }

    /// Posts a body with the number to send from.
    pub(crate) fn post(&self, path: &str, mut body: Value) -> Reply {
        body["phoneNumberId"] = self.number.clone().into();
        self.ask("POST", path, &[], &body.to_string())
    }

    /// Sends a text; answers the wamid.
    pub(crate) fn send(&self, to: &str) -> String {
        let reply = self.post("/v2/messages/send/text", json!({ "to": to, "text": "Hello" }));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["data"]["messages"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a file of this type; answers its id.
    pub(crate) fn upload(&self, content_type: &str) -> String {
        let content_type = format!("Content-Type: {content_type}");
        let number = format!("X-Phone-Number-Id: {}", self.number);
        let reply = self.ask("POST", "/v2/media", &[&content_type, &number], "bytes");
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["data"]["mediaId"].as_str().unwrap().to_owned()
    }

    /// The payloads that the stand-in for Meta accepted, oldest first.
    pub(crate) fn accepted(&self) -> Vec<Value> {
        let heads = ["Authorization: Bearer sandbox-access-token"];
        let reply = call(&self.meta, "GET", "/sandbox/messages", &heads, "");
        let messages = reply.body["data"].as_array().unwrap().iter();
        messages.map(|message| message["payload"].clone()).collect()
    }

    /// Looks until the record of the message has this status: statuses come behind the answer.
    pub(crate) fn until_status(&self, wamid: &str, status: &str) -> Value {
        let mut last = Value::Null;
        for _ in 0..TRIES {
            last = self.get(&format!("/v2/messages/{wamid}")).body;
            if last["data"]["status"] == status {
                return last["data"].take();
            }
            std::thread::sleep(PAUSE);
        }
        panic!("the message does not become {status}: {last}");
    }

    pub(crate) fn webhook(&self) -> Value {
        self.get("/v2/webhooks/config").body["data"].take()
    }

    /// As SIGTERM ends it.
    pub(crate) fn stop(mut self) {
        assert!(terminate(&mut self.child));
    }

    /// As SIGKILL ends it: it cannot tidy up.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Listener {
    /// Waits until it listens.
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut program = place.program(&[&["listen", "--json"], arguments].concat());
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut complaints = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = complaints.next().unwrap().unwrap();
        assert!(first.starts_with("deliveries of http://"), "{first}");
        Self { child, lines, complaints }
    }

    /// The next delivery that it prints.
    pub(crate) fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    /// As Ctrl-C ends it; answers what it said last.
    pub(crate) fn stop(mut self) -> String {
        let ended = terminate(&mut self.child);
        let said: Vec<_> = self.complaints.by_ref().map(Result::unwrap).collect();
        assert!(ended, "{said:?}");
        said.join("\n")
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        self.child.wait().unwrap();
    }
}

fn terminate(child: &mut Child) -> bool {
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    told.success() && child.wait().unwrap().success()
}

/// One request on a connection of its own.
pub(crate) fn call(address: &str, method: &str, path: &str, heads: &[&str], body: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    let typed = heads.iter().any(|head| head.starts_with("Content-Type:"));
    let json = if typed { "" } else { "Content-Type: application/json\r\n" };
    let heads: String = heads.iter().map(|head| format!("{head}\r\n")).collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {}\r\n\
         Connection: close\r\n{json}{heads}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: serde_json::from_str(body).unwrap_or_default(),
    }
}
