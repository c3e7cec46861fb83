"""What people read: results as one state, pictures, the page, lines on the terminal."""
