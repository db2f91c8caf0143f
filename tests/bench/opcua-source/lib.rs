// Empty: the manifest beside it is only there to fetch sources.
