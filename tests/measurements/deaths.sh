# Accuracy of `leasetop events` for a thousand scripted ends of leases and keys.
etcd_figures deaths
goal "ends" "$(figure ends)" 1000 10000
goal "ends with a wrong cause" "$(figure wrong)" 0 0
goal "ends with an unknown cause, in percent" "$(figure unknown_percent)" 0 2
goal "ends not reported, or reported twice" "$(figure unreported)" 0 0
goal "removal delays outside the reported error" "$(figure lags_outside)" 0 0
