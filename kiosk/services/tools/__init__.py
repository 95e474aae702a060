"""What an organizer does now and then at the desk: copies on sticks, checks, one task at a time."""
