"""A hub with a million takeaways: what its engines take, and what that means for one day (``make bench-hub``)."""
