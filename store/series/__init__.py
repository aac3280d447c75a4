"""The time series: the pump that moves the journal into a store, and the stores (embedded file, InfluxDB, memory)."""
