//! Changes settings at the top level of a config file, and nothing else: comments, order and layout stay.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A setting to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name.
    pub name: &'static str,
    /// The value.
    pub value: SettingValue,
    /// Whether it is the default, so that it is only written if the file has another value.
    pub is_default: bool,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A string.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
}

impl SettingValue {
    /// The value in TOML.
    fn to_toml(&self) -> String {
        match self {
            SettingValue::Text(text) => quoted(text),
            SettingValue::List(texts) => {
                format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether a value in a file is the same. A string is a list of one.
    fn matches(&self, value: &DeValue<'_>) -> bool {
        let wanted = match self {
            SettingValue::Text(text) => std::slice::from_ref(text),
            SettingValue::List(texts) => texts,
        };
        match value {
            DeValue::String(text) => wanted == [text.to_string()],
            DeValue::Array(values) => {
                let given: Vec<Option<&str>> = values.iter().map(|value| value.get_ref().as_str()).collect();
                given == wanted.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>()
            }
            _ => false,
        }
    }
}

/// A TOML string. Control characters are escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// The content of a file with these settings at its top level.
///
/// # Errors
/// The text is not TOML, or has an inline table in place of a setting.
pub fn edited(text: &str, settings: &[Setting]) -> Result<String, String> {
    settings.iter().try_fold(text.to_owned(), |text, setting| set(&text, setting))
}

fn set(text: &str, setting: &Setting) -> Result<String, String> {
    let table = DeTable::parse(text).map_err(|error| format!("invalid TOML: {}", error.message()))?;
    let root = table.get_ref();
    let given = root.iter().find(|(name, _)| name.get_ref() == setting.name).map(|(_, value)| value);
    match given {
        Some(value) if setting.value.matches(value.get_ref()) => Ok(text.to_owned()),
        Some(value) => match value.get_ref().as_table() {
            Some(variants) => set_choice(text, root, (variants, value.span()), setting),
            None => Ok(replaced(text, value.span(), &setting.value)),
        },
        None if setting.is_default => Ok(text.to_owned()),
        None => Ok(inserted(text, &values(root), setting.name, &setting.value)),
    }
}

/// The key of the chosen variant, in a file with tables `[SETTING.NAME]`.
const CHOICE: &str = "use";

/// Sets `SETTING.use`, because the setting itself is a table. `place` is the position of that table.
fn set_choice(
    text: &str,
    root: &DeTable<'_>,
    (variants, place): (&DeTable<'_>, Range<usize>),
    setting: &Setting,
) -> Result<String, String> {
    let given = variants.iter().find(|(name, _)| name.get_ref() == CHOICE).map(|(_, value)| value);
    let new = match given {
        Some(value) if setting.value.matches(value.get_ref()) => return Ok(text.to_owned()),
        Some(value) => replaced(text, value.span(), &setting.value),
        None => match below_header(text, place) {
            Some(place) => {
                let (above, below) = text.split_at(place);
                let gap = if above.ends_with('\n') { "" } else { "\n" };
                format!("{above}{gap}{CHOICE} = {}\n{below}", setting.value.to_toml())
            }
            None => inserted(text, &values(root), &format!("{}.{CHOICE}", setting.name), &setting.value),
        },
    };
    // An inline table cannot be extended.
    let is_valid = DeTable::parse(&new).is_ok();
    if is_valid { Ok(new) } else { Err(format!("cannot add {}.{CHOICE}; add it by hand", setting.name)) }
}

/// The start of the line after the header `[NAME]` of the table at this position. `None` if the table has no such header:
/// the position is that of its name then, or that of the braces of an inline table.
fn below_header(text: &str, table: Range<usize>) -> Option<usize> {
    let end = table.end;
    if text[table].starts_with('[') { Some(line_end(text, end)) } else { None }
}

/// The positions of all values in a table and in its tables. The position of a table is that of its header or its name, or
/// that of the braces of an inline table. The position of an array of tables is that of its first header.
fn values(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for value in table.values() {
        spans.push(value.span());
        spans.extend(value.get_ref().as_table().map(values).unwrap_or_default());
    }
    spans
}

/// Whether the line that starts here is within a value of several lines.
fn is_in_value(values: &[Range<usize>], start: usize) -> bool {
    values.iter().any(|span| span.start < start && start < span.end)
}

fn replaced(text: &str, place: Range<usize>, value: &SettingValue) -> String {
    let mut new = text.to_owned();
    new.replace_range(place, &value.to_toml());
    new
}

/// Inserts a setting that the file does not have: below the comment that shows its default, or below the last setting of
/// the top level, or above the first table.
fn inserted(text: &str, values: &[Range<usize>], name: &str, value: &SettingValue) -> String {
    let line = format!("{name} = {}\n", value.to_toml());
    let end_of_root = first_table(text, values);
    let root = &text[..end_of_root];
    let last = values.iter().filter(|span| span.start < end_of_root).map(|span| span.end).max();
    let place = comment_of(root, values, name).or_else(|| Some(line_end(text, last?)));
    let Some(place) = place else { return above_table(text, end_of_root, &line) };
    let mut new = text.to_owned();
    let needs_line_end = place > 0 && !text[..place].ends_with('\n');
    new.insert_str(place, &if needs_line_end { format!("\n{line}") } else { line });
    new
}

/// Inserts a line above the comments that belong to the first table, or at the end of the file.
fn above_table(text: &str, table_start: usize, line: &str) -> String {
    if table_start == text.len() {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return format!("{text}{gap}{line}");
    }
    let mut place = table_start;
    while let Some(start) = line_before(text, place)
        && text[start..place].trim_start().starts_with('#')
    {
        place = start;
    }
    format!("{}{line}\n{}", &text[..place], &text[place..])
}

/// The start of the line that ends at `end`.
fn line_before(text: &str, end: usize) -> Option<usize> {
    let above = text[..end].strip_suffix('\n')?;
    Some(above.rfind('\n').map_or(0, |at| at + 1))
}

/// The start of the line after a position.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length + 1)
}

/// Some editors begin a file with it. TOML skips it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The start of the first table, or the end of the text if there is none. Lines within a value do not count.
fn first_table(text: &str, values: &[Range<usize>]) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mark = if start == 0 && line.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        if !is_in_value(values, start) && line[mark..].trim_start().starts_with('[') {
            return start + mark;
        }
        start += line.len();
    }
    text.len()
}

/// The end of the comment line that shows a setting, as `leasetop config` writes it. Lines within a value do not count.
fn comment_of(root: &str, values: &[Range<usize>], name: &str) -> Option<usize> {
    let mut end = 0;
    for line in root.split_inclusive('\n') {
        let start = end;
        end += line.len();
        let comment = line.trim_start().strip_prefix('#').map(str::trim_start);
        let comment = comment.map(|comment| comment.strip_prefix("For example: ").unwrap_or(comment));
        let value = comment.and_then(|comment| comment.strip_prefix(name));
        let is_setting = value.is_some_and(|rest| rest.trim_start().starts_with('='));
        // A sentence about the setting may begin like it.
        let is_alone = || comment.is_some_and(|comment| DeTable::parse(comment).is_ok());
        if is_setting && is_alone() && !is_in_value(values, start) {
            return Some(end);
        }
    }
    None
}

/// A line that a change removes or adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedLine {
    /// Whether it is added. Otherwise it is removed.
    pub is_added: bool,
    /// The line.
    pub text: String,
}

/// The lines that differ, in order. Where lines were replaced, the removed ones come first.
pub fn changed_lines(old: &str, new: &str) -> Vec<ChangedLine> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let common = common_lengths(&old, &new);
    let (mut at_old, mut at_new) = (0, 0);
    let mut changes = Vec::new();
    while at_old < old.len() || at_new < new.len() {
        if at_old < old.len() && at_new < new.len() && old[at_old] == new[at_new] {
            at_old += 1;
            at_new += 1;
            continue;
        }
        let is_added =
            at_old == old.len() || at_new < new.len() && common[at_old][at_new + 1] > common[at_old + 1][at_new];
        let line = if is_added { new[at_new] } else { old[at_old] };
        changes.push(ChangedLine { is_added, text: line.to_owned() });
        if is_added {
            at_new += 1;
        } else {
            at_old += 1;
        }
    }
    changes
}

/// For each pair of places, the length of the longest common subsequence of what follows.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for (at_old, line) in old.iter().enumerate().rev() {
        for (at_new, other) in new.iter().enumerate().rev() {
            common[at_old][at_new] = if line == other {
                common[at_old + 1][at_new + 1] + 1
            } else {
                common[at_old + 1][at_new].max(common[at_old][at_new + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests;
