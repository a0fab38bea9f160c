//! Rules about several fields of one object, for readers and for the schema alike.

use super::{Fields, Members, Path, Place, Source, Violations};

impl Fields<'_> {
    /// Notes that exactly one of two choices must be there, and whole: each is a few optional
    /// fields. A fault of both or neither stands at the object; the body has no name, so there it
    /// stands at the first field.
    pub fn exactly_one_of(&mut self, choices: [&'static [&'static str]; 2]) -> Option<()> {
        let (members, path, faults) = match &mut self.source {
            Source::Nothing(shape) => {
                shape.exactly_one_of(choices);
                return None;
            }
            Source::Body { members, path, faults } => (members, path, faults),
        };
        let [first, second] = choices;
        let begun = |choice: &[&str]| choice.iter().any(|name| members.has(name));
        let message = match (begun(first), begun(second)) {
            (true, false) => return whole(first, members, *path, faults),
            (false, true) => return whole(second, members, *path, faults),
            (true, true) => {
                format!("must have only one of {} and {}", first.join(" + "), second.join(" + "))
            }
            (false, false) => format!("must have {} or {}", first.join(" + "), second.join(" + ")),
        };
        let here = match (path, first.first()) {
            (Path::Root, Some(name)) => Path::Member(&Path::Root, name),
            (path, _) => *path,
        };
        Place { path: here, faults }.fault(message)
    }

    /// Notes that one of two optional fields must be there; the first is the one that is missed.
    /// The caller describes more of them than this, see [`Fields::describe`].
    pub fn at_least_one_of(&mut self, names: [&'static str; 2]) -> Option<()> {
        match &mut self.source {
            Source::Nothing(_) => None,
            Source::Body { members, path, faults } => {
                if names.iter().any(|name| members.has(name)) {
                    return Some(());
                }
                Place { path: path.member(names[0]), faults }.fault("is required")
            }
        }
    }

    /// Notes that any of some optional fields must be there. A fault stands at the object.
    pub fn any_of(&mut self, names: &[&'static str]) -> Option<()> {
        match &mut self.source {
            Source::Nothing(shape) => {
                shape.at_least_one_of(names);
                None
            }
            Source::Body { members, path, faults } => {
                if names.iter().any(|name| members.has(name)) {
                    return Some(());
                }
                let message = format!("must have at least one of {}", names.join(", "));
                Place { path: *path, faults }.fault(message)
            }
        }
    }
}

/// Of fields that come together all must be there.
fn whole(
    names: &[&str],
    members: &Members<'_>,
    path: Path<'_>,
    faults: &mut Violations,
) -> Option<()> {
    let mut missing = names.iter().filter(|name| !members.has(name)).peekable();
    if missing.peek().is_none() {
        return Some(());
    }
    for name in missing {
        faults.add(path.member(name).to_string(), "is required".to_owned());
    }
    None
}
