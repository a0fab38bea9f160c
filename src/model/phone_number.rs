//! A business phone number, under the id that Meta gave it.

use super::GraphId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    pub id: GraphId,
    /// As Meta displays it, such as `+1 555 078 3881`.
    pub number: String,
    /// The verified name, empty while it is not known.
    pub name: String,
}
