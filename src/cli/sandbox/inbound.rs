//! `avenping sandbox inbound`: a customer writes.

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::running::{Running, none_runs};
use crate::cli::data_dir::DataDir;
use crate::cli::{http, output};
use crate::sandbox;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  avenping sandbox inbound --text Hi
  avenping sandbox inbound --text Hi --from +15557654321 --name Ada")]
pub(super) struct Inbound {
    /// What the customer writes
    #[arg(long)]
    text: String,

    /// The customer's phone number
    #[arg(long, value_name = "NUMBER")]
    from: Option<String>,

    /// The customer's name
    #[arg(long)]
    name: Option<String>,

    /// Hide the number, as customers with a user name may: only the user id tells who it is
    #[arg(long)]
    hide_number: bool,

    #[command(flatten)]
    data_dir: DataDir,
}

impl Inbound {
    /// Prints the id of the message.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let directory = &self.data_dir.path;
        let running = Running::read(directory)?;
        let token = sandbox::demo(directory.join("media"))?.access_token;
        let url = running.stand_in.join("sandbox/inbound")?;
        let request = http::client()?.post(url).bearer_auth(token.expose_secret());
        let answer = match http::ask(http::with_json(request, &self.body())).await {
            Err(error) if error.is_connect() => return Err(none_runs(directory)),
            answer => answer.context("cannot ask the sandbox")?,
        };
        let text = |path: &str| answer.body.pointer(path).and_then(Value::as_str);
        if answer.status != 200 {
            let why = text("/error/error_data/details").or_else(|| text("/error/message"));
            let why = why.unwrap_or("it does not say why");
            bail!("the sandbox refuses with HTTP {}: {}", answer.status, output::visible(why));
        }
        let id = text("/messages/0/id").context("the sandbox answers with no id")?;
        output::line(output::visible(id))
    }

    fn body(&self) -> Value {
        let mut body = Map::from_iter([("text".to_owned(), json!(self.text))]);
        for (name, value) in [("from", &self.from), ("name", &self.name)] {
            if let Some(value) = value {
                body.insert(name.to_owned(), json!(value));
            }
        }
        if self.hide_number {
            body.insert("hideNumber".to_owned(), json!(true));
        }
        Value::Object(body)
    }
}
