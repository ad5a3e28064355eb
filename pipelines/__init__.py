"""ib-grid at work: files, processes, clusters, reports and the command line."""
