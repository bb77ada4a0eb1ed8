"""Whether one tenant can learn anything of another: a probe of every route, and its signed reports."""
