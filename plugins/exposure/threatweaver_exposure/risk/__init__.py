"""The WeaverScore: how urgent a vulnerability is, from 0 to 100, by a formula that is data."""
