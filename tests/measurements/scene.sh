# Ten minutes of healthy well-known clients without an alarm, then the end of each, reported before its lease ends.
etcd_figures scene
goal "warnings, late and risk of healthy clients" "$(figure false_alarms)" 0 0
goal "ends not reported before the lease ended, or with another cause" "$(figure unreported)" 0 0
