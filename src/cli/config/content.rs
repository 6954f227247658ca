//! The content of a config file, fully checked.

use std::path::PathBuf;

use toml::Spanned;

use super::file::{BadConfig, Source, Table};
use super::locks;
use super::mutes;
use super::on_event;
use super::settings::{Checker, NOT_IN_CLUSTER, Values};
use super::themes;
use crate::app::{BadKey, Key, Keymap, LabelColor, MuteRule};
use crate::escape::printable;
use crate::inference::locks::LockPattern;
use crate::runtime::EventHook;
use crate::ui::CustomPalette;

#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) path: PathBuf,
    pub(super) values: Values,
    pub(super) clusters: Vec<Cluster>,
    /// The cluster to use without `--cluster`, `--endpoints` or a sandbox.
    pub(super) default_cluster: Option<String>,
    pub(super) keymap: Keymap,
    pub(super) mutes: Vec<MuteRule>,
    /// Patterns of lock keys.
    pub(super) locks: Vec<LockPattern>,
    /// Commands that run on events.
    pub(super) event_hooks: Vec<EventHook>,
    /// The themes by name.
    pub(super) themes: Vec<(String, CustomPalette)>,
}

/// A `[cluster.NAME]`.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// Colour of its name on the screen.
    pub(super) color: Option<LabelColor>,
    pub(super) values: Values,
}

impl Content {
    /// Reads a file. Errors are reported even in parts that are not used.
    pub(super) fn read(source: &Source<'_>) -> Result<Self, BadConfig> {
        let table = source.parse()?;
        let checker = Checker::new(source);
        if let Some(color) = &table.color {
            return Err(source.wrong(
                color.span().start,
                "color",
                "only clusters have a color; move it into a [cluster.NAME]",
            ));
        }
        let clusters = table.cluster.iter().flat_map(|clusters| clusters.get_ref());
        let clusters =
            clusters.map(|(name, table)| cluster(source, &checker, name, table.get_ref(), table.span().start));
        let content = Content {
            path: source.path.to_owned(),
            values: checker.values(&table, "")?,
            clusters: clusters.collect::<Result<_, _>>()?,
            default_cluster: table.default_cluster.as_ref().map(|name| name.get_ref().clone()),
            keymap: keymap(source, &table)?,
            mutes: table.mute.as_ref().map_or(Ok(Vec::new()), |tables| mutes::rules(source, tables.get_ref()))?,
            locks: table.lock.as_ref().map_or(Ok(Vec::new()), |tables| locks::patterns(source, tables.get_ref()))?,
            event_hooks: table
                .on_event
                .as_ref()
                .map_or(Ok(Vec::new()), |all| on_event::hooks(source, all.get_ref()))?,
            themes: themes(source, &table)?,
        };
        if let Some(name) = &table.default_cluster
            && content.cluster(name.get_ref()).is_none()
        {
            let what = format!("no [cluster.{}] in this file", printable(name.get_ref().as_bytes()));
            return Err(source.wrong(name.span().start, "default-cluster", what));
        }
        Ok(content)
    }

    pub(super) fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}

fn cluster(
    source: &Source<'_>,
    checker: &Checker<'_>,
    name: &str,
    table: &Table,
    at: usize,
) -> Result<Cluster, BadConfig> {
    let place = format!("cluster.{name}");
    let misplaced = [
        ("cluster", table.cluster.as_ref().map(Spanned::span)),
        ("default-cluster", table.default_cluster.as_ref().map(Spanned::span)),
        ("keys", table.keys.as_ref().map(Spanned::span)),
        ("lock", table.lock.as_ref().map(Spanned::span)),
        ("mute", table.mute.as_ref().map(Spanned::span)),
        ("on-event", table.on_event.as_ref().map(Spanned::span)),
        ("theme", table.theme.as_ref().map(Spanned::span)),
    ];
    for (key, span) in misplaced {
        if let Some(span) = span {
            return Err(source.wrong(span.start, &format!("{place}.{key}"), NOT_IN_CLUSTER));
        }
    }
    let values = checker.values(table, &format!("{place}."))?;
    if !values.contains_key("endpoints") && !values.contains_key("discovery-srv") {
        return Err(source.wrong(at, &place, "endpoints are missing; add endpoints = [\"HOST:PORT\"]"));
    }
    let Some(color) = &table.color else {
        return Ok(Cluster { name: name.to_owned(), color: None, values });
    };
    let parsed = color.get_ref().parse();
    let color = parsed.map_err(|unknown| source.wrong(color.span().start, &format!("{place}.color"), unknown))?;
    Ok(Cluster { name: name.to_owned(), color: Some(color), values })
}

/// Reads the themes of the file and checks that the chosen one exists.
fn themes(source: &Source<'_>, table: &Table) -> Result<Vec<(String, CustomPalette)>, BadConfig> {
    let Some(setting) = &table.theme else { return Ok(Vec::new()) };
    let themes = setting.get_ref().read(source)?;
    if let Some(chosen) = &setting.get_ref().chosen {
        // The chosen theme has a position of its own only in a table, as `theme.use`.
        let at = setting.span().start.max(chosen.span().start);
        themes::check(chosen.get_ref(), &themes).map_err(|why| source.wrong(at, "theme", why))?;
    }
    Ok(themes)
}

/// The default key bindings, changed by `[keys]`.
fn keymap(source: &Source<'_>, table: &Table) -> Result<Keymap, BadConfig> {
    let mut keymap = Keymap::default();
    let Some(keys) = &table.keys else { return Ok(keymap) };
    for (action, texts) in keys.get_ref() {
        let wrong = |what: String| source.wrong(action.span().start, &format!("keys.{}", action.get_ref()), what);
        let keys: Result<Vec<Key>, _> = texts.as_slice().iter().map(|text| text.parse()).collect();
        let keys = keys.map_err(|bad: BadKey| wrong(bad.to_string()))?;
        if !keymap.rebind(action.get_ref(), keys) {
            return Err(wrong("unknown action; run `leasetop config` for the list".to_owned()));
        }
    }
    let chosen = |name: &str| keys.get_ref().keys().find(|action| action.get_ref() == name);
    keymap.check(|name| chosen(name).is_some()).map_err(|bad| {
        let at = chosen(bad.action()).map_or(keys.span().start, |action| action.span().start);
        source.wrong(at, &format!("keys.{}", bad.action()), bad)
    })?;
    Ok(keymap)
}
