"""The same job by four programs: each reads the panel, keeps four results and reports its time and peak memory."""
