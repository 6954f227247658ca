//! Writes SVG.

use std::fmt::{self, Write};

use super::Tone;

/// Text for XML and HTML. Control characters are escaped before ([`printable`](crate::escape::printable)).
pub(super) struct Xml<'a>(pub(super) &'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => f.write_char(c),
        })
    }
}

/// The width of every drawing, in its own units.
pub(super) const WIDTH: f64 = 1_000.0;

/// A part of a picture, `height` units high.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) body: String,
    pub(super) height: f64,
}

/// Which point of a text is at its position.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    fn add(&mut self, element: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
        self.body.push('\n');
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\"{anchor} class=\"{class}\">{}</text>", Xml(text)));
    }

    /// Adds a path, unless it is empty.
    pub(super) fn path(&mut self, class: &str, path: &str) {
        if !path.is_empty() {
            self.add(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>"
        ));
    }

    pub(super) fn line(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64), class: &str) {
        self.add(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\" class=\"{class}\"/>"
        ));
    }

    /// Starts a group, whose title a browser shows at the pointer.
    pub(super) fn open_group(&mut self, class: &str, title: &str) {
        self.add(format_args!("<g class=\"{class}\"><title>{}</title>", Xml(title)));
    }

    pub(super) fn close_group(&mut self) {
        self.add(format_args!("</g>"));
    }

    /// Adds another drawing below.
    pub(super) fn append(&mut self, other: &Drawing) {
        let below = self.height;
        self.add(format_args!("<g transform=\"translate(0 {below:.1})\">"));
        self.body.push_str(&other.body);
        self.close_group();
        self.height += other.height;
    }

    /// The element for a page that has the styles.
    pub(super) fn inline(&self, label: &str) -> String {
        let (height, body) = (self.height, &self.body);
        format!("<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{}\">\n{body}</svg>\n", Xml(label))
    }
}

/// The class of a line or a text of this tone.
pub(super) fn toned(class: &str, tone: Tone) -> String {
    format!("{class} {}", tone.class())
}
