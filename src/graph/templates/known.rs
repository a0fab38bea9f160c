//! A template in the languages that are known of it, and what is wrong with a send of it.

use super::sent::Component;
use super::{TemplateDefinition, TemplateRow};
use crate::fields::Violations;

/// What Graph said of one name.
#[derive(Debug, Default)]
pub struct KnownTemplate {
    definitions: Vec<TemplateDefinition>,
    /// Whether there are no other languages than these.
    is_whole: bool,
}

impl KnownTemplate {
    /// From all rows of one name.
    #[must_use]
    pub fn whole(rows: &[&TemplateRow]) -> Self {
        let definitions = rows.iter().map(|row| TemplateDefinition::of(row)).collect();
        Self { definitions, is_whole: true }
    }

    /// From rows beside which there may be others.
    #[must_use]
    pub fn part(rows: &[&TemplateRow]) -> Self {
        Self { is_whole: false, ..Self::whole(rows) }
    }

    /// Whether nothing is known: then nothing is wrong either.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.definitions.is_empty()
    }

    /// Whether no other language is left to be known.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// About how much memory it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.definitions.iter().map(TemplateDefinition::size).sum()
    }

    /// What is certainly wrong with a send in this language and with these `components`, given as
    /// JSON: a fault of the language stands at `language`, one of the parameters at `components`.
    #[must_use]
    pub fn faults(&self, name: &str, language: &str, components: Option<&str>) -> Violations {
        let known = self.definitions.iter().find(|known| is_same(&known.language, language));
        let Some(known) = known else { return self.unknown_language(name, language) };
        let mut faults = Violations::default();
        let sent = components.map_or(Ok(Vec::new()), serde_json::from_str::<Vec<Component<'_>>>);
        if let (Some(parts), Ok(sent)) = (&known.parts, sent) {
            let whole = format!("{name} ({})", known.language);
            for misfit in parts.misfits(&sent, &whole) {
                faults.add("components".to_owned(), misfit);
            }
        }
        faults
    }

    fn unknown_language(&self, name: &str, language: &str) -> Violations {
        if !self.is_whole || self.is_empty() {
            return Violations::default();
        }
        let languages = self.definitions.iter().map(|known| &*known.language);
        let languages = languages.collect::<Vec<_>>().join(", ");
        Violations::one("language", format!("{name} exists in {languages}, not in {language}"))
    }
}

/// Graph may be more patient with spelling than its pages say.
fn is_same(one: &str, other: &str) -> bool {
    let folded = |code: &str| code.replace('-', "_").to_ascii_lowercase();
    one == other || folded(one) == folded(other)
}
