"""Old data, moved out of the database into files that can be downloaded and brought back."""
