//! What shells complete, and what the help says.

use crate::place::Place;

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(&["completions", shell]);
        assert!(script.assert_code(0).stdout.contains("sandbox"), "{shell}");
    }
    place.run(&["completions", "cmd.exe"]).assert_refused(2, "possible values");
}

#[test]
fn help_has_examples_and_exit_codes_and_no_colours_in_a_pipe() {
    let place = Place::new();
    let help = place.run(&["--help"]).assert_code(0).stdout.clone();
    assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    assert!(!help.contains('\u{1b}'));
    for command in ["serve", "sandbox", "listen", "redeliver", "completions"] {
        let help = place.run(&[command, "--help"]).assert_code(0).stdout.clone();
        assert!(help.contains("Example"), "{command}");
    }
}
