"""Application security: crawls and tests web applications and APIs, and proves what it reports."""
