//! The options of every command, with their help.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Id, ValueEnum};

use super::config::ConfigFile;
use super::password::Secret;
use super::theme::ThemeParser;
use super::{ReadOnlyBy, values};
use crate::app::{ClusterLabel, Keymap, MuteRule};
use crate::inference::locks::LockPattern;
use crate::runtime::EventHook;
use crate::ui::CustomPalette;
use etcd_lease::RenewalSchedule;

/// Output format of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text and tables; like etcdctl's output for its commands
    Simple,
    /// JSON, one object per line
    Json,
    /// Tables
    Table,
    /// One field per line
    Fields,
    /// Comma-separated values
    Csv,
    /// As in etcdctl. No command prints it, but the variable may say it.
    #[value(hide = true)]
    Protobuf,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned()).as_str())
    }
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct GlobalFlags {
    #[command(flatten)]
    pub(super) connection: ConnectionFlags,
    #[command(flatten)]
    pub(super) tls: TlsFlags,
    #[command(flatten)]
    pub(super) general: GeneralFlags,
    #[command(flatten)]
    pub(super) keeping: KeepAliveFlags,
    /// The selected cluster of the config file.
    #[arg(skip)]
    pub(super) named: Option<ClusterLabel>,
    /// Key bindings, with those of the config file.
    #[arg(skip)]
    pub(super) keymap: Keymap,
    /// The warnings that the config file mutes.
    #[arg(skip)]
    pub(super) mutes: Vec<MuteRule>,
    /// The keys that the config file declares as locks.
    #[arg(skip)]
    pub(super) lock_patterns: Vec<LockPattern>,
    /// The commands of the config file that run on events.
    #[arg(skip)]
    pub(super) event_hooks: Vec<EventHook>,
    /// Where read-only mode is set, if it is on.
    #[arg(skip)]
    pub(super) read_only_by: ReadOnlyBy,
    /// The config file.
    #[arg(skip)]
    pub(super) config_file: ConfigFile,
    /// clap's ids of the options on the command line: neither in the environment nor in the config file.
    #[arg(skip)]
    pub(super) given: Vec<Id>,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionFlags {
    /// Endpoints, comma-separated
    #[arg(long, global = true, env = "ETCDCTL_ENDPOINTS", hide_env_values = true, value_name = "URL,...")]
    #[arg(value_delimiter = ',', default_value = "127.0.0.1:2379", value_parser = values::endpoint)]
    pub(super) endpoints: Vec<String>,
    /// Also use the members that the endpoints list at startup
    #[arg(long, global = true)]
    pub(super) sync_endpoints: bool,
    #[command(flatten)]
    pub(super) discovery: DiscoveryFlags,
    /// Named cluster from the config file, instead of --endpoints
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) cluster: Option<String>,
    /// Use a temporary in-process etcd instead of --endpoints
    #[arg(long, global = true)]
    pub(super) sandbox: bool,
    /// Run the sandbox clock N times faster; all durations use that clock
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) warp: u32,
    /// User to log in as; password prompted for if omitted
    #[arg(long, global = true, env = "ETCDCTL_USER", hide_env_values = true, value_name = "NAME[:PASSWORD]")]
    pub(super) user: Option<Secret>,
    /// Password, if not in --user
    #[arg(long, global = true, env = "ETCDCTL_PASSWORD", hide_env_values = true)]
    pub(super) password: Option<Secret>,
    /// Read the password from FILE
    #[arg(long, global = true, env = "LEASETOP_PASSWORD_FILE", hide_env_values = true, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
    /// Whether the command line contains the password, where other users can see it.
    #[arg(skip)]
    pub(super) is_password_on_command_line: bool,
    /// Timeout for connecting
    #[arg(long, global = true, env = "ETCDCTL_DIAL_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "2s", value_parser = values::duration, allow_hyphen_values = true)]
    pub(super) dial_timeout: Duration,
    /// Timeout for a reply
    #[arg(long, global = true, env = "ETCDCTL_COMMAND_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = values::duration, allow_hyphen_values = true)]
    pub(super) command_timeout: Duration,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct DiscoveryFlags {
    /// Domain whose SRV records name the endpoints, instead of --endpoints
    #[arg(
        short = 'd',
        long,
        global = true,
        env = "ETCDCTL_DISCOVERY_SRV",
        hide_env_values = true,
        value_name = "DOMAIN"
    )]
    pub(super) discovery_srv: Option<String>,
    /// Suffix of the service in the SRV records
    #[arg(long, global = true, env = "ETCDCTL_DISCOVERY_SRV_NAME", hide_env_values = true, value_name = "NAME")]
    pub(super) discovery_srv_name: Option<String>,
    /// Also use endpoints without TLS from SRV records [default: true]
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_DISCOVERY", hide_env_values = true)]
    #[arg(value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) insecure_discovery: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsFlags {
    /// CA certificates to trust, PEM [default: the system's]
    #[arg(long, global = true, env = "ETCDCTL_CACERT", hide_env_values = true, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Client certificate, PEM
    #[arg(long, global = true, env = "ETCDCTL_CERT", hide_env_values = true, value_name = "FILE")]
    pub(super) cert: Option<PathBuf>,
    /// Private key of the client certificate, PEM
    #[arg(long, global = true, env = "ETCDCTL_KEY", hide_env_values = true, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Skip verification of server certificates (for tests)
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY", hide_env_values = true)]
    #[arg(value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) insecure_skip_tls_verify: bool,
    /// Use no TLS for endpoints without a scheme, unless TLS files are given [default: true]
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_TRANSPORT", hide_env_values = true)]
    #[arg(value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) insecure_transport: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(super) struct GeneralFlags {
    /// Output format
    #[arg(short, long, global = true, env = "ETCDCTL_WRITE_OUT", hide_env_values = true, value_name = "FORMAT")]
    #[arg(value_enum, default_value_t = Format::Simple)]
    pub(super) write_out: Format,
    /// Print keys, and the ids of -w fields, in hex
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) hex: bool,
    /// Refuse writes and renewals
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) read_only: bool,
    /// Disable colours; same as NO_COLOR
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) no_color: bool,
    /// Colour theme [default: dark or light, like the terminal]
    #[arg(long, global = true, value_name = "THEME", value_parser = ThemeParser)]
    pub(super) theme: Option<String>,
    /// Themes of the config file by name.
    #[arg(skip)]
    pub(super) themes: Vec<(String, CustomPalette)>,
    /// Use the mouse in the monitor [default: true]
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) mouse: bool,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) ascii: bool,
    /// Config file [default: ~/.config/leasetop/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Log file [default: stderr, or none in the monitor]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// Log more; -vv logs everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Keepalive")]
pub(super) struct KeepAliveFlags {
    /// Renew at TTL/3: on Go's 500 ms ticks, or exactly
    #[arg(long, global = true, default_value_t = RenewalSchedule::Clientv3, value_name = "clientv3|exact")]
    pub(super) pace: RenewalSchedule,
    /// Unread responses kept per lease; further responses are dropped
    #[arg(long, global = true, value_name = "N", default_value_t = 16)]
    pub(super) queue_capacity: usize,
}
