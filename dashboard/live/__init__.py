"""From the engine to the browsers: the link that follows it, the hub that fans out, the stream that they read."""
