"""What a repeated POST can be told."""

from threatweaver.http.errors import Conflict, Unprocessable


class IdempotencyInProgress(Conflict):
    """The first request with this Idempotency-Key has not ended, or its end is unknown."""

    code = "IDEMPOTENCY_IN_PROGRESS"


class IdempotencyAnswerNotKept(Conflict):
    """The first request with this Idempotency-Key succeeded; its answer was too large to keep."""

    code = "IDEMPOTENCY_ANSWER_NOT_KEPT"


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key came with another request before. Use a new key for each request."""

    code = "IDEMPOTENCY_KEY_REUSED"


ALL = (IdempotencyInProgress, IdempotencyAnswerNotKept, IdempotencyKeyReused)
