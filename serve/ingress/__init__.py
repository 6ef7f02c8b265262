"""The HTTP ingress: `api.py` puts it together, `access.py` says who may do what, one file holds each resource."""
