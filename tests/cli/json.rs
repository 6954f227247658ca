//! Checks every JSON object against its schema.

use leasetop::app::keymap::KEYMAP;
use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::schema;

/// The objects that a command prints, each held against the schema of that name.
fn objects(sandbox: &Sandbox, name: &str, args: &[&str], code: i32) -> Vec<Value> {
    let printed = sandbox.stdout(&[args, &["-w", "json"]].concat(), code);
    let objects: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert!(!objects.is_empty(), "leasetop {args:?} printed nothing");
    objects.iter().for_each(|object| schema::check(name, object));
    objects
}

fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

#[test]
fn a_lease_from_grant_to_revoke() {
    let sandbox = Sandbox::start();
    let granted = objects(&sandbox, "grant", &["grant", "1", "--put", "/a/{n}={id}", "--put", "/b={ttl}"], 0);
    assert_eq!((&granted[0]["ttl"], &granted[0]["requested_ttl"]), (&2.into(), &1.into()), "raised to the minimum");
    let granted = objects(&sandbox, "grant", &["grant", "60", "--count", "3", "--put", "/c/{n}={id}"], 0);
    let lease = id(&granted[2]);

    let told = objects(&sandbox, "timetolive", &["timetolive", lease, "--keys"], 0);
    assert_eq!((&told[0]["keys"][0], &told[0]["keys_base64"][0]), (&"/c/3".into(), &"L2MvMw==".into()));
    assert_eq!(objects(&sandbox, "timetolive", &["ttl", lease], 0)[0].get("keys"), None);

    let listed = objects(&sandbox, "list", &["list", "--holding", "/c/3"], 0);
    assert_eq!(id(&listed[0]["leases"][0]), lease);
    assert!(listed[0]["cluster"]["version"].is_string());
    for (by, name) in [("service", "/c"), ("ttl", "60 s"), ("owner", "other")] {
        let listed = objects(&sandbox, "groups", &["list", "--group", by, "--filter", "service:/c"], 0);
        let group = &listed[0]["groups"][0];
        assert_eq!((&group["name"], &group["leases"], &group["state"]), (&name.into(), &3.into(), &"ok".into()));
    }

    let revoked = objects(&sandbox, "revoke", &["revoke", lease], 0);
    assert_eq!(revoked[0]["keys_deleted"], 1);
    assert_eq!(objects(&sandbox, "timetolive", &["timetolive", lease], 1)[0]["ttl"], -1);
}

#[test]
fn locks_have_holders_waiters_and_values() {
    let sandbox = Sandbox::start();
    let lease_of = |put: &str| id(&objects(&sandbox, "grant", &["grant", "60", "--put", put], 0)[0]).to_owned();
    let (holder, waiter) = (lease_of("nightly/{id}=a"), lease_of("nightly/{id}=b"));
    let leader = lease_of("/service/pg/leader=pg-1");
    lease_of("/svc/api=secret");
    let locks = objects(&sandbox, "locks", &["locks"], 0).remove(0);
    let [pg, nightly] = locks["locks"].as_array().expect("locks").as_slice() else { panic!("{locks}") };
    assert_eq!((&pg["name"], &pg["kind"], &pg["value"]), (&"/service/pg/leader".into(), &"key".into(), &"pg-1".into()));
    assert_eq!((&pg["holder"], &pg["waiters"]), (&leader.into(), &Value::Null));
    assert_eq!((&nightly["holder"], &nightly["waiters"]), (&holder.into(), &1.into()));
    assert_eq!(nightly["candidates"][1]["lease"], waiter, "{locks}");
    assert_eq!((&nightly["held_sureness"], &nightly["value"]), (&"at_least".into(), &Value::Null));
    let table = sandbox.stdout(&["locks"], 0);
    assert!(table.contains("pg-1") && !table.contains("secret") && table.lines().count() == 4, "{table}");
}

#[test]
fn members_have_a_role_and_a_size() {
    let sandbox = Sandbox::start();
    let members = objects(&sandbox, "members", &["members"], 0).remove(0);
    let [member] = members["members"].as_array().expect("members").as_slice() else { panic!("{members}") };
    assert_eq!((&member["name"], &member["role"]), (&"sandbox-0".into(), &"leader".into()));
    assert_eq!((&member["is_endpoint"], &member["answers"]), (&true.into(), &true.into()));
    assert_eq!(members["renewals_through"], "sandbox-0: it is the leader");
    assert!(member["probe"].is_null() && member["certificate_end"].is_null(), "{members}");
    let probed = objects(&sandbox, "members", &["members", "--probe-members"], 0).remove(0);
    let steps = probed["members"][0]["probe"].as_array().expect("a probe");
    assert!(steps.len() == 3 && steps.iter().all(|step| step["error"].is_null()), "{probed}");
    let table = sandbox.stdout(&["members"], 0);
    assert!(table.contains("sandbox-0  leader  now") && table.lines().count() == 2, "{table}");
}

#[test]
fn keep_alive_prints_responses_and_ends() {
    let sandbox = Sandbox::start();
    let granted = objects(&sandbox, "grant", &["grant", "60"], 0);
    let lease = id(&granted[0]);
    assert_eq!(objects(&sandbox, "keep-alive", &["keep-alive", "--once", lease], 0)[0]["ttl"], 60);
    let ended = objects(&sandbox, "keep-alive", &["keep-alive", "1234"], 1);
    assert_eq!(ended[0]["ended"], "not found");
}

#[test]
fn an_exercise_reports_and_leaves_no_lease() {
    let sandbox = Sandbox::start();
    let args = ["exercise", "--ttl", "2,3600", "--count", "20", "--for", "3200ms", "--put", "/e/{id}={n}"];
    let report = objects(&sandbox, "exercise", &args, 0).remove(0);
    let [short, long] = [&report["series"][0], &report["series"][1]];
    assert_eq!((&short["count"], &short["lost"]), (&20.into(), &0.into()));
    let mean = short["interval"]["mean"].as_f64().expect("2 s renews every second");
    assert!((0.8..1.3).contains(&mean), "{mean}");
    assert_eq!(long["interval"]["mean"], Value::Null, "an interval of 20 minutes was not seen");
    assert_eq!(short["ids"].as_array().map(Vec::len), Some(16));
    assert_eq!(sandbox.stdout(&["list", "-q"], 0), "");
}

#[test]
fn an_exercise_names_a_lost_lease() {
    let sandbox = Sandbox::start();
    let args = ["exercise", "--ttl", "2", "--for", "5s", "--put", "/lost=1"];
    let report = std::thread::scope(|scope| {
        let exercise = scope.spawn(|| objects(&sandbox, "exercise", &args, 1).remove(0));
        let ids = || sandbox.run(&["list", "--holding", "/lost", "-q"]).stdout;
        let held = std::iter::repeat_with(ids).find(|ids| !ids.is_empty()).expect("it is granted");
        sandbox.stdout(&["revoke", String::from_utf8(held).expect("text").trim()], 0);
        exercise.join().expect("it ends")
    });
    let series = &report["series"][0];
    assert_eq!((&series["lost"], &series["losses"][0]["id"]), (&1.into(), &series["ids"][0]), "{series}");
    assert_eq!(series["losses"][0]["cause"], "not found");
}

#[test]
fn a_stalled_exercise_drops_responses_and_keeps_its_leases() {
    let sandbox = Sandbox::start();
    let args = ["exercise", "--ttl", "2", "--for", "5s", "--stall", "--queue-capacity", "1"];
    let series = &objects(&sandbox, "exercise", &args, 0)[0]["series"][0];
    assert_eq!((&series["lost"], &series["queue"]["depth"]), (&0.into(), &1.into()));
    assert!(series["queue"]["dropped"].as_u64() >= Some(2), "{series}");
    let told = String::from_utf8(sandbox.run(&args).stderr).expect("text");
    assert!(told.contains("lease keepalive response queue is full; dropping response send"), "{told}");
    assert!(told.contains("queue-size=1 queue-capacity=1"), "{told}");
}

/// The objects of a snapshot, each held against the schema of that name.
fn recorded(snapshot: &str, name: &str) -> Vec<Value> {
    let lines = snapshot.lines().filter(|line| line.starts_with('{'));
    let objects: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!objects.is_empty());
    objects.iter().for_each(|object| schema::check(name, object));
    objects
}

#[test]
fn watched_leases_as_the_report_prints_them() {
    let snapshot = include_str!(
        "../../src/report/listing/snapshots/leasetop__report__listing__tests__json_tells_it_with_how_sure_it_is_and_what_the_warnings_mean.snap"
    );
    let listing = recorded(snapshot, "list").remove(0);
    let schema = schema::read("list");
    let fields = schema["properties"]["leases"]["items"]["properties"].as_object().expect("the fields");
    let leases = listing["leases"].as_array().expect("leases");
    let is_told = |name: &&String| leases.iter().any(|lease| lease.get(name.as_str()).is_some());
    let untold: Vec<_> = fields.keys().filter(|name| !is_told(name)).collect();
    assert_eq!(untold, ["keys_base64", "new_lease_every"], "fields that other tests tell");
}

#[test]
fn what_only_watching_shows_is_unknown_of_a_lease_that_is_read_once() {
    let sandbox = Sandbox::start();
    let id = id(&objects(&sandbox, "grant", &["grant", "60"], 0)[0]).to_owned();
    let listed = |filter: &str, code| sandbox.stdout(&["list", "-q", "--filter", filter], code);
    for unknown in ["state:late", "!state:late", "last<30s", "ttl>5 and warn:any"] {
        assert_eq!(listed(unknown, 2), "", "{unknown}");
    }
    for (known, expected) in [("ttl<5 and warn:any", ""), ("state:dying", ""), ("state:ok or warn:any", &*id)] {
        assert_eq!(listed(known, 0).trim_end(), expected, "{known}");
    }
}

#[test]
fn list_with_for_reports_what_was_observed_of_each_lease() {
    let sandbox = Sandbox::start();
    objects(&sandbox, "grant", &["grant", "3", "--put", "/a=1"], 0);
    objects(&sandbox, "grant", &["grant", "60"], 0);
    let args = ["list", "--for", "1s", "--filter", "ttl<5 and key:/a"];
    let listing = objects(&sandbox, "list", &args, 0).remove(0);
    assert!(listing["watched"].as_f64().is_some_and(|span| (1.0..1.9).contains(&span)), "{listing}");
    let leases = listing["leases"].as_array().expect("leases");
    assert_eq!((leases.len(), &leases[0]["renewals"]), (1, &0.into()), "{listing}");
    assert_eq!(leases[0]["warnings"][0]["name"], "short-ttl", "{listing}");
    let once = objects(&sandbox, "list", &["list"], 0).remove(0);
    assert_eq!((&listing["cluster"], &once["watched"]), (&once["cluster"], &Value::Null));
    let of_key = objects(&sandbox, "list", &["list", "--holding", "/a", "--for", "500ms"], 0).remove(0);
    assert_eq!(of_key["leases"].as_array().map(Vec::len), Some(1), "{of_key}");
    assert_eq!(sandbox.stdout(&["list", "--holding", "/a", "--for", "500ms", "--filter", "ttl>5"], 1), "");
}

#[test]
fn every_event_as_the_report_prints_it() {
    let snapshot =
        include_str!("../../src/report/events/snapshots/leasetop__report__events__tests__every_kind_as_json.snap");
    let objects = recorded(snapshot, "events");
    let schema = schema::read("events");
    let names = schema["properties"]["event"]["enum"].as_array().expect("the names");
    let is_told = |name: &&Value| objects.iter().any(|object| object["event"] == **name);
    assert_eq!(names.iter().filter(is_told).count(), names.len(), "a kind that no example tells");
}

#[test]
fn events_of_a_running_cluster() {
    let sandbox = Sandbox::start();
    let told = objects(&sandbox, "events", &["events", "--for", "300ms"], 0);
    assert_eq!(told[0]["event"], "connection");
}

#[test]
fn each_key_row_is_an_object() {
    let rows = objects(&Sandbox::start(), "keys", &["keys"], 0);
    assert_eq!(rows.len(), KEYMAP.len());
    let revoke = rows.iter().find(|row| row["action"] == "revoke").expect("a row");
    assert_eq!(revoke["keys"], serde_json::json!(["x", "F9", "Del"]));
}

#[test]
fn a_negative_id_is_listed_as_etcdctl_prints_it() {
    let sandbox = Sandbox::start();
    objects(&sandbox, "grant", &["grant", "60", "--id", "dec:-5", "--put", "/a=1", "--put", "/b=2"], 0);
    let listed = &objects(&sandbox, "list", &["list"], 0)[0]["leases"][0];
    assert_eq!((id(listed), &listed["key_count"], &listed["who"]), ("-000000000000005", &2.into(), &"other".into()));
    let left = listed["left"].as_f64().zip(listed["left_error"].as_f64()).expect("both");
    assert!((58.0..=60.5).contains(&left.0) && (0.4..0.9).contains(&left.1), "{left:?}");
}

#[test]
fn wait_ends_with_its_result() {
    let sandbox = Sandbox::start();
    let granted = objects(&sandbox, "grant", &["grant", "60"], 0);
    let lease = id(&granted[0]);
    let wait =
        |args: &[&str], code| objects(&sandbox, "wait", &[&["wait", lease, "--until"], args].concat(), code).remove(0);

    let left = wait(&["left<5m"], 0);
    assert_eq!((&left["happened"], &left["reason"], &left["until"]), (&true.into(), &Value::Null, &"left<300s".into()));
    assert!(left["left"].as_f64().is_some_and(|left| (57.0..=60.5).contains(&left)), "{left}");
    let over = wait(&["renewed", "--timeout", "700ms"], 1);
    assert_eq!((&over["happened"], &over["reason"]), (&false.into(), &"timeout".into()));
    sandbox.stdout(&["revoke", lease], 0);
    assert_eq!(wait(&["renewed", "--timeout", "9s"], 1)["reason"], "not found", "it was not there from the start on");
    let gone = wait(&["gone"], 0);
    assert_eq!((&gone["happened"], &gone["was_there"], &gone["left"]), (&true.into(), &false.into(), &Value::Null));
}

#[test]
fn waiting_for_a_lease_that_expires_succeeds_or_fails_by_its_condition() {
    let sandbox = Sandbox::start();
    let granted = objects(&sandbox, "grant", &["grant", "4", "--count", "2"], 0);
    let [one, other] = [&granted[0], &granted[1]].map(id);
    let renewed = objects(&sandbox, "wait", &["wait", one, "--until", "renewed"], 1).remove(0);
    assert_eq!((&renewed["reason"], &renewed["was_there"]), (&"gone".into(), &true.into()));
    assert_eq!(sandbox.stdout(&["wait", other, "--until", "gone"], 0), format!("lease {other} not found\n"));
}
