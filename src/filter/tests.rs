use proptest::prelude::*;

use super::*;

/// The facts of lease 694d: TTL of 2 minutes, own and late.
struct Late<'a> {
    ttl: Option<i64>,
    key_count: Option<usize>,
    keys: &'a [Vec<u8>],
}

impl FilterFacts for Late<'_> {
    fn id(&self) -> LeaseId {
        LeaseId(0x694d)
    }

    fn who(&self) -> &str {
        "own"
    }

    fn state(&self) -> &str {
        "late"
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::Ttl => self.ttl.map(|ttl| ttl as f64),
            Number::Left => Some(4.5),
            Number::Keys => self.key_count.map(|count| count as f64),
            Number::Drops => Some(0.0),
            Number::Every => Some(96.0),
            Number::Share => Some(80.0),
            Number::Margin => Some(24.0),
            Number::Last => Some(115.5),
            Number::Next => None,
            Number::RoundTrip => Some(0.0123),
            Number::Queue => Some(16.0),
            Number::Renewals => Some(7.0),
        }
    }

    fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.keys.iter().map(Vec::as_slice)
    }

    fn service(&self) -> Option<&[u8]> {
        let key = self.keys.first()?;
        Some(&key[..key.iter().rposition(|byte| *byte == b'/')?])
    }

    fn has_warning(&self, name: &str) -> Option<bool> {
        Some(["any", "thin-margin"].contains(&name))
    }

    fn renewer(&self) -> Option<&str> {
        Some("clientv3")
    }
}

fn facts(keys: &[Vec<u8>]) -> Late<'_> {
    Late { ttl: Some(120), key_count: Some(keys.len()), keys }
}

fn holds(text: &str, facts: &impl FilterFacts) -> bool {
    text.parse::<Filter>().unwrap_or_else(|error| panic!("{text}: {error}")).matches(facts)
}

#[test]
fn conditions_match_or_do_not() {
    let keys = [b"/svc/a b".to_vec()];
    let facts = facts(&keys);
    for text in [
        "",
        "ttl=2m",
        "granted=120",
        "left<5s left>4499ms",
        "keys!=0",
        "drops<=0",
        "drop=0",
        "every>90s share>=80% share<81 margin=24s",
        "last>1m rtt>12ms rtt<0.1s q>=16",
        "warn:any warn:thin-margin !warn:late",
        "service:svc !service:orders",
        "renewer:etcdctl renewer:clientv3 !renewer:nobody",
        "state:late who:own",
        "key:/svc/",
        "key:\"a b\"",
        "id:694D",
        "id:0x694d id:0X694D id:dec:26957 !id:0x694 !id:dec:694",
        "ttl<30 OR left<5s AND svc",
        "not ttl<30 NOT keys=0 Not(ttl<30 or keys=0)",
        "\"a&&b\" or \"KEY:x\" or \"sate:late\" or svc",
        "localhost:8080 or http://svc or svc",
        "694d",
        "svc",
        "!ttl<30",
        "ttl<30 or left<5",
        "!(ttl<30 or keys=0)",
        "left<5s and ttl=120",
        "ttl<30 or left<5 and svc",
        "(left<5)and(svc)",
    ] {
        assert!(holds(text, &facts), "{text}");
    }
    for text in [
        "ttl<30",
        "state:ok",
        "nowhere",
        "ttl<30 or keys=0 left<5",
        "!svc",
        "left>=1h",
        "left<5 and ttl<30",
        "next<1s",
        "!next<1s",
    ] {
        assert!(!holds(text, &facts), "{text}");
    }
}

#[test]
fn unknown_values_never_match_even_under_not() {
    let unknown = Late { ttl: None, key_count: None, ..facts(&[]) };
    for text in
        ["ttl<30", "!ttl<30", "key:a", "!key:a", "service:a", "!service:a", "ttl<30 who:own", "!(ttl<30 who:own)"]
    {
        assert!(!holds(text, &unknown), "{text}");
    }
    assert!(holds("ttl<30 or who:own", &unknown) && holds("!(ttl<30 who:other)", &unknown));
    let some = [b"/a".to_vec()];
    let partly = Late { key_count: Some(9), ..facts(&some) };
    assert!(holds("key:/a", &partly) && !holds("!key:/b", &partly));
}

#[test]
fn errors_have_a_position_and_an_expectation() {
    let texts = [
        "(a",
        "a)",
        "()",
        "or a",
        "a or",
        "and a",
        "a and",
        "a and or b",
        "!and",
        "!",
        "a NOT",
        "a && b",
        "keys=1 || b",
        "key:a|b",
        "KEY:x",
        "Granted:5",
        "TTL<30",
        "sate:late",
        "!onwer:own",
        "queue:16",
        "renewal:0",
        "evnet:1",
        "/a=b",
        "id:xyz",
        "id:0x",
        "id:dec:694d",
        "id:99999999999999999999",
        "\"a",
        "ttl<",
        "left<5 keys=",
        "left!=",
        "ttl<5x",
        "keys=1s",
        "size>3",
        "ttl:5",
        "state:lat",
        "who:me",
        "key:",
        "ttl < 5",
        "share>60s",
        "warn:lat",
        "renewer:me",
        "warn>3",
        "service:",
    ];
    let errors = texts.map(|text| format!("{text}  {}\n", text.parse::<Filter>().unwrap_err()));
    insta::assert_snapshot!(errors.concat());
    assert!("!".repeat(100_000).parse::<Filter>().is_err());
}

proptest! {
    #[test]
    fn any_text_is_an_error_or_prints_and_parses_back(
        text in r#"((ttl|left|keys|state:ok|who:own|key:|or|and|x|\PC)|[<>=!():"\\ ]|[0-9]{1,3}(ms|s|m|h|d)?){0,20}"#
    ) {
        if let Ok(filter) = text.parse::<Filter>() {
            prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
        }
    }
}

#[test]
fn a_key_named_and_is_searched_in_quotes() {
    let keys = [b"/rock and roll".to_vec(), b"android".to_vec()];
    assert!(holds("\"and\"", &facts(&keys)) && holds("android", &facts(&keys)));
    assert_eq!("a and b".parse::<Filter>(), "a b".parse());
}

#[test]
fn parts_are_searched_in_the_printed_id() {
    for id in [1, -5, i64::MAX, i64::MIN + 1, 0x694d_9aa8_d4d4_f304].map(LeaseId) {
        let (text, start) = hex(id);
        assert_eq!(String::from_utf8(text[start..].to_vec()), Ok(id.to_string()));
    }
    // Hex ids have at most 16 digits, so 17 or more are decimal.
    for id in [98_765_432_109_876_543, 7_587_890_997_105_062_660, -98_765_432_109_876_543].map(LeaseId) {
        assert!(in_id(id, &id.0.to_string()) && in_id(id, &id.to_string()), "{id}");
        assert!(!in_id(LeaseId(id.0 + 1), &id.0.to_string()), "{id}");
    }
}

#[test]
fn a_started_condition_differs_from_a_word() {
    for text in ["s", "ttl<30 sta", "!(le", "!who", "keys", "left<5 an", "svc o"] {
        assert!(Filter::is_unfinished(text), "{text}");
    }
    for text in ["", "state:", "state:ok ", "ttl<3", "svc", "(", "日本", "日s\u{3000}é"] {
        assert!(!Filter::is_unfinished(text), "{text}");
    }
}

#[test]
fn what_changes_by_time_alone_is_collected() {
    let crossings = |text: &str| text.parse::<Filter>().map(|filter| filter.crossings());
    assert_eq!(
        crossings("left<5s or !(left>=1m ttl<30) key:left"),
        Ok(vec![(Number::Left, 5.0), (Number::Left, 60.0)])
    );
    assert_eq!(crossings("last>10s next<1s every>5s"), Ok(vec![(Number::Last, 10.0), (Number::Next, 1.0)]));
    assert_eq!(crossings("ttl<30 svc"), Ok(vec![]));
}

#[test]
fn a_part_is_found_wherever_it_is() {
    for part in ["", "/", "/svc", "svc/a", "a/svc/a", "a"] {
        assert!(contains(b"/a/svc/a", part.as_bytes()), "{part}");
    }
    for part in ["svd", "/a/svc/a/", "b", "aa"] {
        assert!(!contains(b"/a/svc/a", part.as_bytes()), "{part}");
    }
}

#[test]
fn figures_of_renewals_and_warnings_need_watching() {
    let needs = |filter: &str| filter.parse::<Filter>().unwrap().needs_watching();
    for filter in
        ["renewals>0", "share>60%", "!last<5s", "key:/svc/ (left<5s or warn:leak)", "renewer:nobody", "state:late"]
    {
        assert!(needs(filter), "{filter}");
    }
    for filter in [
        "",
        "ttl<30 left<5s",
        "keys=0 or state:expired",
        "id:694d who:own service:a",
        "state:ok or state:dying",
        "q>0 or event:down",
    ] {
        assert!(!needs(filter), "{filter}");
    }
}
