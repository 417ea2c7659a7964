"""The demo practice beside an OpenEMR: entered into the recorded one (deploy/openemr/recorded), and Milepost set up
there."""
