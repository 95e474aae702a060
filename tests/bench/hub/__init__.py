"""A hub with a million takeaways: speed of its engines, and what that means for one day (``make bench-hub``)."""
