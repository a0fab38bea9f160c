//! Whether sends of templates are held against what is known of them.

use clap::{Args, ValueEnum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Args, Clone, Debug)]
pub struct TemplateSettings {
    /// Refuse sends of templates whose parameters or language cannot be right, as far as the
    /// template is known
    #[arg(
        id = "template-check",
        long = "template-check",
        env = "AVENPING_TEMPLATE_CHECK",
        value_enum,
        default_value = "on",
        value_name = "SWITCH"
    )]
    pub check: Switch,
}
