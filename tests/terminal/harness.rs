//! The terminal that the other tests use, with simple programs.

use portable_pty::CommandBuilder;

use crate::pty::Terminal;

fn shell(script: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn the_terminal_shows_typed_text_and_the_exit_code() {
    let mut terminal = Terminal::start(shell("read -r word; echo \"read $word\"; exit 7"), 40, 5);
    terminal.keys("hello\n");
    terminal.wait_for("read hello");
    assert_eq!(terminal.exit_code(), 7);
}

#[test]
fn the_terminal_reports_its_new_size_to_the_program() {
    let mut terminal =
        Terminal::start(shell("trap 'stty size; exit' WINCH; echo ready; while :; do read -r _; done"), 80, 24);
    terminal.wait_for("ready");
    terminal.resize(100, 30);
    terminal.wait_for("30 100");
}

#[test]
fn the_terminal_sees_that_its_modes_are_restored() {
    let mut terminal =
        Terminal::start(shell(r"printf '\033[?1049h\033[?25lup'; read -r _; printf '\033[?25h\033[?1049l'"), 40, 5);
    terminal.wait_for("up");
    assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
    terminal.keys("\n");
    assert_eq!(terminal.exit_code(), 0);
    assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor());
    assert!(terminal.bytes().ends_with(b"\x1b[?1049l"));
}

#[test]
fn the_terminal_sees_the_line_modes() {
    let mut terminal = Terminal::start(
        shell("read -r _; old=$(stty -g); stty -echo -icanon; echo raw; read -r _; stty \"$old\"; echo sane"),
        40,
        5,
    );
    terminal.keys("\n");
    terminal.wait_for("raw");
    assert!(!terminal.is_line_as_found());
    terminal.keys("\n");
    terminal.wait_for("sane");
    assert!(terminal.is_line_as_found());
}

#[test]
fn the_terminal_sees_a_signal_end_the_program() {
    let mut terminal =
        Terminal::start(shell("trap 'echo output; exit 3' TERM; echo ready; while :; do sleep 0.01; done"), 40, 5);
    terminal.wait_for("ready");
    terminal.signal("TERM");
    terminal.wait_for("output");
    assert_eq!(terminal.exit_code(), 3);
}

#[test]
#[should_panic(expected = "before the screen showed: never")]
fn waiting_fails_if_the_program_has_ended() {
    Terminal::start(shell("exit"), 40, 5).wait_for("never");
}
