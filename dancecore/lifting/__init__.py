"""From what a pose estimator reports of a dancer to their pose as they feel it, whatever side they are seen from."""
