"""What people may rely on: the notice, erasing, the retention clock, the census, the support bundle."""
