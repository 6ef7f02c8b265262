"""From scores to segments."""
