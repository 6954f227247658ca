//! Where the password of a login comes from, and how it is kept out of output, core files and process lists.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::CliError;
use super::global_options::ConnectionFlags;

/// Longest password file in bytes. A file such as `/dev/zero` must not be read without end.
const LONGEST_FILE: u64 = 4096;

/// A text that may contain a password. Its Debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl ConnectionFlags {
    /// Notes whether a password is on the command line. If `--password-file` and another password are given, drops the
    /// one of lower precedence: command line, environment, config file. The file of a named cluster takes precedence
    /// over the environment, as its user does.
    pub(super) fn choose_password(&mut self, matches: &ArgMatches, is_named: bool) -> Result<(), CliError> {
        let source = |id| matches.value_source(id);
        let is_in_user = self.password.is_none() && self.user.as_ref().is_some_and(|user| user.contains(':'));
        let (other, other_source) =
            if is_in_user { ("the password in --user", source("user")) } else { ("--password", source("password")) };
        let is_other_given = is_in_user || self.password.is_some();
        self.is_password_on_command_line = is_other_given && other_source == Some(ValueSource::CommandLine);
        if self.password_file.is_none() || !is_other_given {
            return Ok(());
        }
        let rank = |source, is_named| match source {
            Some(ValueSource::CommandLine) => 3,
            Some(ValueSource::DefaultValue) if is_named => 2,
            Some(ValueSource::EnvVariable) => 1,
            _ => 0,
        };
        let (file_rank, other_rank) = (rank(source("password_file"), is_named), rank(other_source, false));
        if file_rank == other_rank {
            return Err(CliError::Usage(format!("--password-file conflicts with {other}")));
        }
        if file_rank < other_rank {
            self.password_file = None;
        } else if is_in_user {
            self.user = self.user.take().map(|user| name_of(&user).to_owned().into());
        } else {
            self.password = None;
        }
        Ok(())
    }

    /// Warns once on stderr of a password that other users of this machine can read.
    pub(super) fn warn_of_exposed_password(&self) {
        if self.is_password_on_command_line {
            warn(
                "other users can see the password on the command line; use --password-file, ETCDCTL_PASSWORD or the prompt",
            );
        }
        if let Some(path) = &self.password_file
            && path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o004 != 0)
        {
            let path = path.display();
            warn(&format!("other users can read the password file {path}; run chmod 600 {path}"));
        }
    }
}

/// The name in `NAME:PASSWORD` or `NAME`.
pub(super) fn name_of(user: &str) -> &str {
    user.split_once(':').map_or(user, |(name, _)| name)
}

/// Reads a password from a file. One newline at the end is removed.
pub(super) fn read(path: &Path) -> Result<String, CliError> {
    let wrong = |what: &str| CliError::Usage(format!("password file {} {what}", path.display()));
    let unreadable = |error: io::Error| wrong(&format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(wrong(&format!("is longer than {LONGEST_FILE} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let password = line.strip_suffix('\r').unwrap_or(line);
    if password.is_empty() { Err(wrong("is empty")) } else { Ok(password.to_owned()) }
}

/// Keeps the memory of this process out of core files, and from other processes of the same user. Call it before a password
/// is used.
pub(super) fn protect_memory() {
    // Linux never refuses this value. It also keeps the user from debugging leasetop.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[expect(clippy::print_stderr, reason = "nothing is kept alive yet, so a reader that stops reading delays nothing")]
fn warn(text: &str) {
    eprintln!("warning: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_ends_with_at_most_one_newline() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("a file");
            read(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
        };
        assert_eq!(read(b"hunter2\n"), Ok("hunter2".to_owned()));
        assert_eq!(read(b"hunter2\r\n"), Ok("hunter2".to_owned()));
        assert_eq!(read(b" a b \n\n"), Ok(" a b \n".to_owned()));
        assert_eq!(read(b"\n"), Err("password file FILE is empty".to_owned()));
        assert_eq!(read(b"\xff"), Err("password file FILE is not UTF-8".to_owned()));
        assert_eq!(read(&[b'a'; 5000]), Err("password file FILE is longer than 4096 bytes".to_owned()));
    }
}
