"""The scanner itself: no kernel, no database; also `python -m threatweaver_appsec scan URL`."""
