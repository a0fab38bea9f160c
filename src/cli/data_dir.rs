//! The directory of a sandbox.

use std::path::PathBuf;

use clap::Args;

pub(super) const DEFAULT: &str = "./avenping-data";

#[derive(Args, Debug)]
pub(super) struct DataDir {
    /// Where the data of the sandbox stay: a restart keeps the token
    #[arg(
        id = "data-dir",
        long = "data-dir",
        env = "AVENPING_DATA_DIR",
        default_value = DEFAULT,
        value_name = "DIR"
    )]
    pub(super) path: PathBuf,
}
