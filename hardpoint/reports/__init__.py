"""What a person or a program reads: each report is a function of outcomes or of metadata."""
