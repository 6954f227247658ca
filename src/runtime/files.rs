//! The user's files: the config file, the histories of typed lines, and exports. To replace the config file or a history,
//! a new file is written and renamed, so that a crash leaves the old or the new content.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use crate::app::command::ConfigFileChange;
use crate::app::{HistoryKind, Msg, TypedHistory, TypedLines};

/// Where the user's files are.
#[derive(Clone, Debug, Default)]
pub struct UserFiles {
    /// The config file, which may not exist. `None` if its place is unknown.
    pub config: Option<PathBuf>,
    /// The folder of the histories. `None` to store none.
    pub state: Option<PathBuf>,
    /// The home folder, for `~` in file names.
    pub home: Option<PathBuf>,
    /// Locked while a history is changed.
    history: Arc<Mutex<()>>,
}

/// The permissions of a history file: it may contain names of keys.
const PRIVATE: u32 = 0o600;
/// Number of names to try for a new file.
const MOST_NUMBERED: u32 = 1_000;

impl UserFiles {
    /// The files at these places.
    pub fn new(config: Option<PathBuf>, state: Option<PathBuf>, home: Option<PathBuf>) -> Self {
        UserFiles { config, state, home, history: Arc::default() }
    }

    /// The histories. A file that is missing or cannot be read is an empty history.
    pub fn typed_lines(&self) -> TypedLines {
        let read = |kind| {
            let text = self.history_path(kind).and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
            TypedHistory::from_text(&String::from_utf8_lossy(&text))
        };
        TypedLines { commands: read(HistoryKind::Commands), filters: read(HistoryKind::Filters) }
    }

    fn history_path(&self, kind: HistoryKind) -> Option<PathBuf> {
        let name = match kind {
            HistoryKind::Commands => "commands",
            HistoryKind::Filters => "filters",
        };
        Some(self.state.as_ref()?.join(name))
    }

    /// The file that the user typed. `~/` is the home folder.
    pub(super) fn place(&self, typed: &str) -> PathBuf {
        match (typed.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(typed),
        }
    }

    /// Adds a line to a history file. Another leasetop may have added lines meanwhile, so the file is read again.
    pub(super) async fn remember(self, kind: HistoryKind, line: String) -> Result<(), String> {
        let Some(path) = self.history_path(kind) else { return Ok(()) };
        let _guard = self.history.lock().await;
        let result = async {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).await?;
            }
            let text = match fs::read(&path).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                text => text?,
            };
            let mut history = TypedHistory::from_text(&String::from_utf8_lossy(&text));
            history.add(&line);
            replace(&path, history.to_text().as_bytes(), PRIVATE).await
        };
        result
            .await
            .map_err(|error: io::Error| format!("could not write {}: {error}; history is not kept", path.display()))
    }

    /// Reads the config file.
    pub(super) async fn read_config(self) -> Msg {
        let Some(path) = self.config else {
            return Msg::ConfigFileFailed("no place for a config file: HOME is not set; use --config FILE".to_owned());
        };
        let shown = path.display().to_string();
        match fs::read_to_string(&path).await {
            Ok(text) => Msg::ConfigFile { path: shown, text: Some(text) },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Msg::ConfigFile { path: shown, text: None },
            Err(error) => Msg::ConfigFileFailed(format!("could not read {shown}: {error}")),
        }
    }

    /// Writes the config file, unless it has changed since the change was shown.
    pub(super) async fn write_config(self, change: ConfigFileChange) -> Msg {
        let Some(path) = self.config else { return Msg::ConfigFileFailed("no place for a config file".to_owned()) };
        let shown = path.display().to_string();
        match write_config(&path, &change).await {
            Ok(true) => Msg::ConfigWritten { path: shown },
            Ok(false) => Msg::ConfigFileFailed(format!("{shown} was changed meanwhile; nothing was written")),
            Err(error) => Msg::ConfigFileFailed(format!("could not write {shown}: {error}")),
        }
    }

    /// Writes an export with `leases` leases to the file that the user typed.
    pub(super) async fn export(self, typed: String, overwrite: bool, content: String, leases: usize) -> Msg {
        let path = self.place(&typed);
        match export(&path, overwrite, content.as_bytes()).await {
            Ok(()) => Msg::Exported { leases: Some(leases), path: path.display().to_string() },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Msg::ExportFailed(format!("{} exists; `export! FILE` overwrites it", path.display()))
            }
            Err(error) => Msg::ExportFailed(format!("could not write {}: {error}", path.display())),
        }
    }
}

/// Writes a new file in the current directory. An existing one stays: a number is added to the name.
pub(super) async fn export_new(name: &'static str, text: String) -> Msg {
    let written = async {
        let folder = std::env::current_dir()?;
        create_new(&folder, name, &text).await
    };
    match written.await {
        Ok(path) => Msg::Exported { leases: None, path: path.display().to_string() },
        Err(error) => Msg::ExportFailed(format!("could not write {name}: {error}")),
    }
}

/// Creates a file called `name` in a folder. If it exists, a number is added: `cadence-2.csv`.
async fn create_new(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for number in 1..=MOST_NUMBERED {
        let name = if number == 1 { name.to_owned() } else { format!("{stem}-{number}.{extension}") };
        let path = folder.join(name);
        match create(&path, text.as_bytes(), None).await {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{MOST_NUMBERED} files named {name} exist already")))
}

/// Writes the config file if its content is still the old one of the change. Otherwise returns false.
async fn write_config(path: &Path, change: &ConfigFileChange) -> io::Result<bool> {
    let present = match fs::read_to_string(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        text => Some(text?),
    };
    if present != change.old {
        return Ok(false);
    }
    if present.is_none() {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await?;
        }
        // Fails if the file was created meanwhile.
        create(path, change.new.as_bytes(), None).await?;
        return Ok(true);
    }
    // A symlink stays; the file that it points to is replaced.
    let target = fs::canonicalize(path).await?;
    let mode = mode_of(&target).await?;
    replace(&target, change.new.as_bytes(), mode).await?;
    Ok(true)
}

async fn export(path: &Path, overwrite: bool, bytes: &[u8]) -> io::Result<()> {
    if !overwrite {
        return create(path, bytes, None).await;
    }
    fs::write(path, bytes).await
}

/// The permissions of a file, without the bits of its type.
#[cfg(unix)]
async fn mode_of(path: &Path) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path).await?.permissions().mode() & 0o7777)
}

/// Creates a file that does not exist yet, with these permissions or the usual ones. Deletes it again if the bytes
/// cannot be written.
async fn create(path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    if let Some(mode) = mode {
        options.mode(mode);
    }
    let mut file = options.open(path).await?;
    let written = async {
        file.write_all(bytes).await?;
        // tokio writes in the background. Only `flush` reports that the disk is full; `sync_all` drops the error.
        file.flush().await?;
        file.sync_all().await
    };
    if let Err(error) = written.await {
        let _ = fs::remove_file(path).await;
        return Err(error);
    }
    Ok(())
}

/// Replaces a file, or creates it, with these permissions.
async fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    // A crash may have left it.
    let _ = fs::remove_file(&new).await;
    create(&new, bytes, Some(PRIVATE)).await?;
    let renamed = async {
        fs::set_permissions(&new, std::fs::Permissions::from_mode(mode)).await?;
        fs::rename(&new, path).await
    };
    if let Err(error) = renamed.await {
        let _ = fs::remove_file(&new).await;
        return Err(error);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn files(folder: &Path) -> UserFiles {
        UserFiles::new(Some(folder.join("config.toml")), Some(folder.join("state/leasetop")), None)
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn lines_are_stored_privately_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        assert_eq!(files.typed_lines(), TypedLines::default());
        for line in ["sort ttl", "quit", "sort ttl"] {
            files.clone().remember(HistoryKind::Commands, line.to_owned()).await.unwrap();
        }
        let path = folder.path().join("state/leasetop/commands");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "quit\nsort ttl\n");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(files.typed_lines().commands.to_text(), "quit\nsort ttl\n");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no file is left over");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("state"), "a file").unwrap();
        let why = files(folder.path()).remember(HistoryKind::Filters, "left<5".to_owned()).await.unwrap_err();
        assert!(why.contains("history is not kept"), "{why}");
        UserFiles::default().remember(HistoryKind::Filters, "left<5".to_owned()).await.unwrap();
    }

    #[tokio::test]
    async fn a_config_file_that_changed_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "sort = \"id\"\n").unwrap();
        let change = |old: Option<&str>| ConfigFileChange { old: old.map(str::to_owned), new: "new = 1\n".to_owned() };
        for stale in [None, Some("sort = \"ttl\"\n")] {
            let msg = files(folder.path()).write_config(change(stale)).await;
            assert!(matches!(&msg, Msg::ConfigFileFailed(why) if why.contains("changed meanwhile")), "{msg:?}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "sort = \"id\"\n");
    }

    #[tokio::test]
    async fn the_config_file_keeps_its_permissions_and_its_symlink() {
        let folder = tempfile::tempdir().unwrap();
        let (path, real) = (folder.path().join("config.toml"), folder.path().join("dotfiles.toml"));
        std::fs::write(&real, "old\n").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        let change = ConfigFileChange { old: Some("old\n".to_owned()), new: "new\n".to_owned() };
        let msg = files(folder.path()).write_config(change).await;
        assert!(matches!(msg, Msg::ConfigWritten { .. }), "{msg:?}");
        assert!(path.is_symlink());
        assert_eq!((std::fs::read_to_string(&real).unwrap().as_str(), mode(&real)), ("new\n", 0o640));
    }

    #[tokio::test]
    async fn a_missing_config_file_is_created_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leasetop/config.toml");
        let files = UserFiles::new(Some(path.clone()), None, None);
        assert!(matches!(files.clone().read_config().await, Msg::ConfigFile { text: None, .. }));
        let change = ConfigFileChange { old: None, new: "new\n".to_owned() };
        let msg = files.write_config(change).await;
        assert!(matches!(msg, Msg::ConfigWritten { .. }), "{msg:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    }

    #[tokio::test]
    async fn an_export_replaces_a_file_only_if_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let files = UserFiles::new(None, None, Some(folder.path().to_owned()));
        let export = |overwrite, text: &str| files.clone().export("~/a.csv".to_owned(), overwrite, text.to_owned(), 2);
        assert!(matches!(export(false, "one").await, Msg::Exported { leases: Some(2), .. }));
        let refused = export(false, "two").await;
        assert!(matches!(&refused, Msg::ExportFailed(why) if why.contains("export! FILE")), "{refused:?}");
        assert!(matches!(export(true, "three").await, Msg::Exported { .. }));
        assert_eq!(std::fs::read_to_string(folder.path().join("a.csv")).unwrap(), "three");
    }

    #[tokio::test]
    async fn a_new_file_does_not_replace_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut names = Vec::new();
        for text in ["one", "two", "three"] {
            let path = create_new(folder.path(), "cadence.csv", text).await.unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
        assert_eq!(names, ["cadence.csv", "cadence-2.csv", "cadence-3.csv"]);
        assert!(create_new(&folder.path().join("missing"), "cadence.csv", "four").await.is_err());
    }
}
