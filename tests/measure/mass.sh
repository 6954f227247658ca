# 400,000 leases, whose list is beyond etcd-client's own limit: the monitor shows all, and its keys answer.
terminal_figures many_leases::four_hundred_thousand
within "seconds until all were shown" "$(figure mass_shown_after_seconds)" 0 20
within "99 of 100 keys, in ms" "$(figure mass_key_p99_ms)" 0 33
