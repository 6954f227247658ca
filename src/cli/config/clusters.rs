//! `[cluster.NAME]`: clusters that can be named.

use super::settings::{self, Checker, Values};
use super::source::{BadConfig, Item};
use crate::app::LabelColor;

/// A cluster by its name.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// What marks it on the screen.
    pub(super) color: Option<LabelColor>,
    pub(super) values: Values,
}

/// Reads all of them.
pub(super) fn read(table: &Item<'_>, checker: &Checker) -> Result<Vec<Cluster>, BadConfig> {
    const HOW: &str = "write [cluster.NAME], and below it what is said of that cluster";
    table.items(HOW)?.iter().map(|item| cluster(item, checker, HOW)).collect()
}

fn cluster(table: &Item<'_>, checker: &Checker, how: &str) -> Result<Cluster, BadConfig> {
    let mut cluster = Cluster { name: table.name().to_owned(), color: None, values: Values::new() };
    for item in table.items(how)? {
        match item.name() {
            "color" => cluster.color = Some(color(&item)?),
            _ => cluster.values.extend([settings::read(&item, checker, true)?]),
        }
    }
    if cluster.values.contains_key("endpoints") {
        Ok(cluster)
    } else {
        Err(table.wrong("it has no endpoints: say where it is, endpoints = [\"HOST:PORT\"]"))
    }
}

fn color(item: &Item<'_>) -> Result<LabelColor, BadConfig> {
    item.text()?.parse().map_err(|unknown| item.wrong(unknown))
}
