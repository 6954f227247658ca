# Three members whose leader is moved ten times: no refill told as a renewal, no lease called lost.
etcd_figures leader
within "moves" "$(figure moves)" 10 10
within "renewals that were told and never were" "$(figure invented)" 0 0
within "leases called lost" "$(figure lost)" 0 0
within "refills told" "$(figure refills)" 1 10000
