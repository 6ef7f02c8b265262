"""Ways to bring a one-time code to its user; `code_sender` of configs/serve.yaml names one."""

from cluster.settings import home


def to_file(email: str, code: str) -> None:
    """For development: append the code to `mail.log` of home(), which its owner alone may read."""
    path = home() / "mail.log"
    path.touch(mode=0o600, exist_ok=True)
    with path.open("a") as mail:
        mail.write(f"{email} {code}\n")
