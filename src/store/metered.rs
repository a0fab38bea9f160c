//! A store whose operations are measured. What they do is somebody else's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use secrecy::SecretString;

use super::{
    AccountChange, Accounts, ApiTokens, AttemptEnding, Audit, AuditHead, Claimed, ClaimedDelivery,
    Deliveries, Ending, Endpoint, EndpointHealth, Flows, Inbound, InboundPost, InboundRoute,
    MessageFilter, MessagePage, Messages, Nodes, SealedRows, SendClaim, Sends, Store, StoreError,
    TakenIn, TokenHolder, Upkeep, Webhooks,
};
use crate::metrics::{Operation, Operations};
use crate::model::{
    Account, AccountId, Actor, AuditEntry, Delivery, DeliveryAttempt, DeliveryId, DeliveryState,
    FlowRecord, FlowSnapshot, GraphId, MessageId, MessageRecord, NewAccount, NewApiToken, NewEvent,
    StatusUpdate, Timestamp, TokenDigest, WebhookChange, WebhookConfig,
};

pub(super) struct Metered {
    pub(super) store: Store,
    pub(super) metrics: Operations,
}

impl Metered {
    async fn measured<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let answer = work.await;
        let fault = answer.as_ref().err().and_then(StoreError::fault);
        self.metrics.ended(operation, started.elapsed(), fault);
        answer
    }
}

/// One line an operation: under which name it is measured, and how it is asked for.
macro_rules! metered {
    ($noun:ident {
        $($operation:ident: $method:ident($($given:ident: $what:ty),*) -> $answer:ty;)+
    } $($($unmeasured:tt)+)?) => {
        #[async_trait]
        impl $noun for Metered {
            $(async fn $method(&self, $($given: $what),*) -> Result<$answer, StoreError> {
                self.measured(Operation::$operation, self.store.$method($($given),*)).await
            })+
            $($($unmeasured)+)?
        }
    };
}

metered! { Accounts {
    Write: create_account(new: &NewAccount, by: &Actor) -> ();
    Read: account(id_or_email: &str) -> Option<Account>;
    Read: accounts(after: Option<&AccountId>, limit: i64) -> Vec<Account>;
    Authenticate: account_by_token(digest: &TokenDigest, now: Timestamp) -> Option<TokenHolder>;
    Authenticate: account_changes() -> i64;
    Write: change_account(
        id: &AccountId, change: &AccountChange, by: &Actor, now: Timestamp
    ) -> bool;
    Write: delete_account(id: &AccountId, by: &Actor, now: Timestamp) -> bool;
} }

metered! { ApiTokens {
    Write: rotate_token(
        account: &AccountId, token: &NewApiToken, keep_old_until: Option<Timestamp>,
        by: &Actor
    ) -> bool;
    Write: revoke_tokens(account: &AccountId, by: &Actor, now: Timestamp) -> u64;
} }

metered! { Audit {
    Read: audit_entries(
        account: Option<&AccountId>, after: Option<i64>, limit: i64
    ) -> Vec<AuditEntry>;
    Read: audit_entries_since(id: i64, limit: i64) -> Vec<AuditEntry>;
    Read: audit_head() -> AuditHead;
} }

metered! { Deliveries {
    ClaimDeliveries: claim_deliveries(
        now: Timestamp, lease_ends: Timestamp, limit: i64, per_account: i64
    ) -> Vec<ClaimedDelivery>;
    EndAttempt: end_attempt(ending: &AttemptEnding) -> bool;
    Read: endpoint_health(account: &AccountId) -> EndpointHealth;
    Write: enable_endpoint(account: &AccountId, by: &Actor, now: Timestamp) -> ();
    Write: enqueue(account: &AccountId, event: &NewEvent, now: Timestamp) -> DeliveryId;
    Read: deliveries(
        account: &AccountId, state: Option<DeliveryState>, after: Option<&DeliveryId>, limit: i64
    ) -> Vec<Delivery>;
    Read: delivery(
        account: &AccountId, id: &DeliveryId
    ) -> Option<(Delivery, Vec<DeliveryAttempt>)>;
    Write: redeliver(
        account: &AccountId, id: &DeliveryId, by: &Actor, now: Timestamp
    ) -> bool;
    Write: redeliver_range(
        account: &AccountId, from: Timestamp, to: Timestamp, limit: i64, by: &Actor,
        now: Timestamp
    ) -> u64;
    Upkeep: oldest_due(now: Timestamp) -> Option<Timestamp>;
    Upkeep: pending_deliveries(most: i64) -> u64;
    Upkeep: forget_deliveries(
        bodies_before: Timestamp, all_before: Timestamp, limit: i64
    ) -> u64;
}
    async fn wait_for_work(&self) {
        self.store.wait_for_work().await;
    }
}

metered! { Flows {
    Write: save_flows(account: &AccountId, flows: &[FlowSnapshot], now: Timestamp) -> ();
    Read: has_flow(account: &AccountId, flow: &GraphId) -> bool;
    Read: search_flows(account: &AccountId, query: Option<&str>, limit: i64) -> Vec<FlowRecord>;
} }

metered! { Inbound {
    RouteInbound: inbound_routes(
        phone_numbers: &[String], wabas: &[String]
    ) -> Vec<InboundRoute>;
    TakeIn: take_in(posts: &[InboundPost]) -> TakenIn;
    Upkeep: forget_inbound(
        posts_before: Timestamp, marks_before: Timestamp, limit: i64
    ) -> u64;
} }

metered! { Messages {
    RecordMessages: record_messages(records: &[MessageRecord]) -> ();
    Write: apply_statuses(told: &[(AccountId, StatusUpdate)]) -> ();
    RouteInbound: references(told: &[(AccountId, StatusUpdate)]) -> Vec<Option<String>>;
    Read: message(account: &AccountId, id_or_wamid: &str) -> Option<MessageRecord>;
    Read: messages(
        account: &AccountId, filter: &MessageFilter, after: Option<&MessageId>, limit: i64
    ) -> MessagePage;
    Upkeep: forget_messages(before: Timestamp, limit: i64) -> u64;
    Upkeep: forget_waiting_statuses(before: Timestamp, limit: i64) -> u64;
} }

metered! { Nodes {
    Upkeep: beat(node: &str, within: Duration) -> u32;
    Upkeep: leave(node: &str) -> ();
} }

metered! { Sends {
    ClaimSend: claim_send(claim: &Arc<SendClaim>) -> Claimed;
    ClaimSend: held_send(claim: &SendClaim) -> Option<Claimed>;
    ClaimSend: holds_send(account: &AccountId, key: &str) -> bool;
    EndSend: end_send(ending: &Arc<Ending>) -> bool;
    Upkeep: expire_sends(now: Timestamp, limit: i64) -> u64;
    Upkeep: forget_sends(
        ended_before: Timestamp, unknown_before: Timestamp, limit: i64
    ) -> u64;
} }

metered! { Webhooks {
    Read: webhook_config(account: &AccountId) -> WebhookConfig;
    Read: endpoint(account: &AccountId, now: Timestamp) -> Option<Endpoint>;
    Write: change_webhook_config(
        account: &AccountId, change: &WebhookChange, fresh_code: &SecretString, by: &Actor,
        now: Timestamp
    ) -> WebhookConfig;
    Write: set_verified(account: &AccountId, url: &str, code: &SecretString) -> bool;
} }

metered! { Upkeep {
    Upkeep: migrate() -> ();
    Upkeep: check_schema() -> ();
    Upkeep: ping() -> ();
    Upkeep: check_keys() -> ();
    Upkeep: old_key_rows() -> SealedRows;
    Upkeep: rewrap_keys(limit: i64, by: &Actor, now: Timestamp) -> SealedRows;
}
    async fn close(&self) {
        self.store.close().await;
    }
}
