"""The decisions. Pure: standard library only, no clock, no IO, no settings; everything arrives as an argument."""
