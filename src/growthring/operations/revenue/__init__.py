"""Questions about revenue as it is: metrics, movements, cohorts, comparisons, and the customers behind them."""
