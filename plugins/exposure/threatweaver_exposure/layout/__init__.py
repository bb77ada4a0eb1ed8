"""Which widgets a person sees on the dashboard, in which order and size."""
