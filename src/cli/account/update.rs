//! `avenping account update`

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use secrecy::SecretString;

use super::options::{OwnLimit, PlanName, parse_phone, require_different};
use super::view;
use crate::cli::actor::actor;
use crate::cli::which_account::WhichAccount;
use crate::cli::{output, secret_file, which_account};
use crate::clock::Clock;
use crate::model::{Account, GraphId, PhoneNumber, Plan, Timestamp};
use crate::store::{AccountChange, Store};

#[derive(Args, Debug)]
pub(in crate::cli) struct Update {
    #[command(flatten)]
    account: WhichAccount,

    /// The new plan; it ends when the old one would have, unless --plan-ends says otherwise.
    /// `none` takes the plan away
    #[arg(long, value_name = "PLAN")]
    plan: Option<PlanName>,

    /// When the plan ends: RFC 3339, or a date, which means the end of that day in UTC
    #[arg(long, value_name = "WHEN", value_parser = Timestamp::parse_end)]
    plan_ends: Option<Timestamp>,

    /// The file that holds the new access token from Meta, or - for standard input
    #[arg(long, value_name = "FILE")]
    meta_token_file: Option<PathBuf>,

    /// A phone number to add, or to write differently; may be repeated
    #[arg(long, value_name = "ID=NUMBER", value_parser = parse_phone)]
    phone: Vec<PhoneNumber>,

    /// The id of a phone number to take away; may be repeated
    #[arg(long, value_name = "ID")]
    remove_phone: Vec<GraphId>,

    /// Shut the account out: its tokens answer 401 until it is resumed
    #[arg(long, conflicts_with = "resume")]
    suspend: bool,

    /// Let a suspended account in again
    #[arg(long)]
    resume: bool,

    /// How often the account may call: requests in a time such as 3000/60s, off, or default for
    /// what AVENPING_RATE_LIMIT_ACCOUNT says
    #[arg(long, value_name = "RATE")]
    rate_limit: Option<OwnLimit>,

    /// How often each of its numbers may send: such as 80/1s, off, or default for what
    /// AVENPING_RATE_LIMIT_NUMBER says
    #[arg(long, value_name = "RATE")]
    number_rate_limit: Option<OwnLimit>,

    /// Print the account as it now is, as one JSON object
    #[arg(long)]
    json: bool,
}

impl Update {
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<()> {
        ensure!(
            self.names_a_change(),
            "nothing to change: name at least one of --plan, --plan-ends, --meta-token-file, \
             --phone, --remove-phone, --rate-limit, --number-rate-limit, --suspend and --resume"
        );
        require_different(&self.phone)?;
        let account = self.account.find(store).await?;
        let change = self.change(&account)?;
        let now = Clock::system().now();
        let changed = store.change_account(&account.id, &change, &actor(), now).await;
        ensure!(changed.context("cannot change the account")?, "the account was just deleted");

        let account = which_account::find(store, account.id.as_str()).await?;
        if !self.json {
            output::line("changed; the account now is")?;
        }
        view::show(&account, self.json)
    }

    fn names_a_change(&self) -> bool {
        self.plan.is_some()
            || self.plan_ends.is_some()
            || self.meta_token_file.is_some()
            || !self.phone.is_empty()
            || !self.remove_phone.is_empty()
            || self.rate_limit.is_some()
            || self.number_rate_limit.is_some()
            || self.suspend
            || self.resume
    }

    fn change(&self, account: &Account) -> anyhow::Result<AccountChange> {
        for id in &self.remove_phone {
            let owned = account.owned_number(id.as_str()).is_some();
            ensure!(owned, "--remove-phone: the account has no phone number {id}");
        }
        Ok(AccountChange {
            primary_plan: self.primary_plan(account.primary_plan())?,
            meta_token: self.meta_token(account)?,
            add_numbers: self.phone.iter().map(|number| named(number, account)).collect(),
            remove_numbers: self.remove_phone.clone(),
            suspended: (self.suspend || self.resume).then_some(self.suspend),
            rate_limit: self.rate_limit.map(|limit| limit.0),
            number_rate_limit: self.number_rate_limit.map(|limit| limit.0),
        })
    }

    fn primary_plan(&self, current: Option<&Plan>) -> anyhow::Result<Option<Option<Plan>>> {
        let name = match (&self.plan, current) {
            (None, _) if self.plan_ends.is_none() => return Ok(None),
            (Some(PlanName::NoPlan), _) if self.plan_ends.is_none() => return Ok(Some(None)),
            (Some(PlanName::NoPlan), _) => bail!("--plan none and --plan-ends do not go together"),
            (Some(PlanName::Named(name)), _) => name.clone(),
            (None, Some(plan)) => plan.name.clone(),
            (None, None) => bail!("the account has no plan that could end: name one with --plan"),
        };
        let ends_at = self.plan_ends.or(current.and_then(|plan| plan.ends_at));
        ensure!(
            ends_at.is_some(),
            "--plan needs --plan-ends: a plan without an end counts as one that has ended"
        );
        Ok(Some(Some(Plan { name, add_on: false, ends_at })))
    }

    fn meta_token(&self, account: &Account) -> anyhow::Result<Option<SecretString>> {
        let Some(file) = &self.meta_token_file else { return Ok(None) };
        ensure!(
            account.whatsapp.is_some(),
            "--meta-token-file: the account has no WhatsApp account; one is given with \
             `avenping account create --waba-id`"
        );
        let token = secret_file::read(file).context("--meta-token-file")?;
        Ok(Some(SecretString::from(token.as_str())))
    }
}

/// The command line knows no names; one that Meta told of stays.
fn named(number: &PhoneNumber, account: &Account) -> PhoneNumber {
    let known = account.owned_number(number.id.as_str());
    let name = known.map(|known| known.name.clone()).unwrap_or_default();
    PhoneNumber { name, ..number.clone() }
}
