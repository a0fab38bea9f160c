//! `avenping account create`

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use secrecy::SecretString;

use super::options::{PlanName, parse_email, parse_name, parse_phone, require_different};
use crate::cli::actor::actor;
use crate::cli::{CommonSettings, fresh_token, secret_file, store};
use crate::clock::Clock;
use crate::model::{
    Account, AccountId, ApiToken, GraphId, NewAccount, OwnRateLimits, PhoneNumber, Plan, Timestamp,
    WhatsAppAccount,
};

#[derive(Args, Debug)]
pub(in crate::cli) struct Create {
    /// The name of the user
    #[arg(long, value_parser = parse_name)]
    name: String,

    /// The email of the user; no two accounts have the same
    #[arg(long, value_parser = parse_email)]
    email: String,

    /// The plan: Premium or Enterprise open the API, any other name does not, nor does none.
    /// Every plan but none needs --plan-ends [default: none]
    #[arg(long, value_name = "PLAN")]
    plan: Option<PlanName>,

    /// When the plan ends: RFC 3339, or a date, which means the end of that day in UTC
    #[arg(long, value_name = "WHEN", value_parser = Timestamp::parse_end)]
    plan_ends: Option<Timestamp>,

    /// A plan beside the primary one, which opens nothing by itself; may be repeated
    #[arg(long, value_name = "PLAN", value_parser = parse_name)]
    add_on: Vec<String>,

    /// The id of the WhatsApp Business Account; without it the user has no WhatsApp account
    #[arg(long, value_name = "ID")]
    waba_id: Option<GraphId>,

    /// What the WhatsApp account is called [default: the name of the user]
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    display_name: Option<String>,

    /// The file that holds the access token from Meta, or - for standard input; without it the
    /// WhatsApp account cannot be used until it gets one
    #[arg(long, value_name = "FILE")]
    meta_token_file: Option<PathBuf>,

    /// A phone number of the account, under Meta's id of it; may be repeated
    #[arg(long, value_name = "ID=NUMBER", value_parser = parse_phone)]
    phone: Vec<PhoneNumber>,

    /// Takes over an API token from elsewhere, from this file, or from standard input for -: at
    /// least 16 visible ASCII characters. Without it a token is made
    #[arg(long, value_name = "FILE")]
    api_token_file: Option<PathBuf>,

    /// Print one JSON object: accountId and token
    #[arg(long)]
    json: bool,
}

impl Create {
    /// Whatever is wrong with what was given is found before the database is touched.
    pub(super) async fn run(self, settings: &CommonSettings) -> anyhow::Result<()> {
        let json = self.json;
        let both = [&self.meta_token_file, &self.api_token_file];
        let from_stdin = both.into_iter().flatten().filter(|path| secret_file::is_stdin(path));
        ensure!(from_stdin.count() < 2, "only one of the token files can be standard input");
        require_different(&self.phone)?;

        let token = self.token()?;
        let account = self.into_account()?;
        let id = account.id.clone();
        let token_row = token.to_store(account.created_at);

        let store = store::open(settings).await?;
        let created =
            store.create_account(&NewAccount { account, token: token_row }, &actor()).await;
        store.close().await;
        created.context("cannot create the account")?;
        fresh_token::show(&id, &token, json)
    }

    fn token(&self) -> anyhow::Result<ApiToken> {
        let Some(file) = &self.api_token_file else { return Ok(ApiToken::generate()?) };
        let text = secret_file::read(file).context("--api-token-file")?;
        ApiToken::parse(&text).context(
            "--api-token-file: a token has 16 to 512 characters, and one that starts with \
             avp_live_ has the checksum it was made with",
        )
    }

    fn into_account(self) -> anyhow::Result<Account> {
        let plans = self.plans()?;
        let whatsapp = self.whatsapp()?;
        Ok(Account {
            id: AccountId::generate(),
            name: self.name,
            email: self.email,
            suspended: false,
            plans,
            whatsapp,
            phone_numbers: self.phone,
            rate_limits: OwnRateLimits::default(),
            created_at: Clock::system().now(),
        })
    }

    fn plans(&self) -> anyhow::Result<Vec<Plan>> {
        let ends_at = self.plan_ends;
        let primary = match (&self.plan, ends_at) {
            (Some(PlanName::Named(_)), None) => bail!(
                "--plan needs --plan-ends: a plan without an end counts as one that has ended"
            ),
            (None | Some(PlanName::NoPlan), Some(_)) => bail!("--plan-ends needs --plan"),
            (None | Some(PlanName::NoPlan), None) => None,
            (Some(PlanName::Named(name)), Some(_)) => {
                Some(Plan { name: name.clone(), add_on: false, ends_at })
            }
        };
        let add_on = |name: &String| Plan { name: name.clone(), add_on: true, ends_at };
        Ok(primary.into_iter().chain(self.add_on.iter().map(add_on)).collect())
    }

    fn whatsapp(&self) -> anyhow::Result<Option<WhatsAppAccount>> {
        let Some(waba_id) = self.waba_id.clone() else {
            ensure!(self.meta_token_file.is_none(), "--meta-token-file needs --waba-id");
            ensure!(self.display_name.is_none(), "--display-name needs --waba-id");
            return Ok(None);
        };
        let file = self.meta_token_file.as_deref();
        let meta_token = file.map(secret_file::read).transpose().context("--meta-token-file")?;
        Ok(Some(WhatsAppAccount {
            id: uuid::Uuid::now_v7().to_string(),
            waba_id,
            display_name: self.display_name.clone().unwrap_or_else(|| self.name.clone()),
            meta_token: meta_token.map(|token| SecretString::from(token.as_str())),
        }))
    }
}
