use super::cells::warned;
use super::*;
use crate::app::LeaseKeys;

fn room(width: u16, chosen: &[Name]) -> TableRoom<'_> {
    TableRoom { width, chosen, ids: IdFormat::Hex, has_kept: true }
}

fn titles(width: u16) -> Vec<&'static str> {
    titles_of(width, &Name::ALL)
}

fn titles_of(width: u16, chosen: &[Name]) -> Vec<&'static str> {
    room(width, chosen).fit().0.iter().map(|(column, _)| column.title).collect()
}

fn width_of(width: u16, name: Name) -> u16 {
    let (columns, _) = room(width, &Name::ALL).fit();
    columns.iter().find(|(column, _)| column.name == name).map_or(0, |(_, width)| *width)
}

fn row<'a>(lease: &'a Lease, locks: &'a Locks) -> RowContext<'a> {
    RowContext { lease, state: LeaseState::Ok, now: Timestamp::START, ids: IdFormat::Hex, locks }
}

#[test]
fn columns_leave_in_their_order() {
    let order = [
        "KEYS", "RTT", "WHO", "LAST", "Q", "NEXT", "MARGIN", "WARN", "CYCLES", "/TTL", "TTL", "DROP", "", "EVERY",
        "ID", "LEFT", "STATE",
    ];
    let mut before = titles(250);
    assert_eq!(before.len(), COLUMNS.len());
    let mut left: Vec<&str> = Vec::new();
    for width in (0..250).rev() {
        let after = titles(width);
        left.extend(before.iter().copied().filter(|title| !after.contains(title)));
        before = after;
    }
    assert_eq!(left, order);
    assert_eq!(before, ["KEY"]);
}

#[test]
fn at_80_columns_the_essentials_stay() {
    for inside in 75..80 {
        assert_eq!(titles(inside), ["KEY", "STATE", "LEFT", "", "EVERY", "DROP", "ID"], "{inside}");
    }
}

#[test]
fn the_key_has_room_and_the_id_is_whole_from_130_columns_on() {
    for inside in 70..250 {
        assert!(width_of(inside, Name::FirstKey) >= 22, "{inside}");
    }
    for inside in 75..250 {
        assert!(width_of(inside, Name::FirstKey) >= WHOLE_KEY, "{inside}");
    }
    let full = IdFormat::Hex.width() as u16;
    assert!((123..250).all(|inside| width_of(inside, Name::Id) == full) && width_of(115, Name::Id) < full);
}

#[test]
fn columns_of_own_leases_need_own_leases() {
    let none = TableRoom { has_kept: false, ..room(75, &Name::ALL) };
    let (columns, _) = none.fit();
    assert_eq!(
        columns.iter().map(|(column, _)| column.title).collect::<Vec<_>>(),
        ["KEY", "STATE", "LEFT", "", "EVERY", "ID"]
    );
    let chosen = [Name::Drop, Name::Id];
    assert_eq!(TableRoom { chosen: &chosen, ..none }.fit().0.len(), 2, "unless they were chosen");
}

#[test]
fn a_warning_has_a_column_or_a_sign_with_a_blank_before_it() {
    assert!(titles(141).contains(&"WARN") && !titles(113).contains(&"WARN"));
    assert_eq!(titles_of(22, &[Name::Warn, Name::Id]), ["WARN", "ID"]);
    let (mut lease, locks) = (Lease::new(etcd_lease::LeaseId(1)), Locks::default());
    assert_eq!(warned("● ok".to_owned(), &lease, 9), "● ok");
    lease.warnings = vec!["two-renewers", "thin-margin"].into();
    let shown = [("● ok", 10), ("‖ paused", 10), ("✗ expired", 10), ("✗ expired", 11)];
    let shown = shown.map(|(text, width)| warned(text.to_owned(), &lease, width));
    assert_eq!(shown, ["● ok △", "‖ paused △", "✗ expired", "✗ expired △"]);
    assert_eq!([9, 12].map(|width| cells::warnings(row(&lease, &locks), width).text), ["two r… +1", "two rene… +1"]);
}

#[test]
fn chosen_columns_keep_their_order_and_leave_in_the_same_order() {
    let chosen = [Name::FirstKey, Name::Keys, Name::Left, Name::State];
    assert_eq!(titles_of(100, &chosen), ["KEY", "KEYS", "LEFT", "", "STATE"]);
    assert_eq!(titles_of(40, &chosen), ["KEY", "LEFT", "", "STATE"]);
    assert_eq!(titles_of(3, &chosen), ["KEY"]);
    assert_eq!(titles_of(3, &[Name::Keys]), ["KEYS"], "the last chosen column is never hidden");
    assert!(titles_of(80, &[]).is_empty());
}

#[test]
fn what_fits_keeps_to_the_width() {
    for width in 0..250 {
        for has_kept in [true, false] {
            for chosen in [&Name::ALL[..], &[Name::Id, Name::Warn, Name::FirstKey], &[Name::Left], OF_LOCKS] {
                let (columns, gap) = TableRoom { has_kept, ..room(width, chosen) }.fit();
                let gaps = gap * (columns.len() as u16).saturating_sub(1);
                let total: u16 = columns.iter().map(|(_, width)| width).sum::<u16>() + gaps;
                assert!(total <= width.max(7), "{total} in {width}");
            }
        }
    }
}

#[test]
fn the_key_cell_says_how_many_keys_there_are() {
    let (mut lease, locks) = (Lease::new(etcd_lease::LeaseId(1)), Locks::default());
    let shown = |lease: &Lease, width| key::first_key(row(lease, &locks), width).text;
    assert_eq!(shown(&lease, 26), "?", "they are being read");
    lease.keys = Some(LeaseKeys::of(Vec::new()));
    assert_eq!(shown(&lease, 26), "(no key)");
    lease.keys = Some(LeaseKeys { count: 5, is_all: true, first: vec![b"/svc/orders/10.0.1.54:8000".to_vec()].into() });
    assert_eq!(
        [26, 40].map(|width| shown(&lease, width)),
        ["/svc/or…/10.0.1.54:8000 +4", "/svc/orders/10.0.1.54:8000 +4"]
    );
    lease.keys = Some(LeaseKeys { count: 1, is_all: true, first: vec![vec![b'x'; 1_500_000]].into() });
    assert_eq!(shown(&lease, 10), "xxxx…xxxxx");
    lease.keys = Some(LeaseKeys { count: 0, is_all: false, first: Vec::new().into() });
    assert_eq!(shown(&lease, 10), "", "with --prefix only some keys are read");
}
