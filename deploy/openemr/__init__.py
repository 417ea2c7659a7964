"""OpenEMR beside Milepost: how it is set up, and a recorded one for the demo and the tests."""
