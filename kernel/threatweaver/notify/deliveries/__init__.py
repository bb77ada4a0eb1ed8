"""From events to deliveries, and from deliveries to receivers."""
