//! The help pages, as they are printed. Their words are pinned by docs/commands.md, which is generated from them.

use std::process::Command;

fn help(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppel"));
    command.args(args).arg("--help").env("COLUMNS", "100").env_remove("KOPPEL_STATE").env_remove("KOPPEL_STATE_URL");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_command_has_a_help_page_worth_reading() {
    let top = help(&[]);
    let listed = top.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A description that goes on in the next line stands further to the right.
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let commands: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 5 && commands.contains(&"run"), "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let page = help(&[command]);
        assert!(page.contains("Usage: koppel ") && page.contains("Options:"), "{page}");
    }
}
