//! The page of the commands, from the same text as `--help`.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use crate::cli::Cli;

/// Width of the help on the page.
const WIDTH: usize = 100;

/// The whole page: the program, then each command that is not hidden.
pub fn page() -> String {
    let mut root = quiet(Cli::command());
    root.build();
    let mut text = "# Commands\n\nWhat `koppel --help` and the help of each command say.\n".to_owned();
    section(&mut text, "koppel", root.clone());
    for command in root.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        section(&mut text, &format!("koppel {}", command.get_name()), command.clone());
    }
    text
}

/// Without what the environment of the moment says.
fn quiet(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let command = command.term_width(WIDTH).mut_args(|arg| arg.hide_env_values(true));
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, quiet))
}

fn section(text: &mut String, title: &str, mut command: Command) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    // Writing to a text cannot fail.
    let _ = write!(text, "\n## {title}\n\n```text\n{}\n```\n", lines.join("\n").trim());
}
