//! What a template, or one card of its carousel, defines, beside what was sent for it.

use serde_json::Value;

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;
use crate::sandbox::templates::text_of;
use crate::sandbox::world::World;

use super::{body, buttons, carousel, header, offer};

#[derive(Default)]
pub(super) struct Components<'a> {
    defined: &'a [Value],
    header: Option<&'a Field<'a>>,
    body: Option<&'a Field<'a>>,
    offer: Option<&'a Field<'a>>,
    carousel: Option<&'a Field<'a>>,
    buttons: Vec<&'a Field<'a>>,
}

impl<'a> Components<'a> {
    /// Tells the components apart by their type, each of which comes once but for the buttons.
    pub(super) fn pair(defined: &'a [Value], sent: &'a [Field<'a>]) -> Judged<Self> {
        let mut components = Self { defined, ..Self::default() };
        for component in sent {
            let kind = component.required("type")?;
            let word = kind.string()?.to_ascii_lowercase();
            let place = match word.as_str() {
                "header" => &mut components.header,
                "body" => &mut components.body,
                "limited_time_offer" => &mut components.offer,
                "carousel" => &mut components.carousel,
                "button" => {
                    components.buttons.push(component);
                    continue;
                }
                _ => return Err(kind.refuse(format_args!("is not a component: \"{word}\""))),
            };
            if place.replace(component).is_some() {
                return Err(kind.refuse("comes twice"));
            }
        }
        Ok(components)
    }

    pub(super) fn judge(&self, named: bool, world: &World) -> Judged {
        header::judge(self.definition("HEADER"), self.header, named, world)?;
        body::judge(self.definition("BODY"), self.body, named)?;
        offer::judge(self.definition("LIMITED_TIME_OFFER"), self.offer)?;
        carousel::judge(self.definition("CAROUSEL"), self.carousel, named, world)?;
        buttons::judge(self.definition("BUTTONS"), &self.buttons)
    }

    fn definition(&self, kind: &str) -> Option<&'a Value> {
        self.defined.iter().find(|component| text_of(component, "type") == kind)
    }
}
