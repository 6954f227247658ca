//! Granting leases: the form and the request.

mod check;
mod input;
mod progress;
mod typed;

use tui_input::Input;

use crate::app::grant_job::GrantJob;
use crate::app::jobs::Jobs;
use crate::app::{Effect, GrantRequest, KeyTemplate, KeyValues, Lease, LeaseKeys};
use crate::plural::plural;
use etcd_lease::RenewalSchedule;

use super::Done;

pub(in crate::app) use check::parse_ttl;
pub(in crate::app) use input::paste;
pub(in crate::app) use progress::{has_job, on_failure, on_granted};

/// TTL presets: a single digit and the TTL in seconds.
pub const PRESETS: [(&str, i64); 3] = [("1", 10), ("2", 120), ("3", 3600)];

/// Maximum number of key fields in a form.
const MOST_KEYS: usize = 16;

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The TTL.
    Ttl,
    /// The number of leases.
    Count,
    /// The requested id.
    Id,
    /// A `KEY=VALUE` field, counted from 0.
    Put(usize),
    /// Whether to keep the leases alive.
    KeepAlive,
    /// The renewal schedule.
    Pace,
}

/// The state of the form.
#[derive(Clone, Debug)]
pub struct GrantForm {
    /// The focused field.
    pub focus: Field,
    /// Whether to keep the leases alive.
    pub keep_alive: bool,
    /// The renewal schedule, if they are kept alive.
    pub pace: RenewalSchedule,
    ttl: Input,
    count: Input,
    id: Input,
    /// The key fields, at least one. Empty ones attach nothing.
    templates: Vec<Input>,
    /// Whether Enter was pressed while a field was invalid.
    is_refused: bool,
}

impl Field {
    /// The name beside the field and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Field::Ttl => "TTL",
            Field::Count => "count",
            Field::Id => "id",
            Field::Put(_) => "key=value",
            Field::KeepAlive => "keep alive",
            Field::Pace => "timing",
        }
    }
}

impl GrantForm {
    /// An empty form with a default schedule.
    pub fn new(pace: RenewalSchedule) -> Self {
        let (ttl, count, id, templates) =
            (Input::default(), Input::default(), Input::default(), vec![Input::default()]);
        GrantForm { focus: Field::Ttl, keep_alive: true, pace, ttl, count, id, templates, is_refused: false }
    }

    /// A form filled in like an existing lease: its TTL, its displayed keys with their values, and its schedule.
    ///
    /// A key whose value is unknown or contains a placeholder is filled in without a value, so that the form asks for
    /// one. Keys that cannot be expressed as `KEY=VALUE` are left out: binary ones, and those with an equals sign or a
    /// placeholder.
    pub fn like(lease: &Lease, values: Option<&KeyValues>, usual: RenewalSchedule) -> Self {
        // A single digit would be read as a preset.
        let ttl = lease.granted_ttl.map_or(String::new(), |ttl| format!("{ttl}s"));
        let value = |key: &[u8]| {
            let text = values?.iter().find(|(other, _)| other == key)?.1.text();
            text.filter(|text| KeyTemplate::is_literal(text))
        };
        let line = |key: &[u8]| {
            let name =
                std::str::from_utf8(key).ok().filter(|name| !name.contains('=') && KeyTemplate::is_literal(name))?;
            Some(Input::new(value(key).map_or(name.to_owned(), |value| format!("{name}={value}"))))
        };
        let mut templates: Vec<Input> = lease.keys.iter().flat_map(LeaseKeys::names).filter_map(line).collect();
        if templates.is_empty() {
            templates.push(Input::default());
        }
        let pace = lease.engine.as_ref().map_or(usual, |status| status.pace);
        GrantForm { ttl: ttl.into(), templates, ..GrantForm::new(pace) }
    }

    /// The fields from top to bottom.
    pub fn fields(&self) -> Vec<Field> {
        let templates = (0..self.templates.len()).map(Field::Put);
        [Field::Ttl, Field::Count, Field::Id]
            .into_iter()
            .chain(templates)
            .chain([Field::KeepAlive, Field::Pace])
            .collect()
    }

    /// Whether Enter was pressed while a field was invalid.
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// The text field of a field. `None` for switches.
    pub fn input(&self, field: Field) -> Option<&Input> {
        match field {
            Field::Ttl => Some(&self.ttl),
            Field::Count => Some(&self.count),
            Field::Id => Some(&self.id),
            Field::Put(line) => self.templates.get(line),
            Field::KeepAlive | Field::Pace => None,
        }
    }

    fn input_mut(&mut self) -> Option<&mut Input> {
        match self.focus {
            Field::Ttl => Some(&mut self.ttl),
            Field::Count => Some(&mut self.count),
            Field::Id => Some(&mut self.id),
            Field::Put(line) => self.templates.get_mut(line),
            Field::KeepAlive | Field::Pace => None,
        }
    }

    /// Moves to the next field. A filled last key field is followed by a new one.
    fn focus_next(&mut self) {
        let last = self.templates.len() - 1;
        let is_filled = self.templates[last].value() != "";
        if self.focus == Field::Put(last) && is_filled && self.templates.len() < MOST_KEYS {
            self.templates.push(Input::default());
        }
        self.move_focus(1);
    }

    fn focus_previous(&mut self) {
        self.move_focus(self.fields().len() - 1);
    }

    fn move_focus(&mut self, step: usize) {
        let fields = self.fields();
        let place = fields.iter().position(|field| *field == self.focus).unwrap_or(0);
        self.focus = fields[(place + step) % fields.len()];
    }
}

/// Sends a grant request, and remembers it until all its leases are granted or one fails.
pub(in crate::app) fn start(jobs: &mut Jobs, request: GrantRequest) -> Done {
    jobs.last_grant += 1;
    let request = GrantRequest { job: Some(jobs.last_grant), ..request };
    jobs.grants.push(GrantJob::new(jobs.last_grant, &request));
    let status = format!("Granting {} of {} s…", plural(request.count, "lease"), request.ttl);
    Done::status(status).with(Effect::Grant(request))
}
