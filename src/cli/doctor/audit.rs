//! Whether what was written down of changes is what was written.

use super::Report;
use crate::store::{AuditChain, Store};

pub(super) async fn check(report: &mut Report, store: &Store) {
    const CHECK: &str = "audit";
    let fix = "compare the entries from there on with those of a backup: \
               `avenping audit list --json`, here and there";
    match store.check_audit_chain().await {
        Ok(AuditChain::Holds(head)) => report.ok(CHECK, format!("{} entries, unaltered", head.id)),
        Ok(AuditChain::Broken { entry, fault }) => {
            report.fail(CHECK, format!("entry {entry} {fault}"), fix);
        }
        Err(error) => {
            report.fail(CHECK, error.to_string(), "see that the database runs, then ask again");
        }
    }
}
