//! Writes exported files. An existing file is never overwritten.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Number of names to try.
const MOST: u32 = 1_000;

/// Writes a new file called `name` in the current directory and returns its absolute path. If the file exists, a number
/// is added: `cadence-2.csv`.
///
/// # Errors
/// Returns a message if no file can be created or written.
pub(super) fn write_new(name: &str, text: &str) -> Result<PathBuf, String> {
    let directory = std::env::current_dir().map_err(|why| format!("no current directory: {why}"))?;
    write_new_in(&directory, name, text).map_err(|why| format!("{}: {why}", directory.display()))
}

fn write_new_in(directory: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for number in 1..=MOST {
        let name = if number == 1 { name.to_owned() } else { format!("{stem}-{number}.{extension}") };
        let path = directory.join(name);
        // `create_new` also refuses a symbolic link, so that no file elsewhere is written.
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => return file.write_all(text.as_bytes()).map(|()| path),
            Err(why) if why.kind() == ErrorKind::AlreadyExists => (),
            Err(why) => return Err(why),
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, format!("{MOST} files named {name} exist already")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_not_overwritten() {
        let directory = std::env::temp_dir().join(format!("leasetop-export-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let write = |text| write_new_in(&directory, "cadence.csv", text).unwrap();
        let paths = [write("one"), write("two"), write("three")];
        let names = paths.each_ref().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        assert_eq!(names, ["cadence.csv", "cadence-2.csv", "cadence-3.csv"]);
        assert_eq!(paths.each_ref().map(|path| std::fs::read_to_string(path).unwrap()), ["one", "two", "three"]);
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(write_new_in(&directory, "cadence.csv", "four").is_err());
    }
}
