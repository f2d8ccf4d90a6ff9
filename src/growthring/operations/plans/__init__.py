"""Plans and views of the whole company: waterfall, vintages, regime, concentration, ramp, budget, downturn."""
