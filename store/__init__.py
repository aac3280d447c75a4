"""Durable things: journal, time series (embedded file or InfluxDB), records (alerts, outbox, ledger, quarantine)."""
