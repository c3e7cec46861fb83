"""What people read: all results in one object, plots, the HTML report, lines on the terminal."""
