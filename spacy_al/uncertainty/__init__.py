"""Pure mathematics from TagSamples to numbers: measures and calibration."""
