# Accuracy of `leasetop events` on a cluster of three whose leader is moved ten times.
etcd_figures leader
goal "leader changes" "$(figure moves)" 10 10
goal "reported renewals that never happened" "$(figure invented)" 0 0
goal "leases reported as ended" "$(figure lost)" 0 0
goal "TTL resets reported" "$(figure refills)" 1 10000
