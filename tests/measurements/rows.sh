# How often the visible rows change in 60 s without a key: 300 leases of other clients, all healthy, then seven unsteady.
terminal_figures still_rows::still_rows
goal "changes while all leases are healthy" "$(figure healthy_changes)" 0 0
goal "changes in which no lease in trouble came or went" "$(figure unsteady_unexplained_changes)" 0 0
