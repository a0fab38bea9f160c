//! `fields=`: which members of an object are shown.

use serde_json::{Map, Value};

use super::errors::{GraphError, Judged};

/// What Graph calls a type of object, and which of its members it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) node_type: &'static str,
    /// Shown when nothing was asked for.
    pub(crate) usual: &'static [&'static str],
    /// Shown on demand only.
    pub(crate) on_demand: &'static [&'static str],
}

impl Shape {
    /// The members of `whole` that were asked for, and always the id.
    pub(crate) fn project(&self, whole: &Value, asked: Option<&str>) -> Judged<Value> {
        let names = match asked {
            Some(text) => self.asked(text)?,
            None => self.usual.iter().map(|&name| name.to_owned()).collect(),
        };
        let mut shown = Map::new();
        for name in names.iter().map(String::as_str).chain(["id"]) {
            if let Some(value) = whole.get(name) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
        Ok(Value::Object(shown))
    }

    fn asked(&self, text: &str) -> Judged<Vec<String>> {
        let names = field_names(text);
        for name in &names {
            let known = |list: &[&str]| list.contains(&name.as_str());
            if name != "id" && !known(self.usual) && !known(self.on_demand) {
                return Err(GraphError::unknown_field(name, self.node_type));
            }
        }
        Ok(names)
    }
}

/// `id,preview.invalidate(false),name` names id, preview and name: what follows a name, in
/// brackets or behind a dot, says how to show it, and is not looked at here.
fn field_names(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_u32;
    let mut in_name = true;
    for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
        match letter {
            '(' | '{' => {
                depth = depth.saturating_add(1);
                in_name = false;
            }
            ')' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.push(String::new());
                in_name = true;
            }
            '.' => in_name = false,
            _ if in_name => {
                if let Some(name) = names.last_mut() {
                    name.push(letter);
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::field_names;

    #[test]
    fn what_follows_a_field_name_is_not_part_of_it() {
        let asked =
            "id, name,preview.invalidate(false,1),health_status{entities{id,errors}},status";
        assert_eq!(field_names(asked), ["id", "name", "preview", "health_status", "status"]);
        assert!(field_names(",,").is_empty());
    }
}
