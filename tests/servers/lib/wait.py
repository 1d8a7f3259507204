"""Waiting: always for a condition, always with a deadline."""

import time


def wait_for(condition, seconds=30, what="condition", pause=0.02):
    """Asks `condition` until it answers something true, which is returned; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(pause)
