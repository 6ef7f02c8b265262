"""When a job of the queue is tried again."""

from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision


class Backoff(BaseRetryStrategy):
    """So many `attempts` in all, the first pause of `pause_s` seconds, each next one `factor` times as long."""

    def __init__(self, attempts: int, pause_s: float, factor: int) -> None:
        self.attempts, self.pause_s, self.factor = attempts, pause_s, factor

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= self.attempts:
            return None
        return RetryDecision(retry_in={"seconds": round(self.pause_s * self.factor**job.attempts)})
