//! The monitor's logic without I/O: state ([`AppState`]), messages ([`Msg`]) and effects ([`Effect`]).
//!
//! [`update()`] takes a message and the time, changes the state and returns effects as values. Nothing here uses a
//! terminal, a task or the network, or reads a clock, so a recording of messages can be replayed.
//!
//! ```text
//!  keys, replies, statuses -> Msg -> update(&mut AppState, Msg, now) -> Vec<Effect> -> runtime::effects
//!                                      |                                                |
//!                                   AppState -> ui::draw                                +-> Msg
//! ```
//!
//! To add a key, extend [`keymap`] and its [`Action`](keymap::Action). To add a side effect, extend [`Effect`]. To add
//! a verb with its dialog, add a file under `verbs/` and list the dialog in `dialog/mod.rs`.

mod action;
mod action_traits;
mod availability;
mod back_step;
mod bindings;
mod bulk;
pub mod cadence;
mod cadence_cursor;
mod call_failure;
mod certificates;
mod checkpoint;
mod clipboard;
mod cluster_label;
mod cluster_state;
mod clusters;
mod column;
pub mod command;
pub mod command_line;
mod config;
mod countdown;
mod counts_share;
pub mod dialog;
mod effect;
mod events;
mod events_view;
mod filter_line;
mod filtered_view;
mod grant;
mod grant_job;
mod group_by;
mod group_view;
mod grouped_table;
mod groups;
mod history;
mod input;
mod jobs;
mod key_change_log;
mod key_context;
mod key_group;
mod key_index;
mod key_queries;
mod key_reads;
mod key_revisits;
mod key_state;
pub mod keymap;
mod leaders;
mod lease;
mod lease_counts;
mod lease_end;
mod lease_facts;
mod lease_keys;
mod lease_state;
mod lease_store;
mod lint_report;
mod lock_text;
mod lock_values;
mod locks_view;
mod match_count;
mod member_row;
mod members;
mod members_view;
pub mod metrics;
mod msg;
mod mute;
mod muted_warnings;
mod name_order;
mod natural_order;
mod new_alarms;
mod overview;
mod past;
mod past_actions;
mod playback;
mod poll_state;
mod polls;
mod problem_class;
mod rate;
mod renew_job;
mod row_entries;
mod row_facts;
mod row_filter;
mod row_guard;
mod row_index;
mod row_motion;
mod row_order;
mod row_rank;
mod row_rebuild;
mod row_spec;
mod selection;
mod server_counters;
mod service;
mod sort;
mod sorted_rows;
mod state;
mod state_class;
mod status_message;
mod succession;
mod term_times;
mod thin_list;
mod ttl_change;
mod ttl_cohorts;
mod typed_filter;
mod typed_history;
mod undo;
mod unleased_keys;
mod update;
mod values;
mod verbs;
mod view;
mod view_filter;
mod view_state;
mod waited_lease;

pub use crate::inference::TimeRange;
pub use availability::{Availability, AvailabilityFigures, SHORTEST_OUTAGE, ServiceAvailability};
pub use back_step::BackStep;
pub use bindings::{Keymap, KeymapEntry, KeymapError};
pub use bulk::{BulkRevoke, RevokeOutcome};
pub use cadence_cursor::CadenceCursor;
pub use call_failure::CallFailure;
pub use certificates::{CertificateWarning, certificate_expiry};
pub use checkpoint::checkpoint;
pub use clipboard::CopyOutcome;
pub use cluster_label::{ClusterLabel, InvalidLabelColor, LabelColor};
pub use cluster_state::{ClusterState, LinkFailure};
pub use clusters::{BackgroundLeases, ClusterChoice, KeptLease, LeaveLeases};
pub use column::{Column, UnknownColumn};
pub use config::{AppConfig, Backend};
pub use effect::Effect;
pub use events::{Awaited, Event, EventKind, EventLog, EventName, EventTime, LeaseEnded, Renewal, RenewalSource};
pub use events::{last_renewal_in_words, matches_filter, triggers};
pub use events_view::{EventCategory, EventSources, EventsView};
pub use filter_line::FilterLine;
pub use grant::{GrantRequest, InvalidGrantRequest, InvalidKeyTemplate, KeyTemplate, check_ttl, requests_for};
pub use group_by::{GroupBy, UnknownGrouping};
pub use group_view::GroupedRow;
pub use groups::{Group, GroupFigures, GroupId, GroupIndex, GroupKey, LeaseGroup, group_leases};
pub use history::{DeadlineSegment, DeadlineSegments};
pub use history::{HistoryEntry, HistoryEvent, LeaseHistory, RecordedRenewal};
pub use input::{BadKey, Key};
pub use jobs::Jobs;
pub use key_context::{DialogAction, KeyContext};
pub use key_group::KeyGroup;
pub use key_index::LeaseKeyIndex;
pub use key_queries::KeyQueries;
pub use key_reads::{KeyRead, LoadedKeys};
pub use key_state::KeyState;
pub use leaders::{Absence, LeaderHistory, LeaderPeriod, PastLeader};
pub use lease::{KnownLeases, LastRenewal, LastTtlReply, Lease, Ownership, TimeLeft};
pub use lease_counts::LeaseCounts;
pub use lease_end::{KeepaliveLoss, LeaseEnd};
pub use lease_keys::{DetachedKey, FirstKeys, KeyName, LeaseKeys};
pub use lease_state::{EndCause, LeaseState};
pub use lease_store::LeaseStore;
pub use lint_report::LintReport;
pub use lock_text::{
    LOCK_RECIPES, candidate_problem_text, lock_display_name, lock_doubt, lock_place, lock_value_text, released_text,
    undecided_locks, whole_seconds,
};
pub use locks_view::LocksView;
pub use match_count::{MatchCount, count_matching};
pub use member_row::{MemberRole, MemberRow};
pub use members::{MemberList, MemberReading, probe_step_text, size_in_words};
pub use members_view::MembersView;
pub use metrics::TTL_CLASSES;
pub use msg::{Listing, Msg};
pub use mute::{MuteChange, MuteChoice, MuteRule, MuteTarget, MutedBy, Mutes};
pub use overview::{Overview, OverviewPoint, POINTS, SPANS, STEP};
pub use past::Past;
pub use playback::{Playback, PlaybackControl, PlaybackSource, RecordingChange, minutes};
pub use polls::PollScheduler;
pub use rate::{least_rate_in_words, rate_in_words};
pub use row_filter::{FilterPreset, RowFilter};
pub use selection::{Selection, SelectionMark};
pub use server_counters::{LeaseRates, RatePair, ServerCounters};
pub use service::{NO_KEY, service, service_of};
pub use sort::{BadSort, RowSortKey, Sort, SortKey};
pub use state::{AppState, FrozenView};
pub use state_class::StateClass;
pub use status_message::{MessageScope, StatusMessage};
pub use thin_list::ThinList;
pub use ttl_change::{ChangeTtlRequest, ChangedTtl, MAX_MOVED_KEYS, too_many_keys};
pub use typed_filter::TypedFilter;
pub use typed_history::{HistoryKind, TypedHistory, TypedLines};
pub use undo::{LeaseBackup, NoBackup, RestoreRequest, RestoredKeys, UNDO_LIMIT, Undo, UndoMeasure, UndoSize};
pub use update::{knows_locks, knows_members, metrics_snapshot, next_wake, refresh_rows, run_lints, update};
pub use values::{KeyValues, ReadValue};
pub use verbs::quit::still_alive;
pub use view::{ClickTarget, TABS, Tab, View, Viewport};
pub use view_filter::{ViewFilter, ViewFilterField};
pub use view_state::{Redraw, RowWindow, ViewState};
pub use waited_lease::WaitedLease;

#[cfg(test)]
mod tests;
