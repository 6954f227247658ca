//! What an edit changes, and what it leaves as it is.

use super::*;

fn text(name: &'static str, value: &str, is_default: bool) -> Setting {
    Setting { name, value: SettingValue::Text(value.to_owned()), is_default }
}

fn list(name: &'static str, values: &[&str]) -> Setting {
    let value = SettingValue::List(values.iter().map(|value| (*value).to_owned()).collect());
    Setting { name, value, is_default: false }
}

fn edit(file: &str, settings: &[Setting]) -> String {
    let new = edited(file, settings).unwrap();
    toml::de::DeTable::parse(&new).unwrap_or_else(|error| panic!("{error}\n{new}"));
    new
}

#[test]
fn a_byte_order_mark_hides_no_table() {
    let new = edit("\u{feff}[cluster.prod]\nendpoints = [\"a:1\"]\n", &[text("sort", "ttl", false)]);
    assert!(new.starts_with("\u{feff}sort = \"ttl\"\n"), "{new}");
}

#[test]
fn a_sentence_that_begins_like_a_setting_is_not_its_comment() {
    let file = "# theme = \"NAME\". The roles are\n# listed below.\n# theme = \"dark\"\n# end\n";
    let new = edit(file, &[text("theme", "light", false)]);
    assert!(new.ends_with("# theme = \"dark\"\ntheme = \"light\"\n# end\n"), "{new}");
}

#[test]
fn a_value_is_replaced_where_it_is() {
    let file =
        "# mine\nsort  =  'ttl:asc' # by TTL\ncolumns = [\n  \"id\", # first\n  \"left\",\n]\n\n[keys]\nsort = 1\n";
    let new = edit(file, &[text("sort", "left:desc", false), list("columns", &["key", "id"])]);
    let wanted = "# mine\nsort  =  \"left:desc\" # by TTL\ncolumns = [\"key\", \"id\"]\n\n[keys]\nsort = 1\n";
    assert_eq!(new, wanted);
}

#[test]
fn an_equal_value_stays_as_it_is_written() {
    let file = "theme = 'light'\ncolumns = \"id\"\n";
    assert_eq!(edit(file, &[text("theme", "light", false), list("columns", &["id"])]), file);
}

#[test]
fn a_default_is_written_only_over_another_value() {
    assert_eq!(edit("", &[text("sort", "left:asc", true)]), "");
    assert_eq!(edit("sort = \"ttl\"\n", &[text("sort", "left:asc", true)]), "sort = \"left:asc\"\n");
}

#[test]
fn a_new_setting_goes_below_its_comment_or_the_last_setting_or_above_the_tables() {
    let theme = [text("theme", "light", false)];
    let sample = "# Colours.\n# For example: theme = \"light\"\n\n# Sort.\n#sort = \"left\"\n\n[keys]\n";
    let wanted =
        "# Colours.\n# For example: theme = \"light\"\ntheme = \"light\"\n\n# Sort.\n#sort = \"left\"\n\n[keys]\n";
    assert_eq!(edit(sample, &theme), wanted);
    assert_eq!(edit("sort = \"ttl\"  # x\n[keys]\n", &theme), "sort = \"ttl\"  # x\ntheme = \"light\"\n[keys]\n");
    assert_eq!(edit("# file\n\n# of keys\n[keys]\n", &theme), "# file\n\ntheme = \"light\"\n\n# of keys\n[keys]\n");
    assert_eq!(edit("", &theme), "theme = \"light\"\n");
    assert_eq!(edit("sort = \"ttl\"", &theme), "sort = \"ttl\"\ntheme = \"light\"\n");
    assert_eq!(edit("# only a comment", &theme), "# only a comment\ntheme = \"light\"\n");
}

#[test]
fn a_table_is_not_found_within_a_value() {
    let file = "filter = '''\n[keys]\n'''\n[cluster.a]\nendpoints = [\"a:1\"]\n";
    let new = edit(file, &[text("theme", "light", false)]);
    assert_eq!(new, "filter = '''\n[keys]\n'''\ntheme = \"light\"\n[cluster.a]\nendpoints = [\"a:1\"]\n");
}

#[test]
fn nothing_is_written_into_a_value_of_several_lines() {
    let theme = [text("theme", "mine", false)];
    let table = "[theme.mine]\ndim = 244\n";
    let note = "cluster.a.note = \"\"\"\n[theme]\n\"\"\"\n";
    for value in ["filter = '''\n[theme]\n'''\n", note, "keys.x = [\n[\"a\"],\n]\n"] {
        let new = edit(&format!("{value}{table}"), &theme);
        assert_eq!(new, format!("{value}theme.use = \"mine\"\n{table}"));
    }
    for value in [
        "filter = '''\n# theme = x\n'''\n",
        "columns = [\n# theme = x\n]\n",
        "keys.x = [\n# theme = x\n]\n",
        "keys = { x = '''\n# theme = x\n''' }\n",
    ] {
        assert_eq!(edit(value, &theme), format!("{value}theme = \"mine\"\n"));
    }
}

#[test]
fn nothing_is_written_into_an_array_of_tables() {
    let file = "[[mute]]\nwarning = \"leak\"\n";
    assert_eq!(edit(file, &[text("theme", "light", false)]), format!("theme = \"light\"\n\n{file}"));
}

#[test]
fn a_setting_that_has_tables_is_chosen_by_name() {
    let theme = [text("theme", "mine", false)];
    let tables = "sort = \"ttl\"\n\n[theme.mine]\ndim = 244\n";
    let chosen = "sort = \"ttl\"\ntheme.use = \"mine\"\n\n[theme.mine]\ndim = 244\n";
    assert_eq!(edit(tables, &theme), chosen);
    assert_eq!(edit(chosen, &theme), chosen);
    assert_eq!(edit("theme.use = 'dark' # x\n[theme.mine]\n", &theme), "theme.use = \"mine\" # x\n[theme.mine]\n");
    assert_eq!(edit("# my theme\n[theme.mine]\n", &theme), "theme.use = \"mine\"\n\n# my theme\n[theme.mine]\n");
    assert_eq!(edit("[theme] # x\n[theme.mine]\n", &theme), "[theme] # x\nuse = \"mine\"\n[theme.mine]\n");
    assert_eq!(edit("[theme]\nuse = 'dark'\n", &theme), "[theme]\nuse = \"mine\"\n");
    assert_eq!(edit("[theme.mine]\n[ \"theme\" ]", &theme), "[theme.mine]\n[ \"theme\" ]\nuse = \"mine\"\n");
    assert!(edited("theme = { mine = { dim = 244 } }\n", &theme).is_err());
}

#[test]
fn strings_are_quoted() {
    let odd = "a\"b\\c\n\u{1b}é";
    let new = edit("", &[text("theme", odd, false)]);
    assert!(
        text("theme", odd, false).value.matches(DeTable::parse(&new).unwrap().get_ref()["theme"].get_ref()),
        "{new}"
    );
}

#[test]
fn what_is_not_toml_is_refused() {
    assert!(edited("theme =", &[text("theme", "light", false)]).is_err());
}

#[test]
fn changed_lines_are_in_order() {
    let signs = |old: &str, new: &str| -> Vec<String> {
        let sign = |line: ChangedLine| format!("{}{}", if line.is_added { '+' } else { '-' }, line.text);
        changed_lines(old, new).into_iter().map(sign).collect()
    };
    assert_eq!(signs("a\nb\nc\n", "a\nB\nc\nd\n"), ["-b", "+B", "+d"]);
    assert_eq!(signs("a\n[\n1\n]\nz\n", "a\n[1]\nz\n"), ["-[", "-1", "-]", "+[1]"]);
    assert_eq!(signs("", "a\n"), ["+a"]);
    assert_eq!(signs("c = [\n]\nx = [\n]\n", "c = []\nx = [\n]\n"), ["-c = [", "-]", "+c = []"]);
}
