//! Global options at work: which cluster they name, how it is reached, and the command lines that name it again.

use std::io::{self, IsTerminal, Stdin};

use nix::sys::signal::{SigSet, Signal};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::global_options::{ConnectionFlags, DiscoveryFlags, KeepAliveFlags, TlsFlags};
use super::{CliError, GlobalFlags, discovery, password};
use crate::app::Backend;
use etcd_lease::engine;
use etcd_lease::wire::{Address, Settings, Target, TlsFiles, User};

impl GlobalFlags {
    /// Whether an option, by clap's id, is on the command line.
    pub(super) fn is_given(&self, id: &str) -> bool {
        self.given.iter().any(|given| given == id)
    }

    /// Whether to use an in-process sandbox instead of endpoints.
    pub(super) fn sandbox(&self) -> bool {
        self.connection.sandbox
    }

    /// Selects an in-process sandbox, whatever the options say.
    pub(super) fn use_sandbox(&mut self) {
        self.connection.sandbox = true;
    }

    /// Returns the options with a clock that runs `warp` times as fast as real time.
    pub(super) fn at_speed(mut self, warp: u32) -> Self {
        self.connection.warp = warp;
        self
    }

    /// Speed of the sandbox's clock and ours, 1 for real time.
    pub(super) fn warp(&self) -> u32 {
        self.connection.warp
    }

    pub(super) fn backend(&self) -> Backend {
        if self.sandbox() { Backend::Sandbox { warp: self.warp() } } else { Backend::Cluster }
    }

    /// Refuses `--warp` on a real cluster, which keeps its own time: renewals would be sent at the wrong time.
    pub(super) fn check_warp(&self) -> Result<(), CliError> {
        if self.warp() > 1 && !self.sandbox() {
            let why = "--warp needs --sandbox; the clock of a real cluster cannot be sped up";
            return Err(CliError::Usage(why.to_owned()));
        }
        Ok(())
    }

    /// Refuses a command that writes or renews under `--read-only`.
    pub(super) fn writes(&self, command: &'static str) -> Result<(), CliError> {
        if self.general.read_only {
            return Err(CliError::ReadOnly { command, by: self.read_only_by.clone() });
        }
        Ok(())
    }

    /// Options of the keepalive engine.
    pub(super) fn engine(&self) -> engine::Options {
        let KeepAliveFlags { pace, queue_capacity } = self.keeping;
        engine::Options { pace, queue_capacity, ..engine::Options::default() }
    }

    /// The endpoints as given by the user, for display.
    pub(super) fn target(&self) -> String {
        match &self.connection.discovery.discovery_srv {
            _ if self.sandbox() => "sandbox".to_owned(),
            Some(domain) => domain.clone(),
            None => self.connection.endpoints().collect::<Vec<_>>().join(","),
        }
    }

    /// The command line that reaches the same cluster. It never contains a password.
    pub(super) fn command_line(&self) -> String {
        let mut words = vec!["leasetop".to_owned()];
        words.extend(self.general.config.iter().map(|file| format!("--config {}", quoted(&file.to_string_lossy()))));
        words.push(match &self.named {
            Some(named) => format!("--cluster {}", quoted(&named.name)),
            None => self.connection.place(),
        });
        if self.connection.sync_endpoints {
            words.push("--sync-endpoints".to_owned());
        }
        words.extend(self.connection_options());
        let file = self.connection.password_file.iter();
        words.extend(file.map(|file| format!("--password-file {}", quoted(&file.to_string_lossy()))));
        words.join(" ")
    }

    /// Options for TLS and user. leasetop and etcdctl share them.
    fn connection_options(&self) -> Vec<String> {
        let mut words = Vec::new();
        let TlsFlags { cacert, cert, key, insecure_skip_tls_verify, insecure_transport } = &self.tls;
        for (option, file) in [("--cacert", cacert), ("--cert", cert), ("--key", key)] {
            words.extend(file.iter().map(|file| format!("{option} {}", quoted(&file.to_string_lossy()))));
        }
        if *insecure_skip_tls_verify {
            words.push("--insecure-skip-tls-verify".to_owned());
        }
        if !*insecure_transport {
            words.push("--insecure-transport=false".to_owned());
        }
        if let Some(user) = &self.connection.user {
            words.push(format!("--user {}", quoted(password::name_of(user))));
        }
        words
    }

    /// The etcdctl command line that reaches the same cluster, without a password. `None` for an in-process sandbox.
    pub(super) fn etcdctl(&self) -> Option<String> {
        if self.sandbox() {
            return None;
        }
        let mut words = vec!["etcdctl".to_owned(), self.connection.place()];
        words.extend(self.connection_options());
        Some(words.join(" "))
    }

    /// Whether leasetop logs in, so that it has a password in memory.
    pub(super) fn has_login(&self) -> bool {
        self.connection.user.is_some() && !self.sandbox()
    }

    /// The user that needs a password, if none is given.
    pub(super) fn user_without_password(&self) -> Option<&str> {
        let user = self.connection.user.as_deref()?;
        let ConnectionFlags { password, password_file, .. } = &self.connection;
        let is_given = password.is_some() || password_file.is_some() || user.contains(':');
        if is_given || self.sandbox() { None } else { Some(user) }
    }

    /// Returns the options with the password. Prompts for it if it is missing.
    pub(super) fn with_password(mut self) -> Result<Self, CliError> {
        if let Some(user) = self.user_without_password() {
            self.connection.password = Some(ask_password(user)?.into());
        }
        Ok(self)
    }

    /// Connection settings for the endpoints, which are looked up if they are those of a domain. Prompts for a missing
    /// password.
    pub(super) async fn settings(&self) -> Result<Settings, CliError> {
        let tls = self.tls.files();
        // --insecure-skip-tls-verify alone does not turn TLS on, as in etcdctl.
        let has_files =
            tls.as_ref().is_some_and(|files| files.ca.is_some() || files.cert.is_some() || files.key.is_some());
        let secure = has_files || !self.tls.insecure_transport;
        let addresses = match &self.connection.discovery.discovery_srv {
            Some(domain) => discovery::addresses(domain, &self.connection.discovery).await?,
            None => {
                let addresses = self.connection.endpoints().map(|text| Address::parse_with_tls(text, secure));
                addresses.collect::<Result<_, _>>()?
            }
        };
        if addresses.is_empty() {
            return Err(CliError::Usage("--endpoints names no endpoint".to_owned()));
        }
        let targets = addresses.into_iter().map(Target::Address).collect();
        let ConnectionFlags { dial_timeout, command_timeout, .. } = self.connection;
        Ok(Settings { tls, user: self.connection.user()?, dial_timeout, command_timeout, ..Settings::new(targets) })
    }
}

/// Quotes a word for a shell, if it needs quotes.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

impl TlsFlags {
    fn files(&self) -> Option<TlsFiles> {
        let TlsFlags { cacert, cert, key, insecure_skip_tls_verify: skip_verify, .. } = self.clone();
        let is_any_given = cacert.is_some() || cert.is_some() || key.is_some() || skip_verify;
        if !is_any_given {
            return None;
        }
        Some(TlsFiles { ca: cacert, cert, key, skip_verify })
    }
}

impl ConnectionFlags {
    /// The endpoints of --endpoints, without empty ones.
    fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The options that name the endpoints. leasetop and etcdctl share them.
    fn place(&self) -> String {
        let DiscoveryFlags { discovery_srv, discovery_srv_name, insecure_discovery } = &self.discovery;
        let Some(domain) = discovery_srv else {
            return format!("--endpoints {}", quoted(&self.endpoints().collect::<Vec<_>>().join(",")));
        };
        let mut words = format!("--discovery-srv {}", quoted(domain));
        if let Some(name) = discovery_srv_name {
            words += &format!(" --discovery-srv-name {}", quoted(name));
        }
        if !insecure_discovery {
            words += " --insecure-discovery=false";
        }
        words
    }

    /// The user to log in as. With `--password`, the whole of `--user` is the name, as in etcdctl. Prompts for a
    /// missing password.
    fn user(&self) -> Result<Option<User>, CliError> {
        let Some(user) = self.user.as_deref() else {
            // ETCDCTL_PASSWORD without a user is ignored, as in etcdctl: it may be meant for another cluster.
            return match (self.is_password_on_command_line, &self.password_file) {
                (true, _) => Err(CliError::Usage("--password needs --user NAME".to_owned())),
                (false, Some(_)) => Err(CliError::Usage("--password-file needs --user NAME".to_owned())),
                (false, None) => Ok(None),
            };
        };
        password::protect_memory();
        let (name, password) = match (self.password.as_deref(), &self.password_file, user.split_once(':')) {
            (Some(password), _, _) => (user, password.to_owned()),
            (None, Some(file), _) => (user, password::read(file)?),
            (None, None, Some((name, password))) => (name, password.to_owned()),
            (None, None, None) => (user, ask_password(user)?),
        };
        if name.is_empty() {
            return Err(CliError::Usage("--user has no name; expected NAME or NAME:PASSWORD".to_owned()));
        }
        Ok(Some(User { name: name.to_owned(), password }))
    }
}

fn ask_password(name: &str) -> Result<String, CliError> {
    let terminal = io::stdin();
    if !terminal.is_terminal() {
        let why = format!("no password for user {name}; use --password-file FILE or ETCDCTL_PASSWORD");
        return Err(CliError::Usage(why));
    }
    prompt(&terminal).map_err(|error| CliError::System { tried: "prompt for the password", error })
}

/// Asks with the echo off before the prompt appears, because some people type at once. On Ctrl-C the terminal is restored,
/// and SIGINT ends the program.
fn prompt(terminal: &Stdin) -> io::Result<String> {
    let before = tcgetattr(terminal)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
    tcsetattr(terminal, OptionalActions::Now, &hidden)?;
    // rpassword reads Ctrl-C and raises SIGINT before it restores the terminal. The blocked signal waits until that is done.
    let interrupt = SigSet::from(Signal::SIGINT);
    let blocked = interrupt.thread_block();
    let password = rpassword::prompt_password("Password: ");
    let restored = tcsetattr(terminal, OptionalActions::Now, &before);
    if blocked.is_ok() {
        interrupt.thread_unblock()?;
    }
    restored?;
    password
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::ui::Palette;

    /// Only global options. Every test sets the flags it checks, so the environment does not matter.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        shared: GlobalFlags,
    }

    fn shared(line: &str) -> GlobalFlags {
        Line::parse_from(line.split(' ')).shared
    }

    /// The endpoints as they are used.
    async fn targets(line: &str) -> String {
        let settings = shared(line).settings().await;
        let targets = settings.map(|settings| settings.targets.iter().map(ToString::to_string).collect::<Vec<_>>());
        targets.map_or_else(|error| error.to_string(), |targets| targets.join(","))
    }

    #[tokio::test]
    async fn a_scheme_decides_about_tls_and_otherwise_the_tls_options() {
        let plain = "leasetop --endpoints a:1,http://a:1,https://a:1,unix://a";
        assert_eq!(targets(plain).await, "a:1,a:1,https://a:1,unix://a");
        let secure = "https://a:1,a:1,https://a:1,unixs://a";
        for options in ["--cacert ca.pem", "--insecure-transport=false", "--insecure-skip-tls-verify --cacert ca.pem"] {
            assert_eq!(targets(&format!("{plain} {options}")).await, secure, "{options}");
        }
        for options in ["--insecure-transport", "--insecure-skip-tls-verify"] {
            assert_eq!(targets(&format!("{plain} {options}")).await, targets(plain).await, "{options}");
        }
    }

    #[tokio::test]
    async fn an_empty_endpoint_is_passed_over() {
        assert_eq!(targets("leasetop --endpoints a:1,,b:2,").await, "a:1,b:2");
        assert_eq!(targets("leasetop --endpoints ,").await, "--endpoints names no endpoint");
        assert_eq!(shared("leasetop --endpoints a:1,").target(), "a:1");
    }

    #[test]
    fn a_copied_command_quotes_what_a_shell_would_expand() {
        let etcdctl = shared("leasetop --endpoints [::1]:2379 --user $me").etcdctl();
        assert_eq!(etcdctl.as_deref(), Some("etcdctl --endpoints '[::1]:2379' --user '$me'"));
    }

    #[test]
    fn a_password_is_part_of_the_user_or_an_option() {
        let user = |line| shared(line).connection.user().map_err(|error| error.to_string());
        let expected = |name: &str, password: &str| Some(User { name: name.to_owned(), password: password.to_owned() });
        assert_eq!(user("leasetop --user me:a:b"), Ok(expected("me", "a:b")));
        assert_eq!(user("leasetop --user me:a --password b"), Ok(expected("me:a", "b")));
    }

    #[test]
    fn a_flag_takes_precedence_over_no_color() {
        let palette = |line, is_no_color_set| shared(line).general.palette(is_no_color_set);
        assert_eq!((palette("leasetop", false), palette("leasetop", true)), (Palette::Dark, Palette::Mono));
        assert_eq!(palette("leasetop --theme light", true), Palette::Light);
        assert_eq!(palette("leasetop --theme colorblind", false), Palette::ColorBlind);
        assert_eq!(palette("leasetop --theme light --no-color", false), Palette::Mono);
    }

    #[tokio::test]
    async fn the_command_line_and_debug_output_contain_no_password() {
        let line = shared("leasetop --endpoints a:1 --sync-endpoints").command_line();
        assert_eq!(line, "leasetop --endpoints a:1 --sync-endpoints");
        let line = "leasetop --discovery-srv example.com --insecure-discovery=false --insecure-transport=false";
        assert_eq!(shared(line).command_line(), line);
        assert_eq!(shared(line).target(), "example.com");
        let line = shared("leasetop --endpoints a:1,b:2 --cacert it's.pem --user me:secret").command_line();
        assert_eq!(line, r"leasetop --endpoints a:1,b:2 --cacert 'it'\''s.pem' --user me");
        for line in ["leasetop --user me:secret", "leasetop --user me --password secret"] {
            let shared = shared(line);
            let settings = shared.settings().await.unwrap();
            assert!(!format!("{shared:?} {settings:?}").contains("secret"), "{shared:?}");
        }
        let line = shared("leasetop --user me --password-file pass").command_line();
        assert!(line.ends_with("--user me --password-file pass"), "{line}");
    }
}
