"""The page: people label in the browser, and a process beside it trains on what they say."""
