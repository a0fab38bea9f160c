//! What customers may be called at.

use clap::Args;

#[derive(Args, Clone, Debug)]
pub struct WebhookSettings {
    /// Lets webhook addresses be http and private: for development only
    #[arg(id = "allow-private-webhooks",
        long = "allow-private-webhooks",
        env = "AVENPING_ALLOW_PRIVATE_WEBHOOKS",
        default_value_t = false,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub allow_private: bool,
}
