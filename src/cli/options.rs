//! The options that all commands share, with etcdctl's variables.

use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use super::{CliError, values};
use crate::app::{ClusterLabel, Keymap};
use crate::escape::printable;
use crate::ui::Palette;
use etcd_lease::RenewalSchedule;
use etcd_lease::engine;
use etcd_lease::wire::{Address, BadEndpoint, Settings, Target, TlsFiles, User};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines and tables for people; etcdctl's lines where it has the same command
    Simple,
    /// JSON, an object a line
    Json,
}

/// The colours by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeName {
    /// The terminal's own colours on a dark ground
    Dark,
    /// The terminal's own colours on a light ground
    Light,
    /// Colours that nobody takes for each other
    Colorblind,
    /// No colour, as with --no-color
    Mono,
}

/// The options that all commands share.
#[derive(Clone, Debug, Args)]
pub struct GlobalFlags {
    #[command(flatten)]
    connection: ConnectionFlags,
    #[command(flatten)]
    tls: TlsFlags,
    #[command(flatten)]
    pub(super) general: GeneralFlags,
    #[command(flatten)]
    pub(super) keeping: KeepAliveFlags,
    /// The cluster that was named, as the config file has it.
    #[arg(skip)]
    pub(super) named: Option<ClusterLabel>,
    /// The keys of the monitor, as the config file has them.
    #[arg(skip)]
    pub(super) keymap: Keymap,
    /// Who refuses what writes, where it is refused.
    #[arg(skip)]
    pub(super) read_only_by: ReadOnlyBy,
}

/// Who refuses what writes or renews.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReadOnlyBy {
    /// `--read-only` itself.
    #[default]
    Flag,
    /// The config file.
    File {
        /// The file.
        path: PathBuf,
        /// The cluster of which it says so; none where it does of all.
        cluster: Option<String>,
    },
}

impl fmt::Display for ReadOnlyBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadOnlyBy::File { path, cluster } = self else {
            return f.write_str("which --read-only refuses; leave --read-only away to allow it");
        };
        let of =
            cluster.as_ref().map_or(String::new(), |name| format!(" for the cluster {}", printable(name.as_bytes())));
        write!(f, "which {} refuses{of} (read-only); --read-only=false overrides it", path.display())
    }
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
struct ConnectionFlags {
    /// Where etcd is: host:port or a URL, comma separated
    #[arg(long, global = true, env = "ETCDCTL_ENDPOINTS", hide_env_values = true, value_name = "URL,...")]
    #[arg(value_delimiter = ',', default_value = "127.0.0.1:2379", value_parser = values::endpoint)]
    endpoints: Vec<String>,
    /// In the place of endpoints: a cluster by its name in the config file, with its TLS files and user
    #[arg(long, global = true, value_name = "NAME")]
    cluster: Option<String>,
    /// In the place of endpoints: a sandbox inside this program, for this run; it keeps nothing
    #[arg(long, global = true)]
    sandbox: bool,
    /// With a sandbox: its clock and ours run N times as fast, and every duration of leases, polls and --for is of that
    /// clock
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    warp: u32,
    /// Log in; the password is asked for where it is missing
    #[arg(long, global = true, env = "ETCDCTL_USER", hide_env_values = true, value_name = "NAME[:PASSWORD]")]
    user: Option<String>,
    /// The password, if it does not stand in --user
    #[arg(long, global = true, env = "ETCDCTL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// How long to wait for a connection
    #[arg(long, global = true, env = "ETCDCTL_DIAL_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "2s", value_parser = values::duration)]
    dial_timeout: Duration,
    /// How long to wait for an answer
    #[arg(long, global = true, env = "ETCDCTL_COMMAND_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = values::duration)]
    command_timeout: Duration,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "TLS")]
struct TlsFlags {
    /// Trust servers whose certificate is signed by this CA (PEM); the system's CAs otherwise
    #[arg(long, global = true, env = "ETCDCTL_CACERT", hide_env_values = true, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Our own certificate (PEM)
    #[arg(long, global = true, env = "ETCDCTL_CERT", hide_env_values = true, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The private key of our own certificate (PEM)
    #[arg(long, global = true, env = "ETCDCTL_KEY", hide_env_values = true, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Trust any server (for tests)
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY", hide_env_values = true)]
    #[arg(value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "true|false")]
    insecure_skip_tls_verify: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(super) struct GeneralFlags {
    /// How to print
    #[arg(short, long, global = true, env = "ETCDCTL_WRITE_OUT", hide_env_values = true, value_name = "FORMAT")]
    #[arg(value_enum, default_value_t = Format::Simple)]
    pub(super) write_out: Format,
    /// Refuse everything that writes to the cluster or renews a lease
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "true|false")]
    pub(super) read_only: bool,
    /// Draw without colour; NO_COLOR says the same
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "true|false")]
    pub(super) no_color: bool,
    /// The colours; no background is ever painted
    #[arg(long, global = true, value_name = "PALETTE")]
    pub(super) theme: Option<ThemeName>,
    /// Draw with nothing but ASCII
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "true|false")]
    pub(super) ascii: bool,
    /// Read this config file, in the place of leasetop/config.toml in $XDG_CONFIG_HOME or ~/.config
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the log here; commands without a screen log to stderr otherwise
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// Log more: -v tells what happens, -vv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Keeping alive")]
pub(super) struct KeepAliveFlags {
    /// When a renewal is due: TTL/3 after the answer, up to the next 500 ms as Go's clientv3 does; or exact
    #[arg(long, global = true, default_value_t = RenewalSchedule::Clientv3, value_name = "clientv3|exact")]
    pub(super) pace: RenewalSchedule,
    /// How many unread responses a lease keeps; the newest is dropped when there are more
    #[arg(long, global = true, value_name = "N", default_value_t = 16)]
    queue_capacity: usize,
}

impl GlobalFlags {
    /// Whether to use a sandbox inside this program.
    pub(super) fn sandbox(&self) -> bool {
        self.connection.sandbox
    }

    /// Uses a sandbox inside this program, whatever was said.
    pub(super) fn use_sandbox(&mut self) {
        self.connection.sandbox = true;
    }

    /// The same with a clock that runs so many times as fast as the wall.
    pub(super) fn at_speed(mut self, warp: u32) -> Self {
        self.connection.warp = warp;
        self
    }

    /// How many times as fast as the wall the clock runs: the sandbox's and ours.
    pub(super) fn warp(&self) -> u32 {
        self.connection.warp
    }

    /// Refuses a clock with a speed where the cluster has its own: our renewals would come at the wrong time.
    pub(super) fn check_warp(&self) -> Result<(), CliError> {
        match self.warp() {
            warp if warp > 1 && !self.sandbox() => Err(CliError::Usage(format!(
                "--warp {warp} needs --sandbox: the time of a real cluster cannot be made to run faster"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a command that writes or renews under `--read-only`.
    pub(super) fn writes(&self, command: &'static str) -> Result<(), CliError> {
        let by = self.read_only_by.clone();
        if self.general.read_only { Err(CliError::ReadOnly { command, by }) } else { Ok(()) }
    }

    /// How the engine is to keep leases alive.
    pub(super) fn engine(&self) -> engine::Options {
        let KeepAliveFlags { pace, queue_capacity } = self.keeping;
        engine::Options { pace, queue_capacity, ..engine::Options::default() }
    }

    /// The endpoints as they were given, for the eye.
    pub(super) fn target(&self) -> String {
        if self.sandbox() { "sandbox".to_owned() } else { self.connection.endpoints.join(",") }
    }

    /// The program with what it needs to reach the same cluster; a password is not shown.
    pub(super) fn command_line(&self) -> String {
        let mut words = vec!["leasetop".to_owned()];
        words.extend(self.general.config.iter().map(|file| format!("--config {}", quoted(&file.to_string_lossy()))));
        words.push(match &self.named {
            Some(named) => format!("--cluster {}", quoted(&named.name)),
            None => format!("--endpoints {}", self.target()),
        });
        words.extend(self.connection_options());
        words.join(" ")
    }

    /// TLS files and user, as leasetop and etcdctl take them.
    fn connection_options(&self) -> Vec<String> {
        let mut words = Vec::new();
        let TlsFlags { cacert, cert, key, insecure_skip_tls_verify } = &self.tls;
        for (option, file) in [("--cacert", cacert), ("--cert", cert), ("--key", key)] {
            words.extend(file.iter().map(|file| format!("{option} {}", quoted(&file.to_string_lossy()))));
        }
        if *insecure_skip_tls_verify {
            words.push("--insecure-skip-tls-verify".to_owned());
        }
        if let Some(user) = &self.connection.user {
            let name = user.split_once(':').map_or(user.as_str(), |(name, _)| name);
            words.push(format!("--user {}", quoted(name)));
        }
        words
    }

    /// etcdctl with what it needs to reach the same cluster; none for a sandbox inside this program. A password is not shown.
    pub(super) fn etcdctl(&self) -> Option<String> {
        let options = self.connection_options();
        (!self.sandbox())
            .then(|| ["etcdctl".to_owned(), format!("--endpoints {}", self.target())].into_iter().chain(options))
            .map(|words| words.collect::<Vec<_>>().join(" "))
    }

    /// How to reach the named endpoints; asks for a missing password.
    pub(super) fn settings(&self) -> Result<Settings, CliError> {
        let tls = self.tls.files();
        let secure = tls.is_some();
        let targets = self.connection.endpoints.iter().map(|text| address(text, secure).map(Target::Address));
        let targets = targets.collect::<Result<_, _>>()?;
        let ConnectionFlags { dial_timeout, command_timeout, .. } = self.connection;
        Ok(Settings { tls, user: self.connection.user()?, dial_timeout, command_timeout, ..Settings::new(targets) })
    }
}

impl GeneralFlags {
    /// The colours that were asked for: a flag goes before the environment, as everywhere.
    pub(super) fn palette(&self, is_no_color_set: bool) -> Palette {
        match (self.no_color, self.theme) {
            (true, _) | (false, Some(ThemeName::Mono)) => Palette::Mono,
            (false, Some(ThemeName::Light)) => Palette::Light,
            (false, Some(ThemeName::Colorblind)) => Palette::ColorBlind,
            (false, Some(ThemeName::Dark)) => Palette::Dark,
            (false, None) if is_no_color_set => Palette::Mono,
            (false, None) => Palette::default(),
        }
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// As etcd's clients: a scheme decides, a bare `host:port` uses TLS where TLS files are named.
fn address(text: &str, secure: bool) -> Result<Address, BadEndpoint> {
    let bare = !text.contains("://");
    if secure && bare { Address::parse(&format!("https://{text}")) } else { Address::parse(text) }
}

impl TlsFlags {
    fn files(&self) -> Option<TlsFiles> {
        let TlsFlags { cacert, cert, key, insecure_skip_tls_verify: skip_verify } = self.clone();
        let any = cacert.is_some() || cert.is_some() || key.is_some() || skip_verify;
        any.then_some(TlsFiles { ca: cacert, cert, key, skip_verify })
    }
}

impl ConnectionFlags {
    /// Whom to log in as. With --password the whole of --user is the name, as in etcdctl.
    fn user(&self) -> Result<Option<User>, CliError> {
        let Some(user) = self.user.clone() else {
            return match self.password {
                Some(_) => Err(CliError::Usage("--password needs --user NAME beside it".to_owned())),
                None => Ok(None),
            };
        };
        let (name, password) = match (&self.password, user.split_once(':')) {
            (Some(password), _) => (user, password.clone()),
            (None, Some((name, password))) => (name.to_owned(), password.to_owned()),
            (None, None) => ask_password(user)?,
        };
        if name.is_empty() {
            return Err(CliError::Usage("--user needs a name: NAME or NAME:PASSWORD".to_owned()));
        }
        Ok(Some(User { name, password }))
    }
}

fn ask_password(name: String) -> Result<(String, String), CliError> {
    if !std::io::stdin().is_terminal() {
        let how = format!("--user {name} needs a password: --user {name}:PASSWORD, --password or ETCDCTL_PASSWORD");
        return Err(CliError::Usage(how));
    }
    let password = rpassword::prompt_password("Password: ")
        .map_err(|error| CliError::System { tried: "ask for the password", error })?;
    Ok((name, password))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The options of a command line. The variables of whoever runs the tests do not matter: a flag wins.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        shared: GlobalFlags,
    }

    fn shared(line: &str) -> GlobalFlags {
        Line::parse_from(line.split(' ')).shared
    }

    #[test]
    fn tls_files_make_a_bare_endpoint_secure_and_leave_a_scheme_alone() {
        let secure = |text| address(text, true).map(|address| address.is_secure());
        assert_eq!((secure("a:1"), secure("http://a:1"), secure("https://a:1")), (Ok(true), Ok(false), Ok(true)));
        assert_eq!(address("a:1", false).map(|address| address.is_secure()), Ok(false));
    }

    #[test]
    fn a_password_stands_in_the_user_or_beside_it() {
        let user = |line| shared(line).connection.user().map_err(|error| error.to_string());
        let expected = |name: &str, password: &str| Some(User { name: name.to_owned(), password: password.to_owned() });
        assert_eq!(user("leasetop --user me:a:b"), Ok(expected("me", "a:b")));
        assert_eq!(user("leasetop --user me:a --password b"), Ok(expected("me:a", "b")));
    }

    #[test]
    fn a_palette_is_named_by_a_flag_before_the_environment() {
        let palette = |line, is_no_color_set| shared(line).general.palette(is_no_color_set);
        assert_eq!((palette("leasetop", false), palette("leasetop", true)), (Palette::Dark, Palette::Mono));
        assert_eq!(palette("leasetop --theme light", true), Palette::Light);
        assert_eq!(palette("leasetop --theme colorblind", false), Palette::ColorBlind);
        assert_eq!(palette("leasetop --theme light --no-color", false), Palette::Mono);
    }

    #[test]
    fn the_command_that_goes_on_shows_no_password() {
        let line = shared("leasetop --endpoints a:1,b:2 --cacert it's.pem --user me:secret").command_line();
        assert_eq!(line, r"leasetop --endpoints a:1,b:2 --cacert 'it'\''s.pem' --user me");
    }
}
