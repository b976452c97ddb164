"""What a run or an evaluation shows: curves, pictures, and a report as one HTML page."""
