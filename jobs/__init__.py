"""One file, one batch program, plus the `danceapp` command line."""
