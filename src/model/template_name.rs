//! The name of a template.

const LONGEST: usize = 512;

/// Whether Meta may have a template of this name: 1 to 512 of `[a-z0-9_]`.
#[must_use]
pub fn is_template_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_template_name;

    #[test]
    fn a_name_is_small_letters_digits_and_underscores() {
        for name in ["a", "order_shipped_2", "_", "9", &"x".repeat(512)] {
            assert!(is_template_name(name), "{name}");
        }
        for other in ["", "Order", "a-b", "a b", "a/b", "\u{e4}", "a\n", &"x".repeat(513)] {
            assert!(!is_template_name(other), "{other:?}");
        }
    }
}
