# CPU of `leasetop events` on 10,000 leases at 1,000 events a second, and whether it accounts for every event.
terminal_figures events::events
goal "CPU of events, in percent of a core" "$(figure events_cpu_percent)" 0 5
goal "events that are missing while the reader keeps up" "$(figure events_missing)" 0 0
goal "events that were dropped while the reader keeps up" "$(figure events_dropped)" 0 0
terminal_figures events::unread_events
goal "events that were dropped while nothing was read" "$(figure unread_dropped)" 1 200000
goal "events that are neither printed nor counted as dropped" "$(figure unread_unaccounted)" 0 0
