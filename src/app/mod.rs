//! The monitor's mind, pure: what is known ([`Model`]), what happens ([`Msg`]), what is to be done ([`Effect`]).
//!
//! [`update()`] takes a message and the time, changes the model and hands back effects as values; nothing here
//! knows a terminal, a task or a wire, and nothing reads a clock. A recording of messages is a replay.
//!
//! ```text
//!  keys, answers, statuses -> Msg -> update(&mut Model, Msg, now) -> Vec<Effect> -> the runtime's driver
//!                                      |                                               |
//!                                    Model -> ui::draw                                 +-> Msg
//! ```
//!
//! Where to add: a key in [`keymap`] with its [`Action`](keymap::Action), an act in [`Effect`], a verb as a file
//! under `update/`, a dialog as a file under `dialog/`.

mod action;
mod bindings;
mod bulk;
mod census;
mod column;
mod countdown;
mod death;
mod diagnoses;
pub mod dialog;
mod effect;
mod events;
pub mod exercise;
mod grant;
mod history;
mod holdings;
mod key;
pub mod keymap;
mod keys;
mod lateness;
mod lease;
mod leases;
mod link;
mod locks;
mod marks;
mod meant;
mod model;
mod msg;
mod named;
mod page;
mod peers;
mod picture;
mod polls;
mod scope;
mod setup;
mod sieve;
mod sort;
mod standing;
mod state;
mod stretches;
mod update;
mod values;
mod view;

pub use crate::inference::TimeRange;
pub use bindings::{BadBinding, Keymap, Row};
pub use bulk::{Bulk, Outcome};
pub use census::Census;
pub use column::{Column, UnknownColumn};
pub use death::{Death, Loss};
pub use diagnoses::{Diagnoses, diagnose};
pub use effect::Effect;
use events::keys_in_words;
pub use events::{Event, EventLog, How, Obituary, Renewed, What, When, Word};
pub use grant::{BadOrder, BadPut, GrantOrder, Put, check_ttl, spread};
pub use history::{History, Mark, Renewal, Tick};
pub use holdings::Holdings;
pub use key::{BadKey, Key};
pub use keys::{Keys, Parted};
pub use lease::{Lease, Said, Who};
pub use locks::LocksPage;
pub use marks::{Mark as RowMark, Marks};
pub use meant::means;
pub use model::{Model, Note, Redraw, Window};
pub use msg::{Listing, Msg, Trouble};
pub use named::{BadTint, Named, Tint};
pub use page::{EventsPage, Kind};
pub use picture::Picture;
pub use scope::{Reply, Scope};
pub use setup::{Place, Setup};
pub use sieve::{FilterLine, Quick, Sieve, TypedFilter};
pub use sort::{BadSort, Rank, Sort};
pub use state::{Gone, State};
pub use stretches::{Stretch, Stretches};
pub use update::{arrange, next_wake, update};
pub use values::{Pairs, Value};
pub use view::{Hit, Room, TABS, Tab, View};

#[cfg(test)]
mod tests;
