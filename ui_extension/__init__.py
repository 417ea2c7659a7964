"""What people see: pages that are framed in an EHR's chart, and the files that they share."""
