//! A user of the gateway, with the WhatsApp account and the numbers that are theirs.

use secrecy::SecretString;
use serde::Serialize;

use super::{GraphId, NewApiToken, OwnRateLimits, PhoneNumber, Plan, Timestamp};

/// The id of an account: a UUID, so it sorts by age.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// A fresh id.
    #[must_use]
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    /// An id as the store holds it.
    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    /// Unique in any letter case; stored in lower case.
    pub email: String,
    pub suspended: bool,
    /// In the order they were given; the first that is not an add-on is the primary one.
    pub plans: Vec<Plan>,
    pub whatsapp: Option<WhatsAppAccount>,
    pub phone_numbers: Vec<PhoneNumber>,
    pub rate_limits: OwnRateLimits,
    pub created_at: Timestamp,
}

/// The WhatsApp Business Account that is linked to a user.
#[derive(Clone, Debug)]
pub struct WhatsAppAccount {
    pub id: String,
    pub waba_id: GraphId,
    pub display_name: String,
    /// The access token that Meta gave. Without it the account cannot send.
    pub meta_token: Option<SecretString>,
}

/// All that is needed to open an account. It is written in one step or not at all.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub account: Account,
    pub token: NewApiToken,
}

impl Account {
    #[must_use]
    pub fn primary_plan(&self) -> Option<&Plan> {
        self.plans.iter().find(|plan| !plan.add_on)
    }

    #[must_use]
    pub fn owned_number(&self, id: &str) -> Option<&PhoneNumber> {
        self.phone_numbers.iter().find(|number| number.id.as_str() == id)
    }
}
