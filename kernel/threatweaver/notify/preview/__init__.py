"""What would have been sent lately, with what is stored or with what somebody considers."""
