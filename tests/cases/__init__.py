"""Tables as people have them, from init to an answer."""
