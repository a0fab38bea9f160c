//! `avenping account list`

use anyhow::Context as _;
use clap::Args;
use comfy_table::{ColumnConstraint, Table, Width};

use super::view::{AccountView, state};
use crate::cli::output;
use crate::model::{Account, Plan};
use crate::store::Store;

const PAGE: i64 = 100;
/// With it, the other columns fit 80 characters.
const EMAIL_WIDTH: u16 = 28;
/// Of a cell, on both sides; it counts as part of the width of a column.
const PADDING: u16 = 2;

#[derive(Args, Debug)]
pub(in crate::cli) struct List {
    /// Print one JSON array, its objects as `account show --json` prints them
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<()> {
        let accounts = all(store).await.context("cannot read the accounts")?;
        if self.json {
            return output::json(&accounts.iter().map(AccountView::from).collect::<Vec<_>>());
        }
        if accounts.is_empty() {
            return output::line("there is no account yet; `avenping account create` makes one");
        }
        let mut table = output::table();
        table.set_header(["EMAIL", "NAME", "PLAN", "ENDS", "PHONES", "STATE"]);
        for account in &accounts {
            table.add_row(row(account));
        }
        keep_whole(&mut table);
        output::print_table(&table)
    }
}

async fn all(store: &Store) -> anyhow::Result<Vec<Account>> {
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let last = accounts.last().map(|account| &account.id);
        let page = store.accounts(last, PAGE).await?;
        if page.is_empty() {
            return Ok(accounts);
        }
        accounts.extend(page);
    }
}

/// Names may be broken before emails are, which people copy from here.
fn keep_whole(table: &mut Table) {
    let widths = table.column_max_content_widths();
    let widths: Vec<_> = widths.into_iter().map(|width| width.saturating_add(PADDING)).collect();
    let fits = widths.iter().copied().map(u32::from).sum::<u32>() <= u32::from(output::WIDTH);
    if let (false, Some(&width), Some(emails)) = (fits, widths.first(), table.column_mut(0)) {
        let width = Width::Fixed(width.min(EMAIL_WIDTH));
        emails.set_constraint(ColumnConstraint::LowerBoundary(width));
    }
}

fn row(account: &Account) -> [String; 6] {
    let plan = account.primary_plan();
    let ends = plan.and_then(|plan| plan.ends_at).map(|end| end.to_string());
    let day = ends.as_deref().and_then(|end| end.split('T').next());
    output::cells([
        &account.email,
        &account.name,
        plan.map_or("-", |plan: &Plan| &plan.name),
        day.unwrap_or("-"),
        &account.phone_numbers.len().to_string(),
        state(account),
    ])
}
