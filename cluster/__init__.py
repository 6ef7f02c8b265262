"""What everything runs on: settings, Ray session and placement, Postgres, objects."""
