//! Presses every key of the key table and of the dialogs; `keys.txt` says what each must do.
//!
//! `cargo test --test terminal keys:: -- --nocapture` prints each key with what the screen showed.

use std::collections::BTreeSet;

use etcd_lease::LeaseId;
use leasetop::app::keymap::KEYMAP;
use leasetop::app::{Key, KeyContext, Keymap, TABS};
use portable_pty::CommandBuilder;
use tempfile::TempDir;
use vt100::Screen;

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

const TABLE: &str = include_str!("keys.txt");

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
enum Line<'a> {
    Session,
    Scribble,
    /// A text, and what the screen then shows.
    Type(&'a str, &'a str),
    Press(Press<'a>),
}

/// A key and its expected effect; without one, the next line has it.
#[derive(Clone, Debug, PartialEq)]
struct Press<'a> {
    scope: KeyContext,
    key: Key,
    action: &'a str,
    expected: &'a str,
}

/// The first word of a text, and the rest.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn line(text: &str) -> Line<'_> {
    let (first, rest) = word(text);
    let scopes = || std::iter::once(KeyContext::Monitor).chain(KeyContext::DIALOGS);
    match first {
        "session" => Line::Session,
        "scribble" => Line::Scribble,
        "type" => {
            let (typed, expected) = word(rest);
            Line::Type(typed, expected)
        }
        name => {
            let scope = scopes().find(|scope| scope.name() == name).unwrap_or_else(|| panic!("no dialog {name}"));
            let (key, rest) = word(rest);
            let (action, expected) = word(rest);
            Line::Press(Press { scope, key: key.parse().expect("a key"), action, expected })
        }
    }
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    TABLE.lines().filter(|text| !text.is_empty() && !text.starts_with("# ") && *text != "#").map(line)
}

/// What a key does: in the monitor it depends on the view.
fn actions(scope: KeyContext, key: Key) -> Vec<String> {
    let keymap = Keymap::default();
    match scope {
        KeyContext::Monitor => {
            TABS.iter().filter_map(|tab| keymap.action_in(key, tab.view)).map(|action| action.name()).collect()
        }
        scope => keymap.dialog_action(scope, key).map(|reply| reply.name().to_owned()).into_iter().collect(),
    }
}

/// The bytes that a terminal sends for a key.
pub(crate) fn bytes(key: Key) -> String {
    let special = match key {
        Key::Char(c) => return c.to_string(),
        Key::Ctrl(c) => return char::from(c as u8 & 0x1f).to_string(),
        Key::Enter => "\r",
        Key::Esc => "\x1b",
        Key::Tab => "\t",
        Key::BackTab => "\x1b[Z",
        Key::Up => "\x1b[A",
        Key::Down => "\x1b[B",
        Key::Right => "\x1b[C",
        Key::Left => "\x1b[D",
        Key::Home => "\x1b[H",
        Key::End => "\x1b[F",
        Key::PageUp => "\x1b[5~",
        Key::PageDown => "\x1b[6~",
        Key::Delete => "\x1b[3~",
        Key::Backspace => "\x7f",
        Key::F(1) => "\x1bOP",
        Key::F(6) => "\x1b[17~",
        Key::F(9) => "\x1b[20~",
        Key::F(n) => panic!("what a terminal sends for F{n} is not known here"),
    };
    special.to_owned()
}

/// Every context, key and action by name.
fn wanted() -> BTreeSet<(String, String, String)> {
    let rows = KEYMAP.iter().flat_map(|row| {
        // In dialogs the keys of the monitor scroll; they are not listed again.
        let scopes =
            row.action.contexts().iter().filter(|scope| **scope == KeyContext::Monitor || !is_monitors(row.action));
        scopes.flat_map(|scope| row.keys.iter().map(|key| named(*scope, *key, &row.action.name())))
    });
    rows.collect()
}

fn is_monitors(action: leasetop::app::keymap::Action) -> bool {
    action.contexts().contains(&KeyContext::Monitor)
}

fn named(scope: KeyContext, key: Key, action: &str) -> (String, String, String) {
    (scope.name().to_owned(), key.to_string(), action.to_owned())
}

#[test]
fn the_table_lists_exactly_the_keys_of_the_program() {
    let presses = lines().filter_map(|line| if let Line::Press(press) = line { Some(press) } else { None });
    let pressed: BTreeSet<_> = presses.map(|press| named(press.scope, press.key, press.action)).collect();
    let missing: Vec<_> = wanted().difference(&pressed).cloned().collect();
    assert!(missing.is_empty(), "keys.txt presses none of: {missing:#?}");
    let unknown: Vec<_> = pressed.difference(&wanted()).cloned().collect();
    assert!(unknown.is_empty(), "keys.txt expects of keys what they do not do: {unknown:#?}");
}

/// The monitor, started by a shell with job control, with a lease of its own and forty of other clients.
struct MonitorTest {
    _server: ServedSandbox,
    _config: TempDir,
    /// The current directory, for exported files.
    _folder: TempDir,
    terminal: Terminal,
    own: LeaseId,
}

impl MonitorTest {
    fn start() -> MonitorTest {
        let server = ServedSandbox::start();
        for number in 1..=40 {
            let lease = LeaseId(server.sandbox.grant(1_000 + 10 * number).expect("a lease"));
            server.sandbox.put(format!("/k/{number:02}"), "x", Some(lease.0)).expect("a key");
        }
        // With more than 1,000 keys the last lease has a warning.
        let last = server.sandbox.get("/k/40").expect("the last key").lease;
        for number in 0..1_000 {
            server.sandbox.put(format!("/k/40/{number:03}"), "x", Some(last)).expect("a key");
        }
        let monitor = server.leasetop(&["--ttl", "600", "--put", "/a=x", "--sort", "key"]);
        let words: Vec<String> = monitor.get_argv().iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let mut shell = CommandBuilder::new("bash");
        shell.args(["-c", &format!("set -m; '{}'; exit $?", words.join("' '"))]);
        let folder = tempfile::tempdir().expect("a folder");
        shell.cwd(folder.path());
        shell.env("TERM", "xterm-256color");
        let config = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(config.path().join("leasetop")).expect("a folder");
        let text = "[cluster.other]\nendpoints = [\"127.0.0.1:1\"]\n";
        std::fs::write(config.path().join("leasetop/config.toml"), text).expect("a file");
        shell.env("XDG_CONFIG_HOME", config.path());
        shell.env_remove("HOME");
        shell.env_remove("XDG_STATE_HOME");
        let mut terminal = Terminal::start(shell, 120, 24);
        terminal.wait_until("the rows in their order", |screen| {
            let text = screen.contents();
            let at = |key| text.find(key);
            text.contains("sort: KEY") && at(" /a").zip(at("/k/01")).is_some_and(|(own, other)| own < other)
        });
        // The cursor follows the lease on which it began: the first that was listed, which may be any.
        terminal.keys("g");
        terminal.wait_until("the cursor on the first row", |screen| holds(screen, ">/a"));
        let own = |id: &LeaseId| server.sandbox.get("/a").is_some_and(|pair| pair.lease == id.0);
        let own = server
            .sandbox
            .leases()
            .into_iter()
            .map(LeaseId)
            .collect::<Vec<_>>()
            .into_iter()
            .find(own)
            .expect("the monitor's own lease");
        MonitorTest { _server: server, _config: config, _folder: folder, terminal, own }
    }

    /// Runs a line and waits for what it expects, which must not hold before.
    fn run_line(&mut self, line: &Line<'_>) {
        match line {
            Line::Session => (),
            Line::Scribble => {
                self.terminal.scribble("\x1b[10;20Hscribble");
            }
            Line::Type(text, expected) => self.send(text, expected),
            Line::Press(press) => {
                assert!(actions(press.scope, press.key).iter().any(|action| action == press.action), "{press:?}");
                if asks_again(press.action) {
                    self.terminal.settle();
                }
                self.send(&bytes(press.key), press.expected);
            }
        }
    }

    fn send(&mut self, keys: &str, expected: &str) {
        if expected == "exit" {
            self.terminal.keys(keys);
            assert_eq!(self.terminal.exit_code(), 0);
            return self.terminal.assert_sane();
        }
        let expected = expected.replace("{own}", &self.own.to_string()).replace("{decimal}", &self.own.0.to_string());
        let (is_seen, text) = (|screen: &Screen| holds(screen, &expected), self.terminal.screen().contents());
        assert!(expected.is_empty() || !is_seen(self.terminal.screen()), "{expected} was there before:\n{text}");
        self.terminal.keys(keys);
        let asks_again = |screen: &Screen| screen.contents().contains("just moved");
        self.terminal.wait_until(&expected, |screen| is_seen(screen) || asks_again(screen));
        // A row that left meanwhile moved the others.
        if !is_seen(self.terminal.screen()) {
            self.terminal.keys(keys);
        }
        self.terminal.wait_until(&expected, is_seen);
    }
}

/// Whether an action on the lease under the cursor asks again if the rows have just moved.
fn asks_again(action: &str) -> bool {
    matches!(action, "keep-alive" | "renew-once" | "revoke" | "pin" | "drill" | "attach" | "mark" | "mark-range")
        || matches!(action, "mute" | "change-ttl")
}

fn holds(screen: &Screen, expected: &str) -> bool {
    match expected.split_at_checked(1) {
        Some((">", text)) => under_the_cursor(screen).is_some_and(|row| row.contains(text)),
        Some(("-", text)) => !screen.contents().contains(text),
        _ => screen.contents().contains(expected),
    }
}

/// The row with the bar of the cursor at its start, below the tabs. The bar of the time left can end with the same sign.
fn under_the_cursor(screen: &Screen) -> Option<String> {
    let rows = screen.contents().lines().map(str::to_owned).collect::<Vec<_>>();
    rows.into_iter().skip(2).find(|row| row.chars().take(3).any(|sign| sign == '▌'))
}

#[test]
#[expect(clippy::print_stdout, reason = "with --nocapture the table is printed as it is pressed")]
fn every_key_does_what_the_table_says() {
    let all: Vec<Line<'_>> = lines().collect();
    for lines in all.split(|line| *line == Line::Session).filter(|lines| !lines.is_empty()) {
        let mut session = MonitorTest::start();
        for line in lines {
            if let Line::Press(Press { scope, key, action, expected }) = line {
                println!("{:<12} {:<10} {action:<16} {expected}", scope.name(), key.to_string());
            }
            session.run_line(line);
        }
    }
}

#[test]
fn the_check_finds_missing_keys_and_wrong_actions() {
    let quit = named(KeyContext::Monitor, Key::Char('q'), "quit");
    assert!(wanted().contains(&quit) && wanted().len() > 130);
    assert_eq!(
        line("monitor q quit Quit?"),
        Line::Press(Press { scope: KeyContext::Monitor, key: Key::Char('q'), action: "quit", expected: "Quit?" })
    );
    assert_eq!(actions(KeyContext::Quit, Key::Char('q')), ["quit-leave"]);
    assert!(actions(KeyContext::Quit, Key::Char('x')).is_empty());
}
