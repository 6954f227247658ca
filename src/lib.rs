//! leasetop: top for etcd leases.
//!
//! # The map of the house
//!
//! Arrows only go down; `tests/architecture` reads the folders and fails where one goes up.
//!
//! ```text
//! main -> cli              the command line: one file a command, options with etcdctl's variables
//!   runtime                the monitor running: one event loop, the terminal, signals, the driver of effects; the same
//!    |   \                  without a screen, for `events` and `list --for`
//!    |    ui, report       &Model -> cells; what was seen -> lines, tables, JSON: pure
//!    |     |
//!    |    app              Model, Msg, Effect, update, key table: pure; knows no terminal, no task, no wire
//!    |     |
//!   engine                 keeps leases alive: streams, queues, one status a lease; carries out what the domain decides
//!   observer               everybody's leases and keys: a list, pages and a watch, told as they change
//!   demo                   other clients, which `leasetop demo` lets live on its sandbox: services, a leak, a lock
//!    |     |
//!   wire          sandbox  members, channels, the login, our small stub | an embedded etcd, knows only etcd's messages
//!    |     |       |
//!   clock, tasks           time with a speed; the only place that spawns
//!    |
//!   domain                 leases, when they are due, what answers mean, what others do: rules alone, time is an argument
//! ```
//!
//! # Where things flow
//!
//! | flow | its one way |
//! |---|---|
//! | a keepalive answer | [`engine`]'s stream task → [`domain::keepalive`] (next due, deadline, statistics) → 1. the lease's status in the [`engine::StatusFeed`], conflated, drained by the event loop; 2. a copy into each subscriber's bounded queue: full = the newest is dropped and counted |
//! | a key that revokes | [`runtime`] → [`app::keymap`] → a dialog that captures the lease id → another key confirms → [`app::Effect::Revoke`] → the driver, the only place that acts → [`app::Msg::Revoked`] → [`app::update`] |
//! | what others do | [`observer`]: a list of leases each second, pages of keys and a watch → the driver, beside the answers → [`app::Msg`]: born, gone, keys put and deleted → [`app::update`] |
//! | the periodic LeaseTimeToLive | the loop sleeps to [`app::next_wake`] → [`app::Effect::Probe`], the most endangered and the visible first, within the budget → the driver → [`app::Msg::Probed`] |
//! | an event | [`app::update`] notes what happened with its facts ([`app::EventKind`]) → the screen's lines, or [`runtime::follow_events`] → the lines and objects of `leasetop events` |
//! | what a while has shown | [`runtime::watch_leases`] → the [`app::AppState`] as it is by then → [`report::LeaseListing`] → the table and the object of `leasetop list --for` |
//! | a frame | [`app::take_redraw`](app::AppState::take_redraw) says how soon → [`app::arrange`] → [`ui::draw`] → bytes → the screen's writer thread, which holds one frame at most |
//!
//! # Where to add
//!
//! | what | where |
//! |---|---|
//! | a column | an [`app::Column`], its number in `app/sort.rs`, and a row of `COLUMNS` in `ui/columns.rs`: room, rank, what it says of a lease |
//! | a key | an [`app::keymap::Action`] with its name, a row of [`app::keymap::KEYMAP`] (help and README follow), its arm in `app/update/key.rs` |
//! | a key of a dialog | an [`app::DialogAction`] with its name and its dialogs, its row of [`app::keymap::KEYMAP`], its arm in `app/dialog/` |
//! | a view | a row of [`app::TABS`], its key in [`app::keymap::KEYMAP`], its place in `ui/layout.rs`, its panel in `ui` |
//! | a section of the detail | a file under `ui/detail/` and its row of `TEXT_SECTIONS` or `LOWER_SECTIONS` there; what it tells of a lease's past is in [`app::LeaseHistory`] |
//! | an event | its facts as a [`app::EventKind`] with its [`app::EventName`] and its sentence beside it in `app/events/`, its sign in `ui/theme.rs`; one of the engine's is told as a [`domain::EngineEventKind`] by its actor |
//! | a diagnosis | a file under `domain/lints/` and its place in [`domain::lints::LINTS`] |
//! | a verb | a [`app::Msg`] or [`app::Effect`], a file under `app/update/`, its act in `runtime/driver.rs` |
//! | a dialog | a file under `app/dialog/` (what keys do) and one under `ui/dialogs/` (how it looks) |
//! | a setting of the config file | an option, and its row of `SETTINGS` in `cli/config/settings.rs` (the sample follows) |
//! | a command | a file under `cli/`, its report under `report/`, the schema of its JSON in `assets/schema` |
//! | a call to etcd | `wire/calls.rs`, pages of keys `wire/keys.rs`, watches `wire/watch.rs`, in the domain's words; the sandbox's side in `sandbox/services/` |
//!
//! Time, randomness and the network are arguments: tests run the whole program over the sandbox's pipe on a paused
//! clock. [`engine`] has the two programs that it all began with.

pub mod app;
pub mod cli;
pub mod demo;
pub mod escape;
pub mod filter;
pub mod id_format;
pub mod inference;
pub mod observe;
pub mod report;
pub mod runtime;
pub mod ui;
pub mod wait_condition;
