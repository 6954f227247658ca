//! A terminal's screen as SVG: each run of cells of one style is a text with the width of its cells.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 14.0;
/// The baseline, from the top of a cell.
const BASELINE: f32 = 13.5;

/// The colours of a terminal.
pub(crate) struct Palette {
    /// The theme of leasetop that suits it.
    pub(crate) name: &'static str,
    ink: &'static str,
    ground: &'static str,
    sixteen: [&'static str; 16],
}

/// A dark terminal and a light one, with muted colours.
pub(crate) static PALETTES: [Palette; 2] = [
    Palette {
        name: "dark",
        ink: "#d0d3d8",
        ground: "#14171c",
        sixteen: [
            "#1d2026", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#6b7280",
            "#ff7a85", "#b5e890", "#ffd68a", "#7cc4ff", "#dd92f5", "#6fd3e0", "#ffffff",
        ],
    },
    Palette {
        name: "light",
        ink: "#24292f",
        ground: "#ffffff",
        sixteen: [
            "#24292f", "#cf222e", "#116329", "#7d4e00", "#0969da", "#8250df", "#1b7c83", "#6e7781", "#57606a",
            "#a40e26", "#1a7f37", "#633c01", "#218bff", "#a475f9", "#3192aa", "#8c959f",
        ],
    },
];

/// How a run of cells looks.
#[derive(Clone, Debug, PartialEq)]
struct Style {
    ink: String,
    ground: Option<String>,
    is_bold: bool,
    is_underlined: bool,
}

/// One run of cells: its first column, its width and its text.
#[derive(Debug)]
struct Run {
    column: u16,
    columns: u16,
    text: String,
    style: Style,
}

/// The whole screen.
pub(crate) fn draw(screen: &Screen, palette: &Palette) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f32::from(columns) * CELL.0 + 2.0 * MARGIN, f32::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.1}\" height=\"{height:.1}\" viewBox=\"0 0 {width:.1} \
         {height:.1}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        palette.ground
    );
    for row in 0..rows {
        runs(screen, row, palette).iter().for_each(|run| push(&mut svg, row, run));
    }
    svg + "</svg>\n"
}

fn runs(screen: &Screen, row: u16, palette: &Palette) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..screen.size().1 {
        let cell = screen.cell(row, column).expect("inside");
        if cell.is_wide_continuation() {
            continue;
        }
        let columns = if cell.is_wide() { 2 } else { 1 };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match runs.last_mut().filter(|run| run.style == style(cell, palette)) {
            Some(run) => {
                run.text.push_str(text);
                run.columns += columns;
            }
            None => runs.push(Run { column, columns, text: text.to_owned(), style: style(cell, palette) }),
        }
    }
    runs
}

fn style(cell: &Cell, palette: &Palette) -> Style {
    let (ink, ground) = (color(cell.fgcolor(), palette), color(cell.bgcolor(), palette));
    let (ink, ground) = match cell.inverse() {
        true => (ground.unwrap_or(palette.ground.to_owned()), Some(ink.unwrap_or(palette.ink.to_owned()))),
        false => (ink.unwrap_or(palette.ink.to_owned()), ground),
    };
    Style { ink, ground, is_bold: cell.bold(), is_underlined: cell.underline() }
}

/// None for the terminal's own.
fn color(color: Color, palette: &Palette) -> Option<String> {
    match color {
        Color::Default => None,
        Color::Idx(index @ 0..16) => Some(palette.sixteen[usize::from(index)].to_owned()),
        Color::Idx(index @ 16..232) => {
            let steps = [36, 6, 1].map(|weight| (index - 16) / weight % 6);
            let [red, green, blue] = steps.map(|step| if step == 0 { 0 } else { 55 + 40 * step });
            Some(format!("#{red:02x}{green:02x}{blue:02x}"))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

fn push(svg: &mut String, row: u16, run: &Run) {
    let (x, y) = (MARGIN + f32::from(run.column) * CELL.0, MARGIN + f32::from(row) * CELL.1);
    let width = f32::from(run.columns) * CELL.0;
    let Style { ink, ground, is_bold, is_underlined } = &run.style;
    // Writing to a string does not fail.
    if let Some(ground) = ground {
        let height = CELL.1;
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{ground}\"/>"
        );
    }
    if run.text.trim().is_empty() {
        return;
    }
    let bold = if *is_bold { " font-weight=\"bold\"" } else { "" };
    let underline = if *is_underlined { " text-decoration=\"underline\"" } else { "" };
    let (text, y) = (escaped(&run.text), y + BASELINE);
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\" xml:space=\"preserve\" fill=\"{ink}\"{bold}{underline}>{text}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bytes: &str) -> String {
        let mut parser = vt100::Parser::new(2, 20, 0);
        parser.process(bytes.as_bytes());
        draw(parser.screen(), &PALETTES[0])
    }

    #[test]
    fn text_is_escaped_and_stands_at_its_cells() {
        let svg = drawn("\x1b[2;3Ha<b>&c");
        assert!(svg.contains(">  a&lt;b&gt;&amp;c"), "{svg}");
        assert!(svg.contains("y=\"45.5\""), "the second row: {svg}");
        assert_eq!(svg.matches("<text").count(), 1, "empty cells are not drawn: {svg}");
    }

    #[test]
    fn colours_bold_and_reversed_cells_begin_a_run_of_their_own() {
        let svg = drawn("plain\x1b[32mgreen\x1b[0m\x1b[1mbold\x1b[0m\x1b[7mback\x1b[0m");
        for text in [">plain<", ">green<", ">bold<", ">back<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(svg.contains(&format!("fill=\"{}\">green", PALETTES[0].sixteen[2])));
        assert!(svg.contains("font-weight=\"bold\">bold"));
        assert!(
            svg.contains(&format!(
                "<rect x=\"131.6\" y=\"14.0\" width=\"33.6\" height=\"18\" fill=\"{}\"/>",
                PALETTES[0].ink
            )),
            "{svg}"
        );
    }

    #[test]
    fn a_wide_sign_takes_two_columns() {
        let svg = drawn("日x");
        assert!(svg.contains(">日x"), "{svg}");
        assert!(svg.contains("textLength=\"168.0\""), "20 columns and no more: {svg}");
    }

    #[test]
    fn all_256_colours_have_a_name() {
        let names: Vec<String> = (0..=255).filter_map(|index| color(Color::Idx(index), &PALETTES[0])).collect();
        assert_eq!(names.len(), 256);
        assert_eq!((names[16].as_str(), names[196].as_str(), names[231].as_str()), ("#000000", "#ff0000", "#ffffff"));
        assert_eq!((names[232].as_str(), names[255].as_str()), ("#080808", "#eeeeee"));
    }
}
