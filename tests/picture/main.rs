//! The picture of the README: a real screen of the program as SVG. `assets/picture` records it.

#[path = "../common/pty.rs"]
#[expect(dead_code, reason = "a picture is taken of a program that behaves")]
mod pty;

mod svg;

use std::path::Path;

use crate::pty::{Terminal, leasetop};

/// As the README shows it.
const SIZE: (u16, u16) = (140, 36);

#[test]
#[ignore = "run by assets/picture"]
fn make() {
    let mut command = leasetop();
    command.args(["demo", "--theme", "dark"]);
    let mut terminal = Terminal::start(command, SIZE.0, SIZE.1);
    terminal.wait_for("/service/3600");
    // Long enough to infer renewals of other clients.
    terminal.pass(38.2);
    let picture = svg::draw(terminal.screen());
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/leasetop.svg");
    std::fs::write(path, picture).expect("assets can be written");
}

#[test]
fn the_picture_shows_this_version() {
    let picture = include_str!("../../assets/leasetop.svg");
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
    for word in ["leasetop", "/service/10", "3.50 s", "★"] {
        assert!(picture.contains(word), "{word}");
    }
}
