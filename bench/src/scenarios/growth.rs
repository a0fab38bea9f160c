//! Whether a send costs more when there is much of everything.

use std::rc::Rc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::saturated::{CONNECTIONS, TEXT, contestant, send, text};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::load::Target;
use crate::report::Report;
use crate::rounds::{Load, compare};
use crate::upstream::Upstream;

const ACCOUNTS: u64 = 1_000_000;
const MESSAGES: u64 = 10_000_000;
const TOKENS: usize = 1_000;

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let upstream = Upstream::start(Duration::ZERO).await?;
    let small = Installation::new(options, &Storage::Sqlite)?;
    let accounts = Installation::new(options, &Storage::Sqlite)?;
    accounts.sql(&many_accounts(&accounts.account))?;
    let messages = Installation::new(options, &Storage::Sqlite)?;
    messages.sql(&many_messages(&messages.account))?;
    let tokens = Installation::new(options, &Storage::Sqlite)?;
    let many = many_tokens(&tokens)?;

    let all = [&small, &accounts, &messages, &tokens];
    let mut processes = Vec::new();
    for installation in all {
        processes.push(installation.start(upstream.port, &[("AVENPING_LOG", "off")]).await?);
    }
    let names = [
        "1 account, 1 token, no message",
        "1,000,000 accounts",
        "10,000,000 messages",
        "1,000 tokens in use",
    ];
    let mut contestants = Vec::new();
    for ((name, installation), process) in names.iter().zip(all).zip(&processes) {
        let spread = std::ptr::eq(installation, &tokens);
        contestants.push(contestant(name, process, |port| {
            if spread {
                return in_turn(port, &many);
            }
            Target::always(port, send(&installation.token, TEXT, &text(), None))
        }));
    }
    let load = Load::Closed { connections: CONNECTIONS };
    let time = Duration::from_secs(options.seconds);
    let rows = compare(&contestants, load, options.rounds, time).await?;
    let told = format!(
        "{CONNECTIONS} connections, closed loop, with the record, the log off; SQLite; x is to the first line"
    );
    report.table("growth", &told, &rows);
    Ok(())
}

fn in_turn(port: u16, tokens: &[String]) -> Target {
    let requests: Vec<Rc<[u8]>> =
        tokens.iter().map(|token| send(token, TEXT, &text(), None).into()).collect();
    let requests = Rc::new(move |number: u64| {
        Rc::clone(&requests[usize::try_from(number).unwrap_or_default() % requests.len()])
    });
    Target { port, requests }
}

/// As many accounts as the first one, each with a plan, a number and a token. Nobody uses them.
fn many_accounts(first: &str) -> String {
    let number = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ACCOUNTS}) "
    );
    format!(
        "BEGIN;
         INSERT INTO accounts (id, name, email, suspended, data_key, data_key_id, created_at) {number}
             SELECT printf('account-%09d', i), 'Name', printf('a%d@example.com', i), 0,
                    (SELECT data_key FROM accounts WHERE id = '{first}'),
                    (SELECT data_key_id FROM accounts WHERE id = '{first}'), 1795730447000 FROM n;
         INSERT INTO plans {number}
             SELECT printf('account-%09d', i), 0, 'Premium', 0, 4102444800000 FROM n;
         INSERT INTO whatsapp_accounts {number}
             SELECT printf('whatsapp-%09d', i), printf('account-%09d', i), printf('2%015d', i), 'Name', x'01'
             FROM n;
         INSERT INTO phone_numbers {number}
             SELECT printf('account-%09d', i), printf('3%015d', i), '+15550000000', 'Name' FROM n;
         INSERT INTO api_tokens (digest, account_id, last_four, created_at) {number}
             SELECT CAST(printf('digest-%025d', i) AS BLOB), printf('account-%09d', i), 'abcd',
                    1795730447000 FROM n;
         COMMIT;"
    )
}

/// Messages of the account, over the last month.
fn many_messages(account: &str) -> String {
    format!(
        "BEGIN;
         INSERT INTO messages (account_id, id, phone_number_id, recipient, kind, created_at, outcome, wamid)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MESSAGES})
             SELECT '{account}', printf('01900000-0000-7000-8000-%012d', i), '106540352242922',
                    printf('1555%07d', i % 1000000), 'text', 1793138447000 + i / 4, 1,
                    printf('wamid.%024d', i) FROM n;
         COMMIT;"
    )
}

/// Tokens of one account, as they may be imported.
fn many_tokens(installation: &Installation) -> anyhow::Result<Vec<String>> {
    let tokens: Vec<_> =
        (0..TOKENS).map(|number| format!("an-imported-token-{number:06}")).collect();
    let account = &installation.account;
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| {
            let digest = hex::encode(Sha256::digest(token));
            format!("(x'{digest}', '{account}', 'abcd', 1795730447000)")
        })
        .collect();
    let rows = rows.join(",");
    installation.sql(&format!(
        "INSERT INTO api_tokens (digest, account_id, last_four, created_at) VALUES {rows};"
    ))?;
    Ok(tokens)
}
