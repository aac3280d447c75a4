"""The whole way with real processes: engine, wall, brokers and stores that are killed and started again."""
