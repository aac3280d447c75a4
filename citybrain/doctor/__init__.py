"""`citybrain doctor`: looks at broker, stores, machine, registry and routes as they are, and says what to do."""
