"""The service: one HTTP ingress and the deployments behind it. `app.py` is the wiring diagram."""
