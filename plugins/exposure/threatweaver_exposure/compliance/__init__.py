"""Controls of published frameworks that can be measured by what is known of assets and vulnerabilities."""
