"""Moving the files of datasets between this machine and file servers."""
