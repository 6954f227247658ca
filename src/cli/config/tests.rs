//! Config files, valid and invalid.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::app::{DialogAction, Key, KeyContext, Keymap, LabelColor, keymap::Action};
use crate::ui::Palette;

fn understood(text: &str) -> Result<Content, String> {
    Content::read(&Source { path: Path::new("config.toml"), text }).map_err(|bad| bad.to_string())
}

/// A config file in a temporary folder.
struct Config(TempDir);

impl Config {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("leasetop")).expect("a folder");
        fs::write(folder.path().join("leasetop/config.toml"), text).expect("a file");
        Config(folder)
    }

    fn env(&self) -> Env {
        Env { config_home: Some(self.0.path().to_owned()), ..Env::default() }
    }

    /// Reads a command line with it. No test here depends on the ETCDCTL variables of the environment.
    fn read(&self, line: &str) -> Result<Cli, String> {
        let words = line.split(' ').map(OsString::from).collect();
        read(words, &self.env()).map_err(|error| error.to_string())
    }

    fn target(&self, line: &str) -> String {
        self.read(line).expect("it can be read").shared.target()
    }
}

#[test]
fn errors_have_file_line_and_key() {
    let wrong = [
        ("no TOML", "ascii = true\nendpoints = [\"a:1\"\n"),
        ("a text that does not end, behind which a password may stand", "user = \"me:secret\n"),
        ("a key twice", "ascii = true\n\nascii = false\n"),
        ("an unknown setting", "# a word\nascci = true\n"),
        ("a setting of another type", "ascii = \"yes\"\n"),
        ("a number in place of a text", "dial-timeout = 2\n"),
        ("a text in place of a number", "queue-capacity = \"16\"\n"),
        ("a number that is none", "queue-capacity = 1.5\n"),
        ("a number out of bounds", "queue-capacity = -1\n"),
        ("an endpoint without a port", "endpoints = [\"10.0.0.1:2379\", \"localhost\"]\n"),
        ("no endpoint", "endpoints = []\n"),
        ("a list of numbers", "endpoints = [2379]\n"),
        ("a duration of an unknown unit", "command-timeout = \"5 moons\"\n"),
        ("a choice that there is not", "theme = \"purple\"\n"),
        ("a pace that there is not", "pace = \"fast\"\n"),
        ("a password", "password = \"secret\"\n"),
        ("a password behind the user", "[cluster.prod]\nendpoints = [\"a:1\"]\nuser = \"me:secret\"\n"),
        ("a table in place of a value", "[theme]\nname = \"dark\"\n"),
        ("a value in place of a table", "keys = \"vi\"\n"),
        ("an unknown action", "[keys]\ndestroy = \"d\"\n"),
        ("an unknown key", "[keys]\nrevoke = [\"d\", \"Hyper-d\"]\n"),
        ("a key that a terminal cannot tell", "[keys]\nrevoke = \"Ctrl-i\"\n"),
        ("a key of two actions", "[keys]\nnew = \"d\"\nrevoke = [\"d\"]\n"),
        ("a key that another action has by itself", "[keys]\nrevoke = \"n\"\n"),
        ("a key that confirms what it asks", "[keys]\nrevoke = \"y\"\n"),
        ("a key that a dialog has for two things", "[keys]\ndialog-confirm = [\"d\", \"q\"]\n"),
        ("a key that is typed in a form", "[keys]\nform-next = \"x\"\n"),
        ("a digit that is typed in a dialog", "[keys]\ndialog-confirm = \"1\"\n"),
        ("a key that opens what it was chosen to confirm", "[keys]\nquit-revoke = \"q\"\nquit-leave = []\n"),
        ("no way out of a form", "[keys]\nform-close = []\n"),
        ("no way out", "[keys]\nquit = []\n"),
        ("a cluster without endpoints", "[cluster.prod]\nuser = \"me\"\n"),
        ("a cluster that is none", "[cluster]\nprod = \"a:1\"\n"),
        ("a cluster's unknown setting", "[cluster.prod]\nendpoints = [\"a:1\"]\ncolour = \"red\"\n"),
        ("a cluster's unknown color", "[cluster.prod]\nendpoints = [\"a:1\"]\ncolor = \"pink\"\n"),
        ("keys in a cluster", "[cluster.prod]\nendpoints = [\"a:1\"]\n[cluster.prod.keys]\nquit = \"x\"\n"),
        ("a color of no cluster", "color = \"red\"\n"),
        ("a key of another type", "[keys]\nrevoke = 1\n"),
        ("a cluster's setting of another type", "[cluster.prod]\nendpoints = [\"a:1\"]\nread-only = \"yes\"\n"),
        ("a cluster's setting that is the program's", "[cluster.prod]\nendpoints = [\"a:1\"]\nascii = true\n"),
        ("a column that there is not", "columns = [\"id\", \"age\"]\n"),
        ("a column twice", "columns = [\"id\", \"left\", \"id\"]\n"),
        ("an order that there is not", "sort = \"left:up\"\n"),
        ("a filter that cannot be read", "filter = \"who:me\"\n"),
        ("a default cluster that there is not", "default-cluster = \"prod\"\n"),
        ("a lock without a key", "ascii = true\n[[lock]]\n"),
        ("a lock of any key", "[[lock]]\nkey = \"/a/*\"\n\n[[lock]]\nkey = \"/*/*\"\n"),
        ("a lock with a pattern for any depth", "[[lock]]\nkey = \"/a/**/leader\"\n"),
        ("a mute without a warning", "ascii = true\n[[mute]]\nservice = \"/a\"\n"),
        ("a mute of a warning that there is not", "[[mute]]\nservice = \"/a\"\nwarning = \"late\"\n"),
        ("a mute of everything", "[[mute]]\nwarning = \"leak\"\n"),
        ("a mute of two things", "[[mute]]\nwarning = \"leak\"\nkey = \"/a\"\nservice = \"/a\"\n"),
        ("a mute of no id", "[[mute]]\nwarning = \"leak\"\nid = \"xyz\"\n"),
        ("an unknown setting of a mute", "[[mute]]\nwarning = \"leak\"\nttl = 5\n"),
        (
            "a mute in a cluster",
            "[cluster.prod]\nendpoints = [\"a:1\"]\n[[cluster.prod.mute]]\nwarning = \"leak\"\nkey = \"/\"\n",
        ),
        ("a grouping that there is not", "group = \"age\"\n"),
        ("a role that there is not", "[theme.mine]\nbased-on = \"light\"\ndangr = \"red\"\n"),
        ("a colour that there is not", "[theme.mine]\ndanger = \"red\"\ndim = \"reddish\"\n"),
        ("a colour that is a list", "[theme.mine]\ndanger = [1]\n"),
        ("a theme based on none", "[theme.mine]\n\nbased-on = \"purple\"\n"),
        ("a theme with a name that is taken", "[theme.dark]\ndim = 244\n"),
        ("a chosen theme that there is not", "ascii = true\ntheme.use = \"his\"\n[theme.mine]\ndim = 244\n"),
        ("a setting with an escape sequence in it", "\"\\u001b[2J\" = true\n"),
        ("a name with an escape sequence in it", "default-cluster = \"\\u001b[2J\"\n"),
    ];
    let mut told = String::new();
    for (kind, text) in wrong {
        let bad = understood(text).map(|_| ()).expect_err(kind);
        assert!(bad.starts_with("config.toml:"), "{kind}: {bad}");
        assert!(!bad.contains("secret") && !bad.contains('\x1b'), "{kind}: {bad}");
        told += &format!("{kind}\n  {bad}\n");
    }
    insta::assert_snapshot!("wrong_files", told);
}

#[test]
fn the_sample_shows_every_default() {
    let sample = sample();
    let uncommented = uncommented(&sample);
    assert_eq!(uncommented.matches("\nendpoints = [\"127.0.0.1:2379\"]\n").count(), 1);
    let plain = format!("{:?}", Config::new("").read("leasetop").expect("it can be read"));
    for text in [&sample, &uncommented] {
        let cli = Config::new(text).read("leasetop").unwrap_or_else(|bad| panic!("{bad}\n{text}"));
        assert_eq!(format!("{cli:?}"), plain, "{text}");
    }
    for row in Keymap::default().rows() {
        assert!(uncommented.contains(&format!("\n{} = ", row.binding.action.name())));
    }
}

/// Uncomments each line that shows a default.
fn uncommented(sample: &str) -> String {
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
    sample.lines().map(|line| if is_setting(line) { &line[1..] } else { line }).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_examples_of_the_sample_are_valid() {
    let example = |line: &str| line.strip_prefix("# For example: ").map(|example| format!("{example}\n"));
    let examples: String =
        sample().lines().filter_map(example).filter(|line| !line.starts_with("default-cluster")).collect();
    let cluster: String = super::sample()
        .lines()
        .skip_while(|line| *line != "# [cluster.prod]")
        .take_while(|line| line.starts_with("# "))
        .map(|line| format!("{}\n", &line[2..]))
        .collect();
    let content =
        understood(&format!("{examples}default-cluster = \"prod\"\n{cluster}")).unwrap_or_else(|bad| panic!("{bad}"));
    assert_eq!(content.values["cacert"], ["ca.pem"]);
    let prod = &content.clusters[0];
    assert_eq!(
        (prod.name.as_str(), prod.color, prod.values["read-only"][0].as_str()),
        ("prod", Some(LabelColor::Red), "true")
    );
}

#[test]
fn a_flag_takes_precedence_over_the_file() {
    let config = Config::new("endpoints = \"a:1,b:2\"\npace = \"exact\"\nascii = true\nread-only = true\n");
    assert_eq!(config.target("leasetop --endpoints c:3"), "c:3");
    let shared = config.read("leasetop list --ascii=false").expect("it can be read").shared;
    assert!(!shared.general.ascii && shared.general.read_only);
    assert_eq!(shared.keeping.pace.to_string(), "exact");
    assert!(!config.read("leasetop --read-only=false").expect("it can be read").shared.general.read_only);
}

#[test]
fn the_path_follows_xdg() {
    let at = |config_home: Option<&str>, home: Option<&str>| {
        let [config_home, home] = [config_home, home].map(|folder| folder.map(PathBuf::from));
        Env { config_home, home, ..Env::default() }.file()
    };
    assert_eq!(at(Some("/x"), Some("/home/me")), Some("/x/leasetop/config.toml".into()));
    let at_home = Some("/home/me/.config/leasetop/config.toml".into());
    assert_eq!((at(None, Some("/home/me")), at(Some("x"), Some("/home/me"))), (at_home.clone(), at_home));
    assert_eq!(at(None, None), None);
}

#[test]
fn a_named_cluster_inherits_no_identity() {
    let config = Config::new(
        "endpoints = [\"a:1\"]\ncacert = \"/ca.pem\"\nuser = \"me\"\npace = \"exact\"\n\
         [cluster.prod]\nendpoints = [\"p:1\", \"p:2\"]\ncert = \"prod.pem\"\ncolor = \"red\"\n",
    );
    assert!(config.target("leasetop").ends_with("a:1"));
    let prod = config.read("leasetop --cluster prod").expect("it can be read").shared;
    assert_eq!(prod.target(), "p:1,p:2");
    assert_eq!(prod.named, Some(ClusterLabel { name: "prod".to_owned(), color: Some(LabelColor::Red) }));
    let cert = config.0.path().join("leasetop/prod.pem");
    let line = format!("leasetop --cluster prod --cert {}", cert.display());
    assert_eq!(prod.command_line(), line, "neither the CA nor the user from above");
    assert_eq!(prod.keeping.pace.to_string(), "exact");
    let told = config.read("leasetop --cluster test").expect_err("it is not there");
    assert_eq!(told, "no cluster “test” in the config file; defined: prod");
    for line in ["leasetop --cluster prod --endpoints x:1", "leasetop --cluster prod --sandbox"] {
        assert!(config.read(line).expect_err(line).starts_with("--cluster conflicts with"), "{line}");
    }
    let told = Config::new("").read("leasetop --cluster prod").expect_err("there is none");
    assert!(told.contains("(none defined); add [cluster.prod]"), "{told}");
}

#[test]
fn endpoints_and_sandboxes_take_precedence_over_the_default_cluster() {
    let config = Config::new("default-cluster = \"prod\"\n[cluster.prod]\nendpoints = [\"p:1\"]\n");
    let named = |line| config.read(line).expect("it can be read").shared.named.map(|named| named.name);
    assert_eq!(named("leasetop --cluster prod"), Some("prod".to_owned()));
    assert_eq!(
        (named("leasetop --endpoints x:1"), named("leasetop --sandbox"), named("leasetop demo")),
        (None, None, None)
    );
}

#[test]
fn a_sandbox_conflicts_only_with_endpoints_of_the_command_line() {
    let config = Config::new("endpoints = [\"a:1\"]\n[cluster.prod]\nendpoints = [\"p:1\"]\n");
    let told = |line: &str| config.read(line).expect_err(line);
    assert!(told("leasetop list --sandbox --endpoints x:1").starts_with("--sandbox conflicts with --endpoints"));
    for line in ["leasetop demo --endpoints x:1", "leasetop --cluster prod demo", "leasetop --endpoints x:1 sandbox"] {
        assert!(told(line).contains("has its own sandbox"), "{line}");
    }
    assert_eq!(config.target("leasetop --sandbox list"), "sandbox", "the file's are not asked");
}

#[test]
fn a_blocked_write_says_where_and_how_to_override_it() {
    let config = Config::new(
        "read-only = true\n[cluster.test]\nendpoints = [\"a:1\"]\n[cluster.prod]\nendpoints = [\"p:1\"]\nread-only = true\n",
    );
    let file = config.0.path().join("leasetop/config.toml");
    let by = |line: &str| {
        config.read(line).expect("it can be read").shared.writes("grant").map_err(|error| error.to_string())
    };
    let by_file = |cluster: &str| {
        let file = file.display();
        Err(format!("`grant` is blocked by read-only in {file}{cluster}; override it with --read-only=false"))
    };
    assert_eq!(by("leasetop grant 5"), by_file(""));
    assert_eq!(by("leasetop --cluster test grant 5"), by_file(""));
    assert_eq!(by("leasetop grant 5 --cluster prod"), by_file(" for cluster prod"));
    let by_flag = "`grant` is blocked by --read-only; drop --read-only to allow it";
    assert_eq!(by("leasetop grant 5 --cluster prod --read-only"), Err(by_flag.to_owned()));
    assert_eq!(by("leasetop grant 5 --cluster prod --read-only=false"), Ok(()));
}

#[test]
fn keys_are_rebound() {
    let config = Config::new("[keys]\nrevoke = \"d\"\ndrill = []\nnew = [\"F2\", \"ctrl-n\"]\nquit-revoke = \"F9\"\n");
    let keymap = config.read("leasetop").expect("it can be read").shared.keymap;
    let actions =
        [Key::Char('d'), Key::F(2), Key::Ctrl('n'), Key::Char('x'), Key::Char('!')].map(|key| keymap.action(key));
    assert_eq!(keymap.dialog_action(KeyContext::Quit, Key::F(9)), Some(DialogAction::QuitRevoke));
    assert_eq!(actions, [Some(Action::Revoke), Some(Action::New), Some(Action::New), None, None]);
}

#[test]
fn no_color_takes_precedence_over_the_file() {
    let config = Config::new("theme = \"light\"\n");
    let env = Env { is_no_color_set: true, ..config.env() };
    let cli = read(vec!["leasetop".into()], &env).map_err(|error| error.to_string()).expect("it can be read");
    assert_eq!(cli.shared.general.palette(true), Palette::Mono);
    assert_eq!(config.read("leasetop").expect("it can be read").shared.general.palette(false), Palette::Light);
}

#[test]
fn a_theme_of_the_file_is_chosen_there_or_by_the_option() {
    let config = Config::new("theme.use = \"mine\"\n[theme.mine]\nbased-on = \"light\"\ndim = 244\n[theme.other]\n");
    let palette = |line| config.read(line).expect(line).shared.general.palette(false);
    let custom = |line| matches!(palette(line), Palette::Custom(_));
    assert!(custom("leasetop") && custom("leasetop --theme other"));
    assert_ne!(palette("leasetop"), palette("leasetop --theme other"));
    assert_eq!(palette("leasetop --theme colorblind"), Palette::ColorBlind);
    let why = config.read("leasetop --theme his").expect_err("there is none");
    assert_eq!(why, "--theme: `his` is not one of dark, light, colorblind, mono, mine, other");
}

#[test]
fn the_mouse_is_on_unless_the_file_or_the_option_turns_it_off() {
    let config = Config::new("mouse = false\n");
    let mouse = |line| config.read(line).expect(line).shared.general.mouse;
    assert!(!mouse("leasetop") && mouse("leasetop --mouse"));
    assert!(Config::new("").read("leasetop").expect("a file").shared.general.mouse);
}

#[test]
fn a_named_file_must_exist_but_some_commands_ignore_it() {
    let config = Config::new("ascii = 1\n");
    assert!(config.read("leasetop --config /nowhere/x.toml").expect_err("it is not there").contains("/nowhere/x.toml"));
    assert!(config.read("leasetop list").is_err());
    for line in ["leasetop config", "leasetop man", "leasetop completions bash"] {
        assert!(config.read(line).is_ok(), "{line}");
    }
}

#[test]
fn settings_of_watching_apply_to_every_command_that_watches() {
    let config = Config::new("budget = 7\nprefix = \"/svc/\"\n");
    for line in ["leasetop", "leasetop events", "leasetop --budget 8", "leasetop events --budget 8"] {
        let cli = config.read(line).expect(line);
        let budget = if line.ends_with('8') { "budget: Some(8)" } else { "budget: Some(7)" };
        assert!(format!("{cli:?}").contains(budget), "{line}: {cli:?}");
        assert_eq!(cli.monitor.flags.anything, line == "leasetop --budget 8");
    }
    assert!(!config.read("leasetop list").expect("it can be read").monitor.flags.anything);
    for (line, has_prefix) in
        [("serve", true), ("locks", false), ("list --for 1s", false), ("wait --until none(*)", false)]
    {
        let cli = format!("{:?}", config.read(&format!("leasetop {line}")).expect(line));
        // The options of the monitor have the prefix in any case.
        assert_eq!(cli.matches("budget: Some(7)").count(), 2, "{line}: {cli}");
        assert_eq!(cli.matches("prefix: Some(\"/svc/\")").count(), 1 + usize::from(has_prefix), "{line}: {cli}");
    }
}

#[test]
fn rows_follow_the_file_but_list_has_no_filter_by_default() {
    let config = Config::new("filter = \"who:own\"\nsort = \"ttl:desc\"\ncolumns = [\"id\", \"ttl\"]\n");
    let said = |line| format!("{:?}", config.read(line).expect(line));
    let rest = "sort: Some(Sort { key: Column(Ttl), is_descending: true }), columns: [Id, Ttl], group: None }";
    assert_eq!(said("leasetop").matches(rest).count(), 1);
    assert_eq!(said("leasetop demo").matches(rest).count(), 2, "the demo's own, and the monitor's");
    assert!(!said("leasetop demo").contains("filter: None") && !said("leasetop").contains("filter: None"));
    assert!(said("leasetop list").contains(&format!("filter: None, {rest}")));
    assert!(said("leasetop list --sort id").contains("Column(Id)"));
}
