"""Schedules: assessments that launch themselves."""
