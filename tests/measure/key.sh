# From a key to the screen with 1,000 leases and 286 renewals a second, 500 keys.
terminal_figures key_to_screen
within "renewals a second" "$(figure renewals_a_second)" 200 400
within "99 of 100 keys, in ms" "$(figure key_p99_ms)" 0 16
