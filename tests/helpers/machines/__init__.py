"""Outside world for tests: browser, Dask cluster, S3 server, mounts, full disk."""
