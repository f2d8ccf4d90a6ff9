"""Rating of whole populations: relations from metered quantities to rated lines and bills."""
