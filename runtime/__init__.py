"""Clock, logs, supervision of processes: what every running part needs and none should write twice."""
