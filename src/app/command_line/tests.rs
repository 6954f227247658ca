//! Parsing, completion and editing of command lines.

use super::*;
use crate::app::SortKey;
use crate::app::action::Action;
use crate::app::command::Command;
use crate::app::keymap::KEYMAP;
use crate::app::{AppConfig, ClusterChoice, Column, GroupBy, Sort, View};
use etcd_lease::LeaseId;

fn config() -> AppConfig {
    let cluster = |name: &str| ClusterChoice { name: name.to_owned(), color: None, target: "a:1".to_owned() };
    AppConfig {
        themes: vec!["dark".to_owned(), "light".to_owned()],
        clusters: vec![cluster("prod"), cluster("test")],
        ..AppConfig::default()
    }
}

fn parsed(line: &str) -> Result<Command, String> {
    parse(line, &config()).map_err(|bad| format!("{}: {bad}", bad.at))
}

#[test]
fn every_action_of_the_key_table_has_a_command() {
    for row in KEYMAP.iter().filter(|row| !matches!(row.action, Action::Dialog(_))) {
        let command = parsed(&row.action.name());
        assert_eq!(command, Ok(Command::Action(row.action)), "{}", row.action.name());
    }
}

#[test]
fn every_command_has_its_own_name_and_a_help() {
    let specs = specs();
    let mut names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), specs.len());
    assert!(specs.iter().all(|spec| !spec.help.is_empty()));
    let dependent = specs.iter().find(|spec| spec.help.starts_with("the same"));
    assert_eq!(dependent, None, "each help is understood without the row above it");
}

#[test]
fn commands_with_arguments_are_parsed() {
    assert_eq!(parsed("revoke"), Ok(Command::Action(Action::Revoke)));
    let ids = vec![LeaseId(0x7), LeaseId(0x1a)];
    assert_eq!(parsed("revoke 7 1a 7"), Ok(Command::ActOn { action: Action::Revoke, ids }));
    assert_eq!(parsed("renew"), Ok(Command::Action(Action::RenewOnce)));
    let ids = vec![LeaseId(7)];
    assert_eq!(parsed("keep-alive 0x7"), Ok(Command::ActOn { action: Action::KeepAlive, ids }));
    assert_eq!(parsed(" filter  who:own \"a b\""), Ok(Command::Filter("who:own \"a b\"".to_owned())));
    assert_eq!(parsed("filter "), Ok(Command::Action(Action::Filter)));
    let sort = Sort { key: SortKey::Column(Column::Ttl), is_descending: true };
    assert_eq!(parsed("sort ttl:desc"), Ok(Command::SortBy(sort)));
    assert_eq!(parsed("group service"), Ok(Command::GroupBy(GroupBy::Service)));
    assert_eq!(parsed("columns id,left ttl"), Ok(Command::ShowColumns(vec![Column::Id, Column::Left, Column::Ttl])));
    assert_eq!(parsed("theme light"), Ok(Command::Theme("light".to_owned())));
    assert_eq!(parsed("cluster test"), Ok(Command::AskSwitchCluster("test".to_owned())));
    assert_eq!(parsed("cluster"), Ok(Command::Action(Action::Clusters)));
    assert_eq!(parsed("view events"), Ok(Command::Action(Action::Show(View::Events))));
    let export = |path: &str, overwrite| Ok(Command::Export { path: path.to_owned(), overwrite });
    assert_eq!(parsed("export 'my rows.CSV'"), export("my rows.CSV", false));
    assert_eq!(parsed("export! a.json"), export("a.json", true));
    assert_eq!(parsed("write-config"), Ok(Command::WriteConfig));
    assert_eq!(parsed("q"), Ok(Command::Action(Action::Quit)));
}

#[test]
fn grant_is_checked_as_the_form_is() {
    let Ok(Command::Grant(request)) = parsed("grant 1 --put /a/{n}=b=c --count 3") else { panic!("a request") };
    assert_eq!((request.ttl, request.count, request.keep_alive, request.templates.len()), (1, 3, true, 1));
    let Ok(Command::Grant(request)) = parsed("grant --put='/a b=c d' --no-keep-alive 5m --id 7") else { panic!("it") };
    assert_eq!((request.ttl, request.id, request.keep_alive), (300, Some(LeaseId(7)), false));
    for (line, why) in [
        ("grant", "6: expected a TTL: seconds, or 5m, 2h, 1d"),
        ("grant x", "6: expected TTL: seconds, or 5m, 2h, 1d"),
        ("grant 0", "6: expected TTL: at least 1 s"),
        ("grant 10 --put", "15: expected KEY=VALUE"),
        ("grant 10 --put /a", "15: expected --put: add =VALUE"),
        ("grant 10 --put /a=1 --put /a=2", "26: expected --put: same key as above"),
        ("grant 10 --count 2 --put /a=b", "25: expected --put: one key each: /a/{n}=x"),
        ("grant 10 --count 0", "17: expected --count: a number from 1 to 10000"),
        ("grant 10 --id zz", "14: expected --id: hex, not 0"),
        ("grant 10 20", "9: expected --put, --count or --id"),
        ("grant 10 --what", "9: expected --put, --count, --id or --no-keep-alive"),
        ("grant 10 'a", "9: expected a closing '"),
    ] {
        assert_eq!(parsed(line), Err(why.to_owned()), "{line}");
    }
}

#[test]
fn errors_say_what_was_expected_and_where() {
    for (line, why) in [
        ("  frobnicate", "2: expected a command; Tab lists them"),
        ("freeze now", "7: expected no arguments"),
        ("revoke zz", "7: expected a lease id: hex, not 0"),
        ("sort", "5: expected a column, as in left:asc"),
        ("sort left:up", "5: expected `:asc` or `:desc` after the column, as in left:asc"),
        ("group x", "6: expected none, service, ttl, owner"),
        ("theme pink", "6: expected dark, light"),
        ("theme dark light", "11: expected one argument only"),
        ("cluster x", "8: expected prod, test"),
        ("export a.txt", "7: expected a file name that ends with .json or .csv"),
        ("columns id id", "11: expected each column once; id appears twice"),
    ] {
        assert_eq!(parsed(line), Err(why.to_owned()), "{line}");
    }
    let wrong = parsed("sort size").unwrap_err();
    assert!(wrong.starts_with("5: expected problems or a column: key ") && wrong.ends_with(" warn"), "{wrong}");
    assert!(parsed("é filter left<").is_err());
    let filter = parsed("filter left<").unwrap_err();
    assert!(filter.starts_with("12: expected"), "{filter}");
    let none = parse("cluster x", &AppConfig::default()).unwrap_err();
    assert!(none.expected.contains("[cluster.NAME]"), "{none}");
}

#[test]
fn values_are_not_stored() {
    for (line, stored) in [
        ("grant 10 --put /a=secret --count 1", "grant 10 --put /a= --count 1"),
        ("grant 10 --put=/a=secret", "grant 10 --put=/a="),
        ("grant 10 --put '/a b=my secret' --put /c=x=y", "grant 10 --put '/a b=' --put /c="),
        ("grant 10 --put \"/a=my 'secret'\"", "grant 10 --put /a="),
        ("grant 10 --put \"/a'b=secret\"", "grant 10 --put \"/a'b=\""),
        ("grant 10 --put \"/a 'b=secret\"", "grant 10 --put \"/a 'b=\""),
        ("grant 10 --put --put=secret", "grant 10 --put --put="),
        ("sort left:asc", "sort left:asc"),
        ("filter key:/a=b", "filter key:/a=b"),
        ("filter 'it", ""),
    ] {
        assert_eq!(without_values(line), stored, "{line}");
    }
}

mod history {
    use proptest::prelude::*;

    use super::super::words::split;
    use super::*;

    fn keys() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec!['\'', '"', ' ', '\t', '\u{3000}', '-', '\\']);
        let other = any::<char>().prop_filter("an equals sign ends the key", |c| *c != '=');
        prop::collection::vec(prop_oneof![special, other], 1..12)
            .prop_map(|chars| chars.into_iter().collect::<String>())
    }

    /// The text with each character in quotes.
    fn quoted(text: &str) -> String {
        text.chars().map(|c| if c == '\'' { "\"'\"".to_owned() } else { format!("'{c}'") }).collect()
    }

    fn texts(line: &str) -> Vec<String> {
        split(line).expect("closed quotes").into_iter().map(|word| word.text).collect()
    }

    proptest! {
        #[test]
        fn a_stored_key_is_read_back(key in keys(), is_inline in any::<bool>()) {
            let option = if is_inline { "--put=" } else { "--put " };
            let line = |value: &str| format!("grant 10 {option}{} --count 1", quoted(&format!("{key}={value}")));
            prop_assert_eq!(texts(&without_values(&line("secret"))), texts(&line("")));
        }
    }
}

mod completion {
    use super::super::complete::Completion;
    use super::*;

    fn at(line: &str) -> Vec<String> {
        let completion = Completion::at(line, line.chars().count(), &config());
        completion.shown().0.iter().map(|candidate| candidate.text.clone()).collect()
    }

    #[test]
    fn words_that_fit_are_offered() {
        assert_eq!(at("gra"), ["grant"]);
        assert_eq!(at("ex"), ["export", "export!", "export-csv"]);
        assert_eq!(at("grant"), [""; 0], "a complete word needs no list");
        assert_eq!(at("group "), ["none", "service", "ttl", "owner"]);
        assert_eq!(at("theme l"), ["light"]);
        assert_eq!(at("cluster "), ["prod", "test"]);
        assert_eq!(at("view e"), ["events"]);
        assert_eq!(at("sort le"), ["left"]);
        assert_eq!(at("sort left:"), ["left:asc", "left:desc"]);
        assert_eq!(at("columns id le"), ["left"]);
        assert_eq!(at("columns id i"), [""; 0]);
        assert_eq!(at("grant 10 --c"), ["--count"]);
        assert_eq!(at("grant 10 --put "), [""; 0]);
        assert_eq!(at("freeze "), [""; 0]);
        assert_eq!(at(""), [""; 0], "nothing is shown before something is typed");
    }

    #[test]
    fn tab_goes_through_the_words_and_back_to_the_typed_one() {
        let mut completion = Completion::at("theme x", 6, &config());
        let mut step = |is_forward| completion.step(is_forward).unwrap();
        assert_eq!(step(true), ("theme darkx".to_owned(), 10));
        assert_eq!(step(true), ("theme lightx".to_owned(), 11));
        assert_eq!(step(true), ("theme x".to_owned(), 6));
        assert_eq!(step(false), ("theme lightx".to_owned(), 11));
        assert_eq!(Completion::at("freeze ", 7, &config()).step(true), None);
    }
}
