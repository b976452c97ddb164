"""A finetuning run: its settings' parts put together, its folder and files, its plan."""
