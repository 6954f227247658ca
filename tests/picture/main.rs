//! Pictures of the running program as SVG: each view at three sizes, dark and light. `assets/picture` takes them.

#[path = "../common/pty.rs"]
#[expect(dead_code, reason = "a picture is taken of a program that behaves")]
mod pty;

mod svg;

use std::fs;
use std::path::Path;

use crate::pty::{Terminal, leasetop};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 35), (200, 50)];
/// The keys that lead from one picture to the next, and its name.
const VIEWS: [(&str, &str); 7] = [
    ("", "demo"),
    ("1", "leases"),
    ("2", "cadence"),
    ("3", "events"),
    ("4", "locks"),
    ("1\r", "detail"),
    ("?", "help"),
];
/// Seconds after which renewals of other clients have been inferred and some leases have expired.
const WATCHED: f64 = 40.0;
/// The pictures in `assets`, and the file of each.
const SHOWN: [(&str, &str); 2] = [("leases-120x35-dark", "leasetop.svg"), ("cadence-120x35-dark", "cadence.svg")];

/// A running program whose pictures are taken.
struct Model {
    terminal: Terminal,
    size: (u16, u16),
    palette: &'static svg::Palette,
}

#[test]
#[ignore = "run by assets/picture"]
fn make() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/pictures");
    fs::create_dir_all(&folder).expect("target can be written");
    let pairs = SIZES.iter().flat_map(|size| svg::PALETTES.iter().map(move |palette| (*size, palette)));
    let mut models: Vec<Model> = pairs.map(|(size, palette)| start(size, palette)).collect();
    models[0].terminal.pass(WATCHED);
    for model in &mut models {
        take(model, &folder);
    }
    for (picture, file) in SHOWN {
        fs::copy(folder.join(format!("{picture}.svg")), root.join("assets").join(file)).expect("assets can be written");
    }
}

fn start(size: (u16, u16), palette: &'static svg::Palette) -> Model {
    let mut command = leasetop();
    command.args(["demo", "--theme", palette.name]);
    Model { terminal: Terminal::start(command, size.0, size.1), size, palette }
}

fn take(model: &mut Model, folder: &Path) {
    let Model { terminal, size: (width, height), palette } = model;
    terminal.wait_for("/service/3600");
    for (keys, name) in VIEWS {
        terminal.keys(keys);
        terminal.pass(0.5);
        let file = folder.join(format!("{name}-{width}x{height}-{}.svg", palette.name));
        fs::write(file, svg::draw(terminal.screen(), palette)).expect("target can be written");
    }
    // Together with the next key, Esc would be Alt.
    terminal.keys("\u{1b}");
    terminal.pass(0.2);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn the_pictures_show_this_version() {
    let pictures = [
        (include_str!("../../assets/leasetop.svg"), ["leasetop", "/service/10", "Cadence"]),
        (include_str!("../../assets/cadence.svg"), ["leasetop", "Is the renewal interval the same", "TTL/3"]),
    ];
    for (picture, words) in pictures {
        assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
        for word in words {
            assert!(picture.contains(word), "{word}");
        }
    }
}
