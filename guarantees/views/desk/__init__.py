"""The desk: where editors record and reviewers decide. One module for each noun."""
