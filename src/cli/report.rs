//! `report`: a page from a recording, or from the result of `exercise` or `list`.

use std::fs::{self, File};
use std::io::{self, BufRead, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{CliError, Exit, GlobalFlags, Out};
use crate::app::AppConfig;
use crate::recording::{self, RecordingError};
use crate::report::{PageFormat, PageSource};
use simkit::Clock;

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The recording or the JSON; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A page that needs no other file and no network
    #[arg(long, group = "format")]
    html: bool,
    /// One picture
    #[arg(long, group = "format")]
    svg: bool,
    /// Markdown for an issue or a chat [default, unless the name of --output ends in .html or .svg]
    #[arg(long, group = "format")]
    md: bool,
    /// Write to PATH, which must not exist
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

impl ReportArgs {
    /// The format that an option or the name of the output selects. Markdown without either.
    fn format(&self) -> Result<PageFormat, CliError> {
        let options = [
            (self.html, "--html", PageFormat::Html),
            (self.svg, "--svg", PageFormat::Svg),
            (self.md, "--md", PageFormat::Markdown),
        ];
        let chosen = options.into_iter().find(|(is_chosen, ..)| *is_chosen);
        let Some(output) = &self.output else { return Ok(chosen.map_or(PageFormat::Markdown, |(.., format)| format)) };
        let of_name = output.to_str().and_then(PageFormat::of_name);
        match (chosen, of_name) {
            (Some((_, option, format)), Some(of_name)) if format != of_name => Err(CliError::Usage(format!(
                "{option} contradicts the name of --output {}, which ends like another format",
                output.display()
            ))),
            (Some((.., format)), _) | (None, Some(format)) => Ok(format),
            (None, None) => Err(CliError::Usage(format!(
                "--output {}: the name must end in .html, .svg or .md, or choose a format with --html, --svg or --md",
                output.display()
            ))),
        }
    }

    /// The name of the file without its folder, or `standard input`. For the page and for errors about its content.
    fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        if self.is_stdin() { "standard input".to_owned() } else { name.to_string_lossy().into_owned() }
    }

    fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }

    fn open(&self) -> Result<Box<dyn BufRead>, RecordingError> {
        if self.is_stdin() { recording::decompressed(io::stdin(), &self.name()) } else { recording::open(&self.file) }
    }
}

pub(super) async fn run(args: ReportArgs, shared: &GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    if let Some(output) = args.output.as_ref().filter(|output| is_same(output, &args.file)) {
        return Err(CliError::Usage(format!("--output {} is the file that is read", output.display())));
    }
    let format = args.format()?;
    let file = args.file.display().to_string();
    let source = PageSource::read(args.open()?, if args.is_stdin() { "standard input" } else { &file })?;
    let (mutes, lock_patterns) = (shared.mutes.clone(), shared.lock_patterns.clone());
    let page = source.into_page(&args.name(), AppConfig { mutes, lock_patterns, ..AppConfig::default() })?;
    let clock = Clock::real();
    let text = page.render(format, clock.wall(clock.now()));
    match &args.output {
        None => out.data(text).await?,
        Some(path) => {
            let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => CliError::Usage(format!("{} exists; delete it first", path.display())),
                _ => CliError::Output { path: path.clone(), error },
            })?;
        }
    }
    Ok(Exit::Done)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| fs::canonicalize(path).ok());
    one.is_some() && one == other
}
