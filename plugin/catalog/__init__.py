"""What is shipped as data, programs and ladders, and how such data is read."""
