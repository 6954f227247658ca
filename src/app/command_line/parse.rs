//! Parsing a command line into a [`Command`].

use std::time::Duration;

use super::bad_command::BadCommand;
use super::commands::{self, Arguments, CommandSpec};
use super::words::{self, Word};
use crate::app::action::Action;
use crate::app::command::Command;
use crate::app::verbs::grant::{Field, GrantForm};
use crate::app::{AppConfig, BadSort, Column, GroupBy, PlaybackControl, Sort, TABS, TypedFilter};
use crate::filter::seconds;
use etcd_lease::LeaseId;

/// Parses a line, which must not be empty.
///
/// # Errors
/// What was expected, and where.
pub fn parse(line: &str, config: &AppConfig) -> Result<Command, BadCommand> {
    let start = line.len() - line.trim_start().len();
    let name = line.trim_start().split(char::is_whitespace).next().unwrap_or_default();
    let Some(spec) = commands::find(name) else {
        return Err(BadCommand::at(line, start, "a command; Tab lists them".to_owned()));
    };
    let rest = start + name.len();
    // A filter has quotes of its own.
    if spec.arguments == Arguments::Filter {
        return filter(line, rest);
    }
    let words = words::split(&line[rest..]).map_err(|bad| BadCommand { at: bad.at + chars(&line[..rest]), ..bad })?;
    let words = words.into_iter().map(|word| Word { bytes: word.bytes.start + rest..word.bytes.end + rest, ..word });
    ArgumentParser { line, words: words.collect(), config }.command(&spec)
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Parses the filter that starts at byte `rest` of the line. Without a filter, the command opens the filter line.
fn filter(line: &str, rest: usize) -> Result<Command, BadCommand> {
    let text = &line[rest..];
    if text.trim().is_empty() {
        return Ok(Command::Action(Action::Filter));
    }
    match text.parse::<TypedFilter>() {
        Ok(filter) => Ok(Command::Filter(filter.text().to_owned())),
        Err(bad) => Err(BadCommand { at: chars(&line[..rest]) + bad.at, expected: bad.expected }),
    }
}

/// Parses the words after the command's name.
struct ArgumentParser<'a> {
    line: &'a str,
    words: Vec<Word>,
    config: &'a AppConfig,
}

impl ArgumentParser<'_> {
    fn command(&self, spec: &CommandSpec) -> Result<Command, BadCommand> {
        // Without arguments, an action of the same name asks for them.
        if self.words.is_empty()
            && let Some(action) = commands::action(&spec.name)
        {
            return Ok(Command::Action(action));
        }
        match spec.arguments {
            Arguments::Grant => self.grant(),
            Arguments::Ids(action) => self.ids(action),
            Arguments::Sort => self.sort(),
            Arguments::Columns => self.columns(),
            Arguments::Group => {
                let names = GroupBy::ALL.map(GroupBy::name);
                let place = self.one_of(names.into_iter())?;
                Ok(Command::GroupBy(GroupBy::ALL[place]))
            }
            Arguments::Theme => {
                let names = self.config.themes.iter().map(String::as_str);
                let place = self.one_of(names)?;
                Ok(Command::Theme(self.config.themes[place].clone()))
            }
            Arguments::Cluster => self.cluster(),
            Arguments::View => {
                let names: Vec<String> = TABS.iter().map(|tab| tab.name.to_lowercase()).collect();
                let place = self.one_of(names.iter().map(String::as_str))?;
                Ok(Command::Action(Action::Show(TABS[place].view)))
            }
            Arguments::File { overwrite } => {
                let path = self.only("FILE, ending with .json or .csv; quote a name with blanks")?.text.clone();
                let is_known = [".json", ".csv"].iter().any(|end| path.to_lowercase().ends_with(end));
                if !is_known {
                    return Err(self.bad(0, "a file name that ends with .json or .csv"));
                }
                Ok(Command::Export { path, overwrite })
            }
            Arguments::Record => Ok(Command::Record(self.only("FILE")?.text.clone())),
            Arguments::Seek => self.seek(),
            Arguments::Speed => {
                let speed = self.only("a number from 1 to 1000")?.text.trim_end_matches('x').parse().ok();
                let speed = speed.filter(|speed| (1..=1_000).contains(speed));
                let speed = speed.ok_or_else(|| self.bad(0, "a number from 1 to 1000"))?;
                self.in_recording(Command::Play(PlaybackControl::Speed(speed)))
            }
            Arguments::WriteConfig => self.without_arguments(Command::WriteConfig),
            Arguments::Tour => self.without_arguments(Command::Tour),
            Arguments::Action(action) => self.without_arguments(Command::Action(action)),
            // It was parsed with its own quotes.
            Arguments::Filter => self.without_arguments(Command::Action(Action::Filter)),
        }
    }

    /// An error at the word with this index, or after the end of the line if there is no such word.
    fn bad(&self, word: usize, expected: impl Into<String>) -> BadCommand {
        let at = self.words.get(word).map_or(self.line.trim_end().len() + 1, |word| word.bytes.start);
        let length = self.line.trim_end().len();
        if at > length {
            return BadCommand { at: chars(&self.line[..length]) + 1, expected: expected.into() };
        }
        BadCommand::at(self.line, at, expected)
    }

    /// The command, or an error if there are arguments.
    fn without_arguments(&self, command: Command) -> Result<Command, BadCommand> {
        if self.words.is_empty() { Ok(command) } else { Err(self.bad(0, "no arguments")) }
    }

    /// The only argument. If there is none, the error says `expected`.
    fn only(&self, expected: &str) -> Result<&Word, BadCommand> {
        match &self.words[..] {
            [word] => Ok(word),
            [] => Err(self.bad(0, expected)),
            [..] => Err(self.bad(1, "one argument only")),
        }
    }

    /// The index of the only argument among some names.
    fn one_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<usize, BadCommand> {
        let names: Vec<&str> = names.collect();
        let expected = names.join(", ");
        let word = self.only(&expected)?;
        names.iter().position(|name| *name == word.text).ok_or_else(|| self.bad(0, expected))
    }

    /// Parses where to go in time: `50%`, `+5m`, `-30` or `14:05:30`.
    fn seek(&self) -> Result<Command, BadCommand> {
        const EXPECTED: &str = "a position, a time span or a time of day: 50%, +5m, -30s, 14:05:30";
        let text = self.only(EXPECTED)?.text.as_str();
        let span = |text: &str| seconds(text).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let control = if let Some(percent) = text.strip_suffix('%') {
            let share = percent.parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
            share.map(|share| PlaybackControl::Seek((share * 10.0) as u16))
        } else if let Some(text) = text.strip_prefix('+') {
            span(text).map(PlaybackControl::Forward)
        } else if let Some(text) = text.strip_prefix('-') {
            span(text).map(PlaybackControl::Back)
        } else {
            time_of_day(text).map(PlaybackControl::TimeOfDay)
        };
        Ok(Command::Play(control.ok_or_else(|| self.bad(0, EXPECTED))?))
    }

    /// The command, or an error unless a recording is being played.
    fn in_recording(&self, command: Command) -> Result<Command, BadCommand> {
        if self.config.is_replay {
            Ok(command)
        } else {
            Err(BadCommand::at(self.line, 0, "a command of the live monitor"))
        }
    }

    fn sort(&self) -> Result<Command, BadCommand> {
        let word = self.only("a column, as in left:asc")?;
        let sort = word.text.parse::<Sort>().map_err(|bad| self.bad(0, expected_sort(&bad)))?;
        Ok(Command::SortBy(sort))
    }

    /// Parses columns, separated by blanks or commas. Each may appear once.
    fn columns(&self) -> Result<Command, BadCommand> {
        let mut columns: Vec<Column> = Vec::new();
        for (place, word) in self.words.iter().enumerate() {
            for name in word.text.split(',').filter(|name| !name.is_empty()) {
                let column: Column =
                    name.parse().map_err(|_| self.bad(place, format!("columns: {}", Column::names())))?;
                if columns.contains(&column) {
                    return Err(self.bad(place, format!("each column once; {column} appears twice")));
                }
                columns.push(column);
            }
        }
        if columns.is_empty() {
            return Err(self.bad(0, format!("columns: {}", Column::names())));
        }
        Ok(Command::ShowColumns(columns))
    }

    /// Parses the name of a cluster. Without a name, the command opens the menu of clusters.
    fn cluster(&self) -> Result<Command, BadCommand> {
        if self.words.is_empty() {
            return Ok(Command::Action(Action::Clusters));
        }
        let clusters = &self.config.clusters;
        if clusters.is_empty() {
            return Err(self.bad(0, "a cluster of the config file, which has none; add [cluster.NAME]"));
        }
        let place = self.one_of(clusters.iter().map(|cluster| cluster.name.as_str()))?;
        Ok(Command::AskSwitchCluster(clusters[place].name.clone()))
    }

    /// Parses lease ids; a repeated id counts once. Without ids, the action applies to the lease under the cursor or to the
    /// marked leases.
    fn ids(&self, action: Action) -> Result<Command, BadCommand> {
        if self.words.is_empty() {
            return Ok(Command::Action(action));
        }
        let mut ids: Vec<LeaseId> = Vec::new();
        for (place, word) in self.words.iter().enumerate() {
            let id = word.text.parse().map_err(|_| self.bad(place, "a lease id: hex, not 0"))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(Command::ActOn { action, ids })
    }

    /// Parses the arguments of `grant`, and checks them as the form for new leases does.
    fn grant(&self) -> Result<Command, BadCommand> {
        let mut grant = GrantWords::default();
        let mut words = self.words.iter().enumerate();
        while let Some((place, word)) = words.next() {
            let (name, inline) = match word.text.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (word.text.as_str(), None),
            };
            let mut value = |what: &str| match inline.clone() {
                Some(text) => Ok((place, text)),
                None => words
                    .next()
                    .map(|(place, word)| (place, word.text.clone()))
                    .ok_or_else(|| self.bad(self.words.len(), what)),
            };
            match name {
                "--put" => grant.puts.push(value("KEY=VALUE")?),
                "--count" => grant.count = Some(value("a number of leases")?),
                "--id" => grant.id = Some(value("a lease id: hex, not 0")?),
                "--keep-alive" => grant.is_released = false,
                "--no-keep-alive" => grant.is_released = true,
                _ if name.starts_with("--") => {
                    return Err(self.bad(place, "--put, --count, --id or --no-keep-alive"));
                }
                _ if grant.ttl.is_some() => return Err(self.bad(place, "--put, --count or --id")),
                _ => grant.ttl = Some((place, word.text.clone())),
            }
        }
        if grant.ttl.is_none() {
            return Err(self.bad(self.words.len(), "a TTL: seconds, or 5m, 2h, 1d"));
        }
        let request = grant.form(self.config).request();
        request.map(Command::Grant).map_err(|(field, rule)| {
            let (place, name) = grant.place(field);
            self.bad(place, format!("{name}: {rule}"))
        })
    }
}

/// What was expected in place of a bad sort order.
fn expected_sort(bad: &BadSort) -> String {
    match bad {
        BadSort::Key(_) => format!("problems or a column: {}", Column::names()),
        BadSort::Direction => "`:asc` or `:desc` after the column, as in left:asc".to_owned(),
    }
}

/// The arguments of `grant`, each with the index of its word.
#[derive(Default)]
struct GrantWords {
    ttl: Option<(usize, String)>,
    count: Option<(usize, String)>,
    id: Option<(usize, String)>,
    puts: Vec<(usize, String)>,
    is_released: bool,
}

impl GrantWords {
    fn form(&self, config: &AppConfig) -> GrantForm {
        let text = |word: &Option<(usize, String)>| word.as_ref().map_or(String::new(), |(_, text)| text.clone());
        let puts = self.puts.iter().map(|(_, text)| text.as_str());
        GrantForm::typed(&text(&self.ttl), text(&self.count), text(&self.id), puts, !self.is_released, config.pace)
    }

    /// The index of the word that set a field, and the name of the argument. `usize::MAX` if no word did.
    fn place(&self, field: Field) -> (usize, &'static str) {
        let place = |word: &Option<(usize, String)>| word.as_ref().map_or(usize::MAX, |(place, _)| *place);
        match field {
            Field::Ttl => (place(&self.ttl), "TTL"),
            Field::Count => (place(&self.count), "--count"),
            Field::Id => (place(&self.id), "--id"),
            Field::Put(line) => (self.puts.get(line).map_or(usize::MAX, |(place, _)| *place), "--put"),
            Field::KeepAlive | Field::Pace => (usize::MAX, "--keep-alive"),
        }
    }
}

/// The line as the history stores it: without the values of `--put KEY=VALUE`. Empty if a quote is not closed.
pub(in crate::app) fn without_values(line: &str) -> String {
    let Ok(words) = words::split(line) else { return String::new() };
    let mut text = String::new();
    let mut end = 0;
    let mut is_put = false;
    for word in words {
        let raw = &line[word.bytes.clone()];
        text.push_str(&line[end..word.bytes.start]);
        end = word.bytes.end;
        let inline = word.text.strip_prefix("--put=");
        match (is_put, inline) {
            // The word after `--put` is its value, even if it starts with `--put=`.
            (true, _) => text.push_str(&key_only(&word.text)),
            (false, Some(pair)) => text.push_str(&format!("--put={}", key_only(pair))),
            (false, None) => text.push_str(raw),
        }
        is_put = !is_put && word.text == "--put";
    }
    text
}

/// Shortens `/a=b` to `/a=`, with quotes if [`words::split`] would otherwise read something else.
fn key_only(pair: &str) -> String {
    let key = pair.split_once('=').map_or(pair, |(key, _)| key);
    match (key.contains('\''), key.contains('"')) {
        // Single quotes cannot contain a single quote, so each one is in double quotes.
        (true, true) => format!("'{}='", key.replace('\'', r#"'"'"'"#)),
        (true, false) => format!("\"{key}=\""),
        (false, has_double) if has_double || key.contains(char::is_whitespace) => format!("'{key}='"),
        (false, _) => format!("{key}="),
    }
}

/// Parses `14:05` or `14:05:30`. Returns the seconds since midnight.
fn time_of_day(text: &str) -> Option<u32> {
    let is_number = |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split(':').collect();
    let numbers = parts.iter().map(|part| part.parse::<u32>().ok().filter(|_| is_number(part)));
    let (hour, minute, second) = match numbers.collect::<Option<Vec<u32>>>()?[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    if hour < 24 && minute < 60 && second < 60 { Some(hour * 3_600 + minute * 60 + second) } else { None }
}
